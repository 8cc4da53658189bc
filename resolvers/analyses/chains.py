"""``blockingChains``: what holds a goal back."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Chain, Step, blocking_chains
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, computed, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field, many

STEP: Final = published(
    Step,
    "One item on the way to a goal, and how the next one depends on it. A hidden one shows its kind only.",
    {
        "key": "Its key; null where the viewer may not see it.",
        "title": "Its title.",
        "kind": "Its kind.",
        "edge": "Kind of the edge by which the next step depends on it.",
        "wait_type": "Type of that edge where it is a wait: FS, SS, FF or SF.",
        "lag": "Working hours between the two, where it is a wait.",
        "via": "Keys of the wholes through which the dependence is inherited.",
        "owner": "Who answers for it.",
        "status": "Category of its status.",
        "state": "How it stands: ready, started, stalled, waiting and so on.",
        "age_days": "Days since it was started, or else created.",
        "remaining_hours": "Effort still to be done.",
        "duration_hours": "Elapsed working hours that it takes.",
        "basis": "What the hours rest on.",
        "assumed": "Whether nobody gave a figure for them.",
        "confidence": "How sure the dependence is, 0 to 1.",
        "members": "Keys of a cycle's members, where the step is one.",
        "cut_here": "Keys at the ends of the cycle's least sure edge, where it is best cut.",
        "hidden": "Whether the viewer may not see it.",
    },
    name="ChainStep",
)
CHAIN: Final = published(
    Chain,
    "The longest path in time from something that can be acted on now to a goal.",
    {
        "goal": "Key of the goal.",
        "goal_title": "Title of the goal.",
        "due": "When the goal is due.",
        "finish": "The day that this chain alone forces.",
        "delay_days": "Working days from the due date to that day; negative if before.",
        "length_hours": "Working hours from now to its end.",
        "assumed_share": "Share of the length that rests on durations which nobody gave, 0 to 1.",
        "share": "Share of the goal that the chain holds up.",
        "delays": "Whether the goal is late when the chain is: false where it has enough without it.",
        "value_at_risk": "Goal value that the chain puts at risk.",
        "root": "Where to act.",
        "steps": "From the root to the goal, the goal apart.",
        "alternatives": "Keys of other items next to the goal that the root also reaches.",
    },
    name="BlockingChain",
    explained=True,
)


async def _blocking_chains(
    info: Info[Context, None],
    goal: Annotated[strawberry.ID, strawberry.argument(description="Key or id of a goal, or of any work.")],
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    return await chains_to(info.context, str(goal), page_size(first), scope)


async def chains_to(context: Context, goal: str, limit: int, scope: str | None = None) -> list[Chain]:
    """Return the worst chains to a goal, with a step in a scope, as the newest snapshot knows them.

    Raises:
        RefusedError: There is no such goal or scope, or it is of a kind that nothing leads to.

    """
    snapshot, today = await context.snapshots.current(), context.today()
    hidden = context.viewer.hidden(snapshot)
    return list(await computed(lambda: blocking_chains(snapshot, goal, limit, scope=scope, today=today, hidden=hidden)))


FIELDS: Final = {
    "blockingChains": field(
        many(CHAIN), "What holds a goal back, the worst first.", resolver=_blocking_chains, access=Access.READ
    )
}
