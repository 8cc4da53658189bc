"""The workspace itself and its change log."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Annotated, Any

import orjson
import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from graph.records import history
from graph.records.calendar_store import read_calendars
from graph.records.sight import seen_among
from graph.rules.validation import properties_of
from graph.snapshots.snapshot import Snapshot
from graph.store import Store
from graph.values import Type, millis_to_instant
from resolvers.access import Viewer
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import field, many
from resolvers.past import snapshot_at
from resolvers.policies import Calendar, Policy, shown_calendar, shown_policy
from resolvers.scalars import Instant, StatusCategory


@strawberry.type(description="One of a workspace's own status names.")
class Status:
    """One of a workspace's own status names."""

    name: str = field(str, "The name.")
    category: Any = field(StatusCategory, "What it means to every analysis.")


async def _calendars(root: Workspace, info: Info[Context, None]) -> list[Any]:
    then = root.then
    found = await read_calendars(info.context.store, info.context.workspace) if then is None else then.calendars
    return [shown_calendar(one) for one in found]


AsOf = Annotated[
    str | None,
    strawberry.argument(description="A day (its end, UTC), an instant, or the number of a change; now when absent."),
]


@strawberry.type(description="The workspace that this API serves.")
class Workspace:
    """The workspace that this API serves."""

    id: strawberry.ID = field(strawberry.ID, "Its name.")
    seq: int = field(int, "Number of the last change; it grows by one with each write.")
    statuses: list[Status] = field(list[Status], "Its status names; of the past, those that came later too.")
    import_run: str | None = field(str | None, "The import that is going on, if one is: reads may see half of it.")
    policy: Any = field(Policy, "What analyses walk and count in.")

    calendars: list[Any] = field(many(Calendar), "Its calendars besides the policy's, by id.", resolver=_calendars)

    then: strawberry.Private[Snapshot | None] = None
    """Where it is as of a moment of the past."""


@strawberry.type(description="The state of the graph that analyses answer from.")
class SnapshotState:
    """The state of the graph that analyses answer from."""

    seq: int = field(int, "Number of the last change that is in it.")
    items: int = field(int, "Number of items that the viewer may see, updates apart.")
    edges: int = field(int, "Number of edges between them.")
    import_run: str | None = field(
        str | None, "The import that was going on when it was read, if one was: then it may hold half of it."
    )


@strawberry.type(description="One altered item.")
class ItemChange:
    """One altered item."""

    id: strawberry.ID = field(strawberry.ID, "Its id.")
    kind: str = field(str, "Its kind afterwards.")
    operation: str = field(str, "create, update, archive, restore or purge.")
    before: Any = field(JSON, "The properties that changed, as they were.")
    after: Any = field(JSON, "The same properties as they are since.")


@strawberry.type(description="One altered edge.")
class EdgeChange:
    """One altered edge."""

    kind: str = field(str, "Its kind.")
    start: strawberry.ID = field(strawberry.ID, "Id of its start.")
    end: strawberry.ID = field(strawberry.ID, "Id of its end.")
    operation: str = field(str, "add, update or remove.")
    before: Any = field(JSON, "The properties that changed, as they were.")
    after: Any = field(JSON, "The same properties as they are since.")


@strawberry.type(description="One write transaction.")
class Change:
    """One write transaction."""

    seq: int = field(int, "Its number; numbers have no gaps but where nothing of a change may be seen.")
    at: Any = field(Instant, "When it was written.")
    actor: str = field(str, "Who wrote it.")
    request: str = field(str, "The request that it belongs to, as logs name it.")
    source: str = field(str, "Where it came from.")
    system: bool = field(bool, "Whether workatlas wrote it by itself.")
    items: list[ItemChange] = field(list[ItemChange], "The altered items that the viewer may see.")
    edges: list[EdgeChange] = field(list[EdgeChange], "The altered edges between items that the viewer may see.")


@strawberry.type(description="Changes in the order in which they were written.")
class Changes:
    """Changes in the order in which they were written."""

    nodes: list[Change] = field(list[Change], "The changes.")
    last_seq: int = field(int, "Number to go on from: the next page's `after`.")
    has_more: bool = field(bool, "Whether more changes follow.")


