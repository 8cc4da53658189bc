"""Values as Microsoft Project writes them in XML."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element

_DURATION: Final = re.compile(r"^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$")
_ELAPSED: Final = frozenset({4, 6, 8, 10, 12, 36, 38, 40, 42, 44})
"""Formats of elapsed minutes, hours, days, weeks and months, and the same estimated."""


def part(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def texts(element: Element) -> dict[str, str]:
    """Return the texts of an element's simple children by name; the first of each name counts, empty ones do not."""
    found: dict[str, str] = {}
    for child in element:
        text = (child.text or "").strip()
        if text and not len(child):
            found.setdefault(part(child), text)
    return found


def hours(text: str | None) -> float | None:
    """Return a duration (``PT8H30M0S``) in hours, ``None`` for what is none."""
    match = _DURATION.match(text or "")
    if match is None or not any(match.groups()):
        return None
    days, whole, minutes, seconds = (float(group or 0) for group in match.groups())
    return days * 24 + whole + minutes / 60 + seconds / 3600


def number(text: str | None) -> float | None:
    """Return a number, ``None`` for what is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def count(text: str | None, default: int) -> int:
    """Return a whole number, or the default."""
    value = number(text)
    return default if value is None else int(value)


def is_elapsed(form: str | None) -> bool:
    """Tell whether a format of durations counts round the clock, and not working time."""
    return count(form, 7) in _ELAPSED
