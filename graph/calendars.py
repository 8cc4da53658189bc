"""Working calendars: hours per weekday, holidays and leave, as a workspace stores and exchanges them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEK: Final = (8.0, 8.0, 8.0, 8.0, 8.0, 0.0, 0.0)
"""Working hours from Monday to Sunday of a calendar that does not say its own."""
MAX_LEAVE: Final = 100 * 366
"""Days off at most in one calendar: a mistyped century must not fill the memory."""


def is_timezone(name: str) -> bool:
    """Tell whether this machine or the tzdata package knows an IANA time zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Leave:
    """Days off in a row, both ends included."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Leave:
        """Read ``2026-08-03/2026-08-21``, or a single day.

        Raises:
            ValueError: The text is neither, or the last day comes before the first.

        """
        first, _, last = text.partition("/")
        leave = cls(date.fromisoformat(first), date.fromisoformat(last or first))
        if leave.last < leave.first:
            raise ValueError(f"leave {text!r} ends before it begins")
        return leave

    def __str__(self) -> str:
        return f"{self.first.isoformat()}/{self.last.isoformat()}"

    def days(self) -> Iterator[date]:
        """Yield each of its days."""
        return (self.first + timedelta(days=after) for after in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When somebody works.

    ``hours`` are those of the seven weekdays, Monday first; nothing is worked on ``holidays`` and during ``leave``.
    ``timezone`` (IANA) says which day an instant falls on; ``None``: UTC.
    """

    id: str
    name: str = ""
    hours: tuple[float, ...] = WEEK
    holidays: tuple[date, ...] = ()
    leave: tuple[Leave, ...] = ()
    timezone: str | None = None

    def days_off(self) -> list[date]:
        """Return the holidays and every day of leave, ascending, each once."""
        return sorted({*self.holidays, *(day for leave in self.leave for day in leave.days())})

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, the id apart; what is empty is left out."""
        values = {
            "name": self.name,
            "hours": list(self.hours),
            "holidays": [day.isoformat() for day in self.holidays],
            "leave": [str(leave) for leave in self.leave],
            "timezone": self.timezone,
        }
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_dict(cls, calendar: str, values: Mapping[str, object]) -> WorkingCalendar:
        """Read what ``to_dict`` wrote; what is missing takes its default.

        Raises:
            ValueError: A value is not what it must be; the message names it.

        """
        if unknown := sorted(values.keys() - _NAMES):
            raise ValueError(f"a calendar has no {unknown[0]!r}, only {', '.join(sorted(_NAMES))}")
        made = cls(
            id=_text("id", calendar),
            name=_text("name", values.get("name") or ""),
            hours=_week(values.get("hours") or WEEK),
            holidays=tuple(sorted({date.fromisoformat(text) for text in _texts("holidays", values)})),
            leave=tuple(sorted((Leave.parse(text) for text in _texts("leave", values)), key=str)),
            timezone=_zone(values.get("timezone")),
        )
        if sum((leave.last - leave.first).days + 1 for leave in made.leave) > MAX_LEAVE:
            raise ValueError(f"leave: more than {MAX_LEAVE} days")
        return made


_NAMES: Final = frozenset({"name", "hours", "holidays", "leave", "timezone"})


def _week(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != 7:
        raise ValueError("hours: seven numbers are needed, Monday first")
    week = tuple(float(hours) for hours in value if isinstance(hours, int | float) and not isinstance(hours, bool))
    if len(week) != 7 or not all(0 <= hours <= 24 for hours in week):
        raise ValueError("hours: each weekday has 0 to 24")
    if not any(week):
        raise ValueError("hours: a week needs working hours; write an absence as leave")
    return week


def _texts(name: str, values: Mapping[str, object]) -> Iterable[str]:
    given = values.get(name) or ()
    if not isinstance(given, list | tuple) or not all(isinstance(text, str) for text in given):
        raise ValueError(f"{name}: a list of texts is needed")
    return given


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or (name == "id" and not value.strip()):
        raise ValueError(f"{name}: {value!r} is no name of a calendar")
    return value


def _zone(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_timezone(value):
        raise ValueError(f"timezone: {value!r} is no IANA time zone")
    return value


@dataclass(frozen=True, slots=True)
class WorkingCalendars:
    """Calendars that a source states, by id; ``None`` takes one away."""

    values: Mapping[str, WorkingCalendar | None]
    where: str = ""
