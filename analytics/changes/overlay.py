"""Overlays: a snapshot as it would be after some changes. The snapshot itself stays as it is, and nothing is stored."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import singledispatch
from typing import Final

import numpy as np

from analytics.changes.changes import (
    AddEdge,
    AddPeople,
    Change,
    CutEdge,
    Delay,
    Draft,
    Finish,
    Reassign,
    Remove,
    Rescope,
    Shares,
)
from analytics.errors import ChangeRefusedError
from analytics.expansion.closure import closed_cycle
from analytics.expansion.expanded import OPERATION, canonical
from analytics.expansion.waits import has_started
from graph.model import EDGES, NODES, Role
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Flags, Ints
from graph.snapshots.editing import (
    join_edges,
    one_edge,
    take_edges,
    with_edges,
    with_item,
    with_items,
    with_status,
    without,
)
from graph.snapshots.snapshot import EDGE_KINDS, KINDS, SEVERITIES, WAIT_TYPES, Snapshot
from graph.values import CoarseDate

_STATUSED: Final = tuple(kind for kind in KINDS if NODES[kind].statused)
_WALKED: Final = tuple(name for name in EDGE_KINDS if EDGES[name].role is not Role.NONE)
_BLOCKS, _PART_OF, _ASSIGNED = (EDGE_KINDS.index(name) for name in ("BLOCKS", "PART_OF", "ASSIGNED_TO"))


@dataclass(frozen=True, slots=True)
class _Circumstances:
    """The day on which things are finished, and the ids of what the viewer may not see."""

    today: date | None
    hidden: frozenset[bytes]


def overlay(
    snapshot: Snapshot, changes: Iterable[Change], *, today: date | None = None, hidden: Flags | None = None
) -> Snapshot:
    """Return the snapshot as it would be after the changes, one after the other.

    Parameters
    ----------
    snapshot
        n items and m edges; it is not touched.
    changes
        See ``analytics.changes.changes``. A change sees what those before it did, so two lists applied one after the
        other give what the one list of both gives. Whatever names a duplicate means the item that it duplicates.
    today
        The day on which ``Finish`` finishes. Without it, lags after what is finished count as passed.

    hidden
        Items that the viewer may not see, shape (n,): a change that names one is refused as if it were not there, and
        messages show only their kind.

    Raises
    ------
    ChangeRefusedError
        A change cannot be made; the message says which one and why. A cycle that an edge would close is named by its
        keys in order.

    Notes
    -----
    O(n + m log m) a change. The rows of items keep their order, new items come last; removing closes the gap.

    """
    veiled = np.empty(0, dtype=np.intp) if hidden is None else np.flatnonzero(hidden)
    at = _Circumstances(today, frozenset(snapshot.items.ids[row].tobytes() for row in veiled.tolist()))
    for place, change in enumerate(changes, 1):
        try:
            for name in change.names:
                _check_visible(snapshot, name, at)
            snapshot = _applied(change, snapshot, at)
        except (KeyError, ValueError) as error:
            raise ChangeRefusedError(f"change {place} ({change.text}): {error.args[0]}") from error
    return snapshot


@singledispatch
def _applied(change: Change, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    raise ValueError(f"{type(change).__name__} is no change that an overlay knows")


@_applied.register
def _(change: Delay, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    """Put an item without work before the delayed one, which waits for the same and is part of the same."""
    _check_hours("a delay", change.hours)
    row = _open_work(snapshot, change.item)
    items, canon = snapshot.items, canonical(snapshot)
    planned = not has_started(snapshot)[row] and not np.isnat(items.start[row])
    plain = {
        "key": _unused(snapshot, f"{items.key[row]}+delay"),
        "title": f"Delay of {items.key[row]}",
        "kind": "Task",
        "duration": 0.0,
        "remaining": 0.0,
        "start": int(items.start[row].astype(np.int64)) if planned else None,
    }
    snapshot = with_item(snapshot, plain, Category.PLANNED)
    edges, hold = snapshot.edges, len(snapshot) - 1
    start, end = canon[edges.start], canon[edges.end]
    to_gate = np.isin(edges.wait_type, [WAIT_TYPES.index("FS"), WAIT_TYPES.index("SS")])
    waits = take_edges(edges, (edges.kind == _BLOCKS) & to_gate & (end == row) & (start != row))
    wholes = take_edges(edges, (edges.kind == _PART_OF) & snapshot.is_work[end] & (start == row) & (end != row))
    return with_edges(
        snapshot,
        join_edges(
            edges,
            replace(waits, end=np.full_like(waits.end, hold)),
            replace(wholes, start=np.full_like(wholes.start, hold)),
            one_edge("BLOCKS", hold, row, lag=change.hours),
        ),
    )


@_applied.register
def _(change: Finish, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    row = _open(snapshot, change.item)
    if snapshot.items.kind[row] == OPERATION:
        raise ValueError(f"{change.item!r} is an Operation, which never finishes; remove it instead")
    over = _inside(snapshot, row) & snapshot.is_open & (snapshot.items.kind != OPERATION)
    snapshot, code = with_status(snapshot, Category.DONE)
    day = np.datetime64("NaT" if at.today is None else at.today, "ms")
    return with_items(
        snapshot,
        status=np.where(over, np.uint16(code), snapshot.items.status),
        completed_at=np.where(over, day, snapshot.items.completed_at),
    )


@_applied.register
def _(change: Remove, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    canon = canonical(snapshot)
    gone = np.zeros(len(snapshot), dtype=np.bool_)
    gone[canon[snapshot.row(change.item)]] = True
    part, whole = _parts(snapshot)
    while True:
        stays = np.bincount(part[~gone[whole]], minlength=len(snapshot)) > 0
        more = np.zeros(len(snapshot), dtype=np.bool_)
        more[part[gone[whole]]] = True
        more &= ~stays & ~gone
        if not more.any():
            return without(snapshot, gone)
        gone |= more


@_applied.register
def _(change: Reassign, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    row, edges = _open_work(snapshot, change.item), snapshot.edges
    old = (edges.kind == _ASSIGNED) & (canonical(snapshot)[edges.start] == row)
    return _assigned(with_edges(snapshot, take_edges(edges, ~old)), row, change.people)


@_applied.register
def _(change: AddPeople, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    if not change.people:
        raise ValueError("it names nobody to add")
    return _assigned(snapshot, _open_work(snapshot, change.item), change.people)


@_applied.register
def _(change: CutEdge, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    canon, edges = canonical(snapshot), snapshot.edges
    start, end = (int(canon[snapshot.row(name)]) for name in (change.start, change.end))
    kinds = [_walked_kind(kind) for kind in (_WALKED if change.kind is None else (change.kind,))]
    found = np.isin(edges.kind, kinds) & (canon[edges.start] == start) & (canon[edges.end] == end)
    if not found.any():
        raise ValueError(f"there is no {change.kind or 'such'} edge")
    return with_edges(snapshot, take_edges(edges, ~found))


@_applied.register
def _(change: AddEdge, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    canon, edges, kind = canonical(snapshot), snapshot.edges, _walked_kind(change.kind)
    start, end = (int(canon[snapshot.row(name)]) for name in (change.start, change.end))
    _check_ends(snapshot, change.kind, start, end)
    if change.wait_type not in WAIT_TYPES:
        raise ValueError(f"type {change.wait_type!r} is not one of {', '.join(WAIT_TYPES)}")
    if not np.isfinite(change.lag) or (change.weight is not None and not 0 <= change.weight < np.inf):
        raise ValueError("lag and weight must be finite, a weight at least 0")
    if np.any((edges.kind == kind) & (canon[edges.start] == start) & (canon[edges.end] == end)):
        raise ValueError(f"there is a {change.kind} edge already; cut it first")
    weight = np.nan if change.weight is None else change.weight
    added = one_edge(change.kind, start, end, WAIT_TYPES.index(change.wait_type), change.lag, weight)
    made = with_edges(snapshot, join_edges(edges, added))
    if EDGES[change.kind].acyclic:
        places = (made.edges.kind == kind) & (made.edges.start == start) & (made.edges.end == end)
        ring = closed_cycle(made, canon, int(np.flatnonzero(places)[0]))
        if ring:
            keys = [_shown(snapshot, row, at) for row in ring]
            raise ValueError(f"it would close the cycle {' → '.join([*keys, keys[0]])}")
    return made


@_applied.register
def _(change: Rescope, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    row = _open_work(snapshot, change.item)
    given = {"estimate": change.estimate, "remaining": change.remaining, "duration": change.duration}
    values = {name: hours for name, hours in given.items() if hours is not None}
    if not values:
        raise ValueError("it gives neither estimate, nor remaining, nor duration")
    for name, hours in values.items():
        _check_hours(name, hours)
    if "estimate" in values and "remaining" not in values:
        values["remaining"] = np.nan
    columns = {name: getattr(snapshot.items, name).copy() for name in values}
    for name, hours in values.items():
        columns[name][row] = hours
    return with_items(snapshot, **columns)


@_applied.register
def _(change: Draft, snapshot: Snapshot, at: _Circumstances) -> Snapshot:
    if change.key != _unused(snapshot, change.key):
        raise ValueError(f"there is an item {change.key!r} already")
    if change.kind not in _STATUSED:
        raise ValueError(f"kind {change.kind!r} is not one of {', '.join(_STATUSED)}")
    if change.severity is not None and change.severity not in SEVERITIES:
        raise ValueError(f"severity {change.severity!r} is not one of {', '.join(SEVERITIES)}")
    for name, hours in (("estimate", change.estimate), ("duration", change.duration)):
        if hours is not None:
            _check_hours(name, hours)
    due = None if change.due is None else (CoarseDate.parse(change.due).last - date(1970, 1, 1)).days
    plain: dict[str, object] = {"key": change.key, "title": change.title or change.key, "kind": change.kind, "due": due}
    plain |= {"severity": change.severity, "estimate": change.estimate, "duration": change.duration}
    made = with_item(snapshot, plain, Category.TRIAGE if change.kind == "Issue" else Category.PLANNED)
    for link in change.links:
        made = _applied(link, made, at)
    return _assigned(made, len(made) - 1, change.people)


def _check_visible(snapshot: Snapshot, name: Hashable, at: _Circumstances) -> None:
    row = snapshot.row(name)
    if snapshot.items.ids[row].tobytes() in at.hidden:
        raise KeyError(f"no item {name!r} in workspace {snapshot.workspace!r}")


def _shown(snapshot: Snapshot, row: int, at: _Circumstances) -> str:
    """Return an item's key, or what is shown of it where the viewer may not see it."""
    hidden = snapshot.items.ids[row].tobytes() in at.hidden
    return f"hidden {snapshot.label(row)}" if hidden else snapshot.items.key[row]


