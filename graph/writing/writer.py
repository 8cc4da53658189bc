"""The one write path: rows in, a validated, logged transaction out.

Mutations, importers and restore all come through here. A write takes the workspace's lock first, so there is one writer
per workspace at a time: nothing that it reads can change before it commits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from graph.batch import Batch, Ref
from graph.calendars import WorkingCalendar
from graph.records import history, workspace
from graph.records.calendar_store import write_calendars
from graph.records.directory import Address, Directory, Known
from graph.records.history import Author, NodeChange
from graph.records.sight import Sight
from graph.rules.lifecycle import Category
from graph.rules.ties import EdgeName
from graph.store import Store, Transaction
from graph.values import Type
from graph.writing.archiving import plan_archiving, set_archived
from graph.writing.cycle_check import refuse_cycles
from graph.writing.draft import Draft, Mode, Outcome
from graph.writing.edge_drafts import plan_edges, plan_misfits, read_planned, write_planned
from graph.writing.idempotency import keep_answer, kept_answer
from graph.writing.memory import Memory
from graph.writing.node_drafts import plan_nodes, write_nodes
from graph.writing.purging import plan_purging, purge

__all__ = ["Mode", "Outcome", "Plan", "Request", "digest_of", "write", "write_within"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Makes a batch from what it reads in the transaction that will write it.

    ``looks_for`` are items that it will need, and identities that it will give: they are looked up ahead, with those of
    other requests. ``creates`` are kinds of new items that will need a key.
    """

    make: Callable[[Draft], Awaitable[Batch]]
    looks_for: Sequence[Ref] = ()
    creates: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to be done: a batch, or a plan that makes one when its turn comes.

    ``now`` is in epoch milliseconds and ``author`` has a request id: both are made outside, because a transaction may
    run several times. A ``key`` makes the request safe to send again; ``digest`` then tells whether it is the same one.
    ``sight`` is what of the graph the author may see, and so write to; ``None``: all of it.
    """

    work: Batch | Plan
    author: Author
    now: int
    key: str | None = None
    digest: str = ""
    sight: Sight | None = None


async def write(
    store: Store,
    workspace_id: str,
    work: Batch | Plan,
    *,
    mode: Mode = Mode.EDIT,
    author: Author | None = None,
    now: int,
    known: Mapping[Address, Known] | None = None,
    whole_at: int | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Write a batch, or what a plan makes, in one transaction and append one change to the log.

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
    key = work.idempotency_key if isinstance(work, Batch) else None
    digest = digest_of(work) if isinstance(work, Batch) and key else ""
    request = Request(work, author or Author(), now, key, digest)

    async def done(transaction: Transaction) -> Outcome:
        settings = await workspace.lock(transaction, workspace_id, request.author.request)
        memory = Memory(Directory(workspace_id, known, complete=settings.seq == whole_at))
        counters = dict(settings.counters)
        draft = Draft(transaction, settings, mode, request.author, now, memory)
        outcome = await write_within(draft, request)
        if draft.settings_changed or counters != settings.counters:
            await workspace.save_settings(transaction, settings)
        if dry_run:
            raise _DryRun(outcome)
        return outcome

    try:
        return await store.write(done)
    except _DryRun as stopped:
        return stopped.outcome


class _DryRun(Exception):  # noqa: N818 - not an error: it rolls the transaction back
    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def digest_of(batch: Batch) -> str:
    """Return a digest of what a batch asks for: the same key with another digest is a client's mistake."""
    return blake2b(repr(replace(batch, idempotency_key=None)).encode(), digest_size=16).hexdigest()


async def write_within(draft: Draft, request: Request) -> Outcome:
    """Do what a request asks for, within its draft's transaction, which holds the workspace's lock.

    Whether the settings have to be saved is the caller's to see to. Raises what ``write`` does.
    """
    if request.key and (kept := await kept_answer(draft, request.key, request.digest)):
        return kept
    batch = request.work if isinstance(request.work, Batch) else await request.work.make(draft)
    await _write_batch(draft, batch)
    outcome, settings = draft.outcome, draft.settings
    outcome.more = batch.more
    if batch.about is not None:
        outcome.about = batch.about
    else:
        outcome.about = [item.id for item in outcome.touched] + outcome.about or _ends(outcome.edges)
    changes = (draft.node_changes, draft.edge_changes, draft.other_changes)
    if any(changes):
        settings.seq = outcome.change_seq = settings.seq + 1
        await history.append(draft.transaction, settings.id, settings.seq, draft.now, draft.author, *changes)
    if request.key:
        await keep_answer(draft, request.key, request.digest)
    return outcome


async def _write_batch(draft: Draft, batch: Batch) -> None:
    """Write a batch; the steps come in an order in which each finds what it needs."""
    draft.free = batch.free
    draft.settings_changed = _declare(draft, batch) | _set_policy(draft, batch)
    archive, restore = await plan_archiving(draft, batch)
    purged = await plan_purging(draft, batch.purge)
    nodes = await plan_nodes(draft, batch.nodes)
    edges, placeholders = await plan_edges(draft, batch.edges)
    misfits = await plan_misfits(draft, nodes)
    calendars = _checked_calendars(draft, batch)
    draft.refuse_if_broken()
    await read_planned(draft, [*misfits, *edges], [*nodes, *placeholders])
    draft.begun = draft.transaction.sent
    await write_nodes(draft, [*nodes, *placeholders])
    new_edges = await write_planned(draft, [*misfits, *edges])
    draft.other_changes += await write_calendars(draft.transaction, draft.settings.id, calendars)
    new_edges += await set_archived(draft, restore, archived=False)
    await set_archived(draft, archive, archived=True)
    await purge(draft, purged)
    if draft.mode is Mode.EDIT:
        await refuse_cycles(draft, new_edges)


def _ends(edges: Iterable[EdgeName]) -> list[str]:
    """Return the ids of the items at edges, each once, in their order."""
    return list(dict.fromkeys(end for start, _, stop in edges for end in (start, stop)))


def _declare(draft: Draft, batch: Batch) -> bool:
    """Add the batch's status names and custom fields to the workspace's; a known one keeps its meaning."""
    if not batch.statuses and not batch.fields:
        return False
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


def _set_policy(draft: Draft, batch: Batch) -> bool:
    """Change the workspace's policy; of an import's settings those that are wrong stay as they are."""
    if not batch.policy:
        return False
    before = draft.settings.policy
    for name, value in batch.policy.items():
        try:
            draft.settings.policy = draft.settings.policy.changed({name: value})
        except ValueError as error:
            draft.problem("INVALID_VALUE", str(error), "", name)
    was, now = before.native(), draft.settings.policy.native()
    altered = [name for name in now if was[name] != now[name]]
    if altered:
        change = ({name: was[name] for name in altered}, {name: now[name] for name in altered})
        draft.other_changes.append(NodeChange("policy", "Policy", "update", *change))
    return bool(altered)


def _checked_calendars(draft: Draft, batch: Batch) -> dict[str, WorkingCalendar | None]:
    """Return the batch's calendars in their stored form, those apart that break a rule."""
    checked: dict[str, WorkingCalendar | None] = {}
    for name, calendar in batch.calendars.items():
        try:
            checked[name] = calendar and WorkingCalendar.from_dict(name, calendar.to_dict())
        except ValueError as error:
            draft.problem("INVALID_VALUE", f"calendar {name!r}: {error}")
    return checked
