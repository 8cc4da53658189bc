"""``readyQueue``: what can start now."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import ReadyItem, ReadyQueue, ready_queue
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

published(
    ReadyItem,
    "Something that can start now.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "owner": "Who answers for it.",
        "goals": "Keys of the open goals that it leads to.",
        "value": "What those goals are worth.",
        "due": "When it is due.",
        "remaining_hours": "Effort still to be done.",
        "ready_from": "The day from which it can start, where only a day is awaited.",
        "cannot_finish_yet": "Whether something still keeps it from finishing.",
    },
)
QUEUE: Final = published(
    ReadyQueue,
    "What can start now, the most valuable first.",
    {
        "items": "What can start now.",
        "upcoming": "What waits for a day only.",
        "total": "How many items can start now.",
    },
    explained=True,
)


async def _ready_queue(
    info: Info[Context, None],
    person: Annotated[
        strawberry.ID | None, strawberry.argument(description="Key or id of a person or team; everybody when absent.")
    ] = None,
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    who = None if person is None else str(person)
    return await answered(info, ready_queue, who, scope=scope, limit=page_size(first))


FIELDS: Final = {"readyQueue": field(QUEUE, "What can start now.", resolver=_ready_queue, access=Access.READ)}
