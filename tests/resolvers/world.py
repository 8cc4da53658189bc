"""A small organisation in a workspace of its own, and plain Python that knows what is in it: the tests' oracle."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from graph.batch import Batch, EdgeRow, NodeRow, Ref, new_id
from graph.connection import Connection
from graph.migrations import migrate
from graph.model import EDGES, NODES
from graph.records.workspace import ensure
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Rows, Store, open_store
from graph.writing.writer import Mode, write
from resolvers.access import Viewer
from resolvers.bounds import Bounds
from resolvers.context import Context
from resolvers.schema import Answer, execute

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
TODAY = NOW.date()
CANARY = "CANARY of another workspace"


class CountingStore(Store):
    """The real store, which also counts its reads and keeps their texts."""

    __slots__ = ("reads", "texts")

    def __init__(self, inner: Store) -> None:
        super().__init__(inner._driver, inner._database)
        self.reads = 0
        self.texts: list[str] = []

    async def rows(self, query: str, **parameters: Any) -> Rows:
        self.reads += 1
        self.texts.append(query)
        return await super().rows(query, **parameters)


@dataclass(slots=True)
class World:
    """Rows as they were written, by key. Items in ``hidden`` are archived."""

    workspace: str
    nodes: dict[str, NodeRow] = field(default_factory=dict)
    edges: list[tuple[str, str, str, dict[str, object]]] = field(default_factory=list)
    hidden: frozenset[str] = frozenset({"T-HID", "P-HID"})

    def add(self, kind: str, key: str, /, **properties: object) -> None:
        row = NodeRow(kind, "test", key, {"title": f"Title of {key}", **properties}, key=key, id=new_id())
        self.nodes[key] = row

    def link(self, kind: str, start: str, end: str, /, **properties: object) -> None:
        self.edges.append((kind, start, end, properties))

    def id(self, key: str) -> str:
        return str(self.nodes[key].id)

    def visible(self, *kinds: str) -> list[str]:
        """Keys of the visible items of these kinds, in the order of their ids."""
        keys = [key for key, row in self.nodes.items() if row.kind in kinds and key not in self.hidden]
        return sorted(keys, key=self.id)

    def far(self, kind: str, key: str, *, forward: bool) -> list[str]:
        """Keys at the other ends of an item's visible edges of a kind, in the order of their ids."""
        found = [
            end if forward else start
            for name, start, end, _ in self.edges
            if name == kind and (start if forward else end) == key
        ]
        return sorted((one for one in found if one not in self.hidden), key=self.id)

    def batch(self) -> Batch:
        edges = [EdgeRow(kind, Ref("key", a), Ref("key", b), props) for kind, a, b, props in self.edges]
        return Batch(list(self.nodes.values()), edges)


def build(workspace: str) -> World:
    """Return a world with every kind of node and edge."""
    world = World(workspace)
    for number in range(30):
        status = ("Planned", "In progress", "Done")[number % 3]
        world.add("Task", f"T-{number}", status=status, remaining=float(number), labels=[f"l{number % 2}"])
    for key, properties in _OTHERS.items():
        kind, values = properties
        world.add(kind, key, **values)
    for number in range(29):
        world.link("BLOCKS", f"T-{number}", f"T-{number + 1}", type="SS" if number % 2 else "FS", lag=float(number))
    world.link("BLOCKS", "T-HID", "T-5")
    world.link("BLOCKS", "T-3", "T-HID")
    for number in range(10):
        world.link("PART_OF", f"T-{number}", "PRJ-1")
        world.link("OWNS", "P-1" if number % 2 else "P-HID", f"T-{number}")
    world.link("PART_OF", "T-20", "T-5")
    for kind, start, end, values in _LINKS:
        world.link(kind, start, end, **values)
    assert {kind for kind, *_ in world.edges} == set(EDGES)
    assert {row.kind for row in world.nodes.values()} == set(NODES)
    return world


