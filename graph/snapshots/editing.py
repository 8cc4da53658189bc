"""Snapshots made from snapshots: with another item, without some, with other edges. Nothing here is stored."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.rules.lifecycle import DEFAULT_STATUSES, Category
from graph.snapshots.assembly import ITEM_COLUMNS, arranged, items_of
from graph.snapshots.columns import Flags, TextColumn
from graph.snapshots.snapshot import EDGE_KINDS, Edges, Items, Snapshot

_NAMES = {category: name for name, category in DEFAULT_STATUSES.items()}


def with_items(snapshot: Snapshot, **columns: Any) -> Snapshot:
    """Return the snapshot with other columns of its items, each of shape (n,). O(n + m log m)."""
    items = replace(snapshot.items, **columns)
    bare = replace(snapshot, items=items)
    if "status" not in columns and "severity" not in columns:
        return bare
    return replace(bare, edges=arranged(snapshot.edges, items, bare.is_open, snapshot.policy))


def with_edges(snapshot: Snapshot, edges: Edges) -> Snapshot:
    """Return the snapshot with these edges, which may come in any order. O(m log m)."""
    return replace(snapshot, edges=arranged(edges, snapshot.items, snapshot.is_open, snapshot.policy))


def with_item(snapshot: Snapshot, plain: Mapping[str, Any], category: Category) -> Snapshot:
    """Return the snapshot with one more item, the last; ``plain`` is as in ``graph.snapshots.assembly``. O(n)."""
    snapshot, code = with_status(snapshot, category)
    identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"draft {plain['key']}"))
    row = dict.fromkeys((*ITEM_COLUMNS, "team")) | {"ids": identity, "status": snapshot.status_names[code], **plain}
    one = items_of({name: [value] for name, value in row.items()}, snapshot.status_names, {})
    columns = (_followed(getattr(snapshot.items, name), getattr(one, name)) for name in _names_of(Items))
    items = Items(*columns)
    return replace(snapshot, items=items, names=_names(snapshot, items, (*snapshot.names, plain["key"])))


def with_status(snapshot: Snapshot, category: Category) -> tuple[Snapshot, int]:
    """Return the snapshot with a status of a category, and the code of that status. O(n) where it had none."""
    names, categories = snapshot.status_names, snapshot.status_categories
    if category in categories:
        return snapshot, categories.index(category)
    # The code after the last status means that an item has none.
    status = np.where(snapshot.items.status == len(names), np.uint16(len(names) + 1), snapshot.items.status)
    named, known = (*names, _NAMES[category]), (*categories, category)
    items = replace(snapshot.items, status=status)
    return replace(snapshot, items=items, status_names=named, status_categories=known), len(names)


def without(snapshot: Snapshot, gone: Flags) -> Snapshot:
    """Return the snapshot without some items (``gone``, shape (n,)) and without their edges. O(n + m log m)."""
    kept = np.flatnonzero(~gone)
    row = np.full(len(gone) + 1, -1, dtype=np.int32)  # the last place is for "no row", which is -1
    row[kept] = np.arange(len(kept), dtype=np.int32)
    columns = {name: _taken(getattr(snapshot.items, name), kept) for name in _names_of(Items)}
    items = Items(**columns | {"team": row[columns["team"]]})
    edges = take_edges(snapshot.edges, ~gone[snapshot.edges.start] & ~gone[snapshot.edges.end])
    edges = replace(edges, start=row[edges.start], end=row[edges.end])
    names = _names(snapshot, items, [snapshot.names[at] for at in kept.tolist()])
    return with_edges(replace(snapshot, items=items, names=names), edges)


def take_edges(edges: Edges, which: NDArray[np.intp] | Flags) -> Edges:
    """Return only these edges, in that order."""
    return Edges(*(getattr(edges, name)[which] for name in _names_of(Edges)))


def join_edges(*parts: Edges) -> Edges:
    """Return the edges of all parts, one part after the other."""
    return Edges(*(np.concatenate([getattr(part, name) for part in parts]) for name in _names_of(Edges)))


def one_edge(
    kind: str, start: int, end: int, wait_type: int = 0, lag: float = 0.0, weight: float = np.nan, share: float = np.nan
) -> Edges:
    """Return one edge between two rows as columns; ``wait_type`` is a code, NaN means that it is not given."""
    return Edges(
        kind=np.array([EDGE_KINDS.index(kind)], dtype=np.uint8),
        start=np.array([start], dtype=np.int32),
        end=np.array([end], dtype=np.int32),
        wait_type=np.array([wait_type], dtype=np.uint8),
        lag=np.array([lag], dtype=np.float32),
        weight=np.array([weight], dtype=np.float32),
        share=np.array([share], dtype=np.float32),
        confidence=np.ones(1, dtype=np.float32),
        leads=np.zeros(1, dtype=np.bool_),
        traversed=np.zeros(1, dtype=np.bool_),
    )


def _names_of(columns: type[Items] | type[Edges]) -> tuple[str, ...]:
    return tuple(column.name for column in fields(columns))


def _followed(column: Any, other: Any) -> Any:
    return column.followed_by(other) if isinstance(column, TextColumn) else np.concatenate([column, other])


def _taken(column: Any, rows: NDArray[np.intp]) -> Any:
    return column.take(rows) if isinstance(column, TextColumn) else column[rows]


def _names(snapshot: Snapshot, items: Items, names: Sequence[Hashable]) -> Sequence[Hashable]:
    """Return the names of changed items: their keys, where they were those."""
    return items.key if snapshot.names is snapshot.items.key else tuple(names)
