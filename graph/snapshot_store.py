"""Reads a snapshot from Neo4j, in chunks, and keeps it up with the change log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from graph import workspace
from graph.assembly import EDGE_COLUMNS, ITEM_COLUMNS, assemble, items_of
from graph.calendar_store import read_calendars
from graph.calendars import WorkingCalendar
from graph.snapshot import EDGE_KINDS, Snapshot
from graph.store import Rows, Store

CHUNK: Final = 20_000
"""Items per query: bounds the memory of one answer in the database and here."""

_COLUMNS: Final = {
    "ids": "n.id",
    "key": "n.key",
    "title": "n.title",
    "kind": "[l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]",
    "status": "n.status",
    "team": "n.team",
    "priority": "n.priority",
    "severity": "n.severity",
    "placeholder": "n.placeholder",
    "restricted": "n.visibility = 'TEAM'",
    "estimate": "n.estimate",
    "remaining": "n.remaining",
    "spent": "n.spent",
    "duration": "n.duration",
    "points": "n.points",
    "start": "duration.inDays(date({year: 1970}), n.start).days",
    "due": "duration.inDays(date({year: 1970}), n.due).days",
    "created_at": "n.createdAt.epochMillis",
    "updated_at": "n.updatedAt.epochMillis",
    "started_at": "n.startedAt.epochMillis",
    "completed_at": "n.completedAt.epochMillis",
    "period_start": "duration.inDays(date({year: 1970}), n.periodStart).days",
    "period_end": "duration.inDays(date({year: 1970}), n.periodEnd).days",
    "value": "n.value",
    "enough": "n.enough",
    "weight": "n.weight",
    "result_kind": "n.kind",
    "start_value": "n.startValue",
    "target_value": "n.targetValue",
    "weekly_hours": "n.weeklyHours",
    "calendar": "n.calendar",
    "timezone": "n.timezone",
    "budget": "n.budget",
    "spent_budget": "n.spentBudget",
    "currency": "n.currency",
}
_LATEST: Final = ("latest_at", "latest_health", "latest_confidence", "latest_value")

# collect() drops nulls, so rows are collected as lists, one answer per chunk instead of one per item.
_READ_ITEMS: Final = f"""
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after
WITH n ORDER BY n.id LIMIT $first
RETURN max(n.id), collect(CASE WHEN n.archivedAt IS NULL AND NOT n:Update THEN [{", ".join(_COLUMNS.values())}] END)
"""
_READ_EDGES: Final = """
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after AND n.id <= $last AND n.archivedAt IS NULL
MATCH (n)-[e]->(o:Item) WHERE NOT type(e) = 'REPORTS_ON'
RETURN collect([type(e), n.id, o.id, e.type, e.lag, e.weight, e.share, e.confidence, e.role])
"""
_READ_LATEST: Final = """
MATCH (u:Update)-[:REPORTS_ON]->(n:Item) WHERE u.workspace = $workspace AND u.archivedAt IS NULL
WITH n, u ORDER BY u.at
RETURN collect([n.id, u.at.epochMillis, u.health, u.confidence, u.value])
"""


async def load_snapshot(store: Store, workspace_id: str) -> Snapshot:
    """Read a workspace's whole graph, archived items apart. O(n + m); see ``benchmarks/results.md`` for seconds.

    The change sequence number is read first: what is written while the snapshot is being read may or may not be in it,
    and a refresh from that number brings it in either way.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    settings = await workspace.read(store, workspace_id)
    calendars = await read_calendars(store, workspace_id)
    return await asyncio.to_thread(_assembled, settings, calendars, *await read_columns(store, workspace_id))


async def read_columns(store: Store, workspace_id: str) -> tuple[Rows, Rows, Rows]:
    """Read what a snapshot is made of: rows of items, of edges, and of updates by time. One query a chunk and part."""
    items: Rows = []
    edges: Rows = []
    after = ""
    while True:
        found = await store.rows(_READ_ITEMS, workspace=workspace_id, after=after, first=CHUNK)
        last, rows = found[0]
        if last is None:
            break
        items += rows
        edges += (await store.rows(_READ_EDGES, workspace=workspace_id, after=after, last=last))[0][0]
        after = last
    return items, edges, (await store.rows(_READ_LATEST, workspace=workspace_id))[0][0]


def _assembled(
    settings: workspace.Workspace, calendars: Sequence[WorkingCalendar], rows: Rows, edges: Rows, latest: Rows
) -> Snapshot:
    plain = dict(zip(_COLUMNS, _transposed(rows, len(_COLUMNS)), strict=True))
    place = {item: row for row, item in enumerate(plain["ids"])}
    plain |= _latest_columns(place, latest)
    teams = {item: place[item] for item, kind in zip(plain["ids"], plain["kind"], strict=True) if kind == "Team"}
    items = items_of({name: plain[name] for name in (*ITEM_COLUMNS, "status", "team")}, tuple(settings.statuses), teams)
    code = {kind: number for number, kind in enumerate(EDGE_KINDS)}
    inside = [
        [code[row[0]], place[row[1]], place[row[2]], *row[3:]] for row in edges if row[1] in place and row[2] in place
    ]
    columns = dict(zip(EDGE_COLUMNS, _transposed(inside, len(EDGE_COLUMNS)), strict=True))
    statuses = settings.statuses
    return assemble(settings.id, settings.seq, settings.policy, statuses, items, columns, calendars=calendars)


def _transposed(rows: Sequence[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _latest_columns(place: dict[str, int], latest: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Return what Updates say of each item; ``latest`` is ordered by time.

    A later Update that is silent on a value leaves it: whoever reports health only does not take the measure back.
    """
    columns: dict[str, list[Any]] = {name: [None] * len(place) for name in _LATEST}
    for item, *values in latest:
        if item in place:
            for name, value in zip(_LATEST, values, strict=True):
                if value is not None:
                    columns[name][place[item]] = value
    return columns


class SnapshotKeeper:
    """Holds a workspace's newest snapshot, and reads it again when the change log has moved."""

    def __init__(self, store: Store, workspace_id: str) -> None:
        self._store = store
        self._workspace = workspace_id
        self._snapshot: Snapshot | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> Snapshot:
        """Return a snapshot that holds every change committed before this call.

        Raises:
            UnknownWorkspaceError: There is no such workspace.
            StoreError: The database failed.

        """
        async with self._lock:
            settings = await workspace.read(self._store, self._workspace)
            if self._snapshot is None or self._snapshot.seq != settings.seq:
                self._snapshot = await load_snapshot(self._store, self._workspace)
            return self._snapshot
