"""Property types: how a value is checked, stored and written out again.

A value has three forms. *Native* is what the exchange format and importers use (JSON: text, numbers, lists). *Stored*
is what travels to Neo4j: datetimes as epoch milliseconds and dates as ISO text, because packing Python datetimes costs
twice as much as everything else together. *Coarse dates* (``2026-Q4``) are stored as a day plus a precision.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import orjson

MAX_TEXT = 1_000_000
"""Longest text in characters; longer ones are refused, never cut."""


class Type(StrEnum):
    """The types a property can have."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"
    TEXTS = "list of texts"
    JSON = "JSON object"


class Precision(StrEnum):
    """How exact a date is; anything but a day is stored beside it."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class CoarseDate:
    """A period of days: ``2026-12-01``, ``2026-W49``, ``2026-12``, ``2026-Q4``, ``2026-H2`` or ``2026``."""

    first: date
    last: date
    precision: Precision

    @classmethod
    def parse(cls, text: str) -> CoarseDate:
        """Read a coarse date.

        Raises:
            ValueError: The text is none of the six forms, or names a day that does not exist.

        """
        for pattern, precision, bounds in _FORMS:
            match = pattern.fullmatch(text.strip())
            if match:
                first, last = bounds(*(int(part) for part in match.groups()))
                return cls(first, last, precision)
        raise ValueError(f"{text!r} is not a date (write 2026-12-01, 2026-W49, 2026-12, 2026-Q4, 2026-H2 or 2026)")

    @classmethod
    def of(cls, day: date, precision: Precision) -> CoarseDate:
        """Return the period of the given precision that holds ``day``."""
        return cls.parse(_WRITERS[precision](day))

    def __str__(self) -> str:
        return _WRITERS[self.precision](self.first)


def _month(year: int, month: int, months: int = 1) -> tuple[date, date]:
    end = month + months - 1
    return date(year, month, 1), date(year, end, calendar.monthrange(year, end)[1])


def _week(year: int, week: int) -> tuple[date, date]:
    return date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7)


_FORMS: tuple[tuple[re.Pattern[str], Precision, Callable[..., tuple[date, date]]], ...] = (
    (re.compile(r"(\d{4})-(\d\d)-(\d\d)"), Precision.DAY, lambda y, m, d: (date(y, m, d),) * 2),
    (re.compile(r"(\d{4})-W(\d\d)"), Precision.WEEK, _week),
    (re.compile(r"(\d{4})-(\d\d)"), Precision.MONTH, _month),
    (re.compile(r"(\d{4})-Q([1-4])"), Precision.QUARTER, lambda y, q: _month(y, 3 * q - 2, 3)),
    (re.compile(r"(\d{4})-H([12])"), Precision.HALF, lambda y, h: _month(y, 6 * h - 5, 6)),
    (re.compile(r"(\d{4})"), Precision.YEAR, lambda y: _month(y, 1, 12)),
)
_WRITERS: Mapping[Precision, Callable[[date], str]] = {
    Precision.DAY: date.isoformat,
    Precision.WEEK: lambda day: "{:04d}-W{:02d}".format(*day.isocalendar()),
    Precision.MONTH: lambda day: f"{day.year:04d}-{day.month:02d}",
    Precision.QUARTER: lambda day: f"{day.year:04d}-Q{(day.month + 2) // 3}",
    Precision.HALF: lambda day: f"{day.year:04d}-H{1 if day.month < 7 else 2}",
    Precision.YEAR: lambda day: f"{day.year:04d}",
}


def instant_to_millis(value: str | datetime) -> int:
    """Return epoch milliseconds of an ISO 8601 instant; one without an offset is taken as UTC.

    Raises:
        ValueError: The text is not an instant, or lies outside the years 1 to 9999 of UTC.

    """
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    millis = (moment - _EPOCH) // timedelta(milliseconds=1)
    if not _FIRST_MILLI <= millis <= _LAST_MILLI:
        # An offset can carry it out of the calendar, and then nobody could write it out again.
        raise ValueError(f"{value!r} lies outside the years 1 to 9999")
    return millis


def millis_to_instant(millis: int) -> str:
    """Return the one text form of an instant: UTC, milliseconds, ``Z``."""
    moment = _EPOCH + timedelta(milliseconds=millis)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MILLI = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_LAST_MILLI = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def check(kind: Type, value: object, choices: tuple[str, ...] = ()) -> object:
    """Return the stored form of a native value.

    Coarse dates come back as their own text: which day stands for them depends on the property (the last one of
    ``due``, the first one of ``start``), so the write path splits them.

    Raises:
        ValueError: The value is not of this type; the message says what was expected.

    """
    checked = _CHECKS[kind](value)
    if choices and checked not in choices:
        raise ValueError(f"{value!r} is not one of {', '.join(choices)}")
    return checked


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    if len(value) > MAX_TEXT:
        raise ValueError(f"the text has {len(value)} characters, more than {MAX_TEXT}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("the text holds a lone surrogate, which is no character") from error
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError(f"{value!r} is not a whole number of at most 64 bits")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(f"{value!r} is not a finite number")
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _instant(value: object) -> int:
    if isinstance(value, str | datetime):
        try:
            return instant_to_millis(value)
        except ValueError:
            pass
    raise ValueError(f"{value!r} is not an instant (write 2026-12-01T09:30:00Z)")


def _date(value: object) -> str:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date")
    return str(CoarseDate.parse(value))


def _texts(value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is not a list of texts")
    return [_text(item) for item in value]


def _json(value: object) -> str:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is not a JSON object")
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"the object cannot be written as JSON: {error}") from error


_CHECKS: Mapping[Type, Callable[[object], object]] = {
    Type.TEXT: _text,
    Type.INTEGER: _integer,
    Type.NUMBER: _number,
    Type.BOOLEAN: _boolean,
    Type.INSTANT: _instant,
    Type.DATE: _date,
    Type.TEXTS: _texts,
    Type.JSON: _json,
}
