"""``summary``: what happened and what matters, each sentence with the items that it rests on."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Section, Statement, Summary, summary
from graph.values import CoarseDate
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, computed, published
from resolvers.connection import page_size
from resolvers.context import Context
from resolvers.items import field
from resolvers.scalars import Day

published(
    Statement,
    "One sentence of a report.",
    {
        "text": "The sentence.",
        "keys": "Keys of the items that it rests on, the first 100.",
        "ids": "Their ids.",
        "count": "How many items it rests on.",
    },
)
published(Section, "Sentences under a heading.", {"title": "The heading.", "statements": "The weightiest first."})
SUMMARY: Final = published(
    Summary,
    "What happened and what matters in a scope and a period.",
    {
        "title": "What the report is on.",
        "scope": "Key of the scope; null for the whole workspace.",
        "since": "First day of the period.",
        "today": "Its last day.",
        "sections": "The report, by section; empty ones are left out.",
        "text": "The whole report as plain text.",
        "markdown": "The whole report as Markdown.",
    },
)


async def _summary(
    info: Info[Context, None],
    scope: Scope = None,
    since: Annotated[Day | None, strawberry.argument(description="First day; a week ago when absent.")] = None,
    first: Annotated[int, strawberry.argument(description="Statements a section holds at most, 1 to 100.")] = 5,
) -> Any:
    limit, today = page_size(first), info.context.today()
    snapshot = await info.context.snapshots.current()
    hidden = info.context.viewer.hidden(snapshot)

    def analysis() -> Summary:
        begin = None if since is None else CoarseDate.parse(str(since)).first
        name = None if scope is None else str(scope)
        return summary(snapshot, name, begin, today=today, limit=limit, hidden=hidden)

    return await computed(analysis)


FIELDS: Final = {
    "summary": field(SUMMARY, "What happened and what matters.", resolver=_summary, access=Access.READ),
}
