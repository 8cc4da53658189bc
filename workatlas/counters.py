"""Counts by name that begin anew after a while, of one process or of all processes of a server.

SQLite keeps them, in memory or in a file that the processes share: a count is one statement, which is done whole or not
at all, and a process that is killed leaves nothing locked.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = "counts.sqlite"
"""What processes that share a folder call the file there."""
_BUSY_SECONDS: Final = 5.0
_SWEEP_SECONDS: Final = 60.0
_TABLE: Final = "CREATE TABLE IF NOT EXISTS count (name TEXT PRIMARY KEY, number INTEGER, until REAL) WITHOUT ROWID"
_ADD: Final = """
INSERT INTO count VALUES (:name, :amount, :until) ON CONFLICT (name) DO UPDATE SET
    number = CASE WHEN until <= :now THEN :amount ELSE number + :amount END,
    until = CASE WHEN until <= :now THEN :until ELSE until END
RETURNING number, until
"""
_READ: Final = "SELECT number FROM count WHERE name = ? AND until > ?"
_SWEEP: Final = "DELETE FROM count WHERE until <= ?"


@dataclass(frozen=True, slots=True)
class Count:
    """A count as it is now, and for how many seconds it goes on."""

    number: int
    seconds: float


class Counters:
    """Counts by name. Open them with ``open_counters``; ``clock`` is in seconds since 1970."""

    def __init__(self, database: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._swept = clock()

    def add(self, name: str, amount: int, seconds: float) -> Count:
        """Add to a count, which begins anew ``seconds`` after it began, and return it; 20 µs where it is shared."""
        now = self._clock()
        if now >= self._swept + _SWEEP_SECONDS:
            self._swept = now
            self._database.execute(_SWEEP, (now,))
        given = {"name": name, "amount": amount, "now": now, "until": now + seconds}
        number, until = self._database.execute(_ADD, given).fetchone()
        return Count(number, until - now)

    def of(self, name: str) -> int:
        """Return a count, 0 for one that has not begun."""
        row = self._database.execute(_READ, (name, self._clock())).fetchone()
        return 0 if row is None else row[0]


@contextmanager
def open_counters(folder: Path | None = None, clock: Callable[[], float] = time.time) -> Iterator[Counters]:
    """Open counters for the block: those that all who name the same folder share, or else some of one's own."""
    place = ":memory:" if folder is None else folder / FILE
    database = sqlite3.connect(place, isolation_level=None, timeout=_BUSY_SECONDS)
    with contextlib.closing(database):
        if folder is not None:
            # Readers and writers do not wait for each other. What the machine forgets when it stops is not missed.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")
        database.execute(_TABLE)
        yield Counters(database, clock)
