"""Removes items for good; the log keeps what they were, so that the past can still be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graph import cypher
from graph.batch import Ref
from graph.records.directory import Known
from graph.records.history import EdgeChange, NodeChange
from graph.rules.validation import arrived_edge
from graph.writing.draft import Draft

MAX_EDGES: Final = 100_000
"""Most edges at items that are purged at once."""


async def plan_purging(draft: Draft, refs: Sequence[Ref]) -> list[Known]:
    """Return the items to purge."""
    await draft.directory.look_up(draft.transaction, refs)
    items: dict[str, Known] = {}
    for ref in refs:
        item = draft.find(ref)
        if item is None:
            draft.problem("NOT_FOUND", f"there is no item {ref}", field="id")
        else:
            items[item.id] = item
    draft.outcome.about += items
    return list(items.values())


async def purge(draft: Draft, items: Sequence[Known]) -> None:
    """Remove items and their edges."""
    if not items:
        return
    draft.memory.ties.forget()
    ids = [item.id for item in items]
    rows = await draft.transaction.rows(
        cypher.EDGES_WITH_ENDS, workspace=draft.settings.id, ids=ids, first=MAX_EDGES + 1
    )
    if len(rows) > MAX_EDGES:
        draft.problem("TOO_MANY", f"more than {MAX_EDGES} edges would go: purge fewer items at once")
        draft.refuse_if_broken()
    await draft.memory.read_states(draft.transaction, draft.settings.id, items)
    for (start, _), kind, (end, _), values in rows:
        draft.edge_changes.append(EdgeChange(kind, start, end, "remove", arrived_edge(values), {}))
        draft.memory.edges[start, kind, end] = None
    draft.node_changes += [
        NodeChange(item.id, item.label, "purge", dict(draft.memory.states[item.id]), {}) for item in items
    ]
    await draft.transaction.rows(cypher.PURGE, workspace=draft.settings.id, ids=ids)
    for item in items:
        draft.directory.forget(item)
