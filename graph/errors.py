"""The graph's errors.

::

    GraphError                   anything the graph refuses or cannot do, said in one sentence
    ├── StoreError               the database cannot be reached, is not ours, or failed
    │   ├── StoreBusyError       it has no connection free, or too much to do; trying again later may help
    │   └── StoreTimeoutError    a statement ran longer than it may, and was ended in the database
    ├── MigrationError           the stored schema version and this program do not fit together
    ├── UnknownWorkspaceError    the workspace does not exist
    ├── BeyondHistoryError       the change log does not open the past that far
    ├── UnknownFindingError      there is no such finding that could be accepted
    ├── UnreadableSearchError    what is searched for is longer than a search may be
    └── BatchRefusedError        a batch broke the model's rules; ``problems`` lists each one; nothing was written
        ├── ConflictError        an item's version is not the one that the writer expected
        └── CycleError           the batch would close a cycle; ``keys`` names it in order
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class GraphError(Exception):
    """Anything the graph refuses or cannot do, said in one sentence."""


class StoreError(GraphError):
    """The database cannot be reached, is not ours, or failed.

    ``lost`` says that the connection failed: whether anything was written is then unknown.
    """

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost


class StoreBusyError(StoreError):
    """The database has no connection free, or too much to do; trying again later may help."""


class StoreTimeoutError(StoreError):
    """A statement ran longer than it may, and was ended in the database."""


class MigrationError(GraphError):
    """The stored schema version and this program do not fit together."""


class BeyondHistoryError(GraphError):
    """The change log does not open the past that far: it was cut, or that change has not been written."""


class UnknownFindingError(GraphError):
    """There is no such finding, or it is resolved."""


class UnreadableSearchError(GraphError):
    """What is searched for is longer than a search may be."""


class UnknownWorkspaceError(GraphError):
    """The workspace does not exist."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: ``code`` for programs, ``message`` for people, ``where`` (file and line, or a key).

    ``field`` is the property that breaks it, if it is one.
    """

    code: str
    message: str
    where: str = ""
    field: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class BatchRefusedError(GraphError):
    """A batch broke the model's rules; nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = "; ".join(str(problem) for problem in self.problems[:3])
        more = len(self.problems) - 3
        super().__init__(first + (f"; and {more} more" if more > 0 else ""))


class ConflictError(BatchRefusedError):
    """An item's version is not the one that the writer expected."""


class CycleError(BatchRefusedError):
    """The batch would close a cycle; ``keys`` names its items in order."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        path = " → ".join((*self.keys, self.keys[0]))
        super().__init__([Problem("CYCLE", f"this would close the cycle {path}; remove one of its links first")])
