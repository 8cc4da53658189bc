"""Archiving and restoring items."""

from __future__ import annotations

from collections.abc import Sequence

from graph import cypher
from graph.batch import Batch, Ref
from graph.records.directory import Known
from graph.records.history import NodeChange
from graph.rules.ties import EdgeName
from graph.writing.draft import Draft


async def plan_archiving(draft: Draft, batch: Batch) -> tuple[list[Known], list[Known]]:
    """Return the items to archive and those to restore, without those that are so already."""
    await draft.directory.look_up(draft.transaction, [*batch.archive, *batch.restore])
    archive, restore = _items(draft, batch.archive), _items(draft, batch.restore)
    draft.restoring = {item.id for item in restore}
    draft.outcome.about += [item.id for item in (*archive, *restore)]
    return [item for item in archive if not item.archived], [item for item in restore if item.archived]


def _items(draft: Draft, refs: Sequence[Ref]) -> list[Known]:
    items: dict[str, Known] = {}
    for ref in refs:
        item = draft.find(ref)
        if item is None:
            draft.problem("NOT_FOUND", f"there is no item {ref}")
        else:
            items[item.id] = item
    return list(items.values())


async def set_archived(draft: Draft, items: Sequence[Known], *, archived: bool) -> list[EdgeName]:
    """Archive or restore items; return the edges that restored ones bring back."""
    if not items:
        return []
    draft.memory.ties.forget()
    at = draft.now if archived else None
    ids = sorted(item.id for item in items)
    rows = await draft.transaction.rows(cypher.SET_ARCHIVED, workspace=draft.settings.id, ids=ids, at=at, now=draft.now)
    for item_id, label, was, updated in rows:
        before, after = ({}, {"archivedAt": at}) if archived else ({"archivedAt": was}, {})
        before, after = before | {"updatedAt": updated}, after | {"updatedAt": draft.now}
        draft.node_changes.append(NodeChange(item_id, label, "archive" if archived else "restore", before, after))
    for item in items:
        _remember(draft, item, at)
    draft.outcome.archived += len(rows) if archived else 0
    draft.outcome.restored += 0 if archived else len(rows)
    if archived:
        return []
    names = await draft.transaction.rows(cypher.EDGES_AT, workspace=draft.settings.id, ids=ids)
    return [(start, kind, end) for kind, start, end in names]


def _remember(draft: Draft, item: Known, at: int | None) -> None:
    """Let later drafts in the same transaction know the item as it is now."""
    known = draft.directory[Ref("id", item.id)] or item
    draft.directory.add(known._replace(archived=at is not None, version=known.version + 1))
    state = draft.memory.states.get(item.id)
    if state is not None:
        changed = {**state, "archivedAt": at, "updatedAt": draft.now, "version": state["version"] + 1}
        draft.memory.states[item.id] = {name: value for name, value in changed.items() if value is not None}
