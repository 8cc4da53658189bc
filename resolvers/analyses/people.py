"""``peopleRisk``: whose loss would leave work to nobody, and which teams wait for which."""

from __future__ import annotations

from typing import Any, Final

from strawberry.types import Info

from analytics import BusFactor, HandOff, PeopleRisk, SingleOwner, TeamWait, WaitCycle, people_risk
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.analyses.risks import Goals, named
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

published(
    BusFactor,
    "The smallest number of people whose loss leaves at least half of the open work without anybody.",
    {
        "key": "Key of the goal or team.",
        "title": "Its title.",
        "kind": "Its kind.",
        "factor": "How many people it is; 0 where half has nobody even now.",
        "people": "Keys of such people.",
        "names": "Their names.",
        "leaves": "Open pieces of work.",
        "holders": "People who hold any of them.",
        "open_hours": "Their remaining hours.",
        "unheld_hours": "Hours of those that nobody holds.",
        "lost_share": "Share of the work that nobody would have.",
        "exact": "Whether no fewer people would do; at most that many otherwise.",
    },
    explained=True,
)
published(
    SingleOwner,
    "Somebody who alone holds open work on the worst chains of goals.",
    {
        "key": "The person's key.",
        "name": "The person's name.",
        "goals": "Keys of the goals.",
        "value": "What they are worth, none counted beside one that it leads to.",
        "items": "Keys of the work, the largest first.",
        "hours": "Its remaining hours.",
    },
    explained=True,
)
published(
    HandOff,
    "A change of owner between two neighbouring pieces of work on a worst chain.",
    {
        "item": "Key of the first.",
        "successor": "Key of the second.",
        "owner": "Who answers for the first.",
        "successor_owner": "Who answers for the second.",
        "goals": "Keys of the goals whose worst chains have it.",
    },
    explained=True,
)
published(
    TeamWait,
    "What one team waits for from another.",
    {
        "waiting": "Key of the team that waits.",
        "awaited": "Key of the team that it waits for.",
        "hours": "Remaining hours of the open work that is waited for.",
        "leaves": "How many pieces of work that is.",
        "blocked": "How many items wait for them.",
        "items": "Keys of the largest of them.",
    },
    explained=True,
)
published(
    WaitCycle,
    "Teams that wait for each other.",
    {
        "teams": "Their keys.",
        "cut": "The waits to end so that they no longer do, with the fewest hours.",
        "hours": "The hours of those.",
        "exact": "Whether no other choice has fewer hours.",
    },
    explained=True,
)
PEOPLE_RISK: Final = published(
    PeopleRisk,
    "How much depends on how few people, and where work passes between them.",
    {
        "goals": "Bus factors of goals, the smallest first.",
        "teams": "Bus factors of teams, the smallest first.",
        "single_owners": "Who stands alone on worst chains, most goal value first.",
        "handoffs": "Where worst chains change hands, most goals first.",
        "waits": "What teams wait for from other teams, most hours first.",
        "cycles": "Teams that wait for each other.",
    },
    explained=True,
)


async def _people_risk(
    info: Info[Context, None], goals: Goals = None, scope: Scope = None, first: First = DEFAULT_PAGE
) -> Any:
    return await answered(info, people_risk, named(goals), scope=scope, limit=page_size(first))


FIELDS: Final = {
    "peopleRisk": field(PEOPLE_RISK, "How much depends on how few people.", resolver=_people_risk, access=Access.READ),
}
