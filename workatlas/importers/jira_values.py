"""What cells of a CSV export hold: dates, efforts, numbers, lists, sprints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from graph.batch import Anomaly
from workatlas.importers.files import shortened
from workatlas.importers.jira_mapping import CsvMapping
from workatlas.importers.jira_table import Row
from workatlas.importers.vocabulary import SEVERITY_OF_PRIORITY, folded, means_no_priority, priority_of

HOURS_A_DAY: Final = 8.0
HOURS_A_WEEK: Final = 40.0
"""Jira's default working time, for efforts written as ``1w 2d``."""

_SPAN = re.compile(r"(\d+(?:[.,]\d+)?)\s*(w|d|h|m|s)", re.IGNORECASE)
_UNITS = {"w": HOURS_A_WEEK, "d": HOURS_A_DAY, "h": 1.0, "m": 1 / 60, "s": 1 / 3600}
_SPRINT = re.compile(r"\.Sprint@[0-9a-f]+\[(?P<members>.*)\]$", re.DOTALL)
_MEMBER = re.compile(r"(?:^|,)(\w+)=(.*?)(?=,\w+=|$)", re.DOTALL)
_EMAIL = re.compile(r"([^@\s]+)@[^@\s]+\.[^@\s]+")


def number(text: str) -> float:
    """Read a number with a point or a comma.

    Raises:
        ValueError: It is none, or is not finite.

    """
    value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    if value != value or abs(value) == float("inf"):
        raise ValueError(f"{text[:80]!r} is not a finite number")
    return value


def hours(text: str) -> float:
    """Read an effort: seconds, as Jira exports it, or ``2d 3h 30m``.

    Raises:
        ValueError: It is neither.

    """
    spans = _SPAN.findall(text)
    if spans and not _SPAN.sub("", text).strip(" ,"):
        return sum(number(amount) * _UNITS[unit.lower()] for amount, unit in spans)
    return number(text) / 3600


def items(cells: list[str]) -> list[str]:
    """Return the entries of repeated cells that may each hold several, without repetitions."""
    return list(dict.fromkeys(entry.strip() for cell in cells for entry in re.split(r"[,;]", cell) if entry.strip()))


def sprint(text: str) -> Mapping[str, str]:
    """Return name, startDate, endDate of a sprint; older servers export the whole object as a text."""
    match = _SPRINT.search(text)
    members = dict(_MEMBER.findall(match["members"])) if match else {"name": text}
    return {name: value for name, value in members.items() if value not in {"", "<null>"}}


def person(text: str) -> dict[str, object]:
    """Return the properties of somebody who is only named, perhaps by an e-mail address."""
    match = _EMAIL.fullmatch(text)
    return {"title": match[1], "email": text} if match else {"title": text}


def converted(row: Row, mapping: CsvMapping, properties: dict[str, object]) -> Iterator[Anomaly]:
    """Put dates, efforts and points of a row into ``properties``; yield what cannot be read."""
    readers: tuple[tuple[str, str, str, Callable[[str], object]], ...] = (
        ("created", "createdAt", "badDate", mapping.dates.instant),
        ("resolved", "completedAt", "badDate", mapping.dates.instant),
        ("started", "startedAt", "badDate", mapping.dates.instant),
        ("due", "due", "badDate", mapping.dates.day),
        ("start", "start", "badDate", mapping.dates.day),
        ("estimate", "estimate", "badNumber", hours),
        ("remaining", "remaining", "badNumber", hours),
        ("spent", "spent", "badNumber", hours),
        ("points", "points", "badNumber", number),
    )
    for name, target, kind, read in readers:
        text = row.first(name)
        if not text:
            continue
        try:
            properties[target] = read(text)
        except ValueError as error:
            yield Anomaly(kind, f"{name}: {shortened(str(error))}", row.where)
    created, closed = properties.get("createdAt"), properties.get("completedAt")
    if isinstance(created, str) and isinstance(closed, str) and closed < created:
        yield Anomaly("closedBeforeCreated", f"closed {closed}, created {created}", row.where)


def ranked(row: Row, mapping: CsvMapping, kind: str, properties: dict[str, object]) -> str | None:
    """Put priority and, for bugs, severity into ``properties``; return a name that is not known."""
    unknown = None
    for name in ("priority", "severity"):
        text = row.first(name)
        if not text or means_no_priority(text):
            continue
        priority = mapping.named_priorities.get(folded(text)) or priority_of(text)
        if priority is None:
            unknown = text
            continue
        if name == "priority":
            properties["priority"] = priority
        if kind == "Issue":
            properties["severity"] = SEVERITY_OF_PRIORITY[priority]
    return unknown
