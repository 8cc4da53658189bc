"""From a mutation to the write path and back: one request in, its answer or what was wrong with it out."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final

import strawberry

from graph.batch import Batch, Ref
from graph.errors import BatchRefusedError, Problem
from graph.records.history import Author
from graph.writing.writer import Plan, Request
from resolvers.context import Context
from resolvers.mutations.inputs import given_fields, plain
from resolvers.mutations.payloads import Written, user_error

MAX_BATCH: Final = 500
"""Most entries of one batch."""
MAX_KEY: Final = 200
"""Longest idempotency key in characters."""


async def perform(context: Context, name: str, value: Any, make: Callable[[], Batch | Plan]) -> Written:
    """Do what a mutation's input asks for; what is wrong with it becomes user errors.

    ``make`` turns the input into a batch or a plan.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed, or too many writes wait.

    """
    try:
        outcome = await context.commit(request_of(context, name, value, make()))
    except BatchRefusedError as refused:
        return Written(errors=[user_error(one) for one in dict.fromkeys(refused.problems)])
    return Written(outcome.about, outcome.change_seq)


def request_of(context: Context, name: str, value: Any, work: Batch | Plan) -> Request:
    """Return the request of a mutation with this input.

    Raises:
        BatchRefusedError: Its idempotency key is none.

    """
    viewer = context.viewer
    key = plain(getattr(value, "idempotencyKey", None))
    if key is strawberry.UNSET:
        key = None
    if key is not None and not 0 < len(key) <= MAX_KEY:
        message = f"an idempotency key has 1 to {MAX_KEY} characters"
        raise BatchRefusedError([Problem("INVALID_VALUE", message, field="idempotencyKey")])
    return Request(
        work,
        Author(viewer.subject, context.request_id),
        now_of(context),
        # Two people's keys do not meet.
        None if key is None else f"{viewer.subject} {key}",
        "" if key is None else digest_of(name, value),
        viewer.sight,
    )


async def perform_each(context: Context, name: str, value: Any, make: Callable[[], Sequence[Batch]]) -> Written:
    """Do the entries of a batch each for itself; what is wrong with one becomes its user errors. Raises as ``perform``.

    ``make`` turns the input into the entries' batches.
    """
    try:
        whole = request_of(context, name, value, Batch())
        works = make()
    except BatchRefusedError as refused:
        return Written(errors=[user_error(one) for one in refused.problems])
    requests = [
        replace(whole, work=work, key=f"{whole.key} {number}" if whole.key else None)
        for number, work in enumerate(works)
    ]
    results = await asyncio.gather(*(context.commit(one) for one in requests), return_exceptions=True)
    ids: list[str | None] = []
    errors: dict[Problem, None] = {}
    last = 0
    for result in results:
        if isinstance(result, BatchRefusedError):
            ids.append(None)
            errors |= dict.fromkeys(result.problems)
        elif isinstance(result, BaseException):
            raise result
        else:
            ids.append(result.about[0] if result.about else None)
            last = max(last, result.change_seq or 0)
    return Written(ids, last or None, [user_error(one) for one in errors])


def together(batches: Sequence[Batch]) -> Batch:
    """Return the rows of several batches as one."""
    nodes = [row for one in batches for row in one.nodes]
    edges = [row for one in batches for row in one.edges]
    return Batch(nodes, edges)


def now_of(context: Context) -> int:
    """Return the time in epoch milliseconds."""
    return round(context.now().timestamp() * 1000)


def digest_of(name: str, value: Any) -> str:
    """Return a digest of what a mutation asks for, its idempotency key apart."""
    # Not orjson: what it refuses (a whole number of more than 64 bits) is for the write path to say something of.
    text = json.dumps([name, _canonical(value)], sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    fields = given_fields(value)
    if fields is None:
        return plain(value)
    return {name: _canonical(one) for name, one in fields.items() if name != "idempotencyKey"}


def ref(text: str) -> Ref:
    """Return what a client means by an id or key."""
    return Ref.parse(str(text))


def own_id(text: str | None, where: str = "") -> str | None:
    """Return the id that a client chose for a new item, in the one form that ids have.

    Raises:
        BatchRefusedError: It is no UUID.

    """
    if text is None:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError:
        message = "an id of your own has to be a UUID, best of version 7"
        raise BatchRefusedError([Problem("INVALID_VALUE", message, where, "id")]) from None


def bounded(entries: Sequence[Any], field: str) -> Sequence[Any]:
    """Return the entries of a batch.

    Raises:
        BatchRefusedError: There are none, or too many.

    """
    if not 0 < len(entries) <= MAX_BATCH:
        message = f"a batch has 1 to {MAX_BATCH} entries, not {len(entries)}: send several"
        raise BatchRefusedError([Problem("TOO_MANY", message, field=field)])
    return entries
