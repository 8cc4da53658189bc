"""What an importer is: a name and a pure function from files to records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.batch import Record


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
