"""Goals: when they are due, what share of them each child holds, what they are worth, and when a key result closes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.kernels import totals
from analytics.expansion.roles import with_role
from graph.model import Role
from graph.rules.lifecycle import Category
from graph.snapshots.columns import NO_CODE, Days, Flags, Floats, Ints
from graph.snapshots.snapshot import CATEGORIES, KINDS, RESULT_KINDS, Snapshot

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Goals:
    """What is known of n items as goals, and of the c links between goals and their children.

    Shape (n,): ``due`` (of goals: their own due, else their period's end, else the nearest ancestor goal's; of other
    items their own), ``begins`` (first day of a goal's period: its own, else the nearest ancestor goal's), ``closed``
    (DONE, CANCELLED, or a key result that has closed), ``value`` (NaN where it is no goal), ``enough`` (share of the
    children that must be finished), ``done`` and ``cancelled`` (share that is so already).
    Shape (c,), ordered by parent: ``parent`` and ``child`` (rows), ``share`` (a goal's sum to 1, or to 0 where all its
    children are for information only), ``edge`` (place in the snapshot), ``delays`` (whether the goal is not delivered
    without this child).
    """

    due: Days
    begins: Days
    closed: Flags
    value: Floats
    enough: Floats
    done: Floats
    cancelled: Floats
    parent: Ints
    child: Ints
    share: Floats
    edge: NDArray[np.intp]
    delays: Flags


def goals_of(snapshot: Snapshot, canon: Ints, eligible: Flags, today: date | None) -> Goals:
    """Work out the goals of a snapshot. O(n + m log m).

    ``canon`` (shape (n,)) is the item at which each item's edges are read, ``eligible`` (shape (m,)) the edges that the
    policy allows. Without ``today`` no key result closes by the end of its period. A key result of kind increase,
    decrease or milestone also closes when its latest value meets its target.
    """
    parent, child, share, edge = _children(snapshot, canon, eligible)
    above = _parents(snapshot, parent, child)
    own = np.where(np.isnat(snapshot.items.due) & snapshot.is_goal, snapshot.items.period_end, snapshot.items.due)
    closed = ~snapshot.is_open | _closed_results(snapshot, above, today)
    cancelled_item = snapshot.category == CATEGORIES.index(Category.CANCELLED)
    count = len(snapshot)
    done = totals(parent, share * (closed & ~cancelled_item)[child], count)
    cancelled = totals(parent, share * cancelled_item[child], count)
    held = totals(parent, share, count)
    enough = np.where(np.isnan(snapshot.items.enough), 1.0, np.clip(snapshot.items.enough, 0.0, 1.0))
    enough = np.where(held > 0, enough, 0.0)
    return Goals(
        due=_inherited(own, above, snapshot.is_goal),
        begins=_inherited(snapshot.items.period_start, above, snapshot.is_goal),
        closed=closed,
        value=_values(snapshot, parent, child, share),
        enough=enough,
        done=done,
        cancelled=cancelled,
        parent=parent,
        child=child,
        share=share,
        edge=edge,
        delays=(held - cancelled)[parent] - share < enough[parent] - _ROUNDING,
    )


def _children(snapshot: Snapshot, canon: Ints, eligible: Flags) -> tuple[Ints, Ints, Floats, NDArray[np.intp]]:
    """Return parent, child, share and edge of every link between a goal and a child, each pair once."""
    items, edges = snapshot.items, snapshot.edges
    serves = with_role(snapshot, Role.SERVES)
    contains = with_role(snapshot, Role.CONTAINS)
    parent, child = canon[edges.end], canon[edges.start]
    places = np.flatnonzero(eligible & (serves | contains) & snapshot.is_goal[parent] & (parent != child))
    places = places[np.lexsort((places, child[places], parent[places]))]
    _, first = np.unique(np.stack([parent[places], child[places]]), axis=1, return_index=True)
    places = places[np.sort(first)]
    weight = np.where(contains[places], items.weight[edges.start[places]], edges.weight[places].astype(np.float64))
    return parent[places], child[places], _shares(parent[places], weight, len(snapshot)), places


def _shares(parent: Ints, weight: Floats, count: int) -> Floats:
    """Return weight / Σ weights by parent; an absent weight is the mean of the given ones: an equal share."""
    given = np.isfinite(weight)
    weight = np.where(given, np.maximum(weight, 0.0), 0.0)
    informative = given & (weight == 0)
    total = totals(parent, weight, count)
    known = totals(parent, (given & ~informative).astype(np.float64), count)
    mean = np.divide(total, known, out=np.ones(count), where=known > 0)
    weight = np.where(given, weight, mean[parent])
    total = totals(parent, weight, count)
    return np.divide(weight, total[parent], out=np.zeros(len(weight)), where=total[parent] > 0)


def _parents(snapshot: Snapshot, parent: Ints, child: Ints) -> dict[int, list[int]]:
    """Return the parent goals of every goal that has some."""
    above: dict[int, list[int]] = {}
    nested = snapshot.is_goal[child]
    for lower, upper in zip(child[nested].tolist(), parent[nested].tolist(), strict=True):
        above.setdefault(lower, []).append(upper)
    return above


def _inherited(own: Days, above: dict[int, list[int]], is_goal: Flags) -> Days:
    """Return each goal's own day, else that of its nearest ancestor that has one (the earliest of equally near)."""
    days = own.copy()
    for row in np.flatnonzero(is_goal & np.isnat(own)).tolist():
        seen, level = {row}, above.get(row, [])
        while level:
            dated = [own[goal] for goal in level if not np.isnat(own[goal])]
            if dated:
                days[row] = min(dated)
                break
            seen.update(level)
            level = sorted({goal for lower in level for goal in above.get(lower, []) if goal not in seen})
    return days


