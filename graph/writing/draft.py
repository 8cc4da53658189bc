"""One batch on its way through one transaction: what every part of the write path shares."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from graph.batch import Ref
from graph.errors import BatchRefusedError, ConflictError, Problem
from graph.records import workspace
from graph.records.directory import Directory, Known
from graph.records.history import Author, EdgeChange, NodeChange
from graph.records.sight import Sight
from graph.rules.ties import EdgeName
from graph.store import Transaction
from graph.writing.memory import Memory


class Mode(Enum):
    """How strict a write is."""

    EDIT = "edit"
    """All or nothing: any broken rule refuses the batch. Lifecycles and cycles are checked."""
    IMPORT = "import"
    """Row by row: what cannot be stored is reported and left out. The source's word on status and links stands."""


@dataclass(slots=True)
class Outcome:
    """What one write did. ``change_seq`` is ``None`` when nothing had to change."""

    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    archived: int = 0
    restored: int = 0
    placeholders: int = 0
    edges_added: Counter[str] = field(default_factory=Counter)
    edges_updated: Counter[str] = field(default_factory=Counter)
    edges_removed: Counter[str] = field(default_factory=Counter)
    edges_unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    change_seq: int | None = None
    touched: list[Known] = field(default_factory=list)
    """Items that the rows stated, whether they changed or not, in the rows' order."""
    edges: list[EdgeName] = field(default_factory=list)
    """Edges that the rows stated, whether they changed or not."""
    about: list[str] = field(default_factory=list)
    """Ids of the items that the request was about, in its order."""
    more: bool = False
    """Whether a part of what was asked for is left for another request."""


@dataclass(slots=True)
class Draft:
    """A batch in progress; the transaction holds the workspace's lock. ``now`` is in epoch milliseconds.

    ``sight`` is what the author may see of the graph, and so write to; ``None``: all of it. ``begun`` is how many
    statements the transaction had sent when the batch began to be written, if it did. ``free`` is the batch's own,
    ``restoring`` are ids of the items that it restores.
    """

    transaction: Transaction
    settings: workspace.Workspace
    mode: Mode
    author: Author
    now: int
    memory: Memory
    sight: Sight | None = None
    begun: int | None = None
    settings_changed: bool = False
    free: bool = False
    restoring: set[str] = field(default_factory=set)
    outcome: Outcome = field(default_factory=Outcome)
    node_changes: list[NodeChange] = field(default_factory=list)
    edge_changes: list[EdgeChange] = field(default_factory=list)
    other_changes: list[NodeChange] = field(default_factory=list)

    @property
    def directory(self) -> Directory:
        """Items by reference."""
        return self.memory.directory

    @property
    def has_sent(self) -> bool:
        """Whether something was sent since the batch began to be written; it may be what the batch writes."""
        return self.begun is not None and self.transaction.sent != self.begun

    def find(self, ref: Ref) -> Known | None:
        """Return the item that the author means by a reference that was looked up; ``None``: none that they may see."""
        item = self.directory[ref]
        return item if item is None or self.sees(item.team) else None

    def sees(self, team: str | None) -> bool:
        """Tell whether the author may see what only this team may see (``None``: everybody)."""
        return team is None or self.sight is None or self.sight.teams is None or team in self.sight.teams

    def problem(self, code: str, message: str, where: str = "", field: str = "") -> None:
        """Remember a rule that a row breaks."""
        self.outcome.problems.append(Problem(code, message, where, field))

    def refuse_if_broken(self) -> None:
        """Refuse the batch if an edit broke a rule.

        Raises:
            ConflictError: An item is not at the expected version.
            BatchRefusedError: Another rule is broken.

        """
        if self.mode is Mode.EDIT and self.outcome.problems:
            conflict = any(problem.code == "CONFLICT" for problem in self.outcome.problems)
            raise (ConflictError if conflict else BatchRefusedError)(self.outcome.problems)
