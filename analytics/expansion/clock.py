"""The clock of an expanded graph: units, arcs and calendars laid out for compiled passes over moments."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Final

import numpy as np

from analytics.expansion.calendars import Calendars
from analytics.expansion.expanded import Expanded
from analytics.expansion.moments import Table, all_hours, earliest, table
from analytics.expansion.passes import Network, Work, early_moments, ends_changed
from analytics.expansion.walks import ends_from, late_walks, walk_ends
from graph.snapshots.columns import Days, Flags, Floats, Ints


def has_own_calendars(expanded: Expanded) -> bool:
    """Tell whether some open work is done in a calendar of its own, and there are days to do it on."""
    if expanded.today is None:
        return False
    return expanded.once("has own calendars", lambda: bool(np.any(unit_calendars(expanded) > 0)))


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
            not_before=np.fmax(self.elapsed(expanded.start_lag), planned),
            not_done_before=self.elapsed(expanded.end_lag),
            passes=passing(expanded),
        )

    @classmethod
    def of(cls, expanded: Expanded) -> Clock:
        """Return the clock of an expanded graph that has a day, made once."""
        today = expanded.today
        assert today is not None
        return expanded.once("clock", lambda: cls(expanded, today))

    def ends(self, *, full: bool = False) -> Floats:
        """Return when each unit can end at the earliest; ``full``: all children of goals counted. Shape (u,)."""
        return self._full_ends if full else self.planned[2]

    @cached_property
    def _full_ends(self) -> Floats:
        return self.early(self._expanded.hours, full=True)[2]

    def walks(self, first: Ints, begins: Ints) -> Floats:
        """Return the moments at which the walks along ``first`` from some units end by themselves. Shape (r,)."""
        return walk_ends(self.network, self.work, first, begins, self.rulers)

    def late_walks(self, first: Ints, target: int, due: np.datetime64) -> Flags:
        """Return from which units the walk to a target ends by itself after a day. Shape (u,)."""
        evening = float((due - self._today).astype(np.int64)) + 1
        return late_walks(self.network, self.work, first, target, evening, self.rulers)

    def ends_from(self, seeds: Ints, targets: Ints, active: Flags) -> Floats:
        """Return when targets (units) would end after units that start as planned, and nothing else; see ``walks``.

        Shapes (r, s), (g,) → (r, g); only ``active`` arcs (shape (a,)) lead on.
        """
        _, starts, ends = self.planned
        network = self.network._replace(active=active)
        return ends_from(network, self.work, starts, ends, seeds, targets, self.rulers)

    def elapsed(self, hours: Floats) -> Floats:
        """Return the moments at which workspace hours are over; 0 for none and less."""
        moments = np.zeros(len(hours))
        for unit in np.flatnonzero(hours > 0).tolist():
            moments[unit] = earliest(self.rulers, 0, float(hours[unit]))
        return moments

    def early(self, hours: Floats, *, full: bool = False) -> tuple[Floats, Floats, Floats]:
        """Return when units that take some hours are let start, start, and end; ``full`` as in ``ends``. (u,) each."""
        expanded, work = self._expanded, self.work._replace(hours=hours)
        need = np.full_like(expanded.need, np.nan) if full else expanded.need
        return early_moments(self.network, work, expanded.arcs.child, expanded.arc_share, need, self.rulers)

    def ends_without(self, unit: int, hours: float | None = None) -> Floats:
        """Return when units end if one had no work left, or some ``hours`` less. Shape (u,)."""
        left, changed = self._expanded.hours.copy(), np.zeros(len(self.work.hours), dtype=np.bool_)
        left[unit] = 0.0 if hours is None else max(left[unit] - hours, 0.0)
        changed[unit] = True
        return self.ends_changed(self.network, self.work._replace(hours=left), changed)

    def ends_changed(self, network: Network, work: Work, changed: Flags) -> Floats:
        """Return when units end if ``changed`` ones (shape (u,)) had the work, or arcs into them, that are given."""
        expanded = self._expanded
        _, starts, ends = self.planned
        return ends_changed(
            network, work, expanded.arcs.child, expanded.arc_share, expanded.need, self.rulers, starts, ends, changed
        )

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
        return rounded(all_hours(self.rulers, 0, moments))

    def _day(self, numbers: Floats) -> Days:
        known = np.isfinite(numbers)
        days = self._today + np.where(known, np.minimum(numbers, _FURTHEST), 0).astype(np.int64)
        return np.where(known, days, np.datetime64("NaT", "D"))


def rounded(amounts: Floats) -> Floats:
    """Return hours without the dust of having been parts of days: 16, not 15.999999999998."""
    return np.round(amounts, 6) + 0.0


_FURTHEST: Final = 2_000_000
"""Days: keeps every date inside the years that dates can express."""
