"""Earliest and latest times of every unit of the expanded graph for one target: the critical path method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analytics.expansion.clock import Clock, has_own_calendars, passing, rounded
from analytics.expansion.expanded import Expanded
from analytics.expansion.moments import settled
from analytics.expansion.passes import TOLERANCE, arrivals, late_moments, late_starts
from graph.snapshots.columns import Days, Flags, Floats

NO_TARGET: Final = -1
"""Stands for a target that is everything: the last finish of all."""


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """Shape (u,), by unit: earliest and latest starts and ends, and what follows from them.

    Hours count from this morning in the workspace's calendar; they are NaN where a unit does not lead to the target.
    ``total`` is how long it may slip without moving the target, ``free`` without moving anything. ``critical``: on a
    path of arcs without slack to the target. ``forced`` is when it is let start: hours, or moments where work has
    calendars of its own. Days are NaT without ``today``. Shape (a,): ``active``, the arcs that count (all but those of
    children that a goal has enough without), and ``drives``, those by which their heads are let start no sooner.
    """

    target: int
    length: float
    starts: Floats
    ends: Floats
    late_starts: Floats
    late_ends: Floats
    total: Floats
    free: Floats
    reaches: Flags
    critical: Flags
    active: Flags
    drives: Flags
    forced: Floats
    start_days: Days
    end_days: Days
    late_start_days: Days
    late_end_days: Days

    def nothing(self) -> Timing:
        """Return the same for a target that is closed: nothing leads to it, and it takes no time."""
        none = np.zeros_like(self.reaches)
        return replace(self, length=0.0, reaches=none, critical=none)


def timing(expanded: Expanded, target: int) -> Timing:
    """Return the times of all units for a target unit, or for everything (``NO_TARGET``).

    O(u + a) in hours where all work is done in the workspace's calendar; O((u + a) log e) where some has a calendar of
    its own with e days off. Kept with the expanded graph.
    """
    kept = expanded.once("timings", dict[int, Timing])
    if target not in kept:
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)))
        kept[target] = _in_days(expanded, target) if has_own_calendars(expanded) else _in_hours(expanded, target)
    return kept[target]


_KEPT: Final = 8
"""Targets for which an expanded graph keeps its times."""


def ends_of(expanded: Expanded, target: int) -> Flags:
    """Return the units that are to be finished: the target, or all open items. Shape (u,)."""
    is_end = np.zeros(len(expanded.hours), dtype=np.bool_)
    if target >= 0:
        is_end[target] = True
    else:
        is_end[expanded.unit[expanded.finish[expanded.is_open & (expanded.finish >= 0)]]] = True
    return is_end


def chosen_arcs(expanded: Expanded, arrivals: Floats, starts: Floats) -> Flags:
    """Return the arcs that count: of a goal that needs only enough of its children, those that bring it enough first.

    ``arrivals`` (shape (a,)) is when each arc lets its head start, ``starts`` (shape (u,)) when that then does.
    """
    waits_for_enough = ~np.isnan(expanded.need)
    if not waits_for_enough.any():
        return np.ones(len(expanded.heads), dtype=np.bool_)
    optional = waits_for_enough[expanded.heads] & (expanded.arcs.child >= 0)
    return ~optional | (arrivals <= starts[expanded.heads] + 1e-9)


def _in_hours(expanded: Expanded, target: int) -> Timing:
    """Return times in the hours of the workspace's calendar."""
    starts, hours = expanded.starts, expanded.hours
    arrives = starts[expanded.tails] + expanded.weights
    active = chosen_arcs(expanded, arrives, starts)
    is_end = ends_of(expanded, target)
    length = _last((starts + hours)[is_end])
    late, free, reaches, critical = late_starts(
        expanded.pointer, expanded.heads, expanded.weights, active, passing(expanded), starts, hours, is_end, length
    )
    late = np.where(reaches, late, np.nan)
    begun, ended = np.where(reaches, starts, np.nan), np.where(reaches, starts + hours, np.nan)
    total = _clean(late - begun)
    late = begun + total
    days = _HourDays(expanded)
    return Timing(
        target=target,
        length=length,
        starts=begun,
        ends=ended,
        late_starts=late,
        late_ends=late + hours,
        total=total,
        free=_clean(np.where(reaches, free, np.nan)),
        reaches=reaches,
        critical=critical,
        active=active,
        drives=active & (arrives >= starts[expanded.heads] - TOLERANCE),
        forced=starts,
        start_days=days.begin(begun),
        end_days=days.end(ended),
        late_start_days=days.begin(late),
        late_end_days=days.end(late + hours),
    )


def _clean(amounts: Floats) -> Floats:
    """Return floats without the dust of rounding; what may slip by nothing may slip by 0."""
    return np.where(np.abs(amounts) < 1e-6, 0.0, amounts)


def _last(ends: Floats) -> float:
    return float(ends.max(initial=0.0))


class _HourDays:
    """Days of hours from this morning, in the workspace's calendar."""

    def __init__(self, expanded: Expanded) -> None:
        self._expanded = expanded

    def begin(self, hours: Floats) -> Days:
        """Return the day on which each unit begins; what takes no time begins when it ends."""
        expanded = self._expanded
        if expanded.today is None:
            return np.full(len(hours), np.datetime64("NaT", "D"))
        begun = expanded.calendar.start_days(expanded.today, hours)
        return np.where(expanded.hours > 0, begun, self.end(hours))

    def end(self, hours: Floats) -> Days:
        """Return the day on which each unit ends, and not before the day for which it is planned."""
        expanded = self._expanded
        if expanded.today is None:
            return np.full(len(hours), np.datetime64("NaT", "D"))
        ended = expanded.calendar.finish_days(expanded.today, hours)
        return np.where(np.isnat(ended), ended, np.fmax(ended, expanded.planned_days))


def _in_days(expanded: Expanded, target: int) -> Timing:
    """Return times in each unit's own calendar."""
    clock = Clock.of(expanded)
    let, starts, ends = clock.planned
    is_end = ends_of(expanded, target)
    end = _last(ends[is_end])
    arrives = arrivals(clock.network, clock.work, starts, ends, clock.rulers)
    network = clock.network._replace(active=chosen_arcs(expanded, arrives, let))
    late, late_end, free, reaches, critical = late_moments(
        network, clock.work, let, starts, ends, clock.rulers, is_end, end
    )
    # What may end by Monday morning may end by Friday evening: that is when its calendar last has hours.
    late_end = np.maximum(settled(clock.rulers, clock.work.calendar, late_end), ends)
    moments = {"starts": starts, "ends": ends, "late_starts": late, "late_ends": late_end}
    moments = {name: np.where(reaches, values, np.nan) for name, values in moments.items()}
    hours = {name: clock.workspace_hours(values) for name, values in moments.items()}
    slip = np.fmin(hours["late_starts"] - hours["starts"], hours["late_ends"] - hours["ends"])
    first, last = clock.begin_days, clock.end_days
    return Timing(
        target=target,
        length=float(clock.workspace_hours(np.array([end]))[0]),
        **hours,
        total=rounded(np.maximum(slip, 0.0)),
        free=rounded(np.where(reaches, np.maximum(free, 0.0), np.nan)),
        reaches=reaches,
        critical=critical,
        active=network.active,
        drives=network.active & (arrives >= let[expanded.heads] - TOLERANCE),
        forced=let,
        start_days=first(moments["starts"]),
        end_days=last(moments["ends"]),
        late_start_days=first(moments["late_starts"]),
        late_end_days=last(moments["late_ends"]),
    )
