"""What is done with webhooks by hand, over GraphQL and from the command line alike: making, trying, sending again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from graph.errors import BatchRefusedError, Problem
from graph.model import EDGES, NODES
from graph.records import webhooks, workspace
from graph.records.sight import identified
from graph.records.webhooks import Webhook
from graph.store import Store
from resolvers.courier import Courier, RefusedAddressError, Sent
from resolvers.messages import again, trial

OPERATIONS: Final = ("create", "update", "archive", "restore", "add", "remove")
"""What may happen to items (the first four) and edges (``add``, ``update`` and ``remove``)."""
MAX_HOOKS: Final = 100
"""Most webhooks of a workspace."""
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Wish:
    """What a webhook is to be; ``scope`` and ``teams`` by id or key, ``after`` the number of a change or ``None``."""

    url: str
    kinds: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    scope: str | None = None
    teams: tuple[str, ...] = ()
    after: int | None = None


async def make(store: Store, courier: Courier, workspace_id: str, wish: Wish, who: str, now: int) -> Webhook:
    """Store a new webhook, and return it with its secret; it is told what follows change ``after``, or now.

    Raises:
        BatchRefusedError: It cannot be what it is to be.
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    await _check(courier, wish)
    if len(await webhooks.listed(store, workspace_id)) >= MAX_HOOKS:
        raise _refused("TOO_MANY", f"a workspace may have {MAX_HOOKS} webhooks: revoke one first", "url")
    newest = (await workspace.read(store, workspace_id)).seq
    if wish.after is not None and not 0 <= wish.after <= newest:
        raise _refused("INVALID_VALUE", f"changes are numbered up to {newest}: begin after one of them", "after")
    named = [*wish.teams, *([wish.scope] if wish.scope else [])]
    ids = await identified(store, workspace_id, named)
    hook = Webhook(
        id=secrets.token_hex(8),
        workspace=workspace_id,
        url=wish.url,
        secret=f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}",
        kinds=wish.kinds,
        operations=wish.operations,
        scope=_id(ids, wish.scope, "scope") if wish.scope else None,
        teams=tuple(_id(ids, one, "teams", "Team") for one in wish.teams),
        created_at=now,
        created_by=who,
        cursor=newest if wish.after is None else wish.after,
    )
    await webhooks.create(store, hook)
    return hook


async def try_out(store: Store, courier: Courier, workspace_id: str, hook_id: str, now: int) -> Sent:
    """Send a webhook's receiver a message that tells nothing, and return what became of it.

    Raises:
        BatchRefusedError: There is no such webhook.
        StoreError: The database failed.

    """
    hook = await found(store, workspace_id, hook_id)
    return await courier.send(hook, trial(hook, now))


async def send_again(store: Store, courier: Courier, workspace_id: str, letter_id: str) -> Sent:
    """Try once more to deliver a message that was given up; delivered, it is no longer among those. Raises as above.

    It goes out at once, after later ones: a receiver tells by the numbers of the changes.
    """
    letter = await webhooks.find_dead(store, workspace_id, letter_id)
    if letter is None:
        raise _refused("NOT_FOUND", f"there is no message {letter_id} that was given up", "id")
    hook = await found(store, workspace_id, letter.webhook)
    message = await again(store, hook, letter)
    sent = Sent() if message is None else await courier.send(hook, message)
    if sent.delivered:
        await webhooks.remove_dead(store, letter)
    return sent


async def found(store: Store, workspace_id: str, hook_id: str) -> Webhook:
    """Return the webhook with an id. Raises as above."""
    hook = await webhooks.find(store, workspace_id, hook_id)
    if hook is None:
        raise _refused("NOT_FOUND", f"there is no webhook {hook_id}", "id")
    return hook


async def _check(courier: Courier, wish: Wish) -> None:
    try:
        await courier.check(wish.url)
    except RefusedAddressError as refused:
        raise _refused("INVALID_VALUE", str(refused), "url") from None
    for field, given, known in (
        ("kinds", wish.kinds, NODES.keys() | EDGES.keys()),
        ("operations", wish.operations, set(OPERATIONS)),
    ):
        unknown = sorted(set(given) - known)
        if unknown:
            raise _refused("INVALID_VALUE", f"{unknown[0]!r} is none of {_words(known)}", field)


def _words(known: Iterable[str]) -> str:
    return ", ".join(sorted(known))


def _id(ids: dict[str, tuple[str, str]], name: str, field: str, kind: str | None = None) -> str:
    if name not in ids:
        raise _refused("NOT_FOUND", f"there is no item {name}", field)
    item_id, label = ids[name]
    if kind is not None and label != kind:
        raise _refused("WRONG_KIND", f"{name} is no {kind} but a {label}", field)
    return item_id


def _refused(code: str, message: str, field: str) -> BatchRefusedError:
    return BatchRefusedError([Problem(code, message, field=field)])
