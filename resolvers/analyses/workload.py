"""``workload``: what people and teams have committed to, against their capacity and their velocity."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Load, Move, WeekLoad, Workload, workload
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

published(
    WeekLoad,
    "One week of a person or team.",
    {
        "start": "Its Monday, or today.",
        "capacity": "Working hours that there are.",
        "hours": "Hours committed.",
        "points": "Points committed.",
        "state": "OVER, FULL, UNDER (less than half committed) or FREE (neither capacity nor work).",
    },
)
published(
    Load,
    "What a person or team has committed to.",
    {
        "key": "Key of the person or team.",
        "title": "What it is called.",
        "kind": "Person or Team.",
        "team": "Key of a person's home team.",
        "weeks": "Week by week.",
        "hours": "Hours committed in these weeks.",
        "points": "Points committed in these weeks.",
        "capacity": "Working hours in these weeks.",
        "later_hours": "Hours committed after them.",
        "over_hours": "Hours above capacity, week by week.",
        "velocity_hours": "Hours finished a week of late.",
        "velocity_points": "Points finished a week of late.",
        "commitment": "What is committed a week over the velocity; above 1 is more than was finished.",
        "unit": "Whether that is in hours or points.",
        "items": "Pieces of work with an estimate.",
        "unestimated": "Pieces of work without one, which count no hours.",
    },
    explained=True,
)
published(
    Move,
    "An item that would better be done by somebody else, or later.",
    {
        "item": "Its key.",
        "title": "Its title.",
        "person": "Key of who has too much.",
        "to": "Key of a team mate with room for it; null: later.",
        "hours": "Hours that move.",
    },
)
WORKLOAD: Final = published(
    Workload,
    "What people and teams have committed to, week by week.",
    {
        "people": "People, the most overloaded first.",
        "teams": "Teams, the most overloaded first, then the most committed over their velocity.",
        "moves": "A few items whose going elsewhere leaves nobody with more hours than capacity.",
        "unassigned": "Open pieces of work that nobody does.",
        "unassigned_hours": "What is known of their size.",
    },
    explained=True,
)


async def _workload(
    info: Info[Context, None],
    weeks: Annotated[int, strawberry.argument(description="Calendar weeks, this one included, 1 to 53.")] = 6,
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    return await answered(info, workload, weeks, scope=scope, limit=page_size(first))


FIELDS: Final = {
    "workload": field(WORKLOAD, "What people and teams have committed to.", resolver=_workload, access=Access.READ),
}
