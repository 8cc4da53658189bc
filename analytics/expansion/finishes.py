"""When items are finished at the earliest, in hours and on which day, with everybody working in their own calendar."""

from __future__ import annotations

from datetime import date

import numpy as np

from analytics.expansion.clock import Clock, has_own_calendars
from analytics.expansion.expanded import Expanded
from analytics.results import as_date
from graph.snapshots.columns import Days, Floats, Ints


def early_finishes(expanded: Expanded, *, full: bool = False) -> Floats:
    """Return when each unit is finished at the earliest, in hours of the workspace's calendar. Shape (u,).

    ``full``: all children of goals counted, not only enough of them. Where somebody has a calendar of their own with e
    days off O((u + a) log e) at the first call.
    """
    if has_own_calendars(expanded):
        clock = Clock.of(expanded)
        return clock.workspace_hours(clock.ends(full=full))
    starts = expanded.full_starts if full else expanded.starts
    return np.asarray(starts + expanded.hours, dtype=np.float64)


def finish_days(expanded: Expanded, units: Ints, *, full: bool = False) -> Days:
    """Return the days on which units are finished at the earliest, NaT without a day to begin on. Shapes (r,) → (r,).

    Work ends on the day on which it is done, although the workspace may have no hours on it.
    """
    if expanded.today is None:
        return np.full(len(units), np.datetime64("NaT", "D"))
    if has_own_calendars(expanded):
        clock = Clock.of(expanded)
        return clock.end_days(clock.ends(full=full)[units], units)
    return expanded.calendar.finish_days(expanded.today, early_finishes(expanded, full=full)[units])


def finish_of(expanded: Expanded, row: int, *, full: bool = False) -> float:
    """Return ``Expanded.finish_hours`` with everybody working in their own calendar, in hours of the workspace's."""
    hours, row = expanded.finish_hours(row, full=full), int(expanded.canon[row])
    if not np.isfinite(hours) or not expanded.is_open[row] or not has_own_calendars(expanded):
        return hours
    clock = Clock.of(expanded)
    return float(clock.workspace_hours(clock.ends(full=full)[[expanded.unit[expanded.finish[row]]]])[0])


def finish_day_of(expanded: Expanded, row: int, *, full: bool = False) -> date | None:
    """Return the day of ``finish_of``; ``None`` for what can never be finished, and without a day to begin on.

    What is closed is finished today.
    """
    hours, row = expanded.finish_hours(row, full=full), int(expanded.canon[row])
    if expanded.today is None or not np.isfinite(hours):
        return None
    if not expanded.is_open[row] or expanded.finish[row] < 0:
        return expanded.today
    return as_date(finish_days(expanded, expanded.unit[expanded.finish[[row]]], full=full)[0])
