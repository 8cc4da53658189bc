"""Merges duplicates: what was joined to them is joined to the item that stays."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from graph import cypher
from graph.batch import Batch, EdgeRow, Ref
from graph.errors import BatchRefusedError, Problem
from graph.model import EDGES
from graph.reading.export import native
from graph.rules.ties import EdgeName
from graph.rules.validation import State, arrived_edge
from graph.writing.draft import Draft
from graph.writing.plans import found
from graph.writing.writer import Plan

MAX_EDGES: Final = 5_000
"""Most edges that one merge moves."""


class _Edge(NamedTuple):
    name: EdgeName
    labels: tuple[str, str]
    properties: State


def merge(duplicates: Sequence[Ref], survivor: Ref) -> Plan:
    """Join everything at the duplicates to the survivor, mark them as its duplicates, and archive them.

    Edges that the survivor's kind cannot have stay where they are, and those that it has already keep its own
    properties. Edges to items that the author may not see move too: they belong to the work, not to who tidies up.
    """

    async def plan(draft: Draft) -> Batch:
        places = [f"duplicates.{number}" for number in range(len(duplicates))]
        kept, *lost = await found(draft, [survivor, *duplicates], ["survivor", *places])
        gone = {item.id for item in lost}
        if kept.id in gone:
            raise BatchRefusedError([Problem("SELF_REFERENCE", f"{kept.key} cannot be merged with itself")])
        rows = await draft.transaction.rows(
            cypher.EDGES_WITH_ENDS, workspace=draft.settings.id, ids=[*gone, kept.id], first=MAX_EDGES + 1
        )
        if len(rows) > MAX_EDGES:
            raise BatchRefusedError([Problem("TOO_MANY", f"more than {MAX_EDGES} edges would move: merge fewer")])
        # What the author named was looked up above; whatever hangs on it moves, whoever may see it.
        draft.sight = None
        edges = list(_moved(list(_arrived(rows)), gone, kept.id, kept.label))
        edges += [EdgeRow("DUPLICATES", Ref("id", item), Ref("id", kept.id)) for item in sorted(gone)]
        return Batch(edges=edges, archive=[Ref("id", item) for item in sorted(gone)], about=[kept.id], free=True)

    return Plan(plan, [survivor, *duplicates])


def _moved(edges: Sequence[_Edge], gone: Container[str], kept: str, label: str) -> Iterator[EdgeRow]:
    """Yield the rows that take edges away from the duplicates and give them to the survivor."""
    there = {edge.name for edge in edges}
    for (start, kind, end), labels, properties in edges:
        if start not in gone and end not in gone:
            continue
        name = (kept if start in gone else start, kind, kept if end in gone else end)
        pair = (label if start in gone else labels[0], label if end in gone else labels[1])
        if kind == "DUPLICATES" and start in gone:
            if end != kept:
                yield _row((start, kind, end), remove=True)
        elif name[0] == name[2]:
            yield _row((start, kind, end), remove=True)
        elif pair in EDGES[kind].pairs:
            yield _row((start, kind, end), remove=True)
            if name not in there:
                there.add(name)
                yield _row(name, properties)


def _arrived(rows: Iterable[Sequence[Any]]) -> Iterator[_Edge]:
    for (start, first), kind, (end, second), values in rows:
        yield _Edge((start, kind, end), (first, second), native(kind, arrived_edge(values)))


def _row(name: EdgeName, properties: State | None = None, *, remove: bool = False) -> EdgeRow:
    start, kind, end = name
    return EdgeRow(kind, Ref("id", start), Ref("id", end), properties or {}, remove)
