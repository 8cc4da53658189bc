"""What an importer is: a name and a pure function from files to records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graph.batch import Record

MAX_KEY: Final = 200
"""Longest key that the write path takes, in characters."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a user may say about an import.

    ``mapping`` is a file that explains headers and names (``jira-csv``), or the bare name of one that is shipped.
    ``source`` replaces the importer's own name as the items' source, for two trackers of the same make.
    """

    mapping: Path | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Importer:
    """One way in.

    ``read`` knows no database, clock or network: the same files give the same records. It raises
    ``ImportFailedError`` when a whole file cannot be read; everything smaller is an ``Anomaly`` among the records.
    """

    name: str
    description: str
    read: Callable[[Sequence[Path], ImportOptions], Iterator[Record]]


def usable_key(text: str) -> str | None:
    """Return a source's name for an item as its key, ``None`` where it cannot be one (a colon marks a source)."""
    key = text.strip()
    return key if key and ":" not in key and len(key) <= MAX_KEY else None
