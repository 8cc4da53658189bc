"""A ruler along the days: a weekly pattern of amounts with days taken out, and where on it an amount is reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.snapshots.columns import Days, Floats

_MONDAY: Final = np.datetime64("1970-01-05", "D")
"""Where rulers begin. A whole number of weeks away from it, the pattern is the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """Amounts add up along the days without end, in both directions.

    ``week`` (shape (8,)): what lies before each weekday, and the whole week's amount. ``off`` (shape (e,)): the days,
    from ``_MONDAY`` on, whose amount is taken out, ascending; ``lost`` (shape (e + 1,)): how much before each of them
    is; ``marks`` (shape (e,)): where on the ruler each of them lies.
    """

    week: Floats
    off: NDArray[np.int64]
    lost: Floats
    marks: Floats

    @classmethod
    def of(cls, amounts: Floats, off: Days) -> Ruler:
        """Make a ruler from the amounts of the seven weekdays, Monday first.

        Raises:
            ValueError: All amounts are 0, so nothing would ever be reached.

        """
        if not np.any(amounts > 0):
            raise ValueError("a week needs working hours")
        week = np.concatenate([[0.0], np.cumsum(amounts)])
        numbers = np.unique(_numbers(off))
        numbers = numbers[amounts[numbers % 7] > 0]
        lost = np.concatenate([[0.0], np.cumsum(amounts[numbers % 7])])
        return cls(week, numbers, lost, _weekly(week, numbers) - lost[:-1])

    def before(self, days: Days | np.datetime64) -> Floats:
        """Return the amount before each day. Shapes (n,) → (n,); O(n log e)."""
        numbers = _numbers(days)
        return np.asarray(_weekly(self.week, numbers) - self.lost[np.searchsorted(self.off, numbers)])

    def on(self, days: Days) -> Floats:
        """Return the amount of each day. Shapes (n,) → (n,); O(n log e)."""
        return self.before(days + 1) - self.before(days)

    def reached(self, amounts: Floats) -> Days:
        """Return the first day by whose end each amount is there. Shapes (n,) → (n,); O(n log e)."""
        # Days off that lie before the amount are passed, and the amount lies as much further on the weekly pattern.
        wanted = amounts + self.lost[np.searchsorted(self.marks, amounts)]
        weeks = np.ceil(wanted / self.week[7]) - 1
        rest = wanted - weeks * self.week[7]
        inside = np.minimum(np.searchsorted(self.week[1:], rest), 6)
        # Beyond the years that a day can be written in, further away makes no difference.
        weeks = np.clip(weeks, -_FURTHEST, _FURTHEST)
        return np.asarray(_MONDAY + (weeks.astype(np.int64) * 7 + inside))


_FURTHEST: Final = 10**8
"""Weeks."""


def day_number(day: date) -> int:
    """Return where a day lies on every ruler."""
    return int(_numbers(np.datetime64(day, "D")))


def _numbers(days: Days | np.datetime64) -> NDArray[np.int64]:
    return np.asarray((np.asarray(days, dtype="datetime64[D]") - _MONDAY).astype(np.int64))


def _weekly(week: Floats, numbers: NDArray[np.int64]) -> Floats:
    weeks, weekday = np.divmod(numbers, 7)
    return np.asarray(weeks * week[7] + week[weekday])
