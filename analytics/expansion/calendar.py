"""The working calendar: hours of work to dates, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.ruler import Ruler
from graph.calendars import WorkingCalendar
from graph.policy import Policy
from graph.snapshots.columns import Days, Flags, Floats, Millis

_ROUNDING: Final = 1e-6
"""Days: hours are sums of 32-bit lags, and a sum of 8.0000001 is still one day of eight."""
_LAST: Final = np.datetime64("9999-12-31", "D")
"""The last day that dates can express: what ends later is said to end on it."""
_QUARTER: Final = np.timedelta64(15, "m")
"""Clocks are changed at a full quarter of an hour, UTC."""


class Calendar:
    """When work goes on: hours per weekday, and days on which there are none.

    Hours count from the morning of ``today``: the first ``hours_per_day`` hours end today when today is a whole working
    day. An instant inside a working day stands for the same fraction of its hours. ``week`` has shape (7,), Monday
    first; ``off`` are the days without work. ``timezone`` says on which day an instant falls, UTC without one.
    """

    def __init__(self, week: Floats, off: Days, timezone: str | None = None) -> None:
        works = week > 0
        self.week = week
        self.off = off
        self.timezone = timezone
        self.hours_per_day = float(week.sum() / max(np.count_nonzero(works), 1))
        self.ruler = Ruler.of(week, off)
        self._days = Ruler.of(works.astype(np.float64), off)

    @classmethod
    def of_policy(cls, policy: Policy) -> Calendar:
        """Return the workspace's calendar: working days of equal length.

        Raises:
            ValueError: The policy's week has no working hours.

        """
        week = np.array([policy.hours_per_day * (mark == "1") for mark in policy.weekmask])
        return cls(week, np.array(policy.holidays, dtype="datetime64[D]"))

    @classmethod
    def of(cls, working: WorkingCalendar) -> Calendar:
        """Return a stored calendar."""
        return cls(np.array(working.hours), np.array(working.days_off(), dtype="datetime64[D]"), working.timezone)

    def scaled(self, weekly_hours: float) -> Calendar:
        """Return the same calendar for a week of this many hours, spread as before."""
        return Calendar(self.week * (weekly_hours / self.week.sum()), self.off, self.timezone)

    def in_timezone(self, timezone: str) -> Calendar:
        """Return the same calendar in another time zone."""
        return Calendar(self.week, self.off, timezone)

    def finish_days(self, today: date, hours: Floats) -> Days:
        """Return the day on which each amount of work, begun today, is finished. Shapes (n,) → (n,).

        No work is finished today; NaN and infinite amounts never are (NaT).
        """
        known = np.isfinite(hours)
        begun = np.datetime64(today, "D")
        amounts = np.where(known, hours, 0.0)
        amounts = np.where(amounts > _ROUNDING * self.hours_per_day, amounts - _ROUNDING * self.hours_per_day, 0.0)
        days = np.minimum(self.ruler.reached(self.ruler.before(begun) + amounts), _LAST)
        days = np.where(amounts <= 0, begun, days)
        return np.where(known, days, np.datetime64("NaT", "D"))

    def finish_day(self, today: date, hours: float) -> date:
        """Return the day on which ``hours`` of work, begun today, are finished."""
        found: date = self.finish_days(today, np.array([hours]))[0].item()
        return found

    def past(self, today: date, hours: Floats, due: date) -> Flags:
        """Return which amounts of work, begun today, are finished after a day, by ``finish_days``. (n,) → (n,)."""
        if due < today:
            return np.isfinite(hours)
        evening = np.array([due], dtype="datetime64[D]") + 1
        most = self.ruler.before(evening) - self.ruler.before(np.datetime64(today, "D"))
        return np.isfinite(hours) & (hours > most + _ROUNDING * self.hours_per_day)

    def start_days(self, today: date, hours: Floats) -> Days:
        """Return the day on which work begins that starts when each amount of hours, begun today, has passed.

        It is the next day with hours when the amount fills a day; NaT for NaN and infinite amounts. (n,) → (n,).
        """
        known = np.isfinite(hours)
        reach = self.ruler.before(np.datetime64(today, "D")) + np.where(known, hours, 0.0)
        days = np.minimum(self.ruler.reached(reach + _ROUNDING * self.hours_per_day), _LAST)
        return np.where(known, days, np.datetime64("NaT", "D"))

    def days_after(self, due: date, day: date) -> int:
        """Return the working days from ``due`` to ``day``: those after the first up to the second, negative if before.

        A Monday is one working day after the Sunday (or the Friday) before it.
        """
        return int(self.days_from(due, np.array([day], dtype="datetime64[D]"))[0])

    def days_from(self, due: date, days: Days) -> Floats:
        """Return the working days from ``due`` to each day, as ``days_after`` does; NaN for NaT. Shapes (n,) → (n,)."""
        first = np.datetime64(due, "D")
        known = ~np.isnat(days)
        passed = self._days.before(np.where(known, days, first) + 1) - self._days.before(np.array([first]) + 1)
        return np.where(known, np.rint(passed), np.nan)

    def shifted(self, days: Days, by: Floats) -> Days:
        """Return each day moved by a whole number of working days, later or (negative) earlier. Shapes (n,) → (n,).

        A day without work counts as the working day before it, unless it is not moved at all.
        """
        return np.where(by == 0, days, self._days.reached(self._days.before(days + 1) + np.trunc(by)))

    def is_working(self, days: Days) -> Flags:
        """Return which days have working hours. Shapes (n,) → (n,)."""
        return np.asarray(self._days.on(days) > 0, dtype=np.bool_)

    def hours_until(self, today: date, days: Days) -> Floats:
        """Return the working hours from this morning to the morning of each day; 0 for past ones, NaT and today."""
        begun = np.datetime64(today, "D")
        later = np.where(np.isnat(days) | (days < begun), begun, days)
        return self.ruler.before(later) - self.ruler.before(begun)

    def capacity(self, first: Days, last: Days) -> Floats:
        """Return the working hours from the morning of each first day to the evening of each last. (n,), (n,) → (n,).

        Holidays and leave have none; 0 where the last day comes before the first. O(n log days off).
        """
        return np.maximum(self.ruler.before(last + 1) - self.ruler.before(first), 0.0)

    def hours_between(self, earlier: Millis, later: Millis) -> Floats:
        """Return the working hours from one instant to another, negative if they are the other way round, NaN for NaT.

        Shapes (n,), (n,) → (n,).
        """
        return self._hours_at(later) - self._hours_at(earlier)

    def _hours_at(self, instants: Millis) -> Floats:
        known = ~np.isnat(instants)
        filled = _local(np.where(known, instants, np.datetime64(0, "ms")), self.timezone)
        days = filled.astype("datetime64[D]")
        fraction = (filled - days) / np.timedelta64(1, "D")
        return np.where(known, self.ruler.before(days) + fraction * self.ruler.on(days), np.nan)


def _local(instants: Millis, timezone: str | None) -> Millis:
    """Return the wall clock's reading at each instant. O(n + quarters of an hour with an instant in them)."""
    if timezone is None:
        return instants
    zone = ZoneInfo(timezone)
    quarter, place = np.unique((instants - np.datetime64(0, "ms")) // _QUARTER, return_inverse=True)
    offsets: list[float] = []
    for number in quarter.tolist():
        offset = datetime.fromtimestamp(number * 900, UTC).astimezone(zone).utcoffset()
        offsets.append(offset.total_seconds() if offset else 0.0)
    shift: NDArray[np.timedelta64] = (np.array(offsets) * 1000).astype("timedelta64[ms]")
    return instants + shift[place]
