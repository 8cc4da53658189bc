"""GraphQL types of values: scalars, and enums made from the choices that the model table lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final, NewType

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from graph.model import SHARED, STATUSED, WORK, Property
from graph.rules.lifecycle import Category
from graph.values import CoarseDate, Precision, Type, millis_to_instant
from resolvers.moments import Moment

Instant = NewType("Instant", str)
Day = NewType("Day", str)


def _moment(value: object) -> Moment:
    try:
        return Moment.parse(value)
    except ValueError as error:
        raise GraphQLError(str(error)) from None


SCALARS: Final[dict[object, ScalarDefinition]] = {
    Instant: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC as ISO 8601 text with milliseconds and `Z`: `2026-12-01T09:30:00.000Z`.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
    ),
    Day: strawberry.scalar(
        name="CoarseDate",
        description=(
            "A day or a longer period: `2026-12-01`, `2026-W49`, `2026-12`, `2026-Q4`, `2026-H2` or `2026`. "
            "A due date means its last day, a start date its first."
        ),
        serialize=lambda value: value.isoformat() if isinstance(value, date) else value,
    ),
    Moment: strawberry.scalar(
        name="Moment",
        description=(
            "What a date or an instant is compared with: an instant (`2026-12-01T09:30:00Z`), a day or a longer period "
            "as in `CoarseDate`, or an ISO 8601 duration from now (`P7D` in a week, `-PT36H` a day and a half ago). "
            "A period is before what follows its last day, after what precedes its first, and equal to all in between."
        ),
        parse_value=_moment,
        serialize=lambda value: value.text,
    ),
}

_MEANINGS: Final = {
    "FS": "Finish to start: the end may start when the start is finished.",
    "SS": "Start to start: the end may start when the start has started.",
    "FF": "Finish to finish: the end may finish when the start is finished.",
    "SF": "Start to finish: the end may finish when the start has started.",
    "WORKSPACE": "Everybody in the workspace may see it.",
    "TEAM": "Only its team may see it.",
    "ON_TRACK": "It is expected to be reached.",
    "AT_RISK": "It may be missed.",
    "OFF_TRACK": "It will be missed unless something changes.",
    "increase": "It is reached when the value has risen to the target.",
    "decrease": "It is reached when the value has fallen to the target.",
    "stayAbove": "It is kept while the value stays above the target.",
    "stayBelow": "It is kept while the value stays below the target.",
    "milestone": "It is reached when it is done.",
    "LOW": "It can wait.",
    "MEDIUM": "The usual.",
    "HIGH": "Before the usual.",
    "URGENT": "Before everything else.",
    "CRITICAL": "Nothing is worse.",
}
_CATEGORIES: Final = {
    Category.TRIAGE: "Nobody has decided yet what to do with it.",
    Category.BACKLOG: "It may be done some day.",
    Category.PLANNED: "It is to be done.",
    Category.STARTED: "It is being done.",
    Category.BLOCKED: "It was started or planned and cannot go on.",
    Category.DONE: "It is finished.",
    Category.CANCELLED: "It will not be done.",
}


def enum_of(name: str, description: str, values: Mapping[str, str], meant: Callable[[str], str] = str) -> type[Enum]:
    """Return a GraphQL enum of names with their descriptions; ``meant`` turns a name into its value."""
    members = {one: strawberry.enum_value(meant(one), description=meaning) for one, meaning in values.items()}
    made: Any = Enum.__call__(name, members)
    decorated: type[Enum] = strawberry.enum(made, name=name, description=description)
    return decorated


StatusCategory: Final = enum_of(
    "StatusCategory",
    "What a workspace's own status names mean to every analysis.",
    {category.value: meaning for category, meaning in _CATEGORIES.items()},
)

_SHARED_NAMES: Final = {one.name for one in (*SHARED, *STATUSED, *WORK)}


@cache
def _choices(name: str, description: str, choices: tuple[str, ...]) -> type[Enum]:
    meanings = {value: _MEANINGS.get(value, f"{description} Here: {value}.") for value in choices}
    return enum_of(name, description, meanings)


def named_type_of(owner: str, column: Property) -> Any:
    """Return a property's GraphQL type, null or not; ``owner`` names the enums of properties that it has alone."""
    if column.name == "id":
        return strawberry.ID
    if column.choices:
        stem = column.name[0].upper() + column.name[1:]
        return _choices(stem if column.name in _SHARED_NAMES else owner + stem, column.description, column.choices)
    return _ANNOTATIONS[column.type]


def type_of(owner: str, column: Property) -> Any:
    """Return the annotation of a property's GraphQL type."""
    inner = named_type_of(owner, column)
    return inner if column.required or column.type is Type.TEXTS else inner | None


_ANNOTATIONS: Final[dict[Type, Any]] = {
    Type.TEXT: str,
    Type.INTEGER: int,
    Type.NUMBER: float,
    Type.BOOLEAN: bool,
    Type.INSTANT: Instant,
    Type.DATE: Day,
    Type.TEXTS: list[str],
    Type.JSON: JSON,
}


def answered(kind: Type, value: Any) -> Any:
    """Return a stored value (``graph.cypher.stored``) as it is answered."""
    if value is None:
        return [] if kind is Type.TEXTS else None
    match kind:
        case Type.INSTANT:
            return millis_to_instant(value)
        case Type.DATE:
            return None if value[0] is None else coarse(value[0], value[1])
        case Type.JSON:
            return orjson.loads(value)
        case _:
            return value


@lru_cache(maxsize=4096)
def _day(day: str, precision: str) -> str:
    return str(CoarseDate.of(date.fromisoformat(day), Precision(precision)))


def coarse(day: str, precision: str | None) -> str:
    """Return the text of a stored date: the period of its precision that holds the day."""
    return day if precision in {None, "day"} else _day(day, str(precision))
