"""What a snapshot keeps of an item: the property behind each column, in Cypher and from a logged state.

Both give the *plain* values that ``graph.snapshots.assembly`` makes arrays of: numbers, texts, days and milliseconds
since 1970.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, Final

from graph.model import Property
from graph.rules.validation import State, day_of, properties_of
from graph.snapshots.snapshot import KINDS
from graph.values import Type

PROPERTY_OF: Final = {
    "ids": "id",
    "key": "key",
    "title": "title",
    "status": "status",
    "team_id": "team",
    "priority": "priority",
    "severity": "severity",
    "placeholder": "placeholder",
    "restricted": "visibility",
    "estimate": "estimate",
    "remaining": "remaining",
    "spent": "spent",
    "duration": "duration",
    "points": "points",
    "start": "start",
    "due": "due",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "started_at": "startedAt",
    "completed_at": "completedAt",
    "period_start": "periodStart",
    "period_end": "periodEnd",
    "value": "value",
    "enough": "enough",
    "weight": "weight",
    "result_kind": "kind",
    "start_value": "startValue",
    "target_value": "targetValue",
    "weekly_hours": "weeklyHours",
    "calendar": "calendar",
    "timezone": "timezone",
    "inactive": "active",
    "budget": "budget",
    "spent_budget": "spentBudget",
    "currency": "currency",
}
"""Column → property. Columns that come from elsewhere (``kind``, ``team``, ``latest_*``) are not here."""

_FLAGS: Final[dict[str, tuple[str, Any]]] = {"restricted": ("'TEAM'", "TEAM"), "inactive": ("false", False)}
"""Columns that say whether their property has one certain value, in Cypher and in Python."""
_EPOCH: Final = date(1970, 1, 1)


@cache
def columns_of(label: str) -> tuple[str, ...]:
    """Return the columns that items of a kind can have a value in, in the order of ``PROPERTY_OF``.

    Asking for no others halves the time of a snapshot: a property that is absent is the dearest to look for.
    """
    declared = properties_of(label)
    return tuple(column for column, name in PROPERTY_OF.items() if name in declared)


def row_expression(node: str) -> str:
    """Return the Cypher for one row: the code of its kind and its columns; null for an Update, which has no row."""
    cases = (
        f"WHEN {node}:{label} THEN [{', '.join((str(code), *_expressions(node, label)))}]"
        for code, label in enumerate(KINDS)
    )
    return f"CASE {' '.join(cases)} END"


def _expressions(node: str, label: str) -> list[str]:
    return [
        _expression(column, f"{node}.{PROPERTY_OF[column]}", properties_of(label)[PROPERTY_OF[column]])
        for column in columns_of(label)
    ]


def _expression(column: str, path: str, declared: Property) -> str:
    if column in _FLAGS:
        return f"{path} = {_FLAGS[column][0]}"
    if declared.type is Type.INSTANT:
        return f"{path}.epochMillis"
    if declared.type is Type.DATE:
        return f"duration.inDays(date({{year: 1970}}), {path}).days"
    return path


def plain_values(label: str, state: State) -> dict[str, Any]:
    """Return the plain values of those properties of a stored state that a snapshot keeps, by column.

    A property of another kind than ``label`` counts as removed: it is left from before the item changed its kind.
    """
    declared = properties_of(label)
    return {
        column: _plain(column, declared[name], state[name]) if name in declared else None
        for column, name in PROPERTY_OF.items()
        if name in state
    }


def _plain(column: str, declared: Property, value: Any) -> Any:
    if column in _FLAGS:
        return value == _FLAGS[column][1]
    if value is not None and declared.type is Type.DATE:
        return (day_of(declared, value) - _EPOCH).days
    return value


UPDATE_PROPERTIES: Final = ("at", "health", "confidence", "value")
"""What an Update says, in the order of ``LATEST``."""
LATEST: Final = ("latest_at", "latest_health", "latest_confidence", "latest_value")
"""The columns of what was last reported on an item."""
