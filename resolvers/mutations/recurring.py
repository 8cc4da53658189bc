"""Recurring work: spawning an operation's occurrences by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import strawberry

from graph.errors import BatchRefusedError, Problem
from graph.values import Type as ValueType
from graph.values import check
from graph.writing.operations import occurrences
from resolvers.context import Context
from resolvers.items import field
from resolvers.mutations.inputs import IDEMPOTENCY_KEY, NAME, given, make_input
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload, user_error
from resolvers.mutations.requests import now_of, ref, request_of
from resolvers.scalars import Instant

MAX_AHEAD: Final = 5 * 366 * 86_400_000
"""How far ahead occurrences may be spawned, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Spawning(Written):
    """What became of a request to spawn occurrences; ``more`` are left for another request."""

    more: bool = False


async def _spawn(context: Context, value: Any) -> Spawning:
    try:
        until = _until(value, now_of(context))
        work = occurrences(ref(value.id), until, now_of(context))
        done = await context.commit(request_of(context, "generateOccurrences", value, work))
    except BatchRefusedError as refused:
        return Spawning(errors=[user_error(one) for one in dict.fromkeys(refused.problems)])
    return Spawning(done.about, done.change_seq, more=done.more)


def _until(value: Any, now: int) -> int:
    """Return up to when occurrences are asked for, in epoch milliseconds.

    Raises:
        BatchRefusedError: It is no instant, or too far ahead.

    """
    try:
        until = int(str(check(ValueType.INSTANT, value.until)))
    except ValueError as error:
        raise BatchRefusedError([Problem("INVALID_VALUE", f"until: {error}", field="until")]) from None
    if until > now + MAX_AHEAD:
        raise BatchRefusedError([Problem("INVALID_VALUE", "until: this is more than 5 years ahead", field="until")])
    return until


FIELDS: Final = {
    "generateOccurrences": mutation(
        make_input(
            "GenerateOccurrencesInput",
            "Which occurrences to spawn.",
            {
                "id": given(strawberry.ID, f"Which operation. {NAME}"),
                "until": given(Instant, "Up to this instant, 5 years ahead at most."),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload(
            "GenerateOccurrencesPayload",
            "a request to spawn occurrences",
            more=field(bool, "Whether occurrences are left for another request: at most 100 are spawned at once."),
        ),
        "Spawn an operation's occurrences that are not spawned yet, late ones included. Doing it twice adds nothing.",
        _spawn,
    ),
}
