"""Takes a change back: what it did is done the other way round, if nobody has touched it since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graph import cypher
from graph.batch import Batch, EdgeRow, NodeRow, Ref
from graph.errors import BatchRefusedError, Problem
from graph.reading.export import native
from graph.records.directory import Known
from graph.records.history import EdgeChange, NodeChange, unpack
from graph.rules.ties import EdgeName
from graph.rules.validation import GIVEN_BY_ROW, KEPT_BY_WRITER, State
from graph.writing.draft import Draft
from graph.writing.plans import found
from graph.writing.writer import Plan

MAX_PARTS: Final = 10_000
"""Most items and edges of a change that can be taken back."""
_REPEATED: Final = KEPT_BY_WRITER | {"updatedAt"}


def undo(seq: int) -> Plan:
    """Take back the change with this number; taking that back in turn brings it about again.

    What it created is archived, what it archived is restored, properties and edges get the values that they had. It is
    refused if one of these is not as the change left it, or if something else was joined to what it created.
    """

    async def plan(draft: Draft) -> Batch:
        nodes, edges = await _change(draft, seq)
        ids = dict.fromkeys([*(one.id for one in nodes), *(end for one in edges for end in (one.start, one.end))])
        items = {item.id: item for item in await _seen(draft, list(ids), seq)}
        await draft.memory.read_states(draft.transaction, draft.settings.id, [items[one.id] for one in nodes])
        names = [(one.start, one.kind, one.end) for one in edges]
        await draft.memory.read_edges(draft.transaction, draft.settings.id, names)
        await _refuse_what_was_touched(draft, nodes, edges, items)
        batch = Batch(free=True, about=[one.id for one in nodes] or list(ids))
        for one in nodes:
            _take_back(batch, one, items[one.id])
        batch.edges = [_edge_back(one) for one in edges]
        return batch

    return Plan(plan)


async def _change(draft: Draft, seq: int) -> tuple[list[NodeChange], list[EdgeChange]]:
    rows = await draft.transaction.rows(cypher.READ_CHANGE, workspace=draft.settings.id, seq=seq)
    if not rows:
        raise _refused("NOT_FOUND", f"there is no change {seq} (any more)")
    nodes, edges, settings = unpack(rows[0][0])
    if settings or not all(_can_be_taken_back(one) for one in nodes):
        what = "purged an item, gave one its identity, or altered settings or calendars"
        message = f"change {seq} {what}: that cannot be taken back"
        raise _refused("NOT_UNDOABLE", message)
    if len(nodes) + len(edges) > MAX_PARTS:
        raise _refused("TOO_MANY", f"change {seq} has more than {MAX_PARTS} parts: it cannot be taken back at once")
    return nodes, edges


def _can_be_taken_back(change: NodeChange) -> bool:
    if change.operation == "purge" or change.was:
        return False
    # An import found out who was meant by a reference.
    altered = change.before.keys() | change.after.keys()
    return change.operation == "create" or altered.isdisjoint(GIVEN_BY_ROW | {"placeholder"})


async def _seen(draft: Draft, ids: list[str], seq: int) -> list[Known]:
    try:
        return await found(draft, [Ref("id", item) for item in ids], ["changeSeq"] * len(ids))
    except BatchRefusedError:
        raise _refused("NOT_FOUND", f"items of change {seq} are not there any more, or not yours to see") from None


async def _refuse_what_was_touched(
    draft: Draft, nodes: Iterable[NodeChange], edges: Iterable[EdgeChange], items: dict[str, Known]
) -> None:
    touched = [items[one.id].key for one in nodes if not _is_as_left(one, draft.memory.states[one.id])]
    for link in edges:
        name: EdgeName = (link.start, link.kind, link.end)
        if draft.memory.edges[name] != (link.after or None):
            touched.append(f"{link.kind} from {items[link.start].key} to {items[link.end].key}")
    created = [one.id for one in nodes if one.operation == "create"]
    if created:
        own = {(one.start, one.kind, one.end) for one in edges}
        rows = await draft.transaction.rows(cypher.EDGES_AT, workspace=draft.settings.id, ids=created)
        touched += [
            f"{kind} at {items[start].key if start in items else items[end].key}"
            for kind, start, end in rows
            if (start, kind, end) not in own
        ]
    if touched:
        more = f" and {len(touched) - 3} more" if len(touched) > 3 else ""
        raise _refused("CHANGED_SINCE", f"changed again since: {', '.join(dict.fromkeys(touched[:3]))}{more}")


def _is_as_left(change: NodeChange, state: State) -> bool:
    """Tell whether an item is as the change left it; a new one as a whole, others in what was altered."""
    names = (change.before.keys() | change.after.keys()) - _REPEATED
    if change.operation == "create":
        names |= state.keys() - _REPEATED
    if change.operation != "update":
        names |= {"archivedAt"}
    return all(state.get(name) == change.after.get(name) for name in names)


def _take_back(batch: Batch, change: NodeChange, item: Known) -> None:
    ref = Ref("id", change.id)
    if change.operation in {"create", "restore"}:
        batch.archive.append(ref)
    if change.operation == "archive":
        batch.restore.append(ref)
    names = (change.before.keys() | change.after.keys()) - _REPEATED
    if change.operation != "create" and names:
        before = native(change.kind, change.before)
        batch.nodes.append(NodeRow("", "", "", {name: before.get(name) for name in names}, of=ref))


def _edge_back(change: EdgeChange) -> EdgeRow:
    before = native(change.kind, change.before)
    values: State = {name: before.get(name) for name in change.before.keys() | change.after.keys()}
    ends = Ref("id", change.start), Ref("id", change.end)
    return EdgeRow(change.kind, *ends, values, remove=change.operation == "add")


def _refused(code: str, message: str) -> BatchRefusedError:
    return BatchRefusedError([Problem(code, message, field="changeSeq")])
