"""``risks``, ``exposure`` and ``teamsWaitedFor``: what threatens goals, how exposed they are, whom they wait for."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import (
    Exposure,
    GoalExposure,
    ItemExposure,
    Risks,
    TeamsWaitedFor,
    Threat,
    WaitedFor,
    exposure,
    risks,
    teams_waited_for,
)
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

Goals = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Keys or ids of goals; all open ones when absent."),
]

published(
    Threat,
    "An open item that threatens goals, with every reason why.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "owner": "Who answers for it.",
        "goals": "Keys of the goals that it threatens.",
        "value": "What those goals are worth, none counted beside its ancestor.",
        "reasons": "Each reason (WAIT, AFFECTS, LATE, STALLED, UNOWNED) with its facts.",
    },
    explained=True,
)
RISKS: Final = published(
    Risks,
    "What threatens goals, most goal value first.",
    {
        "threats": "The items that threaten them.",
        "untriaged": "Keys of open issues that affect something but have no severity.",
        "total": "How many items threaten them.",
    },
    explained=True,
)
published(
    GoalExposure,
    "How much of a goal's work waits.",
    {
        "key": "The goal's key.",
        "title": "The goal's title.",
        "value": "What it is worth.",
        "exposure": "Share of its work that waits for something open, 0 to 1; null where it has none.",
        "leaves": "Pieces of work.",
        "waiting": "How many of them wait.",
    },
)
published(
    ItemExposure,
    "How much goal value depends on an item.",
    {"key": "Its key.", "title": "Its title.", "value": "Value of the distinct goals that it leads to."},
)
EXPOSURE: Final = published(
    Exposure,
    "How much of the goals' work waits, and what most goal value depends on.",
    {"goals": "Open goals, the most exposed value first.", "items": "Open work, the most valuable first."},
    explained=True,
)
published(
    WaitedFor,
    "A team or person that goals wait for.",
    {
        "key": "Its key.",
        "title": "What it is called.",
        "kind": "Team or Person.",
        "goals": "Keys of the goals with an open step of theirs on a blocking chain.",
        "named": "Those of the goals where the team or person itself owns or does a step.",
        "value": "What the goals are worth.",
        "steps": "How many such steps there are.",
    },
    explained=True,
)
WAITED_FOR: Final = published(
    TeamsWaitedFor,
    "The teams and people that most goals wait for.",
    {"teams": "Teams.", "people": "People.", "goals": "How many goals were looked at."},
    explained=True,
)


async def _risks(
    info: Info[Context, None], goals: Goals = None, scope: Scope = None, first: First = DEFAULT_PAGE
) -> Any:
    return await answered(info, risks, named(goals), scope=scope, limit=page_size(first))


async def _exposure(info: Info[Context, None], scope: Scope = None, first: First = DEFAULT_PAGE) -> Any:
    return await answered(info, exposure, scope=scope, limit=page_size(first))


async def _teams_waited_for(
    info: Info[Context, None], goals: Goals = None, scope: Scope = None, first: First = DEFAULT_PAGE
) -> Any:
    return await answered(info, teams_waited_for, named(goals), scope=scope, limit=page_size(first))


def named(goals: list[strawberry.ID] | None) -> list[str] | None:
    """Return the names of goals that were asked for; ``None`` for all open ones."""
    return None if goals is None else [str(goal) for goal in goals]


FIELDS: Final = {
    "risks": field(RISKS, "What threatens goals.", resolver=_risks, access=Access.READ),
    "exposure": field(EXPOSURE, "How much of the goals' work waits.", resolver=_exposure, access=Access.READ),
    "teamsWaitedFor": field(
        WAITED_FOR, "The teams and people that most goals wait for.", resolver=_teams_waited_for, access=Access.READ
    ),
}
