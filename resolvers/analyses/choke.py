"""``chokePoints`` and ``dominators``: what chains to goals run through, or cannot get around."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import (
    ChokePoint,
    ChokePoints,
    Cover,
    Dominator,
    Dominators,
    Passage,
    Relief,
    choke_points,
    dominators,
)
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.analyses.risks import Goals, named
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

published(
    Relief,
    "What one item costs one goal, in working hours of the goal's finish.",
    {
        "item": "Key of the item.",
        "goal": "Key of the goal.",
        "drag_hours": "How much sooner the goal is finished if the item takes no time and all waits are kept.",
        "gain_hours": "How much sooner the goal is finished if the item is done today.",
        "finish": "When the goal is finished.",
        "finish_if_done": "When it is finished if the item is done today.",
    },
    explained=True,
)
published(
    ChokePoint,
    "An item, person or team that chains to goals run through.",
    {
        "key": "Its key; of a cycle, that of its first member.",
        "title": "Its title.",
        "kind": "Its kind, or Cycle.",
        "owner": "Who answers for it, if it is an item.",
        "value": "What the chains through it carry: of each the goal's value times the chain's share of it.",
        "share": "The same over what all chains carry, 0 to 1.",
        "chains": "How many chains run through it.",
        "goals": "Keys of the goals that they lead to.",
        "members": "Keys of the items of a cycle.",
        "relief": "What it costs the goal that its being done would bring forward most; null for people and teams.",
    },
    explained=True,
)
published(
    Passage,
    "What every path to a goal passes, in order: no chain gets around it.",
    {"goal": "Key of the goal.", "items": "Keys of the items."},
)
published(
    Cover,
    "A few items through which most of what the chains carry runs, taken greedily.",
    {
        "items": "Their keys, in the order in which they were taken.",
        "adds": "What each adds to the share.",
        "share": "What they cover together, 0 to 1.",
        "best_possible": "No choice of as many items covers more than this.",
    },
)
CHOKE_POINTS: Final = published(
    ChokePoints,
    "What most of the chains to goals run through, most first.",
    {
        "items": "Work, and cycles as one item each.",
        "people": "People who own, do or answer for steps.",
        "teams": "Teams that do, themselves or by a member.",
        "goals": "Keys of the goals that were looked at.",
        "chains": "How many chains lead to them.",
        "total": "What these carry.",
        "passages": "What every path to a goal passes, for the first of the goals.",
        "covering": "Three items that cover most of what the chains carry.",
    },
    explained=True,
)


published(
    Dominator,
    "Something that leads to a goal, and what it cannot get around.",
    {
        "key": "Its key; of a cycle, that of its first member.",
        "title": "Its title.",
        "kind": "Its kind.",
        "through": "Key of the next thing that every path from it passes, the goal at last.",
        "holds": "How many things have no way to the goal but through it.",
    },
)
DOMINATORS: Final = published(
    Dominators,
    "Everything that leads to a goal, what most has no way around first.",
    {"goal": "Key of the goal.", "total": "How many things lead to it.", "items": "These things."},
    explained=True,
)


async def _choke_points(
    info: Info[Context, None], goals: Goals = None, scope: Scope = None, first: First = DEFAULT_PAGE
) -> Any:
    return await answered(info, choke_points, named(goals), scope=scope, limit=page_size(first))


async def _dominators(
    info: Info[Context, None],
    goal: Annotated[strawberry.ID, strawberry.argument(description="Key or id of a goal, or of any work.")],
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    return await answered(info, dominators, str(goal), scope=scope, limit=page_size(first))


FIELDS: Final = {
    "chokePoints": field(
        CHOKE_POINTS, "What most of the chains to goals run through.", resolver=_choke_points, access=Access.READ
    ),
    "dominators": field(
        DOMINATORS, "What nobody gets around on the way to a goal.", resolver=_dominators, access=Access.READ
    ),
}
