"""Moments in compiled code: a point of time on the axis of days, and the hours that a calendar has until then.

A moment is a number of days since the morning of ``today``: 2.25 is a quarter into the working hours of the day after
tomorrow. All calendars share this axis, whatever the hours of their days. Hours count from the morning of ``today``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np

from analytics.expansion.calendar import Calendar
from analytics.expansion.kernels import compiled
from analytics.expansion.ruler import day_number
from graph.snapshots.columns import Floats, Ints

FAR: Final = 1e12
"""Working hours from today that no moment is beyond: a duration may be any number, but days must be countable."""
ROUNDING: Final = 1e-6
"""Hours: lags are 32-bit numbers, and moments are sums of many parts."""


Table = Floats
"""The rulers of k calendars, one in each row of an array of shape (k, c), the workspace's first.

One array, and not a tuple of several: compiled code passes it on for nothing, and the passes of the critical path do
little else than ask it. A row holds the hours before each weekday and those of a whole week (8), then single numbers at
the places below, then the hours from this morning to the morning of each of the next days, which answer for almost
every moment. Beyond them it is a ``Ruler`` whose days off, what they lose, and where they lie come last.
"""

_WEEK: Final = 7
_ZERO: Final = 8
"""Where on the ruler today begins."""
_TODAY: Final = 9
"""The number of today."""
_LAID: Final = 10
"""How many mornings are laid out."""
_OFF: Final = 11
"""How many days off there are."""
_FIRST: Final = 12
"""Where the mornings begin."""
_DAYS: Final = 3660
"""Days that are laid out for every calendar: ten years, fewer where there are many calendars."""
_MORNINGS: Final = 2_000_000
"""The most that are laid out for all calendars together: 16 megabytes."""


def table(calendars: Sequence[Calendar], today: date, most: int = _DAYS) -> Table:
    """Put the rulers of calendars on top of each other, ``most`` days laid out. O(days off + days laid out)."""
    begun, number = np.datetime64(today, "D"), day_number(today)
    days = begun + np.arange(max(2, min(most, _MORNINGS // len(calendars))))
    rows = []
    for ruler in (calendar.ruler for calendar in calendars):
        zero = float(ruler.before(begun))
        single = [zero, number, len(days), len(ruler.off)]
        parts = (ruler.week, single, ruler.before(days) - zero, ruler.off, ruler.lost, ruler.marks - zero)
        rows.append(np.concatenate(parts))
    made = np.zeros((len(rows), max(len(row) for row in rows)))
    for place, row in enumerate(rows):
        made[place, : len(row)] = row
    return made


@compiled
def _passed(rulers: Table, one: int, first: int, wanted: float) -> int:
    """Return how many of the days off have less than ``wanted`` in the columns from ``first`` on."""
    low, high = 0, int(rulers[one, _OFF])
    while low < high:
        middle = (low + high) // 2
        if rulers[one, first + middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _far_before(rulers: Table, one: int, day: int) -> float:
    """Return what ``_before`` does for days that are not laid out."""
    off, number = _FIRST + int(rulers[one, _LAID]), day + int(rulers[one, _TODAY])
    lost = rulers[one, off + int(rulers[one, _OFF]) + _passed(rulers, one, off, number)]
    return float((number // 7) * rulers[one, _WEEK] + rulers[one, number % 7] - lost - rulers[one, _ZERO])


@compiled
def _before(rulers: Table, one: int, day: int) -> float:
    """Return the hours from this morning to the morning of a day; days count from today."""
    if 0 <= day < rulers[one, _LAID]:
        return float(rulers[one, _FIRST + day])
    return float(_far_before(rulers, one, day))


@compiled
def _far_reaching(rulers: Table, one: int, hours: float) -> int:
    """Return what ``_reaching`` does beyond the days that are laid out."""
    off, count = _FIRST + int(rulers[one, _LAID]), int(rulers[one, _OFF])
    passed = _passed(rulers, one, off + 2 * count + 1, hours)
    wanted = hours + rulers[one, _ZERO] + rulers[one, off + count + passed]
    weeks = math.ceil(wanted / rulers[one, _WEEK]) - 1
    rest, weekday = wanted - weeks * rulers[one, _WEEK], 0
    while weekday < 6 and rulers[one, weekday + 1] < rest:
        weekday += 1
    return int(weeks * 7 + weekday - rulers[one, _TODAY])


@compiled
def _reaching(rulers: Table, one: int, hours: float) -> int:
    """Return the first day, from today, by whose end the hours are over."""
    last = int(rulers[one, _LAID]) - 1
    if hours <= 0 or hours > rulers[one, _FIRST + last]:
        return int(_far_reaching(rulers, one, hours))
    low = min(int(7 * hours / rulers[one, _WEEK]), last)  # where it would be if no day was off
    if rulers[one, _FIRST + low] >= hours:
        low = max(low - 8, 0)
        if rulers[one, _FIRST + low] >= hours:
            low = 0
    return int(_reaching_from(rulers, one, hours, low))


@compiled
def _reaching_from(rulers: Table, one: int, hours: float, low: int) -> int:
    """Return what ``_reaching`` does, not before ``low``, within the days laid out: in steps that double."""
    last, step = int(rulers[one, _LAID]) - 1, 1
    while low + step < last and rulers[one, _FIRST + low + step] < hours:
        low, step = low + step, 2 * step
    high = min(low + step, last)
    while high - low > 1:
        middle = (low + high) // 2
        if rulers[one, _FIRST + middle] < hours:
            low = middle
        else:
            high = middle
    return low


@compiled
def hours_at(rulers: Table, one: int, moment: float) -> float:
    """Return the hours that a calendar has from this morning to a moment; negative before. O(log days off)."""
    day = math.floor(moment)
    hours = _before(rulers, one, day)
    if moment > day:
        hours += (moment - day) * (_before(rulers, one, day + 1) - hours)
    return hours


@compiled
def earliest(rulers: Table, one: int, hours: float) -> float:
    """Return the first moment at which a calendar's hours are over. O(log days off)."""
    hours = min(max(hours, -FAR), FAR)
    return _over(rulers, one, hours, _reaching(rulers, one, hours - ROUNDING))


