"""The working calendar: hours of work to dates, and back. Weekly pattern and holidays come from the policy."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.columns import Days, Floats, Millis
from graph.policy import Policy

_EPOCH: Final = np.datetime64("1970-01-01", "D")
_ROUNDING: Final = 1e-6
"""Days: hours are sums of 32-bit lags, and a sum of 8.0000001 is still one day of eight."""
_FURTHEST: Final = 1_500_000
"""Working days: keeps every date inside the years that dates can express."""


class Calendar:
    """A workspace's working days of equal length.

    Hours count from the morning of ``today``: the first ``hours_per_day`` hours end today when today is a working day.
    An instant inside a working day stands for the same fraction of its hours, since instants carry no zone.
    """

    def __init__(self, policy: Policy) -> None:
        self.hours_per_day = policy.hours_per_day
        holidays = np.array(policy.holidays, dtype="datetime64[D]")
        self._days = np.busdaycalendar(weekmask=policy.weekmask, holidays=holidays)

    def finish_days(self, today: date, hours: Floats) -> Days:
        """Return the day on which each amount of work, begun today, is finished. Shapes (n,) → (n,).

        No work is finished today; NaN and infinite amounts never are (NaT).
        """
        known = np.isfinite(hours)
        offsets = np.minimum(self.day_count(np.where(known, hours, 0.0)), _FURTHEST)
        begun = np.datetime64(today, "D")
        days = np.busday_offset(begun, np.maximum(offsets - 1, 0), roll="forward", busdaycal=self._days)
        days = np.where(offsets == 0, begun, days)
        return np.where(known, days, np.datetime64("NaT", "D"))

    def finish_day(self, today: date, hours: float) -> date:
        """Return the day on which ``hours`` of work, begun today, are finished."""
        found: date = self.finish_days(today, np.array([hours]))[0].item()
        return found

    def day_count(self, hours: Floats) -> NDArray[np.int64]:
        """Return how many working days each amount needs, rounded up; 0 for none. Shapes (n,) → (n,)."""
        days = np.ceil(hours / self.hours_per_day - _ROUNDING)
        return np.clip(days, 0, 2 * _FURTHEST).astype(np.int64)

    def days_after(self, due: date, day: date) -> int:
        """Return the working days from ``due`` to ``day``: those after the first up to the second, negative if before.

        A Monday is one working day after the Sunday (or the Friday) before it.
        """
        first, last = sorted((due, day))
        count = int(np.busday_count(np.datetime64(first) + 1, np.datetime64(last) + 1, busdaycal=self._days))
        return count if day >= due else -count

    def shifted(self, days: Days, by: Floats) -> Days:
        """Return each day moved by a whole number of working days, later or (negative) earlier. Shapes (n,) → (n,)."""
        moved = np.busday_offset(days, by.astype(np.int64), roll="backward", busdaycal=self._days)
        return np.where(by == 0, days, moved)

    def hours_until(self, today: date, days: Days) -> Floats:
        """Return the working hours from this morning to the morning of each day; 0 for past ones, NaT and today."""
        begun = np.datetime64(today, "D")
        later = np.where(np.isnat(days) | (days < begun), begun, days)
        return np.asarray(np.busday_count(begun, later, busdaycal=self._days) * self.hours_per_day, dtype=np.float64)

    def hours_between(self, earlier: Millis, later: Millis) -> Floats:
        """Return the working hours from one instant to another, negative if they are the other way round, NaN for NaT.

        Shapes (n,), (n,) → (n,).
        """
        return self._hours_at(later) - self._hours_at(earlier)

    def _hours_at(self, instants: Millis) -> Floats:
        known = ~np.isnat(instants)
        filled = np.where(known, instants, np.datetime64(0, "ms"))
        days = filled.astype("datetime64[D]")
        fraction = (filled - days) / np.timedelta64(1, "D") * np.is_busday(days, busdaycal=self._days)
        hours = (np.busday_count(_EPOCH, days, busdaycal=self._days) + fraction) * self.hours_per_day
        return np.where(known, hours, np.nan)