_OTHERS: dict[str, tuple[str, dict[str, object]]] = {
    "P-1": ("Person", {"weeklyHours": 40.0}),
    "P-2": ("Person", {}),
    "P-HID": ("Person", {}),
    "T-HID": ("Task", {"status": "Planned"}),
    "TEAM-1": ("Team", {"kind": "squad"}),
    "TEAM-2": ("Team", {}),
    "PF-1": ("Portfolio", {"budget": 1000.5, "currency": "EUR"}),
    "PRJ-1": ("Project", {"due": "2026-Q4", "start": "2026-W45", "status": "In progress"}),
    "MS-1": ("Milestone", {"due": "2026-12-31", "deliverable": True, "status": "Planned"}),
    "OP-1": ("Operation", {"rrule": "FREQ=WEEKLY", "template": {"title": "Look"}, "timezone": "Europe/Berlin"}),
    "I-1": ("Issue", {"severity": "CRITICAL", "reportedAt": "2026-10-01T08:30:00.123+02:00", "status": "Triage"}),
    "O-1": ("Objective", {"periodStart": "2026-10-01", "periodEnd": "2026-12", "value": 3.0, "status": "In progress"}),
    "O-2": ("Objective", {"status": "Planned"}),
    "KR-1": ("KeyResult", {"kind": "stayAbove", "targetValue": 5.0, "status": "Planned"}),
    "S-1": ("Sprint", {"start": "2026-11-02", "end": "2026-11-13"}),
    "U-1": ("Update", {"at": "2026-11-01T00:00:00Z", "health": "AT_RISK", "value": 4.0, "body": "Hm"}),
}
_LINKS: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("PART_OF", "PRJ-1", "PF-1", {}),
    ("PART_OF", "KR-1", "O-1", {}),
    ("PART_OF", "TEAM-2", "TEAM-1", {}),
    ("CONTRIBUTES_TO", "T-29", "O-1", {"weight": 0.5}),
    ("CONTRIBUTES_TO", "O-2", "O-1", {}),
    ("AFFECTS", "I-1", "T-4", {}),
    ("AFFECTS", "I-1", "O-1", {}),
    ("OWNS", "TEAM-1", "O-1", {}),
    ("OWNS", "P-2", "PF-1", {}),
    ("ASSIGNED_TO", "T-1", "P-1", {"share": 0.25}),
    ("ASSIGNED_TO", "OP-1", "TEAM-1", {}),
    ("ESCALATED_TO", "I-1", "P-2", {"at": "2026-10-02T00:00:00Z", "reason": "loud"}),
    ("MEMBER_OF", "P-1", "TEAM-1", {"role": "lead"}),
    ("MEMBER_OF", "P-HID", "TEAM-1", {}),
    ("REPORTS_TO", "P-1", "P-2", {}),
    ("SPAWNED_FROM", "T-2", "OP-1", {"occurrence": "2026-11-02T09:00:00Z"}),
    ("IN_SPRINT", "T-1", "S-1", {}),
    ("DUPLICATES", "T-11", "T-12", {}),
    ("RELATES_TO", "T-13", "T-14", {"confidence": 0.25}),
    ("SUPERSEDES", "T-15", "T-16", {}),
    ("REPORTS_ON", "U-1", "KR-1", {}),
)


async def stored(connection: Connection) -> World:
    """Write a new world, and beside it another workspace's item under a key of this one."""
    world = build(f"gql-{uuid.uuid4().hex[:12]}")
    other = World(f"{world.workspace}-other")
    other.add("Task", "T-1", title=CANARY)
    now = time.time_ns() // 1_000_000
    async with open_store(connection) as store:
        await migrate(store)
        for one in (world, other):
            await ensure(store, one.workspace, now)
            outcome = await write(store, one.workspace, one.batch(), mode=Mode.EDIT, now=now)
            assert not outcome.problems
        hidden = [Ref("key", key) for key in sorted(world.hidden)]
        await write(store, world.workspace, Batch(archive=hidden), now=now)
    return world


@dataclass(slots=True)
class Asked:
    """What one operation answered, and how many reads of the database it took."""

    answer: Answer
    reads: int

    @property
    def data(self) -> Any:
        assert "errors" not in self.answer.body, self.answer.body["errors"]
        return self.answer.body["data"]

    @property
    def codes(self) -> Sequence[str]:
        return [error["extensions"]["code"] for error in self.answer.body.get("errors", ())]


async def ask(
    connection: Connection, workspace: str, query: str, *, viewer: Viewer | None = None, bounds: Bounds | None = None,
    **variables: Any,
) -> Asked:  # fmt: skip
    """Execute one operation on a connection of its own, as the local administrator unless told otherwise."""
    async with open_store(connection) as inner:
        store = CountingStore(inner)
        keeper = SnapshotKeeper(store, workspace)
        bounds = bounds or Bounds()
        context = Context(
            store, viewer or Viewer.local(workspace), keeper, lambda: TODAY, "request-1", bounds, now=lambda: NOW
        )
        answer = await execute(query, variables, None, context)
        return Asked(answer, store.reads)