def _open(snapshot: Snapshot, name: Hashable) -> int:
    """Return the row of an open Work or Goal at which its edges are read."""
    row = int(canonical(snapshot)[snapshot.row(name)])
    if not (snapshot.is_work[row] or snapshot.is_goal[row]):
        raise ValueError(f"{name!r} is a {snapshot.label(row)}, neither work nor a goal")
    if not snapshot.is_open[row]:
        raise ValueError(f"{name!r} is {snapshot.status(row)} already")
    return row


def _open_work(snapshot: Snapshot, name: Hashable) -> int:
    row = _open(snapshot, name)
    if not snapshot.is_work[row] or snapshot.items.kind[row] == OPERATION:
        raise ValueError(f"{name!r} is a {snapshot.label(row)}; name a project, a task, an issue or a milestone")
    return row


def _unused(snapshot: Snapshot, key: str) -> str:
    """Return the key, or the first free one that begins with it."""
    number, found = 1, key
    while True:
        try:
            snapshot.row(found)
        except KeyError:
            return found
        number += 1
        found = f"{key}{number}"


def _check_hours(what: str, hours: float) -> None:
    if not 0 <= hours < np.inf:
        raise ValueError(f"{what} of {hours:g} h; give a number of working hours that is at least 0")


def _walked_kind(kind: str) -> int:
    """Return the code of an edge kind that analyses walk."""
    if kind not in _WALKED:
        raise ValueError(f"kind {kind!r} is not one of {', '.join(_WALKED)}")
    return EDGE_KINDS.index(kind)


