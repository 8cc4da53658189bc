"""Calendars of Microsoft Project: weekdays that a calendar does not state are those of its base calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from xml.etree.ElementTree import Element

from graph.batch import Anomaly, Record
from graph.calendars import WEEK, Leave, WorkingCalendar
from workatlas.importers.files import shortened
from workatlas.importers.mspdi_values import count, texts


@dataclass(slots=True)
class _Calendar:
    name: str
    base: str
    days: dict[int, float] = field(default_factory=dict)
    leave: list[Leave] = field(default_factory=list)


@dataclass(slots=True)
class Calendars:
    """The calendars of one file; ``used`` are those that some item names, by the id that they get."""

    prefix: str
    root: Element
    file: str
    used: dict[str, WorkingCalendar | None] = field(default_factory=dict)
    _stated: dict[str, _Calendar] = field(default_factory=dict)

    def read(self) -> Iterator[Record]:
        """Read all calendars; yield what of them cannot be kept."""
        for element in self.root.iterfind("{*}Calendars/{*}Calendar"):
            given = texts(element)
            uid, where = given.get("UID", ""), f"{self.file}: calendar {given.get('UID', '')}"
            calendar = _Calendar(given.get("Name", ""), given.get("BaseCalendarUID", "-1"))
            self._stated[uid] = calendar
            for day in element.iterfind("{*}WeekDays/{*}WeekDay"):
                kind = count(texts(day).get("DayType"), 0)
                if 1 <= kind <= 7:
                    # Sunday is 1 there; Monday is 0 here.
                    calendar.days[(kind - 2) % 7] = _worked(day)
                else:
                    yield from _exception(day, calendar, where)
            for exception in element.iterfind("{*}Exceptions/{*}Exception"):
                yield from _exception(exception, calendar, where)

    def use(self, uid: str) -> str | None:
        """Return the id of a calendar that an item names, ``None`` where it is none or the usual one."""
        made = self._made(uid)
        if made is None:
            return None
        self.used[made.id] = made
        return made.id

    def week(self, uid: str) -> float:
        """Return the hours of a calendar's week."""
        made = self._made(uid)
        return sum(WEEK if made is None else made.hours)

    def _made(self, uid: str) -> WorkingCalendar | None:
        chain: list[_Calendar] = []
        calendar = self._stated.get(uid)
        while calendar is not None and calendar not in chain:
            chain.append(calendar)
            calendar = self._stated.get(calendar.base)
        if not chain:
            return None
        days: dict[int, float] = {}
        for one in reversed(chain):
            days |= one.days
        hours = tuple(days.get(day, WEEK[day]) for day in range(7))
        leave = sorted({leave for one in chain for leave in one.leave}, key=str)
        if not any(hours) or (hours == WEEK and not leave):
            return None
        return WorkingCalendar(f"{self.prefix}/{uid}", chain[0].name, hours, leave=tuple(leave))


def _worked(day: Element) -> float:
    """Return the hours between the times of a working day, 0 for one that is none."""
    if texts(day).get("DayWorking") != "1":
        return 0.0
    total = 0.0
    for span in day.iterfind("{*}WorkingTimes/{*}WorkingTime"):
        given = texts(span)
        try:
            begin, end = (time.fromisoformat(given[name]) for name in ("FromTime", "ToTime"))
        except (KeyError, ValueError):
            continue
        # Until midnight is written as until 00:00.
        total += (_minutes(end) - _minutes(begin)) % 1440 / 60 or (24.0 if begin == end else 0.0)
    return min(total, 24.0)


def _minutes(moment: time) -> float:
    return moment.hour * 60 + moment.minute + moment.second / 60


def _exception(element: Element, calendar: _Calendar, where: str) -> Iterator[Record]:
    """Keep days off; yield an anomaly for days on which work is done otherwise than in other weeks."""
    period = element.find("{*}TimePeriod")
    span = {} if period is None else texts(period)
    name = shortened(texts(element).get("Name", "an exception"), 80)
    try:
        first, last = (date.fromisoformat(span[end][:10]) for end in ("FromDate", "ToDate"))
        leave = Leave.parse(f"{first}/{last}")
    except (KeyError, ValueError):
        yield Anomaly("badDate", f"{name} has no days that can be read", where)
        return
    if texts(element).get("DayWorking") == "1":
        yield Anomaly("workingException", f"{name} ({leave}) has hours of its own, which are not kept", where)
    elif (last - first).days + 1 > max(count(texts(element).get("Occurrences"), 0), 0) > 0 and count(
        texts(element).get("Type"), 1
    ) not in {0, 1}:
        yield Anomaly("recurringException", f"{name} comes again and again; it is not kept", where)
    else:
        calendar.leave.append(leave)
