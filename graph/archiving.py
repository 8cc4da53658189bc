"""Archiving and restoring items."""

from __future__ import annotations

from collections.abc import Sequence

from graph import cypher
from graph.acyclicity import EdgeName
from graph.batch import Ref
from graph.draft import Draft
from graph.history import NodeChange


async def set_archived(draft: Draft, refs: Sequence[Ref], *, archived: bool) -> list[EdgeName]:
    """Archive or restore items; return the edges that restored ones bring back."""
    if not refs:
        return []
    await draft.directory.look_up(draft.transaction, refs)
    items = {item.id: item for ref in refs if (item := draft.directory[ref])}
    for ref in refs:
        if draft.directory[ref] is None:
            draft.problem("NOT_FOUND", f"there is no item {ref}")
    changing = [item for item in items.values() if item.archived is not archived]
    at = draft.now if archived else None
    rows = await draft.transaction.rows(
        cypher.SET_ARCHIVED,
        workspace=draft.settings.id,
        ids=sorted(item.id for item in changing),
        at=at,
        now=draft.now,
    )
    for item_id, label, was, updated in rows:
        before, after = ({}, {"archivedAt": at}) if archived else ({"archivedAt": was}, {})
        before, after = before | {"updatedAt": updated}, after | {"updatedAt": draft.now}
        operation = "archive" if archived else "restore"
        draft.node_changes.append(NodeChange(item_id, label, operation, before, after))
    draft.outcome.archived += len(rows) if archived else 0
    draft.outcome.restored += 0 if archived else len(rows)
    if archived:
        return []
    names = await draft.transaction.rows(cypher.EDGES_AT, workspace=draft.settings.id, ids=[row[0] for row in rows])
    return [(start, kind, end) for kind, start, end in names]
