"""A workspace of its own in the shared database, and short ways to write to it and to read it back raw."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from graph.batch import BORN_HERE, Batch, EdgeRow, NodeRow, Record, Ref
from graph.doctor import Violation, examine
from graph.records import history
from graph.records.history import Change
from graph.store import Store
from graph.writing.loading import LoadOptions, LoadReport, load
from graph.writing.writer import Mode, Outcome, write

NOW = 1_760_000_000_000


def item(kind: str, key: str, /, source: str = BORN_HERE, **properties: object) -> NodeRow:
    """A row whose identity in its source is its key."""
    return NodeRow(kind, source, key, {"title": f"Title of {key}", **properties}, key=key)


def patch(kind: str, key: str, /, source: str = BORN_HERE, **properties: object) -> NodeRow:
    """A row that changes nothing but the given properties."""
    return NodeRow(kind, source, key, properties)


def edge(kind: str, start: str, end: str, /, **properties: object) -> EdgeRow:
    return EdgeRow(kind, Ref.parse(start), Ref.parse(end), properties)


def gone(kind: str, start: str, end: str) -> EdgeRow:
    return EdgeRow(kind, Ref.parse(start), Ref.parse(end), remove=True)


def keys(*names: str) -> list[Ref]:
    return [Ref("key", name) for name in names]


@dataclass(frozen=True, slots=True)
class Space:
    """One workspace of the real database."""

    store: Store
    id: str

    async def write(self, *rows: NodeRow | EdgeRow, mode: Mode = Mode.EDIT, now: int = NOW, **more: Any) -> Outcome:
        nodes = [row for row in rows if isinstance(row, NodeRow)]
        edges = [row for row in rows if isinstance(row, EdgeRow)]
        return await write(self.store, self.id, Batch(nodes, edges, **more), mode=mode, now=now)

    async def load(self, *records: Record, source: str = "jira", **options: Any) -> LoadReport:
        return await load(
            self.store,
            self.id,
            records,
            source=source,
            options=LoadOptions(**options),
            clock=lambda: time.time_ns() // 1_000_000,
        )

    async def items(self) -> dict[str, dict[str, Any]]:
        """Every item's properties by key, archived ones included; ``kind`` is its label."""
        rows = await self.store.rows(
            "MATCH (n:Item {workspace: $workspace}) "
            "RETURN n.key, properties(n), [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']]",
            workspace=self.id,
        )
        return {key: properties | {"label": labels[0]} for key, properties, labels in rows}

    async def edges(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Every edge's properties by (start key, kind, end key)."""
        rows = await self.store.rows(
            "MATCH (a:Item {workspace: $workspace})-[e]->(b) RETURN a.key, type(e), b.key, properties(e)",
            workspace=self.id,
        )
        return {(start, kind, end): properties for start, kind, end, properties in rows}

    async def log(self) -> list[Change]:
        return await history.read(self.store, self.id, after=0, first=100_000)

    async def raw(self, cypher: str, **parameters: Any) -> None:
        """Change the database behind the write path's back."""
        await self.store.alone(cypher, workspace=self.id, **parameters)

    async def violations(self) -> list[Violation]:
        return await examine(self.store, self.id)
