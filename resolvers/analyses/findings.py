"""``findings`` and ``conflicts``: what is wrong or threatens, as stored, and as the newest state shows it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Conflict, Conflicts, Expanded, conflicts
from analytics.expansion.scope import Focus
from graph.records.findings import Finding, State, read_findings
from graph.snapshots.patching import rows_of
from graph.values import millis_to_instant
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, computed, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field, many
from resolvers.scalars import Day, Instant, enum_of

published(
    Conflict,
    "Dates, statuses or edges that contradict each other.",
    {"kind": "What sort of contradiction it is.", "keys": "Keys of the items concerned.", "facts": "Its facts."},
    explained=True,
)
CONFLICTS: Final = published(
    Conflicts,
    "Every place where dates, statuses and edges contradict each other.",
    {"conflicts": "The contradictions, by kind and then by keys.", "counts": "How many there are of each kind."},
    explained=True,
)
FindingState: Final = enum_of(
    "FindingState",
    "How a finding stands.",
    {
        State.OPEN.name: "It is seen.",
        State.ACCEPTED.name: "It is seen, and accepted for now.",
        State.RESOLVED.name: "It is seen no longer.",
    },
)
"""The states of ``graph.records.findings``, each with what it means."""


@strawberry.type(name="Finding", description="Something that is wrong or threatens, from when it was first seen.")
class StoredFinding:
    """Something that is wrong or threatens, from when it was first seen."""

    id: strawberry.ID = field(strawberry.ID, "What it is accepted by.")
    kind: str = field(str, "What sort of finding it is.")
    keys: list[str] = field(list[str], "Keys of the items concerned that are still there.")
    state: Any = field(FindingState, "How it stands.")
    first_seen: Any = field(Instant, "When it was first seen.")
    last_seen: Any = field(Instant, "When it was last seen.")
    accepted_until: Any = field(Day | None, "The last day for which it is accepted.")
    accepted_by: str | None = field(str | None, "Who accepted it.")
    reason: str | None = field(str | None, "Why it was accepted.")
    resolved_at: Any = field(Instant | None, "When it was no longer seen.")
    explanation: str = field(str, "One sentence about it.")


States = Annotated[
    list[FindingState] | None,  # type: ignore[valid-type]
    strawberry.argument(description="How they may stand; open ones when absent."),
]


async def _findings(
    info: Info[Context, None], states: States = None, scope: Scope = None, first: First = DEFAULT_PAGE
) -> Any:
    limit, context = page_size(first), info.context
    snapshot = await context.snapshots.current()
    hidden = context.viewer.hidden(snapshot)
    focus = await computed(lambda: Focus.of(Expanded.of(snapshot), scope, hidden))
    found = []
    asked: list[Any] = list(states or ())
    wanted = [State[one.name] for one in asked] or [State.OPEN]
    for one in await read_findings(context.store, snapshot.workspace, wanted):
        rows = [row for row in rows_of(snapshot, one.subjects).values() if row >= 0]
        # What is no longer there could have been anybody's: only who sees all may read of it.
        seen = len(rows) == len(set(one.subjects)) and not (hidden is not None and hidden[rows].any())
        inside = scope is None or bool(focus.items[rows].any())
        if inside and (context.viewer.sees_all or seen):
            found.append(shown(one, [snapshot.items.key[row] for row in rows]))
    return found[:limit]


def shown(one: Finding, keys: list[str]) -> StoredFinding:
    """Return a stored finding as clients see it; ``keys`` are those of the items concerned."""
    return StoredFinding(
        id=strawberry.ID(one.id),
        kind=one.kind,
        keys=keys,
        state=FindingState[one.state.name],
        first_seen=millis_to_instant(one.first_seen),
        last_seen=millis_to_instant(one.last_seen),
        accepted_until=None if one.accepted_until is None else one.accepted_until.isoformat(),
        accepted_by=one.accepted_by,
        reason=one.reason,
        resolved_at=None if one.resolved_at is None else millis_to_instant(one.resolved_at),
        explanation=one.sentence,
    )


async def _conflicts(info: Info[Context, None], scope: Scope = None, first: First = DEFAULT_PAGE) -> Any:
    return await answered(info, conflicts, scope=scope, limit=page_size(first))


FIELDS: Final = {
    "findings": field(many(StoredFinding), "Stored findings, by kind.", resolver=_findings, access=Access.READ),
    "conflicts": field(CONFLICTS, "Where the graph contradicts itself now.", resolver=_conflicts, access=Access.READ),
}
