"""Reads a whole workspace back as records: the inverse of a load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson

from graph import cypher
from graph.batch import EdgeRow, FieldNames, NodeRow, PolicyValues, Record, Ref, StatusNames
from graph.calendars import WorkingCalendars
from graph.model import NODES
from graph.policy import Policy
from graph.records import workspace
from graph.records.calendar_store import read_calendars
from graph.records.directory import UNRESOLVED
from graph.rules.lifecycle import DEFAULT_STATUSES
from graph.rules.validation import KEPT_BY_WRITER, State, arrived, arrived_edge, properties_of
from graph.store import Store
from graph.values import Type, millis_to_instant

PAGE: Final = 5_000
"""Items per query."""


async def records(store: Store, workspace_id: str) -> AsyncIterator[Record]:
    """Yield what is needed to load the workspace again elsewhere: its words, policy, calendars, items and edges.

    Archived items are left out, and so are placeholders: the edges that lead to them bring them back. Everything else
    of items and edges is kept, ids and keys included. Bounded memory; O(n + m).

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    for word in words(await workspace.read(store, workspace_id)):
        yield word
    for calendar in await read_calendars(store, workspace_id):
        yield WorkingCalendars({calendar.id: calendar})
    async for page in _pages(store, workspace_id):
        for row in await _nodes(store, workspace_id, page):
            yield row
    async for page in _pages(store, workspace_id):
        for edge in await _edges(store, workspace_id, page):
            yield edge


def words(settings: workspace.Workspace) -> list[Record]:
    """Return a workspace's own status names, custom fields and policy."""
    own = {name: category.value for name, category in settings.statuses.items() if name not in DEFAULT_STATUSES}
    found: list[Record] = [StatusNames(own)] if own else []
    if settings.fields:
        found.append(FieldNames({name: kind.value for name, kind in settings.fields.items()}))
    if settings.policy != Policy():
        found.append(PolicyValues(settings.policy.native()))
    return found


async def _pages(store: Store, workspace_id: str) -> AsyncIterator[list[list[Any]]]:
    after = ""
    while page := (await store.rows(cypher.PAGE_OF_ITEMS, workspace=workspace_id, after=after, first=PAGE))[0][0]:
        yield page
        after = page[-1][0]


async def _nodes(store: Store, workspace_id: str, page: list[list[Any]]) -> list[NodeRow]:
    ids: dict[str, list[str]] = defaultdict(list)
    for item, label, placeholder in page:
        if not placeholder:
            ids[label].append(item)
    rows: list[NodeRow] = []
    for label, some in ids.items():
        found = await store.rows(cypher.read_nodes(NODES[label]), workspace=workspace_id, ids=some)
        rows += [node_row(label, arrived(label, values)) for _, values in found[0][0]]
    return rows


def node_row(label: str, state: State) -> NodeRow:
    """Return the row that makes an item of this stored state again."""
    properties = native(label, state)
    identity = {name: str(properties.pop(name)) for name in ("id", "key", "source", "sourceId")}
    for name in KEPT_BY_WRITER:
        properties.pop(name, None)
    return NodeRow(label, identity["source"], identity["sourceId"], properties, identity["key"], identity["id"])


async def _edges(store: Store, workspace_id: str, page: list[list[Any]]) -> list[EdgeRow]:
    ids = [item for item, _, _ in page]
    found = await store.rows(cypher.EDGES_LEAVING, workspace=workspace_id, ids=ids)
    return [
        EdgeRow(kind, reference(*start), reference(*end), native(kind, arrived_edge(values)))
        for start, kind, end, values in found[0][0]
    ]


def reference(item: str, source: str, source_id: str, placeholder: bool) -> Ref:
    """Return how to refer to an item: by id, or as its first reference did while it is a placeholder."""
    if not placeholder:
        return Ref("id", item)
    return Ref("key" if source == UNRESOLVED else source, source_id)


def native(kind: str, state: State) -> State:
    """Return a stored state in native form: instants as ISO text, JSON as objects. O(properties)."""
    values = dict(state)
    for name, one in properties_of(kind).items():
        if name in values and one.type is Type.INSTANT:
            values[name] = millis_to_instant(values[name])
        elif name in values and one.type is Type.JSON:
            values[name] = orjson.loads(values[name])
    return values
