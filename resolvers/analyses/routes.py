"""``paths`` and ``chainVariants``: how two items hang together, and the longest paths in time between them."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Link, Paths, Variants, k_paths, paths
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import field

MOST: Final = 100

published(
    Link,
    "A stored edge on a route, in its stored direction.",
    {"start": "Key of its start.", "end": "Key of its end.", "kind": "Its kind."},
)
PATHS: Final = published(
    Paths,
    "All shortest routes between two items merged, and some in full.",
    {
        "start": "Key of the first item.",
        "end": "Key of the last item.",
        "length": "How many edges the shortest has; null where there is no route.",
        "count": "How many shortest routes there are.",
        "items": "Keys of the items on them, by distance.",
        "links": "The edges on them.",
        "routes": "Keys along each of the shortest routes that were asked for; later ones may be longer by two edges.",
    },
    explained=True,
)
VARIANTS: Final = published(
    Variants,
    "The longest paths in time from an item to a goal, longest first.",
    {
        "root": "Key of the item.",
        "goal": "Key of the goal.",
        "chains": "The paths; those that delay the goal come first.",
    },
    explained=True,
)

Number = Annotated[int, strawberry.argument(description="How many, 1 to 100.")]


async def _paths(
    info: Info[Context, None],
    start: Annotated[strawberry.ID, strawberry.argument(name="from", description="Key or id of the first item.")],
    end: Annotated[strawberry.ID, strawberry.argument(name="to", description="Key or id of the last item.")],
    kinds: Annotated[
        list[str] | None, strawberry.argument(description="Kinds of edges to follow; all when absent.")
    ] = None,
    k: Number = 3,
    directed: Annotated[
        bool, strawberry.argument(description="Follow edges only from their start to their end.")
    ] = False,
    scope: Scope = None,
) -> Any:
    ends = str(start), str(end)
    return await answered(info, paths, *ends, kinds, _number(k), directed=directed, scope=scope, dated=False)


async def _variants(
    info: Info[Context, None],
    start: Annotated[strawberry.ID, strawberry.argument(name="root", description="Key or id of an item.")],
    goal: Annotated[strawberry.ID, strawberry.argument(description="Key or id of a goal, or of any work.")],
    k: Number = 5,
    scope: Scope = None,
) -> Any:
    return await answered(info, k_paths, str(start), str(goal), _number(k), scope=scope)


def _number(k: int) -> int:
    if not 1 <= k <= MOST:
        raise RefusedError("BAD_USER_INPUT", f"k is {k}; ask for 1 to {MOST}")
    return k


FIELDS: Final = {
    "paths": field(PATHS, "How two items hang together.", resolver=_paths, access=Access.READ),
    "chainVariants": field(
        VARIANTS, "The longest paths in time from an item to a goal.", resolver=_variants, access=Access.READ
    ),
}
