"""Drag and unblock gain: how much sooner goals are finished when an item takes no time, or is done today."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.clock import Clock, has_own_calendars
from analytics.expansion.expanded import Expanded, needed_items
from analytics.expansion.kernels import earliest_starts_changed, totals
from analytics.expansion.roles import with_role
from analytics.expansion.trees import target_row
from analytics.expansion.waits import Arcs
from analytics.results import Explanation, amount, as_date, iso
from graph.model import Role
from graph.snapshots.columns import Days, Floats, Ints
from graph.snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Relief:
    """What one item costs one goal, in working hours of the goal's finish, everybody working in their own calendar.

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
    plan = _InCalendars(expanded) if has_own_calendars(expanded) else _InHours(expanded)
    now = plan.finishes(plan.ends(), goals)
    possible = np.flatnonzero(np.isfinite(now.hours))
    if not len(possible):
        return None
    done = plan.if_done(row, goals)
    place = int(possible[np.argmax(now.hours[possible] - done.hours[possible])])
    timeless = plan.finishes(plan.ends_if_timeless(row), goals[place : place + 1])
    keys = expanded.snapshot.items.key
    return Relief(
        item=keys[row],
        goal=keys[goals[place]],
        drag_hours=float(now.hours[place] - timeless.hours[0]),
        gain_hours=float(now.hours[place] - done.hours[place]),
        finish=as_date(now.days[place]),
        finish_if_done=as_date(done.days[place]),
    )


class _Finishes(NamedTuple):
    """When goals are finished: hours of the workspace (infinite where one cannot have enough), and days."""

    hours: Floats
    days: Days


class _Plan(ABC):
    """When units of an expanded graph end, and would, as times that ``_told`` translates."""

    def __init__(self, expanded: Expanded) -> None:
        self.expanded = expanded

    def finishes(self, ends: Floats, goals: Sequence[int], done: int = -1) -> _Finishes:
        """Return when goals (rows) are finished, from the ends of all units; ``done``: this item is, at once."""
        expanded, rows = self.expanded, np.asarray(goals, dtype=np.int64)
        units = expanded.unit[expanded.finish[rows]]
        possible = expanded.goals.enough[rows] + expanded.goals.cancelled[rows] <= 1 + 1e-9
        running = expanded.is_open[rows] & (rows != done)
        told = self._told(np.where(running & possible, ends[units], 0.0), units)
        return _Finishes(np.where(running & ~possible, np.inf, told.hours), told.days)

    def if_done(self, row: int, goals: Sequence[int]) -> _Finishes:
        """Return when goals are finished if an item is done today: it holds back nothing more, but lags after it do."""
        expanded = self.expanded
        if not expanded.is_cycle[expanded.unit[[expanded.gate[row], expanded.finish[row]]]].any():
            arcs, needs = expanded.arcs, expanded.arc_needs
            return self.finishes(self._ends_if_done(row, _lags_after(expanded, row, arcs, needs)), goals, row)
        arcs, needs = expanded.all_arcs, needed_items(expanded, expanded.all_arcs)
        opened = type(self)(_opened(expanded, row, needs))
        return opened.finishes(opened._ends_if_done(row, _lags_after(expanded, row, arcs, needs)), goals, row)

    @abstractmethod
    def ends(self) -> Floats:
        """Return when units end. Shape (u,)."""

    @abstractmethod
    def ends_if_timeless(self, row: int) -> Floats:
        """Return when units end if an item takes no time. Shape (u,)."""

    @abstractmethod
    def _ends_if_done(self, row: int, lags: Arcs) -> Floats:
        """Return when units end if an item outside cycles is done, with ``lags`` still to pass after it. Shape (u,)."""

    @abstractmethod
    def _told(self, times: Floats, units: Ints) -> _Finishes:
        """Return times at which units end in hours of the workspace, and as days. Shapes (g,)."""


