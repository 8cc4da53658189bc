"""Assembles a snapshot from plain columns, whoever read them: the database or NetworkX."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.calendars import WorkingCalendar
from graph.model import NODES
from graph.policy import Policy
from graph.rules.lifecycle import Category
from graph.snapshots import columns as col
from graph.snapshots.snapshot import (
    EDGE_KINDS,
    HEALTHS,
    KINDS,
    PRIORITIES,
    RESULT_KINDS,
    SEVERITIES,
    WAIT_TYPES,
    Edges,
    Items,
    Snapshot,
    traversed,
)

Columns = Mapping[str, Sequence[Any]]

ITEM_COLUMNS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "ids": col.identities,
    "key": col.TextColumn.of,
    "title": col.TextColumn.of,
    "calendar": col.TextColumn.of,
    "timezone": col.TextColumn.of,
    "kind": lambda values: col.codes(values, KINDS),
    "priority": lambda values: col.codes(values, PRIORITIES),
    "severity": lambda values: col.codes(values, SEVERITIES),
    "placeholder": lambda values: np.array([bool(value) for value in values], dtype=np.bool_),
    "restricted": lambda values: np.array([bool(value) for value in values], dtype=np.bool_),
    "inactive": lambda values: np.array([bool(value) for value in values], dtype=np.bool_),
    **dict.fromkeys(("estimate", "remaining", "spent", "duration", "points"), col.floats),
    **dict.fromkeys(("start", "due", "period_start", "period_end"), col.days),
    **dict.fromkeys(("created_at", "updated_at", "started_at", "completed_at", "latest_at"), col.millis),
    **dict.fromkeys(("value", "enough", "weight", "start_value", "target_value", "weekly_hours"), col.floats),
    **dict.fromkeys(("budget", "spent_budget", "latest_confidence", "latest_value"), col.floats),
    "currency": col.currencies,
    "result_kind": lambda values: col.codes(values, RESULT_KINDS),
    "latest_health": lambda values: col.codes(values, HEALTHS),
}
"""Column → how its plain values (``None`` where absent) become an array. ``status`` and ``team`` need a look-up."""


def makers(statuses: Sequence[str]) -> Mapping[str, Callable[[Any], Any]]:
    """Return what makes an array of each column's plain values, ``team`` apart, which other items decide."""
    code = {name: place for place, name in enumerate(statuses)}
    none = len(statuses)
    return {
        **ITEM_COLUMNS,
        "status": lambda values: np.fromiter((code.get(name, none) for name in values), dtype=np.uint16),
        "team_id": col.references,
    }


def items_of(plain: Columns, statuses: Sequence[str], team_rows: Mapping[str, int]) -> Items:
    """Return the item columns; plain ``status`` holds names, plain ``team`` ids of teams. O(n)."""
    made = {name: make(plain["team" if name == "team_id" else name]) for name, make in makers(statuses).items()}
    team = np.fromiter((team_rows.get(team, -1) for team in plain["team"]), dtype=np.int32)
    return Items(team=team, **made)


def rows_of_teams(ids: NDArray[np.uint8], kind: col.Codes, team_id: NDArray[np.uint8]) -> col.Ints:
    """Return the row of each item's team, -1 where it has none or that is not there; ``ids`` ascend. O(n log n)."""
    team = np.full(len(ids), -1, dtype=np.int32)
    named = np.flatnonzero(team_id.any(axis=1))
    rows = col.rows_of_identities(ids, team_id[named])
    team[named] = np.where((rows >= 0) & (kind[rows] == KINDS.index("Team")), rows, -1)
    return team


EDGE_MAKERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "wait_type": lambda values: _or_first(col.codes(values, WAIT_TYPES)),
    "lag": lambda values: np.nan_to_num(np.asarray(values, dtype=np.float32)),
    "weight": lambda values: np.asarray(values, dtype=np.float32),
    "share": lambda values: np.asarray(values, dtype=np.float32),
    "confidence": lambda values: np.nan_to_num(np.asarray(values, dtype=np.float32), nan=1.0),
    "leads": lambda values: np.array([role == "lead" for role in values], dtype=np.bool_),
}
"""Column of an edge → how its plain values (``None`` where absent) become an array."""


def _or_first(codes: col.Codes) -> col.Codes:
    return np.where(codes == col.NO_CODE, 0, codes).astype(np.uint8)


def edges_of(plain: Columns, items: Items, is_open: col.Flags, policy: Policy) -> Edges:
    """Return the edge columns in order; plain ``kind``, ``start`` and ``end`` are codes and rows. O(m log m)."""
    given = Edges(
        kind=np.asarray(plain["kind"], dtype=np.uint8),
        start=np.asarray(plain["start"], dtype=np.int32),
        end=np.asarray(plain["end"], dtype=np.int32),
        traversed=np.zeros(len(plain["kind"]), dtype=np.bool_),
        **{name: make(plain["role" if name == "leads" else name]) for name, make in EDGE_MAKERS.items()},
    )
    return arranged(given, items, is_open, policy)


def arranged(edges: Edges, items: Items, is_open: col.Flags, policy: Policy) -> Edges:
    """Return edges in the order of a snapshot, with the policy applied to them. O(m log m)."""
    order = np.lexsort((edges.end, edges.start, edges.kind))
    return walked(Edges(*(getattr(edges, column.name)[order] for column in fields(Edges))), items, is_open, policy)


def walked(edges: Edges, items: Items, is_open: col.Flags, policy: Policy) -> Edges:
    """Return edges, which are in the order of a snapshot, with the policy applied to them. O(m)."""
    groups = np.array([NODES[label].group is not None for label in KINDS])[items.kind]
    ends = edges.kind, edges.start, edges.end
    return replace(edges, traversed=traversed(items, is_open, groups, *ends, edges.confidence, policy))


def assemble(
    workspace: str,
    seq: int,
    policy: Policy,
    statuses: Mapping[str, Category],
    items: Items,
    edges: Columns,
    names: Sequence[Hashable] | None = None,
    calendars: Sequence[WorkingCalendar] = (),
) -> Snapshot:
    """Put item columns and plain edge columns together. O(n + m log m).

    ``edges`` has the columns kind (code), start, end (rows), wait_type, lag, weight, share, confidence, role.
    """
    bare = without_edges(workspace, seq, policy, statuses, items, names)
    return replace(bare, edges=edges_of(edges, items, bare.is_open, policy), calendars=tuple(calendars))


def without_edges(
    workspace: str,
    seq: int,
    policy: Policy,
    statuses: Mapping[str, Category],
    items: Items,
    names: Sequence[Hashable] | None = None,
) -> Snapshot:
    """Return a snapshot of items only; ``names`` are their keys unless given."""
    return Snapshot(
        workspace, seq, policy, items, _NO_EDGES, tuple(statuses), tuple(statuses.values()), names or items.key
    )


EDGE_COLUMNS: Final = ("kind", "start", "end", "wait_type", "lag", "weight", "share", "confidence", "role")
_NO_EDGES: Final = Edges(
    *(np.empty(0, dtype=dtype) for dtype in ("u1", "i4", "i4", "u1", "f4", "f4", "f4", "f4", "?", "?"))
)


def edge_code(kind: str) -> int:
    """Return the code of an edge kind in a snapshot."""
    return EDGE_KINDS.index(kind)
