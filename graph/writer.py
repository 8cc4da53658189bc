"""The one write path: rows in, a validated, logged transaction out.

Mutations, importers and restore all come through here. A write takes the workspace's lock first, so there is one writer
per workspace at a time: nothing that it reads can change before it commits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import blake2b
from typing import Any

import orjson

from graph import cypher, history, planning, workspace
from graph.acyclicity import EdgeName, find_cycle, find_kind_cycle
from graph.batch import Batch, EdgeRow, NodeRow, Ref, new_id
from graph.calendar_store import write_calendars
from graph.calendars import WorkingCalendar
from graph.directory import UNRESOLVED, Address, Directory, Known, free_keys
from graph.edges import EdgePlan, read_existing, write_edges
from graph.errors import BatchRefusedError, ConflictError, CycleError, Problem
from graph.history import Author, EdgeChange, NodeChange
from graph.lifecycle import Category
from graph.model import EDGES, NODES, Role, labels_of
from graph.planning import NodePlan
from graph.store import Store, Transaction
from graph.validation import arrived, check_edge, check_ends, check_node, fingerprint, travelling
from graph.values import Type


class Mode(Enum):
    """How strict a write is."""

    EDIT = "edit"
    """All or nothing: any broken rule refuses the batch. Lifecycles and cycles are checked."""
    IMPORT = "import"
    """Row by row: what cannot be stored is reported and left out. The source's word on status and links stands."""


@dataclass(slots=True)
class Outcome:
    """What one write did. ``change_seq`` is ``None`` when nothing had to change."""

    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    archived: int = 0
    restored: int = 0
    placeholders: int = 0
    edges_added: Counter[str] = field(default_factory=Counter)
    edges_updated: Counter[str] = field(default_factory=Counter)
    edges_removed: Counter[str] = field(default_factory=Counter)
    edges_unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    change_seq: int | None = None
    touched: list[Known] = field(default_factory=list)
    """Items that the rows stated, whether they changed or not, in the rows' order."""
    edges: list[EdgeName] = field(default_factory=list)
    """Edges that the rows stated, whether they changed or not."""


