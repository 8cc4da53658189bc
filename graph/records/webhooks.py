"""Webhooks as they are stored: where changes are sent, how far each has come, and what could not be delivered.

A webhook is a cursor in the change log. ``pending`` is the last change of the message that is being delivered: it is
stored before the first attempt, so that whoever goes on after a crash sends the same message under the same identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from graph.store import Rows, Store, Transaction


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook; instants are epoch milliseconds, UTC.

    Empty ``kinds`` and ``operations`` mean all of them; ``scope`` is the id of the item in or below which changes
    count. It is told what everybody in the workspace sees, and what ``teams`` (ids) alone see. ``cursor`` is the number
    of the last change that is done with; ``attempts`` failed so far for the message up to ``pending``, the next one is
    not before ``next_at``, and ``problem`` says why.
    """

    id: str
    workspace: str
    url: str
    secret: str = field(repr=False)
    kinds: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    scope: str | None = None
    teams: tuple[str, ...] = ()
    active: bool = True
    created_at: int = 0
    created_by: str = ""
    cursor: int = 0
    pending: int | None = None
    attempts: int = 0
    next_at: int = 0
    problem: str | None = None

    def moved_to(self, seq: int) -> Webhook:
        """Return it as it is when everything up to a change is done with."""
        return replace(self, cursor=seq, pending=None, attempts=0, next_at=0, problem=None)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up: the changes after number ``after`` up to ``last``, for one webhook."""

    id: str
    workspace: str
    webhook: str
    after: int
    last: int
    attempts: int
    at: int
    problem: str


_FIXED: Final = ("url", "secret", "kinds", "operations", "scope", "teams", "created_at", "created_by")
_MOVING: Final = ("active", "cursor", "pending", "attempts", "next_at", "problem")


def _stored(name: str) -> str:
    """Return the name of a field in the database."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


_HOOK: Final = ", ".join(f"h.{_stored(one)}" for one in ("id", "workspace", *_FIXED, *_MOVING))
_LETTER: Final = ", ".join(f"d.{_stored(one)}" for one in DeadLetter.__slots__)

_CREATE: Final = "CREATE (h:Webhook {id: $id, workspace: $workspace}) SET h += $state"
_LIST: Final = f"MATCH (h:Webhook {{workspace: $workspace}}) RETURN {_HOOK} ORDER BY h.createdAt, h.id"
_FIND: Final = f"MATCH (h:Webhook {{workspace: $workspace, id: $id}}) RETURN {_HOOK}"
_DUE: Final = f"""
MATCH (h:Webhook) WHERE h.active AND h.nextAt <= $now AND ($workspace IS NULL OR h.workspace = $workspace)
MATCH (w:Workspace {{id: h.workspace}}) WHERE h.cursor < w.seq
RETURN {_HOOK} ORDER BY h.nextAt, h.id
"""
_LOCK: Final = "MATCH (h:Webhook {workspace: $workspace, id: $id}) SET h.lockedBy = $id RETURN h.cursor"
_MOVE: Final = "MATCH (h:Webhook {workspace: $workspace, id: $id}) SET h += $state"
_BURY: Final = "MERGE (d:DeadLetter {workspace: $workspace, id: $id}) SET d += $state"
_REVOKE: Final = """
MATCH (h:Webhook {workspace: $workspace, id: $id}) WITH h, h.id AS id
OPTIONAL MATCH (d:DeadLetter {workspace: $workspace, webhook: id}) DETACH DELETE d, h RETURN DISTINCT id
"""
_DEAD: Final = f"""
MATCH (d:DeadLetter {{workspace: $workspace}}) WHERE $webhook IS NULL OR d.webhook = $webhook
RETURN {_LETTER} ORDER BY d.at, d.id LIMIT $first
"""
_FIND_DEAD: Final = f"MATCH (d:DeadLetter {{workspace: $workspace, id: $id}}) RETURN {_LETTER}"
_REMOVE_DEAD: Final = "MATCH (d:DeadLetter {workspace: $workspace, id: $id}) DELETE d"


async def create(store: Store, hook: Webhook) -> None:
    """Store a new webhook.

    Raises:
        StoreError: The database failed.

    """
    await _write(store, _CREATE, id=hook.id, workspace=hook.workspace, state=_state(hook, *_FIXED, *_MOVING))


async def listed(store: Store, workspace: str) -> list[Webhook]:
    """Return a workspace's webhooks, the oldest first."""
    return [_hook(row) for row in await store.rows(_LIST, workspace=workspace)]


async def find(store: Store, workspace: str, hook_id: str) -> Webhook | None:
    """Return the webhook with an id."""
    rows = await store.rows(_FIND, workspace=workspace, id=hook_id)
    return _hook(rows[0]) if rows else None


async def due(store: Store, now: int, workspace: str | None = None) -> list[Webhook]:
    """Return the active webhooks, of one workspace or all, that lag behind their log and need not wait. O(webhooks)."""
    return [_hook(row) for row in await store.rows(_DUE, now=now, workspace=workspace)]


async def move(store: Store, was: Webhook, becomes: Webhook, letter: DeadLetter | None = None) -> bool:
    """Store how far a webhook has come, with the message that was given up, if one was; all or nothing.

    Returns whether that was done: not where it has moved on from ``was`` meanwhile, or is gone.

    Raises:
        StoreError: The database failed.

    """

    async def work(transaction: Transaction) -> bool:
        names = {"workspace": was.workspace, "id": was.id}
        rows = await transaction.rows(_LOCK, **names)
        if not rows or rows[0][0] != was.cursor:
            return False
        if letter is not None:
            state = _state(letter, *DeadLetter.__slots__)
            await transaction.rows(_BURY, workspace=letter.workspace, id=letter.id, state=state)
        await transaction.rows(_MOVE, **names, state=_state(becomes, *_MOVING))
        return True

    return await store.write(work)


async def revoke(store: Store, workspace: str, hook_id: str) -> bool:
    """Remove a webhook, its secret and its dead letters for good; return whether there was such a webhook."""
    return bool(await _write(store, _REVOKE, workspace=workspace, id=hook_id))


async def dead(store: Store, workspace: str, hook_id: str | None = None, first: int = 100) -> list[DeadLetter]:
    """Return messages that were given up, of one webhook or of all, the oldest first."""
    return [DeadLetter(*row) for row in await store.rows(_DEAD, workspace=workspace, webhook=hook_id, first=first)]


async def find_dead(store: Store, workspace: str, letter_id: str) -> DeadLetter | None:
    """Return the message with an id that was given up."""
    rows = await store.rows(_FIND_DEAD, workspace=workspace, id=letter_id)
    return DeadLetter(*rows[0]) if rows else None


async def remove_dead(store: Store, letter: DeadLetter) -> None:
    """Forget a message: it was delivered after all."""
    await _write(store, _REMOVE_DEAD, workspace=letter.workspace, id=letter.id)


async def _write(store: Store, statement: str, **values: Any) -> Rows:
    async def work(transaction: Transaction) -> Rows:
        return await transaction.rows(statement, **values)

    return await store.write(work)


def _state(one: Webhook | DeadLetter, *names: str) -> dict[str, Any]:
    values = {_stored(name): getattr(one, name) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _hook(row: list[Any]) -> Webhook:
    values: dict[str, Any] = dict(zip(("id", "workspace", *_FIXED, *_MOVING), row, strict=True))
    return Webhook(**values | {name: tuple(values[name]) for name in ("kinds", "operations", "teams")})
