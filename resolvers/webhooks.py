"""Webhooks over GraphQL, for administrators: which there are, how far they are, and what could not be delivered."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from graph.records import webhooks
from graph.records.webhooks import DeadLetter, Webhook
from graph.values import millis_to_instant
from resolvers.access import Access
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field, many
from resolvers.scalars import Instant


@strawberry.type(name="Webhook", description="An address that is told of changes, each message signed.")
class ShownWebhook:
    """An address that is told of changes; its secret is not among what is shown."""

    id: strawberry.ID = field(strawberry.ID, "Its id.")
    url: str = field(str, "Where messages are sent.")
    kinds: list[str] = field(list[str], "Kinds of items and edges that it is told of; all of them if there are none.")
    operations: list[str] = field(list[str], "What has to happen to them; anything if there are none.")
    scope: strawberry.ID | None = field(strawberry.ID | None, "Id of the item in or below which changes count.")
    teams: list[strawberry.ID] = field(
        list[strawberry.ID], "Ids of the teams whose own items it is told of, too, beside what everybody sees."
    )
    active: bool = field(bool, "Whether messages are sent; if not, they wait.")
    created_at: Any = field(Instant, "When it was made.")
    created_by: str = field(str, "Who made it.")
    last_seq: int = field(int, "Number of the last change that is done with: told, given up, or not for it.")
    failed_attempts: int = field(int, "How often the message that comes next was tried in vain.")
    next_attempt_at: Any = field(Instant | None, "When it is tried again, if it failed.")
    problem: str | None = field(str | None, "Why it failed.")


@strawberry.type(name="DeadLetter", description="A message that was given up after too many attempts.")
class ShownLetter:
    """A message that was given up."""

    id: strawberry.ID = field(strawberry.ID, "What it is sent again by; also its `webhook-id`.")
    webhook: strawberry.ID = field(strawberry.ID, "Id of the webhook.")
    after: int = field(int, "It is on the changes after this number,")
    last_seq: int = field(int, "up to this one.")
    attempts: int = field(int, "How often it was tried.")
    at: Any = field(Instant, "When it was given up.")
    problem: str = field(str, "Why.")


def shown_hook(hook: Webhook) -> ShownWebhook:
    """Return a webhook as administrators see it."""
    return ShownWebhook(
        id=strawberry.ID(hook.id),
        url=hook.url,
        kinds=list(hook.kinds),
        operations=list(hook.operations),
        scope=None if hook.scope is None else strawberry.ID(hook.scope),
        teams=[strawberry.ID(one) for one in hook.teams],
        active=hook.active,
        created_at=millis_to_instant(hook.created_at),
        created_by=hook.created_by,
        last_seq=hook.cursor,
        failed_attempts=hook.attempts,
        next_attempt_at=millis_to_instant(hook.next_at) if hook.attempts else None,
        problem=hook.problem,
    )


def shown_letter(letter: DeadLetter) -> ShownLetter:
    """Return a message that was given up as administrators see it."""
    return ShownLetter(
        id=strawberry.ID(letter.id),
        webhook=strawberry.ID(letter.webhook),
        after=letter.after,
        last_seq=letter.last,
        attempts=letter.attempts,
        at=millis_to_instant(letter.at),
        problem=letter.problem,
    )


async def _webhooks(info: Info[Context, None]) -> list[ShownWebhook]:
    context = info.context
    return [shown_hook(one) for one in await webhooks.listed(context.store, context.workspace)]


async def _dead_letters(
    info: Info[Context, None],
    webhook: Annotated[strawberry.ID | None, strawberry.argument(description="Of this webhook only.")] = None,
    first: First = DEFAULT_PAGE,
) -> list[ShownLetter]:
    context = info.context
    found = await webhooks.dead(context.store, context.workspace, webhook and str(webhook), page_size(first))
    return [shown_letter(one) for one in found]


FIELDS: Final = {
    "webhooks": field(many(ShownWebhook), "All webhooks, the oldest first.", resolver=_webhooks, access=Access.ADMIN),
    "deadLetters": field(
        many(ShownLetter), "Messages that were given up, the oldest first.", resolver=_dead_letters,
        access=Access.ADMIN,
    ),
}  # fmt: skip