async def write(
    store: Store,
    workspace_id: str,
    batch: Batch,
    *,
    mode: Mode = Mode.EDIT,
    author: Author | None = None,
    now: int,
    known: Mapping[Address, Known] | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Write a batch in one transaction and append one change to the log.

    ``now`` is in epoch milliseconds: it is made outside, because the transaction may run several times. ``known`` are
    items that an earlier batch of the same load resolved.

    Raises:
        ConflictError: An item is not at the expected version (EDIT).
        CycleError: The batch would close a cycle (EDIT).
        BatchRefusedError: The batch breaks another rule (EDIT); all of them are in ``problems``.
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed; nothing was written.

    """

    async def work(transaction: Transaction) -> Outcome:
        state = await workspace.lock(transaction, workspace_id, (author or Author()).request)
        draft = Draft(transaction, state, mode, author or Author(), now, Directory(workspace_id, known))
        outcome = await draft.run(batch)
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


class Draft:
    """One batch on its way through one transaction."""

    def __init__(
        self,
        transaction: Transaction,
        settings: workspace.Workspace,
        mode: Mode,
        author: Author,
        now: int,
        directory: Directory,
    ) -> None:
        self.transaction = transaction
        self.settings = settings
        self.mode = mode
        self.author = author
        self.now = now
        self.directory = directory
        self.outcome = Outcome()
        self.node_changes: list[NodeChange] = []
        self.edge_changes: list[EdgeChange] = []

    async def run(self, batch: Batch) -> Outcome:
        """Take the batch through every step, in an order in which each finds what it needs."""
        if batch.idempotency_key and (kept := await self._kept_answer(batch)):
            return kept
        counters = dict(self.settings.counters)
        settings_changed = self._declare(batch)
        plans = await self._plan_nodes(batch.nodes)
        edges = await self._plan_edges(batch.edges, plans)
        calendars = self._checked_calendars(batch)
        self._refuse_if_broken()
        await self._write_nodes(plans)
        new_edges = await self._write_edges(edges)
        altered = await write_calendars(self.transaction, self.settings.id, calendars)
        new_edges += await self._set_archived(batch.restore, archived=False)
        await self._set_archived(batch.archive, archived=True)
        self._refuse_if_broken()
        if self.mode is Mode.EDIT:
            await self._refuse_cycles(new_edges)
        if settings_changed or counters != self.settings.counters:
            await workspace.save_settings(self.transaction, self.settings)
        if self.node_changes or self.edge_changes or altered:
            self.outcome.change_seq = await history.append(
                self.transaction, self.settings.id, self.now, self.author, self.node_changes, self.edge_changes, altered
            )
        if batch.idempotency_key:
            await self._keep_answer(batch)
        return self.outcome

    # Settings -----------------------------------------------------------------------------------------------------

    def _declare(self, batch: Batch) -> bool:
        """Add the batch's status names and custom fields to the workspace's; a known one keeps its meaning."""
        before = (dict(self.settings.statuses), dict(self.settings.fields))
        for name, category in batch.statuses.items():
            if category not in tuple(Category):
                self._problem("INVALID_VALUE", f"status {name!r}: {category!r} is not one of {', '.join(Category)}")
            elif self.settings.statuses.setdefault(name, Category(category)) != category:
                stands = self.settings.statuses[name]
                self._problem("STATUS_MEANS_OTHER", f"status {name!r} is {stands} in this workspace, not {category}")
        for name, kind in batch.fields.items():
            if kind not in tuple(Type):
                self._problem("INVALID_VALUE", f"custom field {name!r}: {kind!r} is not one of {', '.join(Type)}")
            elif self.settings.fields.setdefault(name, Type(kind)) != kind:
                stands_as = self.settings.fields[name]
                self._problem("FIELD_MEANS_OTHER", f"custom field {name!r} is a {stands_as} here, not a {kind}")
        return before != (self.settings.statuses, self.settings.fields)

    def _checked_calendars(self, batch: Batch) -> dict[str, WorkingCalendar | None]:
        """Return the batch's calendars in their stored form, those apart that break a rule."""
        checked: dict[str, WorkingCalendar | None] = {}
        for name, calendar in batch.calendars.items():
            try:
                checked[name] = calendar and WorkingCalendar.from_dict(name, calendar.to_dict())
            except ValueError as error:
                self._problem("INVALID_VALUE", f"calendar {name!r}: {error}")
        return checked

    def _problem(self, code: str, message: str, where: str = "") -> None:
        self.outcome.problems.append(Problem(code, message, where))

    def _refuse_if_broken(self) -> None:
        if self.mode is Mode.EDIT and self.outcome.problems:
            conflict = any(problem.code == "CONFLICT" for problem in self.outcome.problems)
            raise (ConflictError if conflict else BatchRefusedError)(self.outcome.problems)

    # Nodes --------------------------------------------------------------------------------------------------------

    async def _plan_nodes(self, rows: Sequence[NodeRow]) -> list[NodePlan]:
        await self.directory.look_up(self.transaction, [Ref(row.source, row.source_id) for row in rows])
        await self.directory.look_up(self.transaction, [Ref("key", row.key) for row in rows if row.key])
        last = {(row.source, row.source_id): place for place, row in enumerate(rows)}
        candidates: list[tuple[NodeRow, dict[str, Any], Known | None]] = []
        for place, row in enumerate(rows):
            if last[row.source, row.source_id] != place:
                self._problem(
                    "DUPLICATE_ID", f"{row.source}:{row.source_id} comes twice; the last one counts", row.where
                )
                continue
            state, problems = check_node(row, self.settings.words)
            self.outcome.problems += problems
            if any(problem.code in {"UNKNOWN_KIND", "MISSING_IDENTITY"} for problem in problems):
                continue
            candidates.append((row, state, self._existing(row)))
        befores = await self._read_states(candidates)
        plans = [plan for row, state, known in candidates if (plan := self._plan(row, state, known, befores))]
        await self._give_keys([plan for plan in plans if plan.known is None])
        return plans

    def _existing(self, row: NodeRow) -> Known | None:
        """Return the item that the row means; a placeholder that is known by its key only is taken over."""
        known = self.directory[Ref(row.source, row.source_id)]
        if known is None and row.key:
            holder = self.directory[Ref("key", row.key)]
            if holder is not None and holder.source == UNRESOLVED:
                return holder
        return known

    async def _read_states(
        self, candidates: Iterable[tuple[NodeRow, dict[str, Any], Known | None]]
    ) -> dict[str, dict[str, Any]]:
        """Read the stored state of the items that the rows may change; unchanged imports are not read at all."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for row, _, known in candidates:
            if known is not None and not (self.mode is Mode.IMPORT and self._same(row, known)):
                wanted[known.label].append(known.id)
        states: dict[str, dict[str, Any]] = {}
        for label, ids in wanted.items():
            rows = await self.transaction.collected(
                cypher.read_nodes(NODES[label]), workspace=self.settings.id, ids=sorted(ids)
            )
            states |= {item: arrived(label, values) for item, values in rows}
        return states

    @staticmethod
    def _same(row: NodeRow, known: Known) -> bool:
        return known.fingerprint == fingerprint(row) and not known.archived and not known.placeholder

    def _plan(
        self, row: NodeRow, given: dict[str, Any], known: Known | None, befores: dict[str, dict[str, Any]]
    ) -> NodePlan | None:
        """Return what to write for one row, ``None`` when it changes nothing or must not be written."""
        imported = fingerprint(row) if self.mode is Mode.IMPORT else None
        if not given.get("title") and (known is None or self.mode is Mode.IMPORT or "title" in given):
            self._problem("MISSING_TITLE", f"this {row.kind} has no title", row.where)
            given["title"] = row.key or row.source_id
        if known is None:
            state = planning.fresh_state(row, given, self.now, placeholder=False)
            return NodePlan(row, state, None, imported)
        self.outcome.touched.append(known)
        if self.mode is Mode.IMPORT and self._same(row, known):
            self.outcome.unchanged += 1
            return None
        before = befores[known.id]
        if self.mode is Mode.EDIT:
            return self._plan_edit(row, given, known, before)
        edits = known.local_edits or []
        for name in edits:
            if given.get(name) != before.get(name):
                self._problem("LOCAL_EDIT_KEPT", f"{known.key}: {name} was edited here and stays", row.where)
        state = planning.imported_state(row, given, before, edits, self.now)
        if known.placeholder and row.key and self.directory[Ref("key", row.key)] is None:
            state["key"] = row.key
        return NodePlan(row, state, known, imported, edits, self._change(known, before, state, row.kind))

    def _plan_edit(self, row: NodeRow, given: dict[str, Any], known: Known, before: dict[str, Any]) -> NodePlan | None:
        if row.expected_version not in {None, before["version"]}:
            message = f"{known.key} is at version {before['version']}, not {row.expected_version}: read it again"
            self._problem("CONFLICT", message, row.where)
            return None
        if row.kind != known.label:
            self._problem("WRONG_KIND", f"{known.key} is a {known.label}, not a {row.kind}", row.where)
            return None
        if refused := planning.refused_transition(row, given, before, self.settings.words):
            self.outcome.problems.append(refused)
        state = planning.edited_state(given, before, self.now)
        changed = planning.difference(before, state)[1] | planning.difference(state, before)[1]
        if not changed:
            self.outcome.unchanged += 1
            return None
        edits = planning.edits_since_sync(row, known, changed)
        return NodePlan(row, state, known, known.fingerprint, edits, self._change(known, before, state, row.kind))

    @staticmethod
    def _change(known: Known, before: dict[str, Any], after: dict[str, Any], kind: str) -> NodeChange:
        was, now = planning.difference(before, after)
        return NodeChange(known.id, kind, "restore" if known.archived else "update", was, now)

    async def _give_keys(self, plans: list[NodePlan]) -> None:
        """Give each new item its id and key; a wished key that is taken is replaced (IMPORT) or refused (EDIT)."""
        used: set[str] = set()
        lacking: list[NodePlan] = []
        for plan in plans:
            wish = plan.row.key
            if wish and wish not in used and self.directory[Ref("key", wish)] is None and ":" not in wish:
                plan.state["key"] = wish
                used.add(wish)
                continue
            if wish:
                self._problem("KEY_TAKEN", f"the key {wish!r} belongs to another item", plan.row.where)
            lacking.append(plan)
        prefixes = [planning.prefix_of(plan.row.kind) for plan in lacking]
        keys = await free_keys(self.transaction, self.settings.id, self.settings.counters, prefixes, used)
        for plan, key in zip(lacking, keys, strict=True):
            plan.state["key"] = key
        for plan in plans:
            plan.state["id"] = plan.row.id or new_id()
            plan.change = NodeChange(plan.state["id"], plan.row.kind, "create", {}, dict(plan.state))
            self._register(plan)

    def _register(self, plan: NodePlan) -> None:
        item = Known(
            plan.state["id"],
            plan.state["key"],
            plan.row.source,
            plan.row.source_id,
            plan.row.kind,
            plan.state["version"],
            plan.fingerprint,
            plan.local_edits,
            plan.state.get("placeholder", False),
        )
        self.directory.add(item)
        self.outcome.touched.append(item)

    async def _write_nodes(self, plans: list[NodePlan]) -> None:
        created: list[dict[str, Any]] = []
        replaced: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for plan in plans:
            self._count(plan)
            plain, times = travelling(plan.row.kind, plan.state)
            row = {"plain": plain | plan.plain_extras(self.settings.id), "times": times}
            if plan.known is None:
                created.append(row | {"labels": NODES[plan.row.kind].labels})
            else:
                replaced[plan.row.kind].append(row)
        if created:
            await self.transaction.rows(cypher.CREATE_NODES, rows=created)
        for label, rows in replaced.items():
            text = cypher.update_nodes(NODES[label])
            await self.transaction.rows(text, workspace=self.settings.id, rows=rows)

    def _count(self, plan: NodePlan) -> None:
        if plan.change is not None:
            self.node_changes.append(plan.change)
        if plan.state.get("placeholder"):
            self.outcome.placeholders += 1
        elif plan.known is None or plan.known.placeholder:
            self.outcome.created[plan.row.kind] += 1
        else:
            self.outcome.updated[plan.row.kind] += 1

    # Edges --------------------------------------------------------------------------------------------------------

    async def _plan_edges(self, rows: Sequence[EdgeRow], plans: list[NodePlan]) -> list[EdgePlan]:
        await self.directory.look_up(self.transaction, [ref for row in rows for ref in (row.start, row.end)])
        if self.mode is Mode.IMPORT:
            plans += await self._plan_placeholders(rows)
        planned: dict[EdgeName, EdgePlan] = {}
        for row in rows:
            state, problems = check_edge(row)
            ends = self.directory[row.start], self.directory[row.end]
            problems += [
                Problem("NOT_FOUND", f"there is no item {ref}", row.where)
                for ref, end in zip((row.start, row.end), ends, strict=True)
                if end is None
            ]
            if ends[0] and ends[1] and row.kind in EDGES:
                same = ends[0].id == ends[1].id
                wrong = check_ends(EDGES[row.kind], ends[0].label, ends[1].label, same, row.where)
                problems += [wrong] if wrong else []
            self.outcome.problems += problems
            broken = any(problem.code in {"UNKNOWN_KIND", "NOT_FOUND", *_WRONG_ENDS} for problem in problems)
            if not broken and ends[0] and ends[1]:
                plan = EdgePlan(row.kind, ends[0].id, ends[1].id, state, row.remove)
                planned[plan.name] = plan
        return list(planned.values())

    async def _plan_placeholders(self, rows: Iterable[EdgeRow]) -> list[NodePlan]:
        """Plan an item that stands in for each target that nobody has described yet."""
        made: dict[Address, NodePlan] = {}
        for row in rows:
            if row.kind not in EDGES or row.remove:
                continue
            for ref, place in ((row.start, 0), (row.end, 1)):
                if self.directory[ref] is not None or (ref.space, ref.value) in made or ref.space == "id":
                    continue
                label = ref.kind or labels_of(EDGES[row.kind].ends[0][place])[0]
                source = UNRESOLVED if ref.space == "key" else ref.space
                stand_in = NodeRow(label, source, ref.value, key=ref.value if ref.space == "key" else None)
                given = {"title": str(ref)}
                state = planning.fresh_state(stand_in, given, self.now, placeholder=True)
                made[ref.space, ref.value] = NodePlan(stand_in, state, None, None)
        await self._give_keys(list(made.values()))
        return list(made.values())

    async def _write_edges(self, plans: list[EdgePlan]) -> list[EdgeName]:
        """Write the edges that are new or differ, and return the new ones."""
        fresh = {change.id for change in self.node_changes if change.operation == "create"}
        existing = await read_existing(self.transaction, self.settings.id, plans, fresh)
        author = self.author.source
        changes, unchanged = await write_edges(self.transaction, self.settings.id, plans, existing, self.now, author)
        self.edge_changes += changes
        self.outcome.edges_unchanged += unchanged
        self.outcome.edges += [plan.name for plan in plans]
        counts = {
            "add": self.outcome.edges_added,
            "update": self.outcome.edges_updated,
            "remove": self.outcome.edges_removed,
        }
        for change in changes:
            counts[change.operation][change.kind] += 1
        return [(one.start, one.kind, one.end) for one in changes if one.operation != "remove"]

    # Archive ------------------------------------------------------------------------------------------------------

    async def _set_archived(self, refs: Sequence[Ref], *, archived: bool) -> list[EdgeName]:
        """Archive or restore items; return the edges that restored ones bring back."""
        if not refs:
            return []
        await self.directory.look_up(self.transaction, refs)
        items = {item.id: item for ref in refs if (item := self.directory[ref])}
        for ref in refs:
            if self.directory[ref] is None:
                self._problem("NOT_FOUND", f"there is no item {ref}")
        changing = [item for item in items.values() if item.archived is not archived]
        at = self.now if archived else None
        rows = await self.transaction.rows(
            cypher.SET_ARCHIVED,
            workspace=self.settings.id,
            ids=sorted(item.id for item in changing),
            at=at,
            now=self.now,
        )
        for item_id, label, was in rows:
            before, after = ({}, {"archivedAt": at}) if archived else ({"archivedAt": was}, {})
            operation = "archive" if archived else "restore"
            self.node_changes.append(NodeChange(item_id, label, operation, before, after))
        self.outcome.archived += len(rows) if archived else 0
        self.outcome.restored += 0 if archived else len(rows)
        if archived:
            return []
        names = await self.transaction.rows(cypher.EDGES_AT, workspace=self.settings.id, ids=[row[0] for row in rows])
        return [(start, kind, end) for kind, start, end in names]

    # Cycles -------------------------------------------------------------------------------------------------------

    async def _refuse_cycles(self, added: list[EdgeName]) -> None:
        structural = [edge for edge in added if EDGES[edge[1]].acyclic and EDGES[edge[1]].role is not Role.NONE]
        emptied = await self._emptied()
        cycle: list[str] = []
        if structural or emptied:
            cycle = await find_cycle(self.transaction, self.settings.id, structural, emptied)
        # Containment is also looked at by itself: the expanded graph holds no teams and no portfolios.
        alone = {kind.name for kind in EDGES.values() if kind.acyclic and kind.role in {Role.NONE, Role.CONTAINS}}
        for kind in dict.fromkeys(edge[1] for edge in added if edge[1] in alone):
            if not cycle:
                own = [edge for edge in added if edge[1] == kind]
                cycle = await find_kind_cycle(self.transaction, self.settings.id, kind, own)
        if cycle:
            rows = await self.transaction.rows(cypher.KEYS_OF_IDS, workspace=self.settings.id, ids=cycle)
            keys = dict(row for row in rows)
            raise CycleError([keys[item] for item in cycle])

    async def _emptied(self) -> set[str]:
        """Return the items that lost a part: its edge was removed, or it was archived."""
        archived = {one.id for one in self.node_changes if one.operation == "archive"}
        lost = [(one.kind, one.start, one.end) for one in self.edge_changes if one.operation == "remove"]
        if archived:
            rows = await self.transaction.rows(cypher.EDGES_AT, workspace=self.settings.id, ids=sorted(archived))
            lost += [(kind, start, end) for kind, start, end in rows if start in archived]
        return {whole for kind, _, whole in lost if EDGES[kind].role is Role.CONTAINS}

    # Idempotency --------------------------------------------------------------------------------------------------

    async def _kept_answer(self, batch: Batch) -> Outcome | None:
        rows = await self.transaction.rows(cypher.FIND_ANSWER, workspace=self.settings.id, key=batch.idempotency_key)
        if not rows:
            return None
        if rows[0][0] != _payload(batch):
            message = f"the idempotency key {batch.idempotency_key!r} was used for another request"
            raise BatchRefusedError([Problem("IDEMPOTENCY_MISMATCH", message)])
        return Outcome(change_seq=orjson.loads(rows[0][1])["changeSeq"])

    async def _keep_answer(self, batch: Batch) -> None:
        await self.transaction.rows(
            cypher.KEEP_ANSWER,
            workspace=self.settings.id,
            key=batch.idempotency_key,
            payload=_payload(batch),
            answer=orjson.dumps({"changeSeq": self.outcome.change_seq}).decode(),
            now=self.now,
        )


_WRONG_ENDS = ("SELF_REFERENCE", "WRONG_ENDS")


def _payload(batch: Batch) -> str:
    """Return a digest of what a batch asks for: the same key with another digest is a client's mistake."""
    return blake2b(repr(replace(batch, idempotency_key=None)).encode(), digest_size=16).hexdigest()
