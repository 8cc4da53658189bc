"""Recurrence rules: the instants at which recurring work falls due (RFC 5545, section 3.8.5).

A rule is written as in a calendar file, ``FREQ=WEEKLY;BYDAY=MO`` alone or with lines for its first day and exceptions::

    DTSTART:20260105T090000
    RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231
    EXDATE;VALUE=DATE:20261228
    RDATE:20261229T090000

Times are on the clocks of the rule's zone, or in UTC where they end in ``Z``. On days when the clocks change, a time
that does not exist is read with the offset before the change (02:30 becomes 03:30), and one that comes twice is its
first.
"""

from __future__ import annotations

import heapq
from calendar import isleap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from graph.rules.rule_text import RuleText, read_rule

_UNITS: Final[Mapping[str, timedelta]] = {
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
}
"""Frequencies whose periods all have one length."""
_TIMES: Final[Mapping[str, tuple[str, ...]]] = {"HOURLY": ("BYMINUTE",), "DAILY": ("BYHOUR", "BYMINUTE")}
"""Frequencies whose periods lie within a day, and the parts that say how many times there are in one of them."""
_OF_DAYS: Final = frozenset({"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "WKST"})
_JUMP: Final = timedelta(days=1)
"""Farthest that clocks are ever set (Samoa left out a day)."""
_CYCLE: Final = 400
"""Years after which the Gregorian calendar repeats, weekdays included."""
_LAST_START: Final = 9899
"""dateutil goes on to the year 9999 where a rule matches nothing, so a series is laid out late in its range."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A series of instants: a rule, plus single ones, minus exceptions.

    ``start`` is the first local time that may be one, ``text`` the rule as it was written.
    """

    text: RuleText
    zone: ZoneInfo
    start: datetime

    @classmethod
    def parse(cls, text: str, zone: str | None, created: int) -> Recurrence:
        """Read a rule; without DTSTART its series begins at the start of the day ``created`` (epoch milliseconds).

        Raises:
            ValueError: The rule is not one of RFC 5545, recurs more often than hourly, never matches, or names another
                zone than ``zone``.

        """
        read = read_rule(text)
        clocks = zone_of(zone or read.zone or "UTC")
        if read.zone not in {None, clocks.key}:
            raise ValueError(f"the rule's zone is {read.zone}, but its operation's timezone is {clocks.key}")
        born = datetime.fromtimestamp(created / 1000, UTC).astimezone(clocks)
        start = read.start or datetime.combine(born.date(), time())
        if start.tzinfo is not None:
            start = start.astimezone(clocks).replace(tzinfo=None)
        series = cls(read, clocks, start)
        if read.parts and not series._ever_matches():
            raise ValueError("no day ever matches the rule")
        return series

    def between(self, since: datetime, until: datetime | None = None) -> Iterator[datetime]:
        """Yield the instants from ``since`` to ``until`` (both included, aware), in UTC, ascending, each once.

        Lazy; O(1) an instant after a start that is O(instants before ``since``) for rules with COUNT.
        """
        added = sorted(self._instant(one) for one in self.text.added)
        left_out = {self._instant(one) for one in self.text.left_out if isinstance(one, datetime)}
        days = {one for one in self.text.left_out if not isinstance(one, datetime)}
        before: datetime | None = None
        for moment in heapq.merge(self._ruled(since), added):
            if until is not None and moment > until:
                return
            fresh = moment != before and moment >= since
            before = moment
            if fresh and moment not in left_out and moment.astimezone(self.zone).date() not in days:
                yield moment

    def first(self, since: datetime) -> datetime | None:
        """Return the first instant that is not before ``since``, ``None`` if the series has ended."""
        return next(self.between(since), None)

    def _instant(self, local: datetime | date) -> datetime:
        """Return the instant at which the zone's clocks show a time; a day means the series' time on it."""
        if not isinstance(local, datetime):
            local = datetime.combine(local, self.start.time())
        # fold=0 is what the specification asks for: the first of two, and the offset before a gap.
        return (local if local.tzinfo else local.replace(tzinfo=self.zone)).astimezone(UTC)

    def _ruled(self, since: datetime) -> Iterator[datetime]:
        """Yield the rule's own instants, ascending; those far before ``since`` may be left out."""
        end = self._end()
        waiting: list[datetime] = []
        for local in self._local_times(since.astimezone(self.zone).replace(tzinfo=None) - 2 * _JUMP):
            moment = self._instant(local)
            heapq.heappush(waiting, moment)
            while waiting[0] < moment - _JUMP:
                if waiting[0] > end:
                    return
                yield heapq.heappop(waiting)
        while waiting and waiting[0] <= end:
            yield heapq.heappop(waiting)

    def _end(self) -> datetime:
        until = self.text.until
        if until is None:
            return datetime.max.replace(tzinfo=UTC)
        return self._instant(until if isinstance(until, datetime) else datetime.combine(until, time.max))

    def _local_times(self, since: datetime) -> Iterator[datetime]:
        """Yield the local times that the rule matches, ascending; those before ``since`` may be left out."""
        if not self.text.parts:
            return
        rule, years = _late(self.text.parts, self._start_near(since))
        for number, local in enumerate(rule, start=1):
            yield local.replace(year=local.year - years)
            if number == self.text.count:
                return

    def _start_near(self, since: datetime) -> datetime:
        """Return a start whole periods later from which the series goes on alike, not after ``since``."""
        if self.text.count is not None or since <= self.start:
            return self.start
        unit = _UNITS.get(self.text.frequency)
        if unit is not None:
            period = unit * self.text.interval
            return self.start + max(0, (since - self.start) // period - 1) * period
        # Twelve periods of months are as many years as one has months, and the day is there in each but for a leap day.
        year = since.year - 1 - (since.year - 1 - self.start.year) % self.text.interval
        while (self.start.month, self.start.day) == (2, 29) and not isleap(year) and year > self.start.year:
            year -= self.text.interval
        return self.start.replace(year=max(year, self.start.year))

    def _ever_matches(self) -> bool:
        """Tell whether the rule has an instant, without trying each day of centuries where there is none."""
        parts = dict(one.split("=", 1) for one in self.text.parts.split(";"))
        if self.text.frequency in _TIMES:
            times = self.text.times(_TIMES[self.text.frequency])
            if "BYSETPOS" in parts and min(abs(int(one)) for one in parts["BYSETPOS"].split(",")) > times:
                return False
            days = ";".join(f"{name}={value}" for name, value in parts.items() if name in _OF_DAYS)
            if next(iter(_late(f"FREQ=YEARLY;{days}".rstrip(";"), self.start)[0]), None) is None:
                return False
        return next(self._local_times(self.start), None) is not None


def _late(parts: str, start: datetime) -> tuple[rrule, int]:
    """Return a rule late in its library's range of years, and how many years too late that is."""
    years = (_LAST_START - start.year) // _CYCLE * _CYCLE
    return cast("rrule", rrulestr(parts, dtstart=start.replace(year=start.year + years))), years


def zone_of(name: str) -> ZoneInfo:
    """Return an IANA time zone.

    Raises:
        ValueError: There is no such zone.

    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not an IANA time zone (write Europe/Berlin or UTC)") from None
