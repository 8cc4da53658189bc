"""Stored dates as moments of the expanded graph's units, and moments as dates again."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.calendars import Calendars
from analytics.expansion.clock import passing, unit_calendars
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.moments import Table, earliest, hours_at, latest, table, worked
from analytics.expansion.passes import TOLERANCE
from analytics.expansion.waits import has_started
from analytics.scheduling.cascade_passes import FOLLOWS, MOVES, STAYS, Dated
from analytics.scheduling.rescheduled import Redate
from graph.snapshots.columns import Days, Flags, Floats, Ints

_DAY: Final = np.timedelta64(1, "D")
_LONG_AGO: Final = -36_500.0


class Dates:
    """What is stored of each item, as moments: shape (n,), NaN without a date.

    ``leaves`` are the rows of leaves with dates, ``wholes`` those of open work with parts; cycles are in neither.
    """

    def __init__(self, expanded: Expanded, today: date) -> None:
        snapshot = self._snapshot = expanded.snapshot
        self._expanded = expanded
        self.today = today
        self.rulers: Table = table(Calendars.of(snapshot).distinct, today)
        self.begin, self.end = self._moments(snapshot.items.start), self._moments(snapshot.items.due) + 1.0
        self.started: Flags = has_started(snapshot)
        work = snapshot.is_work & (snapshot.items.kind != OPERATION) & (expanded.gate >= 0)
        acyclic = np.zeros(len(snapshot), dtype=np.bool_)
        rows = np.flatnonzero(work)
        acyclic[rows] = ~expanded.is_cycle[self.units(rows)] & ~expanded.is_cycle[self.last_units(rows)]
        leaf = expanded.gate == expanded.finish
        has_dates = ~(np.isnan(self.begin) & np.isnan(self.end))
        self.leaves: NDArray[np.intp] = np.flatnonzero(work & acyclic & leaf & has_dates)
        self.wholes: NDArray[np.intp] = np.flatnonzero(work & acyclic & ~leaf & expanded.is_open)
        self.cyclic: NDArray[np.intp] = np.flatnonzero(work & ~acyclic & leaf & has_dates)

    def _moments(self, days: Days) -> Floats:
        numbers: Floats = (days - np.datetime64(self.today, "D")) / _DAY
        return np.where(np.isnat(days), np.nan, numbers)

    def units(self, rows: NDArray[np.intp]) -> Ints:
        """Return the units in which items begin. Shapes (r,) → (r,)."""
        return self._expanded.unit[self._expanded.gate[rows]]

    def last_units(self, rows: NDArray[np.intp]) -> Ints:
        """Return the units in which items end: for leaves the same."""
        return self._expanded.unit[self._expanded.finish[rows]]

    def unit(self, row: int) -> int:
        """Return the unit in which an item begins."""
        return int(self._expanded.unit[self._expanded.gate[row]])

    def last_unit(self, row: int) -> int:
        """Return the unit in which an item ends."""
        return int(self._expanded.unit[self._expanded.finish[row]])

    def dated(self, hidden: Flags) -> Dated:
        """Return every unit with its dates; what is hidden or closed stays. O(u + days off)."""
        expanded, count = self._expanded, len(self._expanded.hours)
        begin, end = np.full(count, np.nan), np.full(count, np.nan)
        role, started = np.full(count, FOLLOWS, dtype=np.uint8), np.zeros(count, dtype=np.bool_)
        hours, calendar = expanded.hours.copy(), unit_calendars(expanded)
        # What has begun and has no due date comes as soon as it can: what is left of it, from today on.
        rows = self.leaves[~(self.started[self.leaves] & np.isnan(self.end[self.leaves]))]
        units = self.units(rows)
        calendar[units] = Calendars.of(self._snapshot).index[rows]
        begin[units], end[units], started[units] = self.begin[rows], self.end[rows], self.started[rows]
        role[units] = np.where(expanded.is_open[rows] & ~hidden[rows], MOVES, STAYS)
        for unit in units[~np.isnan(begin[units]) & ~np.isnan(end[units])].tolist():
            hours[unit] = self.between(int(calendar[unit]), float(begin[unit]), float(end[unit]))
        begin[self.units(self.wholes)] = self.begin[self.wholes]
        end[self.last_units(self.wholes)] = self.end[self.wholes]
        # Work without dates is not done before today; wholes only pass on what is, whenever that was.
        not_before = np.where(passing(expanded), _LONG_AGO, self._elapsed(expanded.start_lag, 0.0))
        not_done_before = self._elapsed(expanded.end_lag, -np.inf)
        return Dated(begin, end, hours, expanded.hours, calendar, role, started, not_before, not_done_before)

    def _elapsed(self, hours: Floats, otherwise: float) -> Floats:
        moments = np.full(len(hours), otherwise)
        for unit in np.flatnonzero(hours > 0).tolist():
            moments[unit] = earliest(self.rulers, 0, float(hours[unit]))
        return moments

    def between(self, calendar: int, begin: float, end: float) -> float:
        """Return the working hours of a calendar between two moments."""
        return max(0.0, hours_at(self.rulers, calendar, end) - hours_at(self.rulers, calendar, begin))

    def ended(self, calendar: int, begin: float, hours: float) -> float:
        """Return the evening of the day on which work is over that begins in a morning."""
        return max(begin + 1, float(np.ceil(worked(self.rulers, calendar, begin, hours) - TOLERANCE)))

    def begun(self, calendar: int, end: float, hours: float) -> float:
        """Return the morning of the last day on which work may begin to be over by an evening."""
        if hours <= 0:
            return end - 1
        return float(np.floor(latest(self.rulers, calendar, hours_at(self.rulers, calendar, end) - hours) + TOLERANCE))

    def changed(self, row: int, one: Redate, dated: Dated) -> tuple[float, float, float]:
        """Return begin, end (NaN: it has none) and hours of a leaf with new dates, as ``Redate`` says."""
        unit = self.unit(row)
        calendar = int(dated.calendar[unit])
        begin, end = float(self.begin[row]), float(self.end[row])
        hours = float(dated.hours[unit]) if one.duration is None else one.duration
        start = np.nan if one.start is None else float((one.start - self.today).days)
        due = np.nan if one.due is None else float((one.due - self.today).days + 1)
        if one.start is not None:
            begin, end = start, due if one.due else self.ended(calendar, start, hours) if end == end else np.nan
        elif one.due is not None:
            moves = begin == begin and (one.duration is not None or begin >= due)
            begin, end = self.begun(calendar, due, hours) if moves else begin, due
        elif begin == begin and end == end:
            end = self.ended(calendar, begin, hours)
        if begin == begin and end == end:
            hours = self.between(calendar, begin, end)
        return begin, end, hours

    def promises(self) -> tuple[NDArray[np.intp], Ints, Floats]:
        """Return the rows, last units and due evenings of open goals and wholes that have a due date."""
        expanded = self._expanded
        goals = self._snapshot.is_goal & expanded.is_open & (expanded.finish >= 0)
        promising = goals.copy()
        promising[self.wholes] = True
        rows = np.flatnonzero(promising & ~np.isnat(expanded.due))
        rows = rows[~expanded.is_cycle[self.last_units(rows)]]
        return rows, self.last_units(rows), self._moments(expanded.due)[rows] + 1.0

    def day(self, moment: float) -> date:
        """Return the day of a moment."""
        found: date = (np.datetime64(self.today, "D") + int(np.floor(moment + TOLERANCE))).item()
        return found

    def next_day(self, calendar: int, moment: float) -> date:
        """Return the first day of a calendar on which work can go on from a moment."""
        return self.day(latest(self.rulers, calendar, hours_at(self.rulers, calendar, moment)))

    def evening(self, moment: float) -> date:
        """Return the day that is over at a moment, or on which it lies."""
        return self.day(float(np.ceil(moment - TOLERANCE)) - 1)
