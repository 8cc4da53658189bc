"""What a webhook is told: its next message, made of the change log as somebody without a role of their own sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from graph.records import history
from graph.records.sight import inside_among
from graph.records.webhooks import DeadLetter, Webhook
from graph.store import Store
from graph.values import millis_to_instant
from resolvers import log
from resolvers.access import Role, Viewer
from resolvers.courier import Message

VERSION: Final = 1
"""Version of the payload; raised when what a receiver reads from it would mean something else."""
CHANGES: Final = "workatlas.changes"
TEST: Final = "workatlas.test"
MAX_CHANGES: Final = 100
"""Changes of one message."""
MAX_ALTERED: Final = 500
"""Altered items and edges of one message; a larger change comes alone, and without its values."""
MAX_BYTES: Final = 512 * 1024
"""Longest message that tells values."""


@dataclass(frozen=True, slots=True)
class Coming:
    """What follows a webhook's cursor: everything up to number ``last``; no message where nothing of it is for it."""

    last: int
    message: Message | None = None


async def coming(store: Store, hook: Webhook) -> Coming:
    """Return what a webhook is to be told next. Two or three round trips.

    Raises:
        StoreError: The database failed.

    """
    last = hook.pending or await _end(store, hook)
    if last == hook.cursor:
        return Coming(last)
    return Coming(last, await between(store, hook, hook.cursor, last))


async def again(store: Store, hook: Webhook, letter: DeadLetter) -> Message | None:
    """Return a message that was given up, as it reads by now. Raises as ``coming``."""
    return await between(store, hook, letter.after, letter.last)


async def between(store: Store, hook: Webhook, after: int, last: int) -> Message | None:
    """Return the message on the changes after one number up to another; ``None`` where none of them is for the hook."""
    page = await history.read(store, hook.workspace, after, last - after)
    viewer = Viewer(f"webhook {hook.id}", hook.workspace, Role.VIEWER, teams=frozenset(hook.teams))
    inside = None
    if hook.scope is not None:
        inside = await inside_among(store, viewer.sight, log.touched(page), hook.scope)
    found = [_filtered(one, hook, inside) for one in await log.shown(store, viewer, page)]
    changes = [one for one in found if one.items or one.edges]
    if not changes:
        return None
    at = millis_to_instant(page[-1].at)
    body = _body(hook, CHANGES, at, _data(after, last, changes, complete=True))
    altered = sum(len(one.items) + len(one.edges) for one in changes)
    if altered > MAX_ALTERED or len(body) > MAX_BYTES:
        body = _body(hook, CHANGES, at, _data(after, last, [_short(one) for one in changes], complete=False))
    return Message(identity(hook, after, last), body.decode())


def identity(hook: Webhook, after: int, last: int) -> str:
    """Return the identity of the message on these changes: the same however often it is made."""
    return f"msg_{hook.id}_{after}_{last}"


def trial(hook: Webhook, now: int) -> Message:
    """Return a message that tells nothing, to try a receiver."""
    data = {"after": hook.cursor, "lastSeq": hook.cursor, "complete": True, "changes": []}
    return Message(f"msg_{hook.id}_test_{now}", _body(hook, TEST, millis_to_instant(now), data).decode())


async def _end(store: Store, hook: Webhook) -> int:
    """Return the number of the last change that goes into the next message."""
    last, room = hook.cursor, MAX_ALTERED
    for seq, altered in await history.sizes(store, hook.workspace, hook.cursor, hook.cursor + MAX_CHANGES):
        if last != hook.cursor and altered > room:
            break
        last, room = seq, room - altered
    return last


def _filtered(change: log.Change, hook: Webhook, inside: frozenset[str] | None) -> log.Change:
    def wanted(one: log.ItemChange | log.EdgeChange, *ids: str) -> bool:
        return (
            (not hook.kinds or one.kind in hook.kinds)
            and (not hook.operations or one.operation in hook.operations)
            and (inside is None or not inside.isdisjoint(ids))
        )

    return replace(
        change,
        items=[one for one in change.items if wanted(one, one.id)],
        edges=[one for one in change.edges if wanted(one, one.start, one.end)],
    )


def _short(change: log.Change) -> log.Change:
    """Return a change without values, and no longer than a message may be."""
    return replace(
        change,
        items=[replace(one, before={}, after={}) for one in change.items[:MAX_ALTERED]],
        edges=[replace(one, before={}, after={}) for one in change.edges[:MAX_ALTERED]],
    )


def _data(after: int, last: int, changes: Sequence[log.Change], *, complete: bool) -> dict[str, Any]:
    return {"after": after, "lastSeq": last, "complete": complete, "changes": changes}


def _body(hook: Webhook, kind: str, at: str, data: dict[str, Any]) -> bytes:
    whose = {"workspace": hook.workspace, "webhook": hook.id}
    return orjson.dumps({"type": kind, "version": VERSION, "timestamp": at, "data": whose | data})
