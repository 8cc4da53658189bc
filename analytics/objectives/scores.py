"""How far each goal has come: key results by their measures, objectives by the share of what they consist of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from analytics.expansion.containment import Containment
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.order import Order, ordered
from graph.rules.lifecycle import Category
from graph.snapshots.columns import NO_CODE, Flags, Floats
from graph.snapshots.snapshot import CATEGORIES, KINDS, RESULT_KINDS, Snapshot

KEY_RESULT = KINDS.index("KeyResult")
_DONE, _CANCELLED = CATEGORIES.index(Category.DONE), CATEGORIES.index(Category.CANCELLED)
_INCREASE, _DECREASE, _STAY_ABOVE, _STAY_BELOW, _MILESTONE = range(len(RESULT_KINDS))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of n items, each 0 to 1 and of shape (n,); NaN where there is none or the item is no goal.

    ``measured`` (key results by their value), ``manual`` (objectives by the value of their latest Update), ``derived``
    (objectives by their children), ``score`` (the first of these that there is), ``covered`` (share of the children
    whose score is known), ``expected`` (what would be on schedule), ``confidence`` (its own, else ``derived``'s way).
    Shape (c,), by link of ``Goals``: ``child`` is the score that each child brings.
    """

    measured: Floats
    manual: Floats
    derived: Floats
    score: Floats
    covered: Floats
    expected: Floats
    confidence: Floats
    child: Floats

    @classmethod
    def of(cls, expanded: Expanded, today: date) -> Scores:
        """Work out all scores. O(n + m log m), and what is below each piece of work that contributes to a goal."""
        snapshot = expanded.snapshot
        measured = np.where(snapshot.items.kind == KEY_RESULT, attainment(snapshot), np.nan)
        measured = np.clip(measured, 0.0, 1.0)
        stated = snapshot.items.latest_value
        is_objective = snapshot.is_goal & (snapshot.items.kind != KEY_RESULT)
        manual = np.where(is_objective & (stated >= 0) & (stated <= 1), stated, np.nan)
        given = np.where(np.isfinite(measured), measured, manual)
        order = ordered(expanded.goals.child, expanded.goals.parent, len(snapshot))
        score, derived, covered, child = _rolled_up(expanded, order, given, _work(expanded), is_objective)
        confidence = _confidence(expanded, order)
        return cls(measured, manual, derived, score, covered, _expected(expanded, today), confidence, child)


def result_kinds(snapshot: Snapshot) -> Floats:
    """Return the code of each key result's kind; one that says none is to increase. Shape (n,)."""
    kind = snapshot.items.result_kind
    return np.where(kind == NO_CODE, _INCREASE, kind).astype(np.float64)


def attainment(snapshot: Snapshot) -> Floats:
    """Return how far each key result has come, not cut off at 0 and 1; NaN where that cannot be said. Shape (n,).

    See ``okr_rollup`` for the formulas.
    """
    items, kind = snapshot.items, result_kinds(snapshot)
    value, target = items.latest_value, items.target_value
    milestone = kind == _MILESTONE
    target = np.where(milestone & np.isnan(target), 1.0, target)
    start = np.where((kind == _INCREASE) & np.isnan(items.start_value) & (target > 0), 0.0, items.start_value)
    high = np.isin(kind, [_INCREASE, _STAY_ABOVE, _MILESTONE])
    met = np.where(high, value >= target, value <= target)
    ramp = ((kind == _INCREASE) & (target > start)) | ((kind == _DECREASE) & (target < start))
    with np.errstate(over="ignore"):  # a way too short for its length to be told from none is infinitely overshot
        way = np.divide(value - start, target - start, out=np.full(len(value), np.nan), where=ramp)
    # Without a way to go, it has been reached or not.
    plain = np.where((kind == _DECREASE) & np.isnan(start) & ~met, np.nan, met.astype(np.float64))
    found = np.where(ramp, way, plain)
    found = np.where(np.isfinite(value) & np.isfinite(target), found, np.nan)
    reached = milestone & np.isnan(value) & (snapshot.category == _DONE)
    return np.where(reached, 1.0, found)