def _closed_results(snapshot: Snapshot, above: dict[int, list[int]], today: date | None) -> Flags:
    """Return which key results have closed by their value or their period."""
    items = snapshot.items
    is_result = items.kind == KINDS.index("KeyResult")
    kind = np.where(items.result_kind == NO_CODE, RESULT_KINDS.index("increase"), items.result_kind)
    higher = np.isin(kind, [RESULT_KINDS.index("increase"), RESULT_KINDS.index("milestone")])
    lower = kind == RESULT_KINDS.index("decrease")
    met = (higher & (items.latest_value >= items.target_value)) | (lower & (items.latest_value <= items.target_value))
    if today is not None and is_result.any():
        ends = _inherited(items.period_end, above, is_result)
        met |= ends < np.datetime64(today, "D")
    return np.asarray(is_result & met, dtype=np.bool_)


def _values(snapshot: Snapshot, parent: Ints, child: Ints, share: Floats) -> Floats:
    """Return what each goal is worth: as given, else its parents' by share, else 1 (it has none)."""
    given = snapshot.items.value
    nested = snapshot.is_goal[child]
    links = list(zip(parent[nested].tolist(), child[nested].tolist(), share[nested].tolist(), strict=True))
    below: dict[int, list[tuple[int, float]]] = {}
    waiting: dict[int, int] = {}
    for upper, lower, part in links:
        below.setdefault(upper, []).append((lower, part))
        waiting[lower] = waiting.get(lower, 0) + 1
    nested_rows = set(waiting)
    flowing = np.where(np.isin(np.arange(len(snapshot)), list(nested_rows)), 0.0, 1.0)
    value = np.where(np.isfinite(given), given, flowing)
    queue = deque(upper for upper in below if upper not in nested_rows)
    while queue:
        upper = queue.popleft()
        for lower, part in below.get(upper, []):
            if np.isnan(given[lower]):
                value[lower] += value[upper] * part
            waiting[lower] -= 1
            if not waiting[lower]:
                queue.append(lower)
    return np.where(snapshot.is_goal, value, np.nan)
