"""Earliest and latest times of every unit of the expanded graph for one target: the critical path method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np

from analytics.expansion.calendars import Calendars
from analytics.expansion.expanded import Expanded
from analytics.expansion.moments import Table, all_hours, earliest, settled, table
from analytics.expansion.passes import (
    TOLERANCE,
    Network,
    Work,
    arrivals,
    early_moments,
    ends_without,
    late_moments,
    late_starts,
    walk_ends,
)
from graph.snapshots.columns import Days, Flags, Floats, Ints

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
    kept = expanded.__dict__.setdefault("_timings", {})
    if target not in kept:
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)))
        kept[target] = _in_days(expanded, target) if has_own_calendars(expanded) else _in_hours(expanded, target)
    found: Timing = kept[target]
    return found


_KEPT: Final = 8
"""Targets for which an expanded graph keeps its times."""


def has_own_calendars(expanded: Expanded) -> bool:
    """Tell whether some open work is done in a calendar of its own, and there are days to do it on."""
    found = expanded.__dict__.get("_has_own_calendars")
    if found is None:
        found = expanded.today is not None and bool(np.any(unit_calendars(expanded) > 0))
        expanded.__dict__["_has_own_calendars"] = found
    return bool(found)


def unit_calendars(expanded: Expanded) -> Ints:
    """Return the place of each unit's calendar in ``Calendars.distinct``; cycles have the workspace's. Shape (u,)."""
    index = Calendars.of(expanded.snapshot).index
    first = expanded.item[expanded.order.nodes[expanded.order.pointer[:-1]]]
    own = (expanded.hours > 0) & ~expanded.is_cycle
    return np.where(own, index[first], 0).astype(np.int32)


def passing(expanded: Expanded) -> Flags:
    """Return which units only pass time on: gates and finishes of containers. Shape (u,)."""
    first = expanded.item[expanded.order.nodes[expanded.order.pointer[:-1]]]
    return np.asarray(expanded.is_container[first] & ~expanded.is_cycle & ~expanded.snapshot.is_goal[first])


def ends_of(expanded: Expanded, target: int) -> Flags:
    """Return the units that are to be finished: the target, or all open items. Shape (u,)."""
    is_end = np.zeros(len(expanded.hours), dtype=np.bool_)
    if target >= 0:
        is_end[target] = True
    else:
        is_end[expanded.unit[expanded.finish[expanded.is_open & (expanded.finish >= 0)]]] = True
    return is_end


def network_of(expanded: Expanded) -> Network:
    """Return the arcs of the expanded graph for compiled passes, all of them active. O(a)."""
    pointer, places = expanded.into
    return Network(
        pointer=expanded.pointer,
        tails=expanded.tails,
        heads=expanded.heads,
        lag=expanded.arcs.lag,
        from_finish=expanded.arcs.from_finish | expanded.is_cycle[expanded.tails],
        to_finish=expanded.arcs.to_finish & ~expanded.is_cycle[expanded.heads],
        active=np.ones(len(expanded.heads), dtype=np.bool_),
        into=pointer,
        into_arcs=places,
    )


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


def _rounded(amounts: Floats) -> Floats:
    """Return hours without the dust of having been parts of days: 16, not 15.999999999998."""
    return np.round(amounts, 6) + 0.0


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
    hours = {name: _rounded(all_hours(clock.rulers, 0, values)) for name, values in moments.items()}
    slip = np.fmin(hours["late_starts"] - hours["starts"], hours["late_ends"] - hours["ends"])
    first, last = clock.begin_days, clock.end_days
    return Timing(
        target=target,
        length=float(_rounded(all_hours(clock.rulers, 0, np.array([end])))[0]),
        **hours,
        total=_rounded(np.maximum(slip, 0.0)),
        free=_rounded(np.where(reaches, np.maximum(free, 0.0), np.nan)),
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


def finish_of(expanded: Expanded, row: int, *, full: bool = False) -> float:
    """Return ``Expanded.finish_hours`` with everybody working in their own calendar, in hours of the workspace's.

    O((n + m) log e) at the first call where somebody has a calendar of their own with e days off, else O(1).
    """
    hours = expanded.finish_hours(row, full=full)
    if not np.isfinite(hours) or not expanded.is_open[expanded.canon[row]] or not has_own_calendars(expanded):
        return hours
    return float(early_finishes(expanded, full=full)[expanded.unit[expanded.finish[expanded.canon[row]]]])


def early_finishes(expanded: Expanded, *, full: bool = False) -> Floats:
    """Return when each unit is finished at the earliest, as ``finish_of`` does for items. Shape (u,)."""
    if not has_own_calendars(expanded):
        starts = expanded.full_starts if full else expanded.starts
        return np.asarray(starts + expanded.hours, dtype=np.float64)
    kept = expanded.__dict__.setdefault("_finishes", {})
    if full not in kept:
        kept[full] = Clock.of(expanded).finishes(full=full)
    found: Floats = kept[full]
    return found


class Clock:
    """The expanded graph laid out for compiled passes over moments."""

    def __init__(self, expanded: Expanded, today: date) -> None:
        self._expanded = expanded
        self._today = np.datetime64(today, "D")
        self.rulers: Table = table(Calendars.of(expanded.snapshot).distinct, today)
        self.network = network_of(expanded)
        planned = (expanded.planned_days - self._today).astype(np.float64)
        self.work = Work(
            hours=expanded.hours,
            calendar=unit_calendars(expanded),
            not_before=np.fmax(self._elapsed(expanded.start_lag), planned),
            not_done_before=self._elapsed(expanded.end_lag),
            passes=passing(expanded),
        )

    @classmethod
    def of(cls, expanded: Expanded) -> Clock:
        """Return the clock of an expanded graph that has a day, made once."""
        assert expanded.today is not None
        found = expanded.__dict__.get("_clock")
        if not isinstance(found, cls):
            found = expanded.__dict__["_clock"] = cls(expanded, expanded.today)
        return found

    def finishes(self, *, full: bool) -> Floats:
        """Return when each unit can end at the earliest, in workspace hours; ``full``: all children counted. (u,)."""
        expanded = self._expanded
        need = np.full_like(expanded.need, np.nan) if full else expanded.need
        early = early_moments(self.network, self.work, expanded.arcs.child, expanded.arc_share, need, self.rulers)
        return _rounded(all_hours(self.rulers, 0, early[2]))

    def walks(self, first: Ints, begins: Ints) -> Floats:
        """Return when the walks along ``first`` from some units end by themselves, in workspace hours. Shape (r,)."""
        return _rounded(all_hours(self.rulers, 0, walk_ends(self.network, self.work, first, begins, self.rulers)))

    def _elapsed(self, hours: Floats) -> Floats:
        """Return the moments at which workspace hours are over."""
        moments = np.zeros(len(hours))
        for unit in np.flatnonzero(hours > 0).tolist():
            moments[unit] = earliest(self.rulers, 0, float(hours[unit]))
        return moments

    def early(self, hours: Floats) -> tuple[Floats, Floats, Floats]:
        """Return when units that take some hours are let start, start, and end. Shape (u,) each."""
        expanded = self._expanded
        work = self.work._replace(hours=hours)
        return early_moments(self.network, work, expanded.arcs.child, expanded.arc_share, expanded.need, self.rulers)

    def ends_without(self, unit: int) -> Floats:
        """Return when units end if one had no work left. Shape (u,)."""
        expanded = self._expanded
        hours = expanded.hours.copy()
        hours[unit] = 0.0
        _, starts, ends = self.planned
        return ends_without(
            self.network, self.work._replace(hours=hours), expanded.arcs.child, expanded.arc_share, expanded.need,
            self.rulers, starts, ends, unit,
        )  # fmt: skip

    @cached_property
    def planned(self) -> tuple[Floats, Floats, Floats]:
        """When units are let start, start, and end, with all their hours; worked out once. Shape (u,) each."""
        return self.early(self._expanded.hours)

    def begin_days(self, moments: Floats) -> Days:
        """Return the day on which each unit begins; what takes no time begins when it ends."""
        begun = self._day(np.floor(moments + 1e-6))
        return np.where(self.work.hours > 0, begun, self.end_days(moments))

    def end_days(self, moments: Floats, units: Ints | None = None) -> Days:
        """Return the day on which each unit (all of them, or some) ends, not before the day for which it is planned."""
        planned = self._expanded.planned_days if units is None else self._expanded.planned_days[units]
        ended = self._day(np.maximum(np.ceil(moments - 1e-6) - 1, 0))
        return np.where(np.isnat(ended), ended, np.fmax(ended, planned))

    def workspace_hours(self, moments: Floats) -> Floats:
        """Return the hours of the workspace's calendar that are over at moments of shape (n,)."""
        return _rounded(all_hours(self.rulers, 0, moments))

    def _day(self, numbers: Floats) -> Days:
        known = np.isfinite(numbers)
        days = self._today + np.where(known, np.minimum(numbers, _FURTHEST), 0).astype(np.int64)
        return np.where(known, days, np.datetime64("NaT", "D"))


_FURTHEST: Final = 2_000_000
"""Days: keeps every date inside the years that dates can express."""
