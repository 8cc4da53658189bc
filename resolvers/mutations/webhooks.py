"""Webhooks: made, paused, tried, sent again and revoked, by administrators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import strawberry

from graph.errors import BatchRefusedError, Problem
from graph.records import webhooks
from resolvers.access import Access
from resolvers.context import Context
from resolvers.courier import Sent
from resolvers.hooks import OPERATIONS, Wish, found, make, send_again, try_out
from resolvers.items import field, many
from resolvers.mutations.inputs import NAME, given, left, make_input, values_of
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import UserError, user_error
from resolvers.mutations.requests import now_of
from resolvers.webhooks import ShownWebhook, shown_hook

_ERRORS: Final = "What is wrong with the request, nothing if it was done."
_ID: Final = {"id": given(strawberry.ID, "Which webhook.")}


@strawberry.type(description="What became of a request to make a webhook.")
class CreateWebhookPayload:
    """What became of a request to make a webhook."""

    webhook: ShownWebhook | None = field(ShownWebhook | None, "The webhook.", default=None)
    secret: str | None = field(
        str | None, "What its messages are signed with (`whsec_…`): shown this once.", default=None
    )
    user_errors: list[UserError] = field(many(UserError), _ERRORS, default_factory=list)


@strawberry.type(description="What became of a request to pause a webhook, or to let it go on.")
class UpdateWebhookPayload:
    """What became of a request to change a webhook."""

    webhook: ShownWebhook | None = field(ShownWebhook | None, "The webhook.", default=None)
    user_errors: list[UserError] = field(many(UserError), _ERRORS, default_factory=list)


@strawberry.type(description="What became of a request to remove a webhook.")
class RevokeWebhookPayload:
    """What became of a request to remove a webhook."""

    revoked: bool = field(bool, "Whether it is gone.", default=False)
    user_errors: list[UserError] = field(many(UserError), _ERRORS, default_factory=list)


@strawberry.type(description="What became of one attempt to deliver a message.")
class SendWebhookPayload:
    """What became of one attempt to deliver a message."""

    delivered: bool = field(bool, "Whether the receiver has taken it.", default=False)
    status: int | None = field(int | None, "The HTTP status that it answered with, if it did.", default=None)
    problem: str | None = field(str | None, "Why it was not delivered.", default=None)
    user_errors: list[UserError] = field(many(UserError), _ERRORS, default_factory=list)


def _answering(
    payload: Any, work: Callable[[Context, Any], Awaitable[Any]]
) -> Callable[[Context, Any], Awaitable[Any]]:
    """Return the work with what it is refused for as user errors."""

    async def answered(context: Context, value: Any) -> Any:
        try:
            return await work(context, value)
        except BatchRefusedError as refused:
            return payload(user_errors=[user_error(one) for one in refused.problems])

    return answered


async def _create(context: Context, value: Any) -> CreateWebhookPayload:
    values = values_of(value)
    for name in ("kinds", "operations", "teams"):
        values[name] = tuple(str(one) for one in values.get(name) or ())
    hook = await make(
        context.store, context.sender(), context.workspace, Wish(**values), context.viewer.subject, now_of(context)
    )
    return CreateWebhookPayload(webhook=shown_hook(hook), secret=hook.secret)


async def _update(context: Context, value: Any) -> UpdateWebhookPayload:
    hook = await found(context.store, context.workspace, str(value.id))
    # Whoever lets it go on has repaired something: the next attempt is not to wait.
    becomes = replace(hook, active=value.active, attempts=0, next_at=0, problem=None)
    if not await webhooks.move(context.store, hook, becomes):
        message = "a message was delivered at this moment: try again"
        raise BatchRefusedError([Problem("CONFLICT", message, field="id")])
    return UpdateWebhookPayload(webhook=shown_hook(becomes))


async def _revoke(context: Context, value: Any) -> RevokeWebhookPayload:
    await found(context.store, context.workspace, str(value.id))
    return RevokeWebhookPayload(revoked=await webhooks.revoke(context.store, context.workspace, str(value.id)))


async def _test(context: Context, value: Any) -> SendWebhookPayload:
    return _shown(await try_out(context.store, context.sender(), context.workspace, str(value.id), now_of(context)))


async def _redeliver(context: Context, value: Any) -> SendWebhookPayload:
    return _shown(await send_again(context.store, context.sender(), context.workspace, str(value.id)))


def _shown(sent: Sent) -> SendWebhookPayload:
    return SendWebhookPayload(delivered=sent.delivered, status=sent.status, problem=sent.problem)


FIELDS: Final = {
    "createWebhook": mutation(
        make_input(
            "CreateWebhookInput",
            "What a new webhook is to be.",
            {
                "url": given(str, "Where messages are sent: `https://…`."),
                "kinds": left(many(str), "Kinds of items and edges to be told of, such as `Task` and `BLOCKS`."),
                "operations": left(many(str), f"What has to happen to them: {', '.join(OPERATIONS)}."),
                "scope": left(strawberry.ID, f"The item in or below which changes count. {NAME}"),
                "teams": left(many(strawberry.ID), "Teams whose own items it is told of, too. Ids or keys."),
                "after": left(int, "Number of the change after which to begin; what follows now when absent."),
            },
        ),
        CreateWebhookPayload,
        "Let an address be told of changes, each message signed with a secret.",
        _answering(CreateWebhookPayload, _create),
        access=Access.ADMIN,
    ),
    "updateWebhook": mutation(
        make_input(
            "UpdateWebhookInput",
            "What becomes of a webhook.",
            {**_ID, "active": given(bool, "Whether messages are sent; if not, they wait.")},
        ),
        UpdateWebhookPayload,
        "Pause a webhook, or let it go on where it was.",
        _answering(UpdateWebhookPayload, _update),
        access=Access.ADMIN,
    ),
    "revokeWebhook": mutation(
        make_input("RevokeWebhookInput", "Which webhook to remove.", dict(_ID)),
        RevokeWebhookPayload,
        "Remove a webhook, its secret and its undelivered messages for good.",
        _answering(RevokeWebhookPayload, _revoke),
        access=Access.ADMIN,
    ),
    "testWebhook": mutation(
        make_input("TestWebhookInput", "Which webhook to try.", dict(_ID)),
        SendWebhookPayload,
        "Send a message that tells nothing, and tell how the receiver answered.",
        _answering(SendWebhookPayload, _test),
        access=Access.ADMIN,
    ),
    "redeliverWebhook": mutation(
        make_input(
            "RedeliverWebhookInput", "Which message to send again.",
            {"id": given(strawberry.ID, "Id of the message that was given up.")},
        ),
        SendWebhookPayload,
        "Try once more to deliver a message that was given up.",
        _answering(SendWebhookPayload, _redeliver),
        access=Access.ADMIN,
    ),
}  # fmt: skip
