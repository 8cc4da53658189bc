"""Findings: accepted until a day, and taken up again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import strawberry
from strawberry.types import Info

from graph.errors import Problem, UnknownFindingError
from graph.records.findings import Decided, Finding, accept, reopen
from graph.records.history import Author
from graph.snapshots.patching import rows_of
from resolvers.analyses.findings import StoredFinding, shown
from resolvers.context import Context
from resolvers.items import field
from resolvers.mutations.inputs import given, left, make_input, values_of
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload, user_error
from resolvers.mutations.requests import now_of
from resolvers.scalars import Day


@dataclass(frozen=True, slots=True)
class Judged(Written):
    """What became of a decision on a finding."""

    finding: Finding | None = None


async def _accept(context: Context, value: Any) -> Judged:
    try:
        until = date.fromisoformat(str(value.until))
    except ValueError:
        return _refused("INVALID_VALUE", f"until: {value.until!r} is no day: write it as 2026-12-24", "until")
    if until < context.today():
        return _refused("INVALID_VALUE", f"until: {until} has passed", "until")
    reason = values_of(value).get("reason") or ""
    return await _decided(context, value, lambda **who: accept(context.store, context.workspace, value.id, until,
                                                               reason, **who))  # fmt: skip


async def _reopen(context: Context, value: Any) -> Judged:
    return await _decided(context, value, lambda **who: reopen(context.store, context.workspace, value.id, **who))


async def _decided(context: Context, value: Any, decide: Callable[..., Awaitable[Decided]]) -> Judged:
    author = Author(context.viewer.subject, context.request_id)
    try:
        done = await decide(author=author, now=now_of(context), sight=context.viewer.sight)
    except UnknownFindingError:
        return _refused("NOT_FOUND", f"there is no finding {value.id} that is seen now", "id")
    return Judged(change_seq=done.seq, finding=done.finding)


def _refused(code: str, message: str, name: str) -> Judged:
    return Judged(errors=[user_error(Problem(code, message, field=name))])


async def _finding(root: Any, info: Info[Context, None]) -> Any:
    if root.finding is None:
        return None
    snapshot = await info.context.snapshots.current()
    rows = rows_of(snapshot, root.finding.subjects).values()
    return shown(root.finding, [snapshot.items.key[row] for row in rows if row >= 0])


_ID: Final = given(strawberry.ID, "Which finding.")
_FINDING: Final = field(StoredFinding | None, "The finding as it is now.", resolver=_finding)

FIELDS: Final = {
    "acceptFinding": mutation(
        make_input(
            "AcceptFindingInput",
            "Which finding is accepted, and until when.",
            {
                "id": _ID,
                "until": given(Day, "The last day for which it is accepted; after it the finding is open again."),
                "reason": left(str, "Why."),
            },
        ),
        payload("AcceptFindingPayload", "a request to accept a finding", items=False, finding=_FINDING),
        "Accept a finding until the end of a day: until then it is not open, though it is seen. Doing it twice is no "
        "further change.",
        _accept,
    ),
    "reopenFinding": mutation(
        make_input("ReopenFindingInput", "Which finding is open again.", {"id": _ID}),
        payload("ReopenFindingPayload", "a request to reopen a finding", items=False, finding=_FINDING),
        "Take back that a finding was accepted.",
        _reopen,
    ),
}
