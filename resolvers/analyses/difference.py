"""``difference``: what changed between two moments of the workspace's own past."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import (
    ChainDifference,
    DateMove,
    Difference,
    EdgeDifference,
    ItemDifference,
    PropertyDifference,
    difference,
)
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, computed, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field
from resolvers.past import snapshot_at

published(
    PropertyDifference,
    "One property before and after.",
    {"name": "The property.", "before": "Its value before.", "after": "Its value after."},
)
published(
    ItemDifference,
    "An item that came, went or changed.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "change": "added, removed or changed.",
        "edits": "The properties that changed.",
    },
)
published(
    EdgeDifference,
    "An edge that came, went or changed.",
    {
        "kind": "Its kind.",
        "start": "Key of its start.",
        "end": "Key of its end.",
        "change": "added, removed or changed.",
        "edits": "The properties that changed.",
    },
)
published(
    DateMove,
    "A date that moved.",
    {
        "key": "Key of the item.",
        "title": "Its title.",
        "which": "Which date: start, due, a bound of its period, or the finish of a goal.",
        "before": "The date before.",
        "after": "The date after.",
        "days": "Working days between them, positive for later.",
    },
)
published(
    ChainDifference,
    "A blocking chain that appeared or vanished.",
    {
        "goal": "Key of the goal.",
        "root": "Key of the item where the chain begins.",
        "title": "That item's title.",
        "change": "appeared or vanished.",
        "length_hours": "Working hours from its beginning to the goal.",
    },
)
DIFFERENCE: Final = published(
    Difference,
    "What is different between two moments.",
    {
        "before_seq": "Number of the last change before the first moment.",
        "after_seq": "Number of the last change before the second.",
        "items": "Items that came, went or changed.",
        "edges": "Edges that came, went or changed.",
        "dates": "Dates of items that moved.",
        "goals": "Goals whose finish moved.",
        "chains": "Blocking chains that appeared or vanished.",
        "counts": "How many there are of each, those left out included.",
    },
    explained=True,
)

Earlier = Annotated[
    str, strawberry.argument(name="from", description="A day (its end, UTC), an instant, or the number of a change.")
]
Later = Annotated[
    str | None, strawberry.argument(name="to", description="The later moment, in the same forms; now when absent.")
]


async def _difference(
    info: Info[Context, None], since: Earlier, until: Later = None, scope: Scope = None, first: First = DEFAULT_PAGE
) -> Any:
    limit, today, viewer = page_size(first), info.context.today(), info.context.viewer
    before, after = await snapshot_at(info.context, since), await snapshot_at(info.context, until)
    hidden = viewer.hidden(before), viewer.hidden(after)
    return await computed(lambda: difference(before, after, today=today, scope=scope, limit=limit, hidden=hidden))


FIELDS: Final = {
    "difference": field(DIFFERENCE, "What changed between two moments.", resolver=_difference, access=Access.READ),
}
