"""Assembles a snapshot from plain columns, whoever read them: the database or NetworkX."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np

from graph import columns as col
from graph.calendars import WorkingCalendar
from graph.lifecycle import Category
from graph.model import NODES
from graph.policy import Policy
from graph.snapshot import (
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


def items_of(plain: Columns, statuses: Sequence[str], team_rows: Mapping[str, int]) -> Items:
    """Return the item columns; plain ``status`` holds names, plain ``team`` ids of teams. O(n)."""
    made = {name: make(plain[name]) for name, make in ITEM_COLUMNS.items()}
    code = {name: place for place, name in enumerate(statuses)}
    status = np.fromiter((code.get(name, len(statuses)) for name in plain["status"]), dtype=np.uint16)
    team = np.fromiter((team_rows.get(team, -1) for team in plain["team"]), dtype=np.int32)
    return Items(status=status, team=team, **made)


def edges_of(plain: Columns, items: Items, is_open: col.Flags, policy: Policy) -> Edges:
    """Return the edge columns in order; plain ``kind``, ``start`` and ``end`` are codes and rows. O(m log m)."""
    wait_type = col.codes(plain["wait_type"], WAIT_TYPES)
    given = Edges(
        kind=np.asarray(plain["kind"], dtype=np.uint8),
        start=np.asarray(plain["start"], dtype=np.int32),
        end=np.asarray(plain["end"], dtype=np.int32),
        wait_type=np.where(wait_type == col.NO_CODE, 0, wait_type).astype(np.uint8),
        lag=np.nan_to_num(np.asarray(plain["lag"], dtype=np.float32)),
        weight=np.asarray(plain["weight"], dtype=np.float32),
        share=np.asarray(plain["share"], dtype=np.float32),
        confidence=np.nan_to_num(np.asarray(plain["confidence"], dtype=np.float32), nan=1.0),
        leads=np.array([role == "lead" for role in plain["role"]], dtype=np.bool_),
        traversed=np.zeros(len(plain["kind"]), dtype=np.bool_),
    )
    return arranged(given, items, is_open, policy)


def arranged(edges: Edges, items: Items, is_open: col.Flags, policy: Policy) -> Edges:
    """Return edges in the order of a snapshot, with the policy applied to them. O(m log m)."""
    order = np.lexsort((edges.end, edges.start, edges.kind))
    sorted_ = Edges(*(getattr(edges, column.name)[order] for column in fields(Edges)))
    groups = np.array([NODES[label].group is not None for label in KINDS])[items.kind]
    ends = sorted_.kind, sorted_.start, sorted_.end
    return replace(sorted_, traversed=traversed(items, is_open, groups, *ends, sorted_.confidence, policy))


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
    bare = Snapshot(
        workspace, seq, policy, items, _NO_EDGES, tuple(statuses), tuple(statuses.values()), names or items.key
    )
    made = edges_of(edges, items, bare.is_open, policy)
    return replace(bare, edges=made, calendars=tuple(calendars))


EDGE_COLUMNS: Final = ("kind", "start", "end", "wait_type", "lag", "weight", "share", "confidence", "role")
_NO_EDGES: Final = Edges(
    *(np.empty(0, dtype=dtype) for dtype in ("u1", "i4", "i4", "u1", "f4", "f4", "f4", "f4", "?", "?"))
)


def edge_code(kind: str) -> int:
    """Return the code of an edge kind in a snapshot."""
    return EDGE_KINDS.index(kind)
