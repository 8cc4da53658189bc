"""``layout``: what stands before a goal, placed in layers, so that every client draws the same picture."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Layout, PlacedEdge, PlacedNode, layout
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import field

BOXES: Final = 300
MOST: Final = 1000

published(
    PlacedNode,
    "A box of a drawing.",
    {
        "id": "Its name in the drawing: the item's key, with `:gate` where it holds back a container's parts.",
        "role": "What it is to the goal: goal, root, step, gate or cycle.",
        "step": "What it shows.",
        "worst": "Whether it is on the goal's worst chain.",
        "layer": "How many edges it is from the goal at most.",
        "x": "Left side.",
        "y": "Upper side.",
        "width": "Width.",
        "height": "Height.",
    },
)
published(
    PlacedEdge,
    "A line of a drawing.",
    {
        "start": "Name of the box that it leaves.",
        "end": "Name of the box that it enters.",
        "kind": "Kind of the stored edge.",
        "worst": "Whether it is on the goal's worst chain.",
        "points": "Pairs of coordinates, from left to right.",
    },
)
LAYOUT: Final = published(
    Layout,
    "What stands before a goal, placed in layers from left to right.",
    {
        "goal": "Key of the goal.",
        "goal_title": "Its title.",
        "width": "Width of the drawing.",
        "height": "Height of the drawing.",
        "nodes": "Boxes.",
        "edges": "Lines.",
        "crossings": "How many pairs of lines cross.",
        "total": "How many boxes stand before the goal, drawn or not.",
    },
    explained=True,
)


async def _layout(
    info: Info[Context, None],
    goal: Annotated[strawberry.ID, strawberry.argument(description="Key or id of a goal, or of any work.")],
    boxes: Annotated[int, strawberry.argument(description="How many boxes to draw, 2 to 1,000.")] = BOXES,
    scope: Scope = None,
) -> Any:
    if not 2 <= boxes <= MOST:
        raise RefusedError("BAD_USER_INPUT", f"boxes is {boxes}; ask for 2 to {MOST}")
    return await answered(info, layout, str(goal), scope=scope, limit=boxes)


FIELDS: Final = {
    "layout": field(LAYOUT, "What stands before a goal, drawn in layers.", resolver=_layout, access=Access.READ),
}
