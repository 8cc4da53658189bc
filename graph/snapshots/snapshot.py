"""The snapshot: one workspace's graph as immutable columns, which every analysis takes as its input."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.calendars import WorkingCalendar
from graph.model import EDGES, NODES, Role
from graph.policy import Policy
from graph.rules.lifecycle import CLOSED, Category
from graph.snapshots.columns import NO_CODE, Codes, Currencies, Days, Flags, Floats, Ints, Millis, TextColumn

if TYPE_CHECKING:
    import networkx as nx

KINDS: Final = tuple(label for label in NODES if label != "Update")
"""Labels by code (``Items.kind``). Updates are no rows: the latest one of each item is in its columns."""
EDGE_KINDS: Final = tuple(name for name in EDGES if name != "REPORTS_ON")
CATEGORIES: Final = tuple(Category)
WAIT_TYPES: Final = ("FS", "SS", "FF", "SF")
PRIORITIES: Final = ("LOW", "MEDIUM", "HIGH", "URGENT")
SEVERITIES: Final = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
HEALTHS: Final = ("ON_TRACK", "AT_RISK", "OFF_TRACK")
RESULT_KINDS: Final = ("increase", "decrease", "stayAbove", "stayBelow", "milestone")


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Columns of n items, in the order of their ids; every array has shape (n,), ``ids`` (n, 16).

    Effort and durations are working hours; absent numbers are NaN, absent dates NaT, absent codes ``NO_CODE``.
    ``team`` is the row of the item's team, -1 for none, ``team_id`` the id that says so, zeros for none, shape (n, 16).
    ``calendar`` is its calendar's id; ``inactive`` are people who take no part any more. ``currency`` is empty where
    none is given and ``?`` where it is no ISO 4217 code. ``latest_at`` is when the item's latest Update was given;
    ``latest_health``, ``latest_confidence`` and ``latest_value`` are each what the latest Update that states one says.
    """

    ids: NDArray[np.uint8]
    key: TextColumn
    title: TextColumn
    kind: Codes
    status: NDArray[np.uint16]
    priority: Codes
    severity: Codes
    placeholder: Flags
    restricted: Flags
    team: Ints
    team_id: NDArray[np.uint8]
    estimate: Floats
    remaining: Floats
    spent: Floats
    duration: Floats
    points: Floats
    start: Days
    due: Days
    created_at: Millis
    updated_at: Millis
    started_at: Millis
    completed_at: Millis
    period_start: Days
    period_end: Days
    value: Floats
    enough: Floats
    weight: Floats
    result_kind: Codes
    start_value: Floats
    target_value: Floats
    weekly_hours: Floats
    calendar: TextColumn
    timezone: TextColumn
    inactive: Flags
    budget: Floats
    spent_budget: Floats
    currency: Currencies
    latest_at: Millis
    latest_health: Codes
    latest_confidence: Floats
    latest_value: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Columns of m edges, ordered by (kind, start, end); ``start`` and ``end`` are rows of ``Items``.

    ``lag`` is in working hours. ``traversed`` is the workspace's policy, already applied.
    """

    kind: Codes
    start: Ints
    end: Ints
    wait_type: Codes
    lag: NDArray[np.float32]
    weight: NDArray[np.float32]
    share: NDArray[np.float32]
    confidence: NDArray[np.float32]
    leads: Flags
    traversed: Flags


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One workspace at one change sequence number.

    ``names`` are what callers use for items: their keys, or the nodes of the graph given to ``from_networkx``.
    ``status_names`` and ``status_categories`` decode ``items.status``; code ``len(status_names)`` means no status.
    ``import_run`` names the import that was going on when it was made: then it may hold half of what is imported.
    """

    workspace: str
    seq: int
    policy: Policy
    items: Items
    edges: Edges
    status_names: tuple[str, ...]
    status_categories: tuple[Category, ...]
    names: Sequence[Hashable]
    calendars: tuple[WorkingCalendar, ...] = ()
    import_run: str | None = None

    def __len__(self) -> int:
        return len(self.items.kind)

    @cached_property
    def category(self) -> Codes:
        """Category code of each item (place in ``CATEGORIES``), ``NO_CODE`` where it has no status. Shape (n,)."""
        table = [CATEGORIES.index(category) for category in self.status_categories]
        return np.array([*table, NO_CODE], dtype=np.uint8)[self.items.status]

    @cached_property
    def is_open(self) -> Flags:
        """Whether each item is neither DONE nor CANCELLED; items without a status are open. Shape (n,)."""
        return ~np.isin(self.category, [CATEGORIES.index(category) for category in CLOSED])

    @cached_property
    def is_work(self) -> Flags:
        """Whether each item is Work. Shape (n,)."""
        return self._of_group("Work")

    @cached_property
    def is_goal(self) -> Flags:
        """Whether each item is a Goal. Shape (n,)."""
        return self._of_group("Goal")

    def _of_group(self, group: str) -> Flags:
        return np.array([NODES[label].group == group for label in KINDS])[self.items.kind]

    @cached_property
    def derived(self) -> dict[Hashable, Any]:
        """What analyses worked out from this snapshot, by name: kept with it, and gone when it goes."""
        return {}

    @cached_property
    def _rows(self) -> Mapping[Hashable, int]:
        return {name: row for row, name in enumerate(self.names)}

    def row(self, name: Hashable, hidden: Flags | None = None) -> int:
        """Return the row of an item given by its name (key), or by its id.

        ``hidden``, shape (n,), are items that whoever asks may not see.

        Raises:
            KeyError: There is no such item in this snapshot, or it is hidden: the two must not be told apart.

        """
        found = self._rows.get(name)
        if found is None and isinstance(name, str):
            found = self._rows_by_id.get(name)
        if found is None or (hidden is not None and hidden[found]):
            raise KeyError(f"no item {name!r} in workspace {self.workspace!r}")
        return found

    @cached_property
    def _rows_by_id(self) -> Mapping[str, int]:
        return {self.id(row): row for row in range(len(self))}

    def id(self, row: int) -> str:
        """Return an item's id in its usual text form."""
        return str(uuid.UUID(bytes=self.items.ids[row].tobytes()))

    def label(self, row: int) -> str:
        """Return an item's kind (``Task``, ``Objective``, …)."""
        return KINDS[int(self.items.kind[row])]

    def status(self, row: int) -> Category | None:
        """Return an item's status category, ``None`` where it has no status."""
        code = int(self.category[row])
        return None if code == NO_CODE else CATEGORIES[code]

    def of_kind(self, *labels: str) -> NDArray[np.intp]:
        """Return the rows of the given kinds, ascending."""
        wanted = [KINDS.index(label) for label in labels]
        return np.flatnonzero(np.isin(self.items.kind, wanted))

    def edges_of(self, *kinds: str) -> NDArray[np.intp]:
        """Return the places of the edges of the given kinds, ascending."""
        wanted = [EDGE_KINDS.index(kind) for kind in kinds]
        return np.flatnonzero(np.isin(self.edges.kind, wanted))

    @property
    def nbytes(self) -> int:
        """Memory of all columns, in bytes."""
        parts = (getattr(block, field.name) for block in (self.items, self.edges) for field in fields(block))
        return sum(part.nbytes for part in parts)

    @classmethod
    def from_networkx(
        cls,
        graph: nx.DiGraph[Any] | nx.MultiDiGraph[Any],
        *,
        policy: Policy | None = None,
        calendars: Sequence[WorkingCalendar] = (),
    ) -> Snapshot:
        """Make a snapshot of a NetworkX graph; ``calendars`` are those that its nodes name by id.

        Node attributes: ``kind`` (default ``Task``), ``status`` (category, default ``PLANNED``), ``remaining`` (working
        hours, default 0), ``due``, ``start``, ``owner`` (a node, or a name that becomes a Person), and any other column
        of ``Items``. Edge attributes: ``kind`` (default ``BLOCKS``), ``type`` (default ``FS``), ``lag`` (default 0),
        ``weight``, ``share``, ``confidence``.

        Raises:
            ValueError: An attribute is not what the model table allows; the message names node or edge.

        """
        from graph.snapshots.interchange import read_networkx  # the interchange needs this module

        return read_networkx(graph, policy or Policy(), calendars)

    def to_networkx(self) -> nx.MultiDiGraph[Any]:
        """Return the graph with the same attributes that ``from_networkx`` reads; nodes are the items' names."""
        from graph.snapshots.interchange import write_networkx  # the interchange needs this module

        return write_networkx(self)


def traversed(
    items: Items, is_open: Flags, groups: Flags, kind: Codes, start: Ints, end: Ints,
    confidence: NDArray[np.float32], policy: Policy,
) -> Flags:  # fmt: skip
    """Apply the policy: which edges analyses walk. All arrays but ``items``' and the next two have shape (m,).

    Traversed: a kind with a role, both ends Work or Goal (``groups``), an open source, enough confidence; AFFECTS only
    from issues whose severity reaches the threshold.
    """
    has_role = np.array([EDGES[name].role is not Role.NONE for name in EDGE_KINDS])
    affects = np.array([EDGES[name].role is Role.AFFECTS for name in EDGE_KINDS])
    severe = (items.severity != NO_CODE) & (items.severity >= SEVERITIES.index(policy.min_severity))
    walked = has_role[kind] & groups[start] & groups[end] & is_open[start]
    walked &= confidence >= np.float32(policy.min_confidence)
    walked &= ~affects[kind] | severe[start]
    return np.asarray(walked, dtype=np.bool_)
