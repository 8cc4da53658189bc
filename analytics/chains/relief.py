"""Drag and unblock gain: how much sooner goals are finished when an item takes no time, or is done today."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from analytics.expansion.expanded import Expanded, needed_items
from analytics.expansion.kernels import totals
from analytics.expansion.roles import with_role
from analytics.expansion.trees import target_row
from analytics.results import Explanation, amount, iso
from graph.model import Role
from graph.snapshots.columns import Floats, Ints
from graph.snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Relief:
    """What one item costs one goal, in working hours of the goal's finish.

    ``drag_hours``: how much sooner the goal is finished if the item takes no time and all waits are kept (Devaux's
    drag); 0 for what is not critical, and for containers, which take no time themselves. ``gain_hours``: how much
    sooner if the item is done today; lags after it still have to pass. ``finish`` is when the goal is finished,
    ``finish_if_done`` when it would be (``None`` without a day).
    """

    item: str
    goal: str
    drag_hours: float
    gain_hours: float
    finish: date | None
    finish_if_done: date | None

    def explain(self) -> Explanation:
        """Return what finishing the item would bring."""
        facts = self.to_dict()
        if self.gain_hours <= 0:
            return Explanation(f"Finishing {self.item} alone brings {self.goal} forward by nothing.", facts)
        text = f"Finishing {self.item} brings {self.goal} forward by {counted_hours(self.gain_hours)}"
        if self.finish and self.finish_if_done and self.finish != self.finish_if_done:
            text += f", from {self.finish.isoformat()} to {self.finish_if_done.isoformat()}"
        return Explanation(f"{text}; its own work takes {amount(self.drag_hours)} of them.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "item": self.item,
            "goal": self.goal,
            "dragHours": self.drag_hours,
            "gainHours": self.gain_hours,
            "finish": iso(self.finish),
            "finishIfDone": iso(self.finish_if_done),
        }


def counted_hours(hours: float) -> str:
    """Write working hours for a sentence."""
    return "1 working hour" if hours == 1 else f"{amount(hours)} working hours"


def relief(snapshot: Snapshot, item: Hashable, goal: Hashable, *, today: date | None = None) -> Relief:
    """Return drag and unblock gain of an item for a goal.

    Parameters
    ----------
    snapshot
        n items and m edges.
    item, goal
        Names or ids of any Work or Goal.
    today
        First day of work. Without it there are only hours.

    Raises
    ------
    KeyError
        There is no such item.
    ValueError
        An item is neither Work nor Goal, or cancelled children make it impossible that the goal has enough.

    Notes
    -----
    Two passes over the expanded graph, O(n + m log m); a member of a cycle opens it when it is done, and the units are
    worked out anew. Devaux, Total Project Control (1999), for drag.

    """
    expanded = Expanded.of(snapshot, today)
    row, target = (target_row(expanded, name) for name in (item, goal))
    found = best_relief(expanded, row, [target])
    if found is None:
        raise ValueError(f"{snapshot.items.key[target]!r} cannot have enough: too much of it was cancelled")
    return found


def best_relief(expanded: Expanded, row: int, goals: Sequence[int]) -> Relief | None:
    """Return what an item (a row) costs the goal that its being done brings forward most, of equal ones the first.

    ``None`` where none of the goals (rows) can be finished. O(n + m log m + goals).
    """
    now = finishes(expanded, expanded.starts, expanded.hours, goals)
    possible = np.flatnonzero(np.isfinite(now))
    if not len(possible):
        return None
    done = _if_done(expanded, row, goals)
    place = int(possible[np.argmax(now[possible] - done[possible])])
    timeless = _if_timeless(expanded, row, goals[place : place + 1])
    keys, today = expanded.snapshot.items.key, expanded.today

    def day(hours: float) -> date | None:
        return None if today is None else expanded.calendar.finish_day(today, hours)

    return Relief(
        item=keys[row],
        goal=keys[goals[place]],
        drag_hours=float(now[place] - timeless[0]),
        gain_hours=float(now[place] - done[place]),
        finish=day(float(now[place])),
        finish_if_done=day(float(done[place])),
    )


def finishes(expanded: Expanded, starts: Floats, hours: Floats, goals: Sequence[int]) -> Floats:
    """Return ``finish(g)`` of each goal (rows) in hours from today; infinite where it cannot have enough."""
    rows = np.asarray(goals, dtype=np.int64)
    units = expanded.unit[expanded.finish[rows]]
    possible = expanded.goals.enough[rows] + expanded.goals.cancelled[rows] <= 1 + 1e-9
    return np.where(expanded.is_open[rows], np.where(possible, starts[units] + hours[units], np.inf), 0.0)


def _if_timeless(expanded: Expanded, row: int, goals: Sequence[int]) -> Floats:
    """Return when the goals are finished if an item takes no time."""
    own = float(expanded.durations.hours[row])
    if expanded.is_container[row] or own == 0:
        return finishes(expanded, expanded.starts, expanded.hours, goals)
    node = expanded.finish[row]
    unit = expanded.unit[node]
    in_cycle = bool(expanded.is_cycle[unit])
    weights, hours, release = expanded.weights.copy(), expanded.hours.copy(), expanded.release.copy()
    arcs = expanded.arcs
    weights[(expanded.tails == unit) & (arcs.from_finish | in_cycle)] -= own
    weights[(expanded.heads == unit) & arcs.to_finish & (not in_cycle)] += own
    hours[unit] -= own
    release[unit] = max(release[unit], expanded.waits.ends[node])
    return finishes(expanded, expanded.starts_with(weights, release), hours, goals)


def _if_done(expanded: Expanded, row: int, goals: Sequence[int]) -> Floats:
    """Return when the goals are finished if an item is done today: it holds back nothing more, but lags after it do."""
    arcs, needs = expanded.arcs, expanded.arc_needs
    if expanded.is_cycle[expanded.unit[[expanded.gate[row], expanded.finish[row]]]].any():
        arcs, needs = expanded.all_arcs, needed_items(expanded, expanded.all_arcs)
        expanded = _opened(expanded, row, needs)
    leaving = np.flatnonzero(needs == row)
    after = arcs.take(leaving[with_role(expanded.snapshot, Role.WAITS)[arcs.origin[leaving]] & (arcs.lag[leaving] > 0)])
    heads = expanded.unit[after.head]
    own = np.where(after.to_finish & ~expanded.is_cycle[heads], expanded.hours[heads], 0.0)
    release = expanded.release.copy()
    np.maximum.at(release, heads, after.lag - own)
    weights = np.where(expanded.arc_needs == row, -np.inf, expanded.weights)
    found = finishes(expanded, expanded.starts_with(weights, release), expanded.hours, goals)
    return np.where(np.asarray(goals) == row, 0.0, found)


def _opened(expanded: Expanded, row: int, needs: Ints) -> Expanded:
    """Return the graph without an item's edges, what it brings to goals counted as done: cycles through it are open."""
    goals = expanded.goals
    brought = totals(goals.parent, goals.share * (goals.child == row), len(expanded.snapshot))
    bare = expanded.without(needs == row)
    return replace(bare, goals=replace(goals, done=goals.done + brought))
