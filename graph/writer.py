"""The one write path: rows in, a validated, logged transaction out.

Mutations, importers and restore all come through here. A write takes the workspace's lock first, so there is one writer
per workspace at a time: nothing that it reads can change before it commits.
"""

from __future__ import annotations

from collections.abc import Mapping

from graph import cypher, history, workspace
from graph.acyclicity import EdgeName, find_cycle, find_kind_cycle
from graph.archiving import set_archived
from graph.batch import Batch
from graph.calendar_store import write_calendars
from graph.calendars import WorkingCalendar
from graph.directory import Address, Directory, Known
from graph.draft import Draft, Mode, Outcome
from graph.edge_drafts import plan_edges, write_planned
from graph.errors import CycleError
from graph.history import Author
from graph.idempotency import keep_answer, kept_answer
from graph.lifecycle import Category
from graph.model import EDGES, Role
from graph.node_drafts import plan_nodes, write_nodes
from graph.store import Store, Transaction
from graph.values import Type

__all__ = ["Mode", "Outcome", "write", "write_within"]


async def write(
    store: Store,
    workspace_id: str,
    batch: Batch,
    *,
    mode: Mode = Mode.EDIT,
    author: Author | None = None,
    now: int,
    known: Mapping[Address, Known] | None = None,
    whole_at: int | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Write a batch in one transaction and append one change to the log.

    ``now`` is in epoch milliseconds: it is made outside, because the transaction may run several times. ``known`` are
    items that an earlier batch of the same load resolved; as long as the workspace's last change is number ``whole_at``
    they are all that it holds, and nothing else is looked for.

    Raises:
        ConflictError: An item is not at the expected version (EDIT).
        CycleError: The batch would close a cycle (EDIT).
        BatchRefusedError: The batch breaks another rule (EDIT); all of them are in ``problems``.
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed; nothing was written.

    """
    author = author or Author()

    async def work(transaction: Transaction) -> Outcome:
        state = await workspace.lock(transaction, workspace_id, author.request)
        directory = Directory(workspace_id, known, complete=state.seq == whole_at)
        outcome = await write_within(Draft(transaction, state, mode, author, now, directory), batch)
        if dry_run:
            raise _DryRun(outcome)
        return outcome

    try:
        return await store.write(work)
    except _DryRun as stopped:
        return stopped.outcome


class _DryRun(Exception):  # noqa: N818 - not an error: it rolls the transaction back
    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


async def write_within(draft: Draft, batch: Batch) -> Outcome:
    """Write a batch within its draft's transaction, which holds the workspace's lock; raises what ``write`` does.

    The steps come in an order in which each finds what it needs.
    """
    if batch.idempotency_key and (kept := await kept_answer(draft, batch)):
        return kept
    settings = draft.settings
    counters = dict(settings.counters)
    settings_changed = _declare(draft, batch)
    nodes = await plan_nodes(draft, batch.nodes)
    edges, placeholders = await plan_edges(draft, batch.edges)
    calendars = _checked_calendars(draft, batch)
    draft.refuse_if_broken()
    await write_nodes(draft, [*nodes, *placeholders])
    new_edges = await write_planned(draft, edges)
    altered = await write_calendars(draft.transaction, settings.id, calendars)
    new_edges += await set_archived(draft, batch.restore, archived=False)
    await set_archived(draft, batch.archive, archived=True)
    draft.refuse_if_broken()
    if draft.mode is Mode.EDIT:
        await _refuse_cycles(draft, new_edges)
    if settings_changed or counters != settings.counters:
        await workspace.save_settings(draft.transaction, settings)
    if draft.node_changes or draft.edge_changes or altered:
        draft.outcome.change_seq = await history.append(
            draft.transaction,
            settings.id,
            draft.now,
            draft.author,
            draft.node_changes,
            draft.edge_changes,
            altered,
        )
    if batch.idempotency_key:
        await keep_answer(draft, batch)
    return draft.outcome


def _declare(draft: Draft, batch: Batch) -> bool:
    """Add the batch's status names and custom fields to the workspace's; a known one keeps its meaning."""
    before = (dict(draft.settings.statuses), dict(draft.settings.fields))
    for name, category in batch.statuses.items():
        if category not in tuple(Category):
            draft.problem("INVALID_VALUE", f"status {name!r}: {category!r} is not one of {', '.join(Category)}")
        elif draft.settings.statuses.setdefault(name, Category(category)) != category:
            stands = draft.settings.statuses[name]
            draft.problem("STATUS_MEANS_OTHER", f"status {name!r} is {stands} in this workspace, not {category}")
    for name, kind in batch.fields.items():
        if kind not in tuple(Type):
            draft.problem("INVALID_VALUE", f"custom field {name!r}: {kind!r} is not one of {', '.join(Type)}")
        elif draft.settings.fields.setdefault(name, Type(kind)) != kind:
            stands_as = draft.settings.fields[name]
            draft.problem("FIELD_MEANS_OTHER", f"custom field {name!r} is a {stands_as} here, not a {kind}")
    return before != (draft.settings.statuses, draft.settings.fields)


def _checked_calendars(draft: Draft, batch: Batch) -> dict[str, WorkingCalendar | None]:
    """Return the batch's calendars in their stored form, those apart that break a rule."""
    checked: dict[str, WorkingCalendar | None] = {}
    for name, calendar in batch.calendars.items():
        try:
            checked[name] = calendar and WorkingCalendar.from_dict(name, calendar.to_dict())
        except ValueError as error:
            draft.problem("INVALID_VALUE", f"calendar {name!r}: {error}")
    return checked


async def _refuse_cycles(draft: Draft, added: list[EdgeName]) -> None:
    structural = [edge for edge in added if EDGES[edge[1]].acyclic and EDGES[edge[1]].role is not Role.NONE]
    emptied = await _emptied(draft)
    cycle: list[str] = []
    if structural or emptied:
        cycle = await find_cycle(draft.transaction, draft.settings.id, structural, emptied)
    # Containment is also looked at by itself: the expanded graph holds no teams and no portfolios.
    alone = {kind.name for kind in EDGES.values() if kind.acyclic and kind.role in {Role.NONE, Role.CONTAINS}}
    for kind in dict.fromkeys(edge[1] for edge in added if edge[1] in alone):
        if not cycle:
            own = [edge for edge in added if edge[1] == kind]
            cycle = await find_kind_cycle(draft.transaction, draft.settings.id, kind, own)
    if cycle:
        rows = await draft.transaction.rows(cypher.KEYS_OF_IDS, workspace=draft.settings.id, ids=cycle)
        keys = dict(row for row in rows)
        raise CycleError([keys[item] for item in cycle])


async def _emptied(draft: Draft) -> set[str]:
    """Return the items that lost a part: its edge was removed, or it was archived."""
    archived = {one.id for one in draft.node_changes if one.operation == "archive"}
    lost = [(one.kind, one.start, one.end) for one in draft.edge_changes if one.operation == "remove"]
    if archived:
        rows = await draft.transaction.rows(cypher.EDGES_AT, workspace=draft.settings.id, ids=sorted(archived))
        lost += [(kind, start, end) for kind, start, end in rows if start in archived]
    return {whole for kind, _, whole in lost if EDGES[kind].role is Role.CONTAINS}