async def workspace(info: Info[Context, None], as_of: AsOf = None) -> Workspace:
    """Return the workspace's settings, as they are or as they were."""
    settings = await info.context.settings()
    then = None if as_of is None else await snapshot_at(info.context, as_of)
    statuses = [Status(name=name, category=StatusCategory(str(one))) for name, one in settings.statuses.items()]
    return Workspace(
        id=strawberry.ID(settings.id),
        seq=settings.seq if then is None else then.seq,
        statuses=statuses,
        import_run=settings.import_run if then is None else None,
        policy=shown_policy(settings.policy if then is None else then.policy),
        then=then,
    )


async def snapshot(info: Info[Context, None], as_of: AsOf = None) -> SnapshotState:
    """Return how much of a snapshot the viewer sees."""
    current = await snapshot_at(info.context, as_of)
    hidden = info.context.viewer.hidden(current)
    if hidden is None:
        items, edges = len(current), len(current.edges.kind)
    else:
        items = int((~hidden).sum())
        edges = int((~(hidden[current.edges.start] | hidden[current.edges.end])).sum())
    return SnapshotState(seq=current.seq, items=items, edges=edges, import_run=current.import_run)


async def changes(
    info: Info[Context, None],
    after: Annotated[int, strawberry.argument(description="Number of the change after which to begin.")] = 0,
    first: First = DEFAULT_PAGE,
) -> Changes:
    """Return a page of the change log."""
    if after < 0:
        raise RefusedError("BAD_USER_INPUT", f"after is {after}, but changes are numbered from 1: begin after 0")
    limit = page_size(first)
    context = info.context
    found = await history.read(context.store, context.workspace, after, limit + 1)
    page = found[:limit]
    return Changes(
        nodes=await shown(context.store, context.viewer, page),
        last_seq=page[-1].seq if page else after,
        has_more=len(found) > limit,
    )


async def shown(store: Store, viewer: Viewer, page: Sequence[history.Change]) -> list[Change]:
    """Return changes as the viewer may see them.

    Numbers stay those of the log: a change of which nothing is seen leaves a gap, and reading goes on after it.
    """
    seen = await _seen(store, viewer, page)
    changes = [_change(one, seen) for one in page]
    return [one for one in changes if viewer.sees_all or one.items or one.edges]


async def _seen(store: Store, viewer: Viewer, page: Sequence[history.Change]) -> Container[str]:
    """Return the ids that changes may name: of items that are seen now. What was purged only administrators read."""
    ids = touched(page)
    return ids if viewer.sees_all else await seen_among(store, viewer.sight, ids)


def touched(page: Sequence[history.Change]) -> set[str]:
    """Return the ids of all items that changes name."""
    items = {item.id for one in page for item in one.nodes}
    return items | {end for one in page for edge in one.edges for end in (edge.start, edge.end)}


def _change(one: history.Change, seen: Container[str]) -> Change:
    return Change(
        seq=one.seq,
        at=millis_to_instant(one.at),
        actor=one.actor,
        request=one.request,
        source=one.source,
        system=one.system,
        items=[
            ItemChange(
                id=strawberry.ID(item.id),
                kind=item.kind,
                operation=item.operation,
                before=_native(item.kind, item.before),
                after=_native(item.kind, item.after),
            )
            for item in one.nodes
            if item.id in seen
        ],
        edges=[
            EdgeChange(
                kind=edge.kind,
                start=strawberry.ID(edge.start),
                end=strawberry.ID(edge.end),
                operation=edge.operation,
                before=_native(edge.kind, edge.before),
                after=_native(edge.kind, edge.after),
            )
            for edge in one.edges
            if edge.start in seen and edge.end in seen
        ],
    )


def _native(kind: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return logged properties as the API writes them: instants and JSON objects are stored differently."""
    declared = properties_of(kind)
    answer = dict(state)
    for name, value in state.items():
        if value is None or name not in declared:
            continue
        if declared[name].type is Type.INSTANT:
            answer[name] = millis_to_instant(value)
        elif declared[name].type is Type.JSON:
            answer[name] = orjson.loads(value)
    return answer
