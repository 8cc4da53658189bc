"""Statements: sentences of a report, each with the items that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.worth import item_worth
from analytics.results import name_of
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

_KEYS: Final = "analytics.keys"
MOST_KEYS: Final = 100
"""Items that one statement names at most; ``count`` says how many there are."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, and the ``keys`` and ``ids`` of the items that it rests on: the first 100 of ``count``."""

    text: str
    keys: tuple[str, ...]
    ids: tuple[str, ...]
    count: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"text": self.text, "keys": list(self.keys), "ids": list(self.ids), "count": self.count}


@dataclass(frozen=True, slots=True)
class Section:
    """Statements under a heading, the weightiest first."""

    title: str
    statements: tuple[Statement, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"title": self.title, "statements": [one.to_dict() for one in self.statements]}


class Writer:
    """Writes statements about the items of one expanded graph that may be named (``seen``, shape (n,))."""

    def __init__(self, expanded: Expanded, seen: Flags) -> None:
        self.expanded = expanded
        self.seen = seen
        self._worth = item_worth(expanded)

    def ranked(self, rows: Iterable[int]) -> list[int]:
        """Return rows that may be named: those that most goal value depends on first, then by key.

        So are the first 100; what no statement names comes after them in any order.
        """
        keys, found = self.expanded.snapshot.items.key, np.fromiter(rows, dtype=np.intp)
        found = found[self.seen[found]]
        found = found[np.argsort(-self._worth[found], kind="stable")]
        least = self._worth[found[min(len(found), MOST_KEYS) - 1]] if len(found) else 0.0
        named = int(np.count_nonzero(self._worth[found] >= least))
        first = sorted(found[:named].tolist(), key=lambda row: (-self._worth[row], keys[row]))
        return [*first, *found[named:].tolist()]

    def names(self, rows: Sequence[int], most: int = 3) -> str:
        """Write the first of some items with their titles, and how many more there are."""
        snapshot = self.expanded.snapshot
        text = ", ".join(name_of(snapshot, row) for row in rows[:most])
        return text + (f" and {len(rows) - most} more" if len(rows) > most else "")

    def on(self, text: str, rows: Iterable[int]) -> Statement:
        """Return a sentence that rests on some items, each once, in their order."""
        found = [row for row in dict.fromkeys(rows) if self.seen[row]]
        snapshot = self.expanded.snapshot
        shown = found[:MOST_KEYS]
        keys = tuple(snapshot.items.key[row] for row in shown)
        return Statement(text, keys, tuple(snapshot.id(row) for row in shown), len(found))

    def listing(self, rows: Iterable[int], one: str, many: str) -> list[Statement]:
        """Return one sentence on all of some items, none if there are none: ``{n}`` and ``{names}`` are filled in."""
        found = self.ranked(rows)
        if not found:
            return []
        text = (one if len(found) == 1 else many).format(n=len(found), names=self.names(found))
        return [self.on(text, found)]


def rows_of_keys(snapshot: Snapshot, keys: Iterable[str]) -> list[int]:
    """Return the rows of items by their keys."""
    if _KEYS not in snapshot.derived:
        snapshot.derived[_KEYS] = {key: row for row, key in enumerate(snapshot.items.key)}
    places: dict[str, int] = snapshot.derived[_KEYS]
    return [places[key] for key in keys]
