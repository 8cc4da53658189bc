"""``okr``: how far objectives and key results have come, and which of them work serves."""

from __future__ import annotations

from typing import Any, Final

from strawberry.types import Info

from analytics import ChildScore, GoalScore, OkrRollup, Unserving, okr_rollup
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.analyses.risks import Goals, named
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

published(
    ChildScore,
    "What one child brings to its goal.",
    {
        "key": "The child's key.",
        "kind": "Its kind.",
        "share": "Its share of the goal, 0 to 1; 0 is for information only.",
        "score": "The score that it brings, 0 to 1; null where it has none.",
    },
)
published(
    GoalScore,
    "How one goal stands.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Objective or KeyResult.",
        "level": "How many goals stand above it in this answer.",
        "owner": "Who answers for it.",
        "value": "What reaching it is worth.",
        "period_start": "First day of its period, its own or its nearest ancestor's.",
        "due": "When it is due.",
        "score": "How far it has come, 0 to 1; null where that cannot be said, which is not 0.",
        "basis": "What the score rests on: MEASURED, MANUAL or DERIVED.",
        "derived": "What its children come to, also where a manual score is shown.",
        "covered": "Share of its children whose score is known.",
        "attainment": "A key result's score before it is cut off at 0 and 1.",
        "measure": "How a key result's value is read.",
        "start_value": "A key result's value at the beginning.",
        "current_value": "The value of its latest update that states one.",
        "target_value": "The value to reach or to keep.",
        "expected": "The score that would be on schedule today.",
        "gap": "Score less what is expected.",
        "confidence": "Probability of success, 0 to 1.",
        "confidence_basis": "STATED by an update on it, or DERIVED from its child goals.",
        "health": "ON_TRACK, AT_RISK, OFF_TRACK, OUTDATED or NO_UPDATE; null for closed goals nobody reported on.",
        "said": "The health that was reported last, whenever that was.",
        "age_days": "Days since its latest update.",
        "work_done": "How much of the work below it is done, by effort; it never raises a key result.",
        "children": "What it consists of, the largest share first.",
    },
    explained=True,
)
published(
    Unserving,
    "Open work that leads to no open goal.",
    {
        "key": "Key of the outermost whole.",
        "title": "Its title.",
        "kind": "Its kind.",
        "leaves": "Open pieces of work at or below it.",
        "hours": "Their remaining hours.",
    },
)
OKR: Final = published(
    OkrRollup,
    "Goals with their scores, and where work and goals miss each other.",
    {
        "goals": "The goals, each below those that it belongs to.",
        "unserved": "Keys of open goals that no open work leads to.",
        "idle": "Keys of open goals that open work leads to, none of which has been started.",
        "unserving": "Open work that leads to no open goal, most hours first.",
    },
    explained=True,
)


async def _okr(info: Info[Context, None], goals: Goals = None, scope: Scope = None, first: First = DEFAULT_PAGE) -> Any:
    return await answered(info, okr_rollup, named(goals), scope=scope, limit=page_size(first))


FIELDS: Final = {
    "okr": field(OKR, "How far objectives and key results have come.", resolver=_okr, access=Access.READ),
}
