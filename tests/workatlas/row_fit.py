"""Whether rows fit the model table: kinds, ends, property names and values, required statements."""

from __future__ import annotations

from collections.abc import Iterable

from graph.batch import EdgeRow, NodeRow, Record, Ref, StatusNames
from graph.model import EDGES, NODES
from graph.rules.lifecycle import DEFAULT_STATUSES, Category
from graph.values import CoarseDate, Type, check


def misfits(records: Iterable[Record]) -> list[str]:
    """Return a sentence for each row that the write path would refuse, placeholders aside."""
    rows = list(records)
    kinds: dict[Ref, str] = {}
    statuses = {name: str(category) for name, category in DEFAULT_STATUSES.items()}
    found: list[str] = []
    for row in rows:
        if isinstance(row, StatusNames):
            statuses.update(row.values)
            found += [f"{value} is no category" for value in row.values.values() if value not in set(Category)]
        if isinstance(row, NodeRow):
            for ref in {Ref(row.source, row.source_id), Ref("key", row.key or row.source_id)}:
                if ref in kinds:
                    found.append(f"{row.where}: {ref} stands for two items")
                kinds[ref] = row.kind
    for row in rows:
        if isinstance(row, NodeRow):
            found += _node(row, statuses)
        elif isinstance(row, EdgeRow):
            found += _edge(row, kinds)
    return found


def _node(row: NodeRow, statuses: dict[str, str]) -> list[str]:
    properties = {each.name: each for each in NODES[row.kind].properties}
    found = [] if row.properties.get("title") else [f"{row.where}: no title"]
    for name, value in row.properties.items():
        if name not in properties:
            found.append(f"{row.where}: {row.kind} has no {name}")
            continue
        try:
            check(properties[name].type, value, properties[name].choices)
            if properties[name].type is Type.DATE:
                CoarseDate.parse(str(value))
        except ValueError as error:
            found.append(f"{row.where}: {name}: {error}")
    if NODES[row.kind].statused and row.properties.get("status") not in statuses:
        found.append(f"{row.where}: {row.properties.get('status')} is no status")
    return found


def _edge(row: EdgeRow, kinds: dict[Ref, str]) -> list[str]:
    kind = EDGES[row.kind]
    ends = [kinds.get(Ref(end.space, end.value), end.kind) for end in (row.start, row.end)]
    found = [] if (ends[0], ends[1]) in kind.pairs else [f"{row.where}: {row.kind} does not join {ends}"]
    properties = {each.name: each for each in kind.properties}
    for name, value in row.properties.items():
        if name not in properties:
            found.append(f"{row.where}: {row.kind} has no {name}")
            continue
        try:
            check(properties[name].type, value, properties[name].choices)
        except ValueError as error:
            found.append(f"{row.where}: {name}: {error}")
    if row.start == row.end:
        found.append(f"{row.where}: {row.kind} joins {row.start} to itself")
    return found
