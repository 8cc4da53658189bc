"""``duplicates``: items that may be the same."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Duplicate, Duplicates, duplicates
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

published(
    Duplicate,
    "Two open items whose titles say nearly the same.",
    {
        "key": "Key of the older one.",
        "title": "Its title.",
        "kind": "Its kind.",
        "other": "Key of the other one.",
        "other_title": "Its title.",
        "other_kind": "Its kind.",
        "similarity": "How alike the titles are, 0 to 1.",
        "shared": "Words that both have, the rarest first.",
    },
    explained=True,
)
DUPLICATES: Final = published(
    Duplicates,
    "Items that may be the same, the most alike first.",
    {"pairs": "Pairs of items.", "total": "How many pairs there are."},
    explained=True,
)


async def _duplicates(
    info: Info[Context, None],
    least: Annotated[float, strawberry.argument(description="How alike titles must be, more than 0, at most 1.")] = 0.6,
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    return await answered(info, duplicates, scope=scope, dated=False, least=least, limit=page_size(first))


FIELDS: Final = {
    "duplicates": field(
        DUPLICATES, "Open items whose titles say nearly the same, and that no edge joins; compared by words.",
        resolver=_duplicates, access=Access.READ,
    ),
}  # fmt: skip
