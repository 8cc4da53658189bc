"""Recurring work: spawning an operation's occurrences by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import strawberry

from graph.errors import Problem
from graph.records.history import Author
from graph.values import Type as ValueType
from graph.values import check
from graph.writing.operations import find_operation, spawn
from resolvers.context import Context
from resolvers.items import field
from resolvers.mutations.inputs import NAME, given, make_input
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload, user_error
from resolvers.mutations.requests import now_of
from resolvers.scalars import Instant

MAX_AHEAD: Final = 5 * 366 * 86_400_000
"""How far ahead occurrences may be spawned, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Spawning(Written):
    """What became of a request to spawn occurrences; ``more`` are left for another request."""

    more: bool = False


async def _spawn(context: Context, value: Any) -> Spawning:
    now = now_of(context)
    try:
        until = int(str(check(ValueType.INSTANT, value.until)))
    except ValueError as error:
        return _refused("INVALID_VALUE", f"until: {error}", "until")
    if until > now + MAX_AHEAD:
        return _refused("INVALID_VALUE", "until: this is more than 5 years ahead", "until")
    operation = await find_operation(context.store, context.viewer.sight, str(value.id))
    if operation is None:
        return _refused("NOT_FOUND", f"there is no operation {value.id}", "id")
    author = Author(context.viewer.subject, context.request_id)
    found = await spawn(context.store, context.workspace, until=until, now=now, only=operation, author=author)
    if not found:
        return Spawning()
    (one,) = found
    return Spawning(one.ids, one.change_seq, [user_error(problem) for problem in one.problems], one.more)


def _refused(code: str, message: str, name: str) -> Spawning:
    return Spawning(errors=[user_error(Problem(code, message, field=name))])


FIELDS: Final = {
    "generateOccurrences": mutation(
        make_input(
            "GenerateOccurrencesInput",
            "Which occurrences to spawn.",
            {
                "id": given(strawberry.ID, f"Which operation. {NAME}"),
                "until": given(Instant, "Up to this instant, 5 years ahead at most."),
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
