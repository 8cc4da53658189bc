"""When a milestone of a Rust project goal is due: ``2024-07``, ``2024-10-11``, ``May 24``, ``July`` or ``TBD``."""

from __future__ import annotations

import re
from typing import Final

from graph.values import CoarseDate
from workatlas.importers.goal_document import Row, plain

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPOKEN = re.compile(r"([a-z]{3})[a-z]*\.?(?:\s+(\d{1,2}))?")


def due_of(period: CoarseDate, columns: tuple[str, ...], row: Row) -> tuple[str | None, str]:
    """Return the date in native form, if it can be read, and the words that were there.

    A day or month without a year lies in the year in which the goal's period begins.
    """
    index = next((i for i, name in enumerate(columns) if "date" in name), None)
    text = plain(row.cells[index]) if index is not None and index < len(row.cells) else ""
    spoken = _SPOKEN.fullmatch(text.lower())
    if spoken and spoken[1] in _MONTHS:
        text_of_date = f"{period.first.year}-{_MONTHS.index(spoken[1]) + 1:02d}"
        if spoken[2]:
            text_of_date += f"-{int(spoken[2]):02d}"
    else:
        text_of_date = text
    try:
        return str(CoarseDate.parse(text_of_date)), text
    except ValueError:
        return None, text