class _InHours(_Plan):
    """Everybody works in the workspace's calendar: times are its hours."""

    def ends(self) -> Floats:
        return self.expanded.starts + self.expanded.hours

    def ends_if_timeless(self, row: int) -> Floats:
        expanded, own = self.expanded, float(self.expanded.durations.hours[row])
        if expanded.is_container[row] or own == 0:
            return self.ends()
        node = expanded.finish[row]
        unit = expanded.unit[node]
        in_cycle = bool(expanded.is_cycle[unit])
        weights, hours, release = expanded.weights.copy(), expanded.hours.copy(), expanded.release.copy()
        leaving = np.arange(expanded.pointer[unit], expanded.pointer[unit + 1])
        pointer, into = expanded.into
        entering = into[pointer[unit] : pointer[unit + 1]]
        weights[leaving[expanded.arcs.from_finish[leaving] | in_cycle]] -= own
        weights[entering[expanded.arcs.to_finish[entering] & (not in_cycle)]] += own
        hours[unit] -= own
        release[unit] = max(release[unit], expanded.waits.ends[node])
        return self._starts(weights, release, np.array([unit]), expanded.heads[leaving]) + hours

    def _ends_if_done(self, row: int, lags: Arcs) -> Floats:
        expanded, heads = self.expanded, self.expanded.unit[lags.head]
        own = np.where(lags.to_finish & ~expanded.is_cycle[heads], expanded.hours[heads], 0.0)
        release = expanded.release.copy()
        np.maximum.at(release, heads, lags.lag - own)
        freed = expanded.arc_needs == row
        weights = np.where(freed, -np.inf, expanded.weights)
        return self._starts(weights, release, heads, expanded.heads[freed]) + expanded.hours

    def _starts(self, weights: Floats, release: Floats, *changed: NDArray[np.integer]) -> Floats:
        """Return the starts of units when ``changed`` ones have another release, or arcs into them other weights."""
        expanded, touched = self.expanded, np.zeros(len(release), dtype=np.bool_)
        touched[np.concatenate(changed)] = True
        return earliest_starts_changed(
            expanded.pointer, expanded.heads, weights, release, *expanded.into, expanded.tails,
            expanded.arcs.child, expanded.arc_share, expanded.need, expanded.starts, touched,
        )  # fmt: skip

    def _told(self, times: Floats, units: Ints) -> _Finishes:
        today = self.expanded.today
        if today is None:
            return _Finishes(times, np.full(len(times), np.datetime64("NaT", "D")))
        return _Finishes(times, self.expanded.calendar.finish_days(today, times))


class _InCalendars(_Plan):
    """Somebody has a calendar of their own: times are moments."""

    def __init__(self, expanded: Expanded) -> None:
        super().__init__(expanded)
        self._clock = Clock.of(expanded)

    def ends(self) -> Floats:
        return self._clock.ends()

    def ends_if_timeless(self, row: int) -> Floats:
        expanded, own = self.expanded, float(self.expanded.durations.hours[row])
        if expanded.is_container[row] or own == 0:
            return self.ends()
        return self._clock.ends_without(int(expanded.unit[expanded.finish[row]]), own)

    def _ends_if_done(self, row: int, lags: Arcs) -> Floats:
        clock, heads = self._clock, self.expanded.unit[lags.head]
        own, freed = clock.network, self.expanded.arc_needs == row
        not_before, not_done_before = clock.work.not_before.copy(), clock.work.not_done_before.copy()
        ties = lags.to_finish & ~self.expanded.is_cycle[heads]
        passed = clock.elapsed(lags.lag.astype(np.float64))
        np.maximum.at(not_before, heads[~ties], passed[~ties])
        np.maximum.at(not_done_before, heads[ties], passed[ties])
        changed = np.zeros(len(not_before), dtype=np.bool_)
        changed[heads] = changed[own.heads[freed]] = True
        work = clock.work._replace(not_before=not_before, not_done_before=not_done_before)
        return clock.ends_changed(own._replace(active=~freed), work, changed)

    def _told(self, times: Floats, units: Ints) -> _Finishes:
        return _Finishes(self._clock.workspace_hours(times), self._clock.end_days(times, units))


def _lags_after(expanded: Expanded, row: int, arcs: Arcs, needs: Ints) -> Arcs:
    """Return those of the arcs that wait for an item and for more than its being done."""
    leaving = np.flatnonzero(needs == row)
    waits = with_role(expanded.snapshot, Role.WAITS)[arcs.origin[leaving]]
    return arcs.take(leaving[waits & (arcs.lag[leaving] > 0)])


def _opened(expanded: Expanded, row: int, needs: Ints) -> Expanded:
    """Return the graph without an item's edges, what it brings to goals counted as done: cycles through it are open."""
    goals = expanded.goals
    brought = totals(goals.parent, goals.share * (goals.child == row), len(expanded.snapshot))
    bare = expanded.without(needs == row)
    return replace(bare, goals=replace(goals, done=goals.done + brought))