def _check_ends(snapshot: Snapshot, kind: str, start: int, end: int) -> None:
    if start == end:
        raise ValueError("both ends are the same item")
    if (snapshot.label(start), snapshot.label(end)) not in EDGES[kind].pairs:
        raise ValueError(f"{kind} cannot run from a {snapshot.label(start)} to a {snapshot.label(end)}")


def _assigned(snapshot: Snapshot, row: int, people: Shares) -> Snapshot:
    """Return the snapshot with an item assigned to people."""
    if not people:
        return snapshot
    edges = snapshot.edges
    has = set(edges.end[(edges.kind == _ASSIGNED) & (edges.start == row)].tolist())
    added = []
    for name, share in people:
        who = snapshot.row(name)
        _check_ends(snapshot, "ASSIGNED_TO", row, who)
        if not 0 < share <= 1:
            raise ValueError(f"share {share:g} of {name!r} is not above 0 and at most 1")
        if who in has:
            raise ValueError(f"{name!r} is assigned to it already")
        has.add(who)
        added.append(one_edge("ASSIGNED_TO", row, who, share=share))
    return with_edges(snapshot, join_edges(edges, *added))


def _parts(snapshot: Snapshot) -> tuple[Ints, Ints]:
    """Return the ends of all containment: parts and their wholes."""
    canon, places = canonical(snapshot), snapshot.edges_of("PART_OF")
    return canon[snapshot.edges.start[places]], canon[snapshot.edges.end[places]]


def _inside(snapshot: Snapshot, row: int) -> Flags:
    """Return which items are parts of an item, parts of parts among them, and itself. Shape (n,)."""
    part, whole = _parts(snapshot)
    inside = np.zeros(len(snapshot), dtype=np.bool_)
    inside[row] = True
    while True:
        more = part[inside[whole] & ~inside[part]]
        if not len(more):
            return inside
        inside[more] = True
