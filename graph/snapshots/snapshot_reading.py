"""Reads a workspace's whole graph into columns, in chunks whose memory is bounded in the database and here.

Items are read by ranges of their ids, each kind with its own columns only; the edges that leave a range are read, by
kind and column, while the next range's items are.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.model import EDGE_SHARED, EDGES
from graph.snapshots.assembly import EDGE_MAKERS, ITEM_COLUMNS, makers, rows_of_teams
from graph.snapshots.columns import TextColumn, identities, rows_of_identities
from graph.snapshots.item_columns import LATEST, UPDATE_PROPERTIES, columns_of, row_expression
from graph.snapshots.snapshot import EDGE_KINDS, KINDS, Edges, Items
from graph.store import Rows, Store

CHUNK: Final = 20_000
"""Items per query: bounds the memory of one answer in the database and here."""

Block = dict[str, Any]
"""Arrays by column, all of one length."""
Report = tuple[str, Sequence[Any]]
"""The id of an item, and what one Update says of it, in the order of ``LATEST``."""

EDGE_PROPERTY_OF: Final = {
    "wait_type": ("type", "FS"),
    "lag": ("lag", 0.0),
    "weight": ("weight", float("nan")),
    "share": ("share", float("nan")),
    "confidence": ("confidence", 1.0),
    "leads": ("role", ""),
}
"""Column of an edge → the property behind it, and what stands for an absent one."""


def _edge_columns() -> str:
    """Return the Cypher that collects each column of the edges of one kind ``k``; empty where the kind has none."""
    shared = {one.name for one in EDGE_SHARED}
    parts = []
    for name, _ in EDGE_PROPERTY_OF.values():
        value = f"coalesce(e.{name}, $absent.{name})"
        owners = [kind.name for kind in EDGES.values() if name in {one.name for one in kind.own}]
        parts.append(f"collect({value if name in shared else f'CASE WHEN k IN {owners} THEN {value} END'}) AS {name}")
    return ", ".join(parts)


# Rows are collected: one answer per chunk takes a tenth of the time of one per item.
_READ_ITEMS: Final = f"""
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after
WITH n ORDER BY n.id LIMIT $first
RETURN max(n.id), collect(CASE WHEN n.archivedAt IS NULL THEN {row_expression("n")} END)
"""
_READ_EDGES: Final = f"""
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after AND n.id <= $last AND n.archivedAt IS NULL
MATCH (n)-[e]->(o:Item) WHERE NOT type(e) = 'REPORTS_ON'
WITH type(e) AS k, n, e, o
WITH k, collect(n.id) AS starts, collect(o.id) AS ends, {_edge_columns()}
RETURN collect([k, starts, ends, {", ".join(name for name, _ in EDGE_PROPERTY_OF.values())}])
"""
_READ_REPORTS: Final = f"""
MATCH (u:Update)-[:REPORTS_ON]->(n:Item) WHERE u.workspace = $workspace AND u.archivedAt IS NULL AND u.at IS NOT NULL
WITH n, u ORDER BY u.at, u.id
RETURN collect([n.id, {", ".join(f"u.{name}{'.epochMillis' if name == 'at' else ''}" for name in UPDATE_PROPERTIES)}])
"""


async def read_columns(store: Store, workspace: str, statuses: Sequence[str]) -> tuple[Items, Edges]:
    """Read the columns of all items and edges, archived ones apart; edges are in no order, and not yet walked.

    O(n + m log n) time; memory is that of the columns, twice, and of a chunk.

    Raises:
        StoreError: The database failed.

    """
    items: list[Block] = []
    edges: list[Block] = []
    make = makers(statuses)
    async for rows, leaving in read_chunks(store, workspace):
        items.append(await asyncio.to_thread(_item_block, rows, make))
        edges.append(await asyncio.to_thread(_edge_block, leaving))
    reports = (await store.rows(_READ_REPORTS, workspace=workspace))[0][0]
    return await asyncio.to_thread(_joined, items or [_item_block([], make)], edges or [_edge_block([])], reports)


async def read_chunks(store: Store, workspace: str) -> AsyncIterator[tuple[Rows, Rows]]:
    """Yield, range by range of ids, rows of items and columns of the edges that leave them. Two queries at a time."""
    absent = dict(EDGE_PROPERTY_OF.values())
    after = ""
    last, rows = await _items_after(store, workspace, after)
    while last is not None:
        leaving, following = await asyncio.gather(
            store.rows(_READ_EDGES, workspace=workspace, after=after, last=last, absent=absent),
            _items_after(store, workspace, last),
        )
        yield rows, leaving[0][0]
        after = last
        last, rows = following


async def _items_after(store: Store, workspace: str, after: str) -> tuple[str | None, Rows]:
    last, rows = (await store.rows(_READ_ITEMS, workspace=workspace, after=after, first=CHUNK))[0]
    return last, rows


def _item_block(rows: Rows, make: Mapping[str, Any]) -> Block:
    """Return the columns of one chunk of items, whose rows begin with the code of their kind."""
    codes = np.fromiter((row[0] for row in rows), dtype=np.uint8, count=len(rows))
    places = {int(code): np.flatnonzero(codes == code) for code in np.unique(codes)}
    parts = {
        code: dict(zip(columns_of(KINDS[code]), zip(*(rows[at][1:] for at in some), strict=True), strict=True))
        for code, some in places.items()
    }
    block: Block = {"kind": codes, "ids": identities(row[1] for row in rows)}
    for column in make.keys() - block.keys():
        given = [(places[code], part[column]) for code, part in parts.items() if column in part]
        block[column] = _scattered(given, len(rows), make[column])
    return block


def _scattered(given: Iterable[tuple[NDArray[np.intp], Sequence[Any]]], length: int, make: Any) -> Any:
    """Return a column of ``length`` rows whose values are given at some places and absent elsewhere."""
    if make == TextColumn.of:
        texts: list[str | None] = [None] * length
        for places, values in given:
            for place, value in zip(places.tolist(), values, strict=True):
                texts[place] = value
        return make(texts)
    column = np.repeat(make([None]), length, axis=0)
    for places, values in given:
        column[places] = make(values)
    return column


def _edge_block(leaving: Rows) -> Block:
    """Return the columns of one chunk of edges, whose ends are identities still: (m, 16)."""
    block: dict[str, list[Any]] = defaultdict(list)
    for kind, starts, ends, *columns in leaving:
        count = len(starts)
        block["kind"].append(np.full(count, EDGE_KINDS.index(kind), dtype=np.uint8))
        block["start"].append(identities(starts))
        block["end"].append(identities(ends))
        for (name, (_, absent)), values in zip(EDGE_PROPERTY_OF.items(), columns, strict=True):
            make = EDGE_MAKERS[name]
            block[name].append(make(values) if values else np.repeat(make([absent]), count))
    return {name: np.concatenate(parts) for name, parts in block.items()}


def _joined(items: list[Block], edges: list[Block], reports: Iterable[Sequence[Any]]) -> tuple[Items, Edges]:
    """Put the chunks together, which come in the order of ids, and replace the ends of edges by rows."""
    columns = {name: _concatenated([block.pop(name) for block in items]) for name in list(items[0])}
    ids = columns["ids"]
    columns |= latest_columns(ids, ((item, values) for item, *values in reports))
    columns["team"] = rows_of_teams(ids, columns["kind"], columns["team_id"])
    ties = {name: np.concatenate([block.pop(name) for block in edges if block]) for name in list(edges[0])}
    if not ties:
        ties = {name: make([]) for name, make in EDGE_MAKERS.items()}
        ties |= {"kind": np.empty(0, dtype=np.uint8), "start": ids[:0], "end": ids[:0]}
    start, end = (rows_of_identities(ids, ties[name]).astype(np.int32) for name in ("start", "end"))
    inside = (start >= 0) & (end >= 0)
    ties |= {"start": start, "end": end, "traversed": inside}
    return Items(**columns), Edges(**{name: column[inside] for name, column in ties.items()})


def _concatenated(parts: list[Any]) -> Any:
    return TextColumn.joined(parts) if isinstance(parts[0], TextColumn) else np.concatenate(parts)


def latest_columns(ids: NDArray[np.uint8], reports: Iterable[Report]) -> Block:
    """Return what Updates say of each item, whose ``ids`` ascend; ``reports`` are ordered by time. O(n + reports)."""
    latest: dict[str, list[Any]] = {}
    for item, values in reports:
        said = latest.setdefault(item, [None] * len(LATEST))
        said[:] = later(said, values)
    rows = rows_of_identities(ids, identities(latest))
    columns = {name: np.repeat(ITEM_COLUMNS[name]([None]), len(ids)) for name in LATEST}
    for name, values in zip(LATEST, zip(*latest.values(), strict=True), strict=False):
        columns[name][rows[rows >= 0]] = ITEM_COLUMNS[name](values)[rows >= 0]
    return columns


def later(said: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """Return what is known after one more Update.

    One that is silent on a value leaves it: whoever reports health only does not take the measure back.
    """
    return [before if value is None else value for before, value in zip(said, values, strict=True)]