def _work(expanded: Expanded) -> Floats:
    """Return the progress of each piece of work that contributes to an objective, 0 to 1. Shape (n,)."""
    snapshot, goals = expanded.snapshot, expanded.goals
    found = np.full(len(snapshot), np.nan)
    containment = Containment.of(expanded)
    upward = snapshot.items.kind[goals.parent] != KEY_RESULT
    for row in np.unique(goals.child[upward & snapshot.is_work[goals.child]]).tolist():
        if snapshot.category[row] == _DONE:
            found[row] = 1.0
        elif snapshot.items.kind[row] != OPERATION:
            found[row] = containment.progress(containment.leaves(row)) or 0.0
    return found


def _rolled_up(
    expanded: Expanded, order: Order, given: Floats, work: Floats, is_objective: Flags
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return score, derived score and covered share by item, and the score that each link's child brings.

    Children come before their parents; a link inside a circle of goals brings no score.
    """
    snapshot, goals = expanded.snapshot, expanded.goals
    cancelled = snapshot.category == _CANCELLED
    score, derived, covered = given.copy(), np.full(len(given), np.nan), np.full(len(given), np.nan)
    brought = np.where(snapshot.is_work[goals.child], work[goals.child], np.nan)
    inside = order.unit[goals.child] == order.unit[goals.parent]
    for parent in _by_order(expanded, order):
        low, high = np.searchsorted(goals.parent, [parent, parent + 1])
        links = np.arange(low, high)
        child = goals.child[links]
        found = np.where(snapshot.is_goal[child], score[child], brought[links])
        found = np.where(inside[links], np.nan, np.where(cancelled[child], 0.0, found))
        brought[links] = found
        share = goals.share[links]
        known = np.isfinite(found) & (share > 0)
        total = float(share[known].sum())
        covered[parent] = total
        if is_objective[parent] and total > 0:
            derived[parent] = min(1.0, float(share[known] @ found[known]) / total)  # thirds do not add up to 1
            score[parent] = derived[parent] if np.isnan(given[parent]) else given[parent]
    return score, derived, covered, brought


def _by_order(expanded: Expanded, order: Order) -> list[int]:
    """Return the goals that have children, each after the goals among them."""
    parents = np.unique(expanded.goals.parent)
    found: list[int] = parents[np.argsort(order.unit[parents], kind="stable")].tolist()
    return found


def _confidence(expanded: Expanded, order: Order) -> Floats:
    """Return each goal's own confidence, else the mean of its child goals' by share; NaN where none is known."""
    snapshot, goals = expanded.snapshot, expanded.goals
    own = np.where(snapshot.is_goal, snapshot.items.latest_confidence, np.nan)
    found = own.copy()
    for parent in _by_order(expanded, order):
        low, high = np.searchsorted(goals.parent, [parent, parent + 1])
        child, share = goals.child[low:high], goals.share[low:high]
        known = np.isfinite(found[child]) & (share > 0) & (order.unit[child] != order.unit[parent])
        if np.isnan(own[parent]) and known.any():
            found[parent] = float(np.average(found[child[known]], weights=share[known]))
    return found


def _expected(expanded: Expanded, today: date) -> Floats:
    """Return the score that each goal would have by now if it came evenly; NaN where it has no period. Shape (n,)."""
    snapshot, goals = expanded.snapshot, expanded.goals
    now, begin, end = np.datetime64(today, "D"), goals.begins, goals.due
    passed, length = (now - begin).astype(np.float64), (end - begin).astype(np.float64)
    known = snapshot.is_goal & ~np.isnat(begin) & ~np.isnat(end) & (begin <= end)
    linear = np.where(length > 0, np.divide(passed, length, where=length > 0, out=np.zeros(len(length))), passed >= 0)
    linear = np.clip(linear, 0.0, 1.0)
    kind = np.where(snapshot.items.kind == KEY_RESULT, result_kinds(snapshot), -1)
    kept = np.isin(kind, [_STAY_ABOVE, _STAY_BELOW])
    found = np.where(kept, (passed >= 0).astype(np.float64), linear)
    found = np.where(kind == _MILESTONE, (passed >= length).astype(np.float64), found)
    return np.where(known, found, np.nan)