@compiled
def _over(rulers: Table, one: int, hours: float, day: int) -> float:
    """Return the moment of a day at which a calendar's hours are over."""
    before, after = _before(rulers, one, day), _before(rulers, one, day + 1)
    while after <= before:  # a day off: far from today, rounding reaches over the end of the working day before it
        day, before, after = day - 1, _before(rulers, one, day - 1), before
    return day + min((hours - before) / (after - before), 1.0)


@compiled
def latest(rulers: Table, one: int, hours: float) -> float:
    """Return the last moment at which no more than the hours are over: when work goes on. O(log days off)."""
    hours = min(max(hours, -FAR), FAR)
    day = _reaching(rulers, one, hours + ROUNDING)
    before, after = _before(rulers, one, day), _before(rulers, one, day + 1)
    while after <= before:  # as above, up to the working day after it
        day, before, after = day + 1, after, _before(rulers, one, day + 2)
    return day + max((hours - before) / (after - before), 0.0)


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
def carried_out(rulers: Table, one: int, let: float, hours: float) -> tuple[float, float]:
    """Return when work of a calendar begins that is let begin at a moment, when there are hours, and is finished."""
    day, last = math.floor(let), int(rulers[one, _LAID]) - 1
    if not 0 <= day < last:
        there = hours_at(rulers, one, let)
        return max(let, latest(rulers, one, there)), earliest(rulers, one, there + hours)
    before, after = rulers[one, _FIRST + day], rulers[one, _FIRST + day + 1]
    there = before + (let - day) * (after - before)
    start, over = let, there + hours - ROUNDING
    if there + ROUNDING > after or after <= before:
        start = max(let, latest(rulers, one, there))
    if before < over <= rulers[one, _FIRST + last]:
        return start, _over(rulers, one, there + hours, _reaching_from(rulers, one, over, day))
    return start, earliest(rulers, one, there + hours)


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
