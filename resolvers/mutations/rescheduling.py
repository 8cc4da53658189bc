"""New dates and everything that they move, written as they were previewed."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import strawberry

from analytics import Cascade, reschedule
from graph.errors import BatchRefusedError, ConflictError, Problem
from graph.writing.redating import NewDates, apply_dates
from graph.writing.writer import Plan
from resolvers.analyses.reschedule import RescheduleChange, redates
from resolvers.context import Context
from resolvers.items import many
from resolvers.mutations.inputs import IDEMPOTENCY_KEY, given, left, make_input, values_of
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload, user_error
from resolvers.mutations.requests import request_of

_ATTEMPTS: Final = 4
"""How often a cascade is worked out anew when others were faster."""


async def _apply(context: Context, value: Any) -> Written:
    refused: BatchRefusedError | None = None
    for _ in range(_ATTEMPTS):
        try:
            outcome = await context.commit(request_of(context, "applyReschedule", value, await _plan(context, value)))
        except ConflictError as conflict:
            refused = conflict
        except BatchRefusedError as error:
            refused = error
            break
        else:
            return Written(outcome.about, outcome.change_seq)
    return Written(errors=[user_error(one) for one in (refused.problems if refused else ())])


async def _plan(context: Context, value: Any) -> Plan:
    """Work the cascade out on the newest state. What is wrong with it is said when its turn comes to be written.

    Until then it may show that the same request was done before, and has its answer.
    """
    snapshot = await context.snapshots.current()
    hidden, keep = context.viewer.hidden(snapshot), [str(one) for one in values_of(value).get("keep") or ()]
    try:
        asked = redates(value.changes)
        found = await asyncio.to_thread(reschedule, snapshot, asked, today=context.today(), keep=keep, hidden=hidden)
    except KeyError as error:
        return _refusing(BatchRefusedError([Problem("NOT_FOUND", str(error.args[0]), field="changes")]))
    except ValueError as error:
        return _refusing(BatchRefusedError([Problem("INVALID_VALUE", str(error), field="changes")]))
    if found.token != value.token:
        message = "these are not the dates that would be written now: preview them again"
        return _refusing(BatchRefusedError([Problem("CONFLICT", message, field="token")]))
    return _writing(found, snapshot.seq)


def _writing(found: Cascade, seq: int) -> Plan:
    dates = [
        NewDates(
            one.id,
            None if one.new_start is None or one.new_start == one.start else one.new_start.isoformat(),
            None if one.new_due is None or one.new_due == one.due else one.new_due.isoformat(),
            one.new_duration,
        )
        for one in found.moved
    ]
    return apply_dates(dates, seq, frozenset(found.rests_on()))


def _refusing(error: BatchRefusedError) -> Plan:
    async def plan(draft: object) -> Any:
        raise error

    return Plan(plan)


FIELDS: Final = {
    "applyReschedule": mutation(
        make_input(
            "ApplyRescheduleInput",
            "New dates that were previewed.",
            {
                "changes": given(many(RescheduleChange), "What is to get new dates, as it was previewed."),
                "keep": left(many(strawberry.ID), "Keys or ids of items whose dates must stay, as it was previewed."),
                "token": given(str, "The preview's token."),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload("ApplyReschedulePayload", "a request to write new dates"),
        "Write new dates and all dates that they move, all or none. If by now other dates would be written than the "
        "preview showed, nothing is (`CONFLICT`).",
        _apply,
    ),
}
