"""A workspace's policy and calendars as clients read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import strawberry

from graph import policy as policies
from graph.calendars import WorkingCalendar
from graph.model import NODES
from resolvers.items import field, many
from resolvers.scalars import Day, named_type_of

SEVERITY: Final = named_type_of("Issue", next(one for one in NODES["Issue"].own if one.name == "severity"))
POLICY: Final[Mapping[str, tuple[Any, str]]] = {
    "minConfidence": (float, "Edges that are less sure (0 to 1) are stored, but no analysis walks them."),
    "minSeverity": (SEVERITY, "Issues that are less severe, or have no severity, threaten nothing."),
    "stalledDays": (int, "Days after which started work that nobody touched counts as stalled."),
    "cadenceDays": (int, "How often goals and projects are reported on; what an older report says is outdated."),
    "hoursPerDay": (float, "Working hours of a working day: lags, floats and delays are counted in them."),
    "weekmask": (str, "Which weekdays are worked on, Monday first: `1111100`."),
    "holidays": (many(Day), "Days on which nobody works."),
}
"""Settings of a policy, as ``graph.policy.NAMES``: their types and meanings."""
CALENDAR: Final[Mapping[str, tuple[Any, str]]] = {
    "name": (str, "What it is called."),
    "hours": (many(float), "Working hours of the seven weekdays, Monday first."),
    "holidays": (many(Day), "Days on which nobody works."),
    "leave": (many(str), "Days off in a row: `2026-08-03/2026-08-21`."),
    "timezone": (str | None, "IANA time zone that says on which day an instant falls; UTC when absent."),
}


def _made(name: str, description: str, columns: Mapping[str, tuple[Any, str]], **more: Any) -> Any:
    fields = {column: field(annotation, meaning) for column, (annotation, meaning) in columns.items()} | more
    for column, one in fields.items():
        one.graphql_name = column
    made = type(name, (), {"__module__": __name__, "__annotations__": {}, **fields})
    return strawberry.type(made, name=name, description=description)


Policy: Final = _made(
    "Policy", "Which edges analyses walk, what counts as stale, and the hours that they count in.", POLICY
)
Calendar: Final = _made(
    "Calendar",
    "When somebody works; people and items name one.",
    CALENDAR,
    id=field(strawberry.ID, "Its identity, which people and items name."),
)


def shown_policy(policy: policies.Policy) -> Any:
    """Return a policy as clients see it."""
    values = policy.native()
    return Policy(**values | {"minSeverity": SEVERITY(values["minSeverity"])})


def shown_calendar(calendar: WorkingCalendar) -> Any:
    """Return a calendar as clients see it."""
    empty: dict[str, Any] = {"name": "", "holidays": [], "leave": [], "timezone": None}
    return Calendar(id=strawberry.ID(calendar.id), **empty | calendar.to_dict())
