"""Reads the text of a recurrence rule: which parts it has, and whether each may stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import prod
from typing import Final

MAX_TEXT: Final = 20_000
"""Longest rule in characters, exceptions included."""
MAX_COUNT: Final = 10_000
"""Most instants of a rule with COUNT: each of them has to be counted again whenever the next one is looked for."""
MAX_A_DAY: Final = 96
"""Most instants of a day."""
_FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
_RANGES: Final[Mapping[str, tuple[int, int, bool]]] = {
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
"""Least and greatest value of each list of numbers, and whether they may count from the end."""
_NUMBER: Final = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_COUNT: Final = re.compile(r"[1-9]\d{0,6}", re.ASCII)
_WEEKDAY: Final = re.compile(r"([+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_DAY: Final = re.compile(r"\d{8}", re.ASCII)
_TIME: Final = re.compile(r"\d{8}T\d{6}Z?", re.ASCII)
_YEARS: Final = range(1900, 2301)


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a rule says. Times are naive (on the zone's clocks) or in UTC; a ``date`` stands for a whole day.

    ``parts`` is the rule itself without COUNT and UNTIL, empty where there are single instants only.
    """

    parts: str = ""
    frequency: str = ""
    interval: int = 1
    count: int | None = None
    until: datetime | date | None = None
    start: datetime | None = None
    zone: str | None = None
    added: tuple[datetime | date, ...] = ()
    left_out: tuple[datetime | date, ...] = ()

    def times(self, names: Iterable[str] = ("BYHOUR", "BYMINUTE")) -> int:
        """Return how many times of a day there are in parts of the rule that list some."""
        lists = (part.partition("=") for part in self.parts.split(";"))
        return prod(len({int(one) for one in values.split(",")}) for name, _, values in lists if name in names)


def read_rule(text: str) -> RuleText:
    """Read a rule, alone or among the lines of a calendar entry.

    Raises:
        ValueError: Something in it is not of RFC 5545, or is not supported; the message names it.

    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"the rule has {len(text)} characters, more than {MAX_TEXT}")
    parts: dict[str, str] = {}
    starts: list[datetime | date] = []
    added: list[datetime | date] = []
    left_out: list[datetime | date] = []
    zones: set[str] = set()
    for line in filter(None, map(str.strip, text.splitlines())):
        name, zone, value = _split(line)
        zones |= {zone} if zone else set()
        match name:
            case "RRULE" if not parts:
                parts = _parts(value)
            case "RRULE":
                raise ValueError("there are two RRULE lines: keep one")
            case "DTSTART" | "RDATE" | "EXDATE":
                lists = {"DTSTART": starts, "RDATE": added, "EXDATE": left_out}
                lists[name] += [_moment(one) for one in value.split(",")]
            case _:
                raise ValueError(f"{name} is not one of DTSTART, RRULE, RDATE and EXDATE")
    if not parts and not added:
        raise ValueError("there is neither a rule (FREQ=…) nor a single date (RDATE)")
    if len(starts) > 1 or len(zones) > 1:
        raise ValueError("a rule has one DTSTART and one TZID at most")
    read = RuleText(
        ";".join(f"{name}={value}" for name, value in parts.items() if name not in {"COUNT", "UNTIL"}),
        parts.get("FREQ", ""),
        int(parts.get("INTERVAL", 1)),
        int(parts["COUNT"]) if "COUNT" in parts else None,
        _moment(parts["UNTIL"]) if "UNTIL" in parts else None,
        _midnight(starts[0]) if starts else None,
        zones.pop() if zones else None,
        tuple(added),
        tuple(left_out),
    )
    every_hour = 24 if read.frequency == "HOURLY" and "BYHOUR" not in parts else 1
    if read.times() * every_hour > MAX_A_DAY:
        raise ValueError(f"the rule recurs {read.times() * every_hour} times a day, more than {MAX_A_DAY}")
    return read


def _split(line: str) -> tuple[str, str | None, str]:
    """Return a line's name, its TZID and its value; a rule may stand alone, without a name."""
    head, colon, value = line.partition(":")
    if not colon:
        return "RRULE", None, line
    name, *parameters = head.split(";")
    zone = None
    for one in parameters:
        key, _, setting = one.partition("=")
        if key.upper() == "TZID":
            zone = setting
        elif key.upper() != "VALUE":
            raise ValueError(f"the parameter {key} of {name} is not supported")
    return name.upper(), zone, value


def _parts(value: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for one in filter(None, value.strip().upper().split(";")):
        name, equals, setting = one.partition("=")
        if not equals or name in parts:
            raise ValueError(f"{one!r} is not a part of a rule, or comes twice")
        _check_part(name, setting)
        parts[name] = setting
    if "FREQ" not in parts:
        raise ValueError("the rule has no FREQ")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other")
    if int(parts.get("COUNT", 0)) > MAX_COUNT:
        raise ValueError(f"COUNT is {parts['COUNT']}, more than {MAX_COUNT:,}: end the rule by UNTIL")
    if re.search(r"\d", parts.get("BYDAY", "")) and parts["FREQ"] not in {"MONTHLY", "YEARLY"}:
        raise ValueError("BYDAY counts weekdays (such as -1FR) only where FREQ is MONTHLY or YEARLY")
    return parts


def _check_part(name: str, setting: str) -> None:
    values = setting.split(",")
    match name:
        case "FREQ":
            right = setting in _FREQUENCIES
        case "INTERVAL" | "COUNT":
            right = bool(_COUNT.fullmatch(setting))
        case "UNTIL":
            right = bool(_moment(setting))
        case "WKST":
            right = bool(_WEEKDAY.fullmatch(setting)) and len(setting) == 2
        case "BYDAY":
            right = all(_is_weekday(one) for one in values)
        case _ if name in _RANGES:
            right = all(_in_range(one, *_RANGES[name]) for one in values)
        case _:
            raise ValueError(f"{name} is not a part of a rule that is supported")
    if not right:
        least_often = f" (one of {', '.join(_FREQUENCIES)})" if name == "FREQ" else ""
        raise ValueError(f"{setting[:60]!r} is not a value of {name}{least_often}")


def _is_weekday(text: str) -> bool:
    match = _WEEKDAY.fullmatch(text)
    return match is not None and (match[1] is None or 1 <= abs(int(match[1])) <= 53)


def _in_range(text: str, least: int, greatest: int, from_end: bool) -> bool:
    if not _NUMBER.fullmatch(text):
        return False
    number = int(text)
    return least <= (abs(number) if from_end else number) <= greatest


def _moment(text: str) -> datetime | date:
    """Read ``20261231``, ``20261231T090000`` or ``20261231T080000Z``."""
    text = text.strip().upper()
    try:
        if _DAY.fullmatch(text):
            found: datetime | date = date.fromisoformat(text)
        elif _TIME.fullmatch(text):
            found = datetime.fromisoformat(text)
        else:
            raise ValueError
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a date (write 20261231 or 20261231T090000)") from None
    if found.year not in _YEARS:
        raise ValueError(f"{text} is not between {_YEARS[0]} and {_YEARS[-1]}")
    return found.astimezone(UTC) if isinstance(found, datetime) and found.tzinfo else found


def _midnight(start: datetime | date) -> datetime:
    return start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)  # noqa: DTZ001
