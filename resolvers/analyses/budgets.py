"""``budgets``: money spent against money granted, rolled up over parts."""

from __future__ import annotations

from typing import Any, Final

from strawberry.types import Info

from analytics import Budget, Budgets, budgets
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

published(
    Budget,
    "One item's money in one currency; null for amounts that nobody gave.",
    {
        "key": "The item's key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "currency": "ISO 4217 code; null where none is named.",
        "budget": "Its own budget, else the sum of its parts' budgets.",
        "spent": "What it says was spent, else the sum of what its parts did.",
        "parts_budget": "The sum of its parts' budgets.",
        "parts_spent": "The sum of what its parts have spent.",
        "granted": "Whether the budget is its own.",
        "over": "By how much the larger of what it and what its parts have spent exceeds the budget; 0 if it does not.",
    },
    explained=True,
)
BUDGETS: Final = published(
    Budgets,
    "Money spent against money granted; currencies are never mixed.",
    {"budgets": "Items with money, their own or their parts': those most over their budget, relative to it, first."},
    explained=True,
)


async def _budgets(info: Info[Context, None], scope: Scope = None, first: First = DEFAULT_PAGE) -> Any:
    return await answered(info, budgets, scope=scope, limit=page_size(first), dated=False)


FIELDS: Final = {
    "budgets": field(BUDGETS, "What was spent against what was granted.", resolver=_budgets, access=Access.READ),
}
