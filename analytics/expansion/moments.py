"""Moments in compiled code: a point of time on the axis of days, and the hours that a calendar has until then.

A moment is a number of days since the morning of ``today``: 2.25 is a quarter into the working hours of the day after
tomorrow. All calendars share this axis, whatever the hours of their days. Hours count from the morning of ``today``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.calendar import Calendar
from analytics.expansion.kernels import Pointers, compiled
from analytics.expansion.ruler import day_number
from graph.snapshots.columns import Floats, Ints

FAR: Final = 1e12
"""Working hours from today that no moment is beyond: a duration may be any number, but days must be countable."""
ROUNDING: Final = 1e-6
"""Hours: lags are 32-bit numbers, and moments are sums of many parts."""


class Table(NamedTuple):
    """The rulers of k calendars, one after the other: see ``Ruler``. The first is the workspace's.

    ``week`` has shape (k, 8). Days off of calendar c are ``off[start[c] : start[c + 1]]``; ``lost`` has one more entry
    for each calendar. ``zero`` (shape (k,)) is where on each ruler today begins, ``today`` the number of that day.
    """

    week: Floats
    start: Pointers
    off: NDArray[np.int64]
    lost: Floats
    marks: Floats
    zero: Floats
    today: int


def table(calendars: Sequence[Calendar], today: date) -> Table:
    """Put the rulers of calendars side by side. O(days off)."""
    rulers = [calendar.ruler for calendar in calendars]
    sizes = np.array([0, *(len(ruler.off) for ruler in rulers)], dtype=np.int64)
    zero = np.array([float(ruler.before(np.datetime64(today, "D"))) for ruler in rulers])
    return Table(
        week=np.stack([ruler.week for ruler in rulers]),
        start=np.cumsum(sizes),
        off=np.concatenate([ruler.off for ruler in rulers]),
        lost=np.concatenate([ruler.lost for ruler in rulers]),
        marks=np.concatenate([ruler.marks - before for ruler, before in zip(rulers, zero, strict=True)]),
        zero=zero,
        today=day_number(today),
    )


@compiled
def _before(rulers: Table, one: int, number: int) -> float:
    """Return the hours from this morning to the morning of a day."""
    low, high = rulers.start[one], rulers.start[one + 1]
    passed = np.searchsorted(rulers.off[low:high], number)
    weekly = (number // 7) * rulers.week[one, 7] + rulers.week[one, number % 7]
    return float(weekly - rulers.lost[low + one + passed] - rulers.zero[one])


@compiled
def _reaching(rulers: Table, one: int, hours: float) -> int:
    """Return the number of the first day by whose end the hours are over."""
    low, high = rulers.start[one], rulers.start[one + 1]
    passed = np.searchsorted(rulers.marks[low:high], hours)
    wanted = hours + rulers.zero[one] + rulers.lost[low + one + passed]
    weeks = math.ceil(wanted / rulers.week[one, 7]) - 1
    rest = wanted - weeks * rulers.week[one, 7]
    return int(weeks * 7 + min(np.searchsorted(rulers.week[one, 1:], rest), 6))


@compiled
def hours_at(rulers: Table, one: int, moment: float) -> float:
    """Return the hours that a calendar has from this morning to a moment; negative before. O(log days off)."""
    day = math.floor(moment)
    number = int(day) + rulers.today
    hours = _before(rulers, one, number)
    if moment > day:
        hours += (moment - day) * (_before(rulers, one, number + 1) - hours)
    return hours


@compiled
def earliest(rulers: Table, one: int, hours: float) -> float:
    """Return the first moment at which a calendar's hours are over. O(log days off)."""
    hours = min(max(hours, -FAR), FAR)
    number = _reaching(rulers, one, hours - ROUNDING)
    before, after = _before(rulers, one, number), _before(rulers, one, number + 1)
    while after <= before:  # a day off: far from today, rounding reaches over the end of the working day before it
        number, before, after = number - 1, _before(rulers, one, number - 1), before
    return number - rulers.today + min((hours - before) / (after - before), 1.0)


@compiled
def latest(rulers: Table, one: int, hours: float) -> float:
    """Return the last moment at which no more than the hours are over: when work goes on. O(log days off)."""
    hours = min(max(hours, -FAR), FAR)
    number = _reaching(rulers, one, hours + ROUNDING)
    before, after = _before(rulers, one, number), _before(rulers, one, number + 1)
    while after <= before:  # as above, up to the working day after it
        number, before, after = number + 1, after, _before(rulers, one, number + 2)
    return number - rulers.today + max((hours - before) / (after - before), 0.0)


@compiled
def lagged(rulers: Table, moment: float, lag: float) -> float:
    """Return the moment that comes a lag, in the workspace's hours, after (or, negative, before) another."""
    return moment if lag == 0 else earliest(rulers, 0, hours_at(rulers, 0, moment) + lag)


@compiled
def unlagged(rulers: Table, moment: float, lag: float) -> float:
    """Return the last moment from which a lag leads to no later than ``moment``."""
    return moment if lag == 0 else latest(rulers, 0, hours_at(rulers, 0, moment) - lag)


@compiled
def worked(rulers: Table, one: int, begun: float, hours: float) -> float:
    """Return when work is finished that begins at a moment and takes some hours of a calendar."""
    return begun if hours <= 0 else earliest(rulers, one, hours_at(rulers, one, begun) + hours)


@compiled
def all_hours(rulers: Table, one: int, moments: Floats) -> Floats:
    """Return ``hours_at`` for moments of shape (n,); NaN stays NaN."""
    found = np.full(len(moments), np.nan)
    for place in range(len(moments)):
        if not np.isnan(moments[place]):
            found[place] = hours_at(rulers, one, moments[place])
    return found


@compiled
def settled(rulers: Table, calendars: Ints, moments: Floats) -> Floats:
    """Return the first moment at which as many hours of each unit's calendar are over; NaN and infinity stay."""
    found = moments.copy()
    for place in range(len(moments)):
        if np.isfinite(moments[place]):
            one = calendars[place]
            found[place] = earliest(rulers, one, hours_at(rulers, one, moments[place]))
    return found
