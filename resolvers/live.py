"""The root fields of ``Subscription``: what changes, and what a question's answer becomes while things change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from resolvers import log
from resolvers.access import METADATA, Access
from resolvers.analyses.chains import CHAIN, chains_to
from resolvers.connection import First, page_size
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import TYPES, Made, declare, many
from resolvers.reading import read_one

SETTLE_SECONDS: Final = 0.3
"""Writes often come in bursts: an answer is worked out again when this long has passed since it was found outdated."""

After = Annotated[
    int | None,
    strawberry.argument(description="Number of the last change that the caller knows; what follows now when absent."),
]
Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


async def changes(info: Info[Context, None], after: After = None) -> AsyncIterator[log.Change]:
    """Yield each change, at least once and in order."""
    context = info.context
    start = await context.followed().newest() if after is None else after
    if start < 0:
        raise RefusedError("BAD_USER_INPUT", f"after is {start}, but changes are numbered from 1: begin after 0")
    async for page in context.followed().changes(start):
        context.forget()
        for one in await log.shown(context.store, context.viewer, page):
            yield one


async def item(info: Info[Context, None], id: Id) -> AsyncIterator[Any]:  # noqa: A002
    """Yield an item as it is, and again whenever it has changed."""
    async for one in _current(info.context, lambda: read_one(info, "Item", "id", str(id))):
        yield one


async def goal(info: Info[Context, None], id: Id) -> AsyncIterator[Any]:  # noqa: A002
    """Yield a goal as it is, and again whenever it, or what is asked of it, has changed."""
    async for one in _current(info.context, lambda: read_one(info, "Goal", "id", str(id))):
        yield one


async def blocking_chains(
    info: Info[Context, None],
    goal: Annotated[strawberry.ID, strawberry.argument(description="Key or id of a goal, or of any work.")],
    first: First = 10,
) -> AsyncIterator[Any]:
    """Yield what holds a goal back, and again whenever that has changed."""
    limit = page_size(first)
    async for one in _current(info.context, lambda: chains_to(info.context, str(goal), limit)):
        yield one


async def _current(context: Context, ask: Callable[[], Awaitable[Any]]) -> AsyncIterator[Any]:
    """Yield an answer, and each later one; what is asked of it decides which of them differ (``distinct``)."""
    context.distinct = True
    seq = await context.followed().newest()
    while True:
        yield await ask()
        await context.followed().moved(seq)
        await asyncio.sleep(SETTLE_SECONDS)
        # Read before the answer is worked out: what is written meanwhile is looked at once more.
        seq = await context.followed().newest()
        context.forget()


def _make_subscription() -> Made:
    made: Made = type("Subscription", (), {"__module__": __name__})
    fields = {
        "changes": (log.Change, "The change log as it grows.", changes),
        "item": (TYPES["Item"] | None, "An item, and what becomes of it.", item),
        "goal": (TYPES["Goal"] | None, "A goal, and what becomes of it.", goal),
        "blockingChains": (many(CHAIN), "What holds a goal back, as that changes.", blocking_chains),
    }
    subscription: Any = strawberry.subscription
    declare(
        made,
        {
            name: subscription(
                resolver=resolver, description=description, graphql_type=annotation, metadata={METADATA: Access.READ}
            )
            for name, (annotation, description, resolver) in fields.items()
        },
    )
    return strawberry.type(made, description="Everything that can be followed.")


Subscription = _make_subscription()
