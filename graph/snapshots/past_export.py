"""Reads a whole workspace back as it was at a moment of its past: the newest state, with later changes taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator

from graph import cypher
from graph.batch import EdgeRow, NodeRow, Record, Ref
from graph.calendars import WorkingCalendar, WorkingCalendars
from graph.model import NODES
from graph.reading.export import PAGE, native, node_row, reference, words
from graph.records import history, workspace
from graph.records.calendar_store import read_calendars
from graph.rules.validation import State, arrived, arrived_edge, properties_of
from graph.snapshots.past import Moment, seq_at
from graph.snapshots.replay import ItemState, Replay, inverse
from graph.store import Store


async def records_as_of(store: Store, workspace_id: str, when: Moment) -> AsyncIterator[Record]:
    """Yield what ``export.records`` would have yielded at a moment; status names and fields are those of today.

    Exact, whoever writes meanwhile: what is read may be of any time before the last change that is taken back. Memory
    grows with the whole graph. O(n + m + changes since then).

    Raises:
        BeyondHistoryError: The log does not reach back, or has not come, that far.
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    seq = await seq_at(store, workspace_id, when)
    calendars = {one.id: one for one in await read_calendars(store, workspace_id)}
    settings = await workspace.read(store, workspace_id)
    then = await _everything(store, workspace_id)
    async for change in history.stream(store, workspace_id, seq, newest_first=True):
        then.take(inverse(change))
    settings.policy = settings.policy.changed(then.policy)
    for record in words(settings):
        yield record
    kept = {name: one for name, one in calendars.items() if name not in then.calendars}
    changed = {name: state for name, state in then.calendars.items() if state is not None}
    kept |= {name: WorkingCalendar.from_dict(name, state) for name, state in changed.items()}
    for name in sorted(kept):
        yield WorkingCalendars({name: kept[name]})
    for row in _nodes(then):
        yield row
    for edge in _edges(then):
        yield edge


async def _everything(store: Store, workspace_id: str) -> Replay:
    """Return all items, archived ones too, and all edges as they are now."""
    found, after = Replay(), ""
    while page := (await store.rows(cypher.PAGE_OF_ALL_ITEMS, workspace=workspace_id, after=after, first=PAGE))[0][0]:
        after, ids = page[-1][0], [item for item, _ in page]
        for label in {label for _, label in page}:
            some = [item for item, one in page if one == label]
            rows = await store.rows(cypher.read_nodes(NODES[label]), workspace=workspace_id, ids=some)
            found.items |= {item: ItemState(label, arrived(label, values), whole=True) for item, values in rows[0][0]}
        edges = await store.rows(cypher.EDGES_WITH_STATE_AT, workspace=workspace_id, ids=ids)
        found.edges |= {(start, kind, end): arrived_edge(values) for start, kind, end, values in edges[0][0]}
    return found


def _present(then: Replay) -> dict[str, ItemState]:
    return {item: one for item, one in then.items.items() if one.whole and not one.gone and not one.archived}


def _nodes(then: Replay) -> list[NodeRow]:
    items = sorted(_present(then).items())
    return [node_row(one.kind, _of(one)) for _, one in items if not one.state.get("placeholder")]


def _of(one: ItemState) -> State:
    """Return an item's properties: what is left of another kind, or was removed, is none."""
    return {name: one.state[name] for name in properties_of(one.kind) if one.state.get(name) is not None}


def _edges(then: Replay) -> list[EdgeRow]:
    refs: dict[str, Ref] = {}
    for item, one in _present(then).items():
        state = one.state
        refs[item] = reference(item, state["source"], state["sourceId"], bool(state.get("placeholder")))
    return [
        EdgeRow(kind, refs[start], refs[end], native(kind, state))
        for (start, kind, end), state in sorted(then.edges.items(), key=lambda one: one[0])
        if state is not None and start in refs and end in refs
    ]
