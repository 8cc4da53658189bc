"""Status categories, the default statuses, and which category may follow which for each type of work."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Category(StrEnum):
    """What a workspace's own status names mean to every analysis."""

    TRIAGE = "TRIAGE"
    BACKLOG = "BACKLOG"
    PLANNED = "PLANNED"
    STARTED = "STARTED"
    BLOCKED = "BLOCKED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"

    @property
    def is_open(self) -> bool:
        """Whether work in this category still has to be finished."""
        return self not in CLOSED


CLOSED = frozenset({Category.DONE, Category.CANCELLED})

DEFAULT_STATUSES: Mapping[str, Category] = {
    "Triage": Category.TRIAGE,
    "Backlog": Category.BACKLOG,
    "Planned": Category.PLANNED,
    "In progress": Category.STARTED,
    "Blocked": Category.BLOCKED,
    "Done": Category.DONE,
    "Cancelled": Category.CANCELLED,
}
"""Every workspace starts with these names; imports and settings add their own."""


def _table(text: str) -> Mapping[Category, frozenset[Category]]:
    rows = (line.split("→") for line in text.strip().splitlines())
    return {
        Category(source.strip()): frozenset(Category(target) for target in targets.split()) for source, targets in rows
    }


_PLANNED_WORK = _table("""
TRIAGE    → BACKLOG PLANNED STARTED CANCELLED
BACKLOG   → TRIAGE PLANNED STARTED BLOCKED CANCELLED
PLANNED   → BACKLOG STARTED BLOCKED DONE CANCELLED
STARTED   → BACKLOG PLANNED BLOCKED DONE CANCELLED
BLOCKED   → BACKLOG PLANNED STARTED CANCELLED
DONE      → PLANNED STARTED
CANCELLED → BACKLOG PLANNED
""")
# Reactive work may be resolved straight from any open status: somebody noticed that it was fixed already.
_REACTIVE_WORK = _table("""
TRIAGE    → BACKLOG PLANNED STARTED BLOCKED DONE CANCELLED
BACKLOG   → TRIAGE PLANNED STARTED BLOCKED DONE CANCELLED
PLANNED   → TRIAGE BACKLOG STARTED BLOCKED DONE CANCELLED
STARTED   → TRIAGE BACKLOG PLANNED BLOCKED DONE CANCELLED
BLOCKED   → BACKLOG PLANNED STARTED DONE CANCELLED
DONE      → TRIAGE PLANNED STARTED
CANCELLED → TRIAGE BACKLOG PLANNED
""")
# A milestone is a point in time: it is reached or missed, and never worked on.
_POINT = _table("""
TRIAGE    → BACKLOG PLANNED CANCELLED
BACKLOG   → PLANNED DONE CANCELLED
PLANNED   → BACKLOG BLOCKED DONE CANCELLED
STARTED   → PLANNED BLOCKED DONE CANCELLED
BLOCKED   → PLANNED DONE CANCELLED
DONE      → PLANNED
CANCELLED → BACKLOG PLANNED
""")
_GOAL = _table("""
TRIAGE    → BACKLOG PLANNED STARTED CANCELLED
BACKLOG   → PLANNED STARTED CANCELLED
PLANNED   → BACKLOG STARTED CANCELLED
STARTED   → PLANNED BLOCKED DONE CANCELLED
BLOCKED   → PLANNED STARTED CANCELLED
DONE      → STARTED
CANCELLED → PLANNED STARTED
""")

TRANSITIONS: Mapping[str, Mapping[Category, frozenset[Category]]] = {
    "Project": _PLANNED_WORK,
    "Task": _PLANNED_WORK,
    "Milestone": _POINT,
    "Issue": _REACTIVE_WORK,
    "Objective": _GOAL,
    "KeyResult": _GOAL,
}
"""Node label → category → categories that may follow it. A change of name inside one category is always allowed."""


def may_follow(label: str, before: Category | None, after: Category) -> bool:
    """Return whether an item of this label may move from one category to another (``None``: it has no status yet)."""
    return before is None or before == after or after in TRANSITIONS[label][before]
