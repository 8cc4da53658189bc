"""Rows of items: what each does to the graph, and writing that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph import cypher, planning
from graph.batch import NodeRow, Ref, new_id
from graph.directory import UNRESOLVED, Known, free_keys
from graph.draft import Draft, Mode
from graph.history import NodeChange
from graph.model import NODES
from graph.planning import NodePlan
from graph.validation import State, arrived, check_node, fingerprint, travelling


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row that can be stored, and the item that it means. ``fingerprint`` is that of an imported row."""

    row: NodeRow
    given: State
    known: Known | None
    fingerprint: int | None

    @property
    def unchanged(self) -> bool:
        """Whether the source says of the item what it said before."""
        known = self.known
        if known is None or self.fingerprint is None:
            return False
        return known.fingerprint == self.fingerprint and not known.archived and not known.placeholder


async def plan_nodes(draft: Draft, rows: Sequence[NodeRow]) -> list[NodePlan]:
    """Return what to write for rows of items; new ones get their ids and keys. Nothing is written yet."""
    await draft.directory.look_up(draft.transaction, [Ref(row.source, row.source_id) for row in rows])
    await draft.directory.look_up(draft.transaction, [Ref("key", row.key) for row in rows if row.key])
    last = {(row.source, row.source_id): place for place, row in enumerate(rows)}
    candidates: list[_Candidate] = []
    for place, row in enumerate(rows):
        if last[row.source, row.source_id] != place:
            draft.problem("DUPLICATE_ID", f"{row.source}:{row.source_id} comes twice; the last one counts", row.where)
        elif (candidate := _candidate(draft, row)) is not None:
            candidates.append(candidate)
    befores = await _read_states(draft, candidates)
    plans = [plan for candidate in candidates if (plan := _plan(draft, candidate, befores))]
    await give_keys(draft, [plan for plan in plans if plan.known is None])
    return plans


def _candidate(draft: Draft, row: NodeRow) -> _Candidate | None:
    state, problems = check_node(row, draft.settings.words)
    draft.outcome.problems += problems
    if any(problem.code in {"UNKNOWN_KIND", "MISSING_IDENTITY"} for problem in problems):
        return None
    imported = fingerprint(row) if draft.mode is Mode.IMPORT else None
    return _Candidate(row, state, _existing(draft, row), imported)


def _existing(draft: Draft, row: NodeRow) -> Known | None:
    """Return the item that the row means; a placeholder that is known by its key only is taken over."""
    known = draft.directory[Ref(row.source, row.source_id)]
    if known is None and row.key:
        holder = draft.directory[Ref("key", row.key)]
        if holder is not None and holder.source == UNRESOLVED:
            return holder
    return known


async def _read_states(draft: Draft, candidates: Sequence[_Candidate]) -> dict[str, State]:
    """Read the stored state of the items that the rows may change; unchanged imports are not read at all."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for one in candidates:
        if one.known is not None and not one.unchanged:
            wanted[one.known.label].append(one.known.id)
    states: dict[str, State] = {}
    for label, ids in wanted.items():
        text = cypher.read_nodes(NODES[label])
        rows = await draft.transaction.collected(text, workspace=draft.settings.id, ids=sorted(ids))
        states |= {item: arrived(label, values) for item, values in rows}
    return states


def _plan(draft: Draft, one: _Candidate, befores: dict[str, State]) -> NodePlan | None:
    """Return what to write for one row, ``None`` when it changes nothing or must not be written."""
    row, given, known = one.row, one.given, one.known
    if not given.get("title") and (known is None or draft.mode is Mode.IMPORT or "title" in given):
        draft.problem("MISSING_TITLE", f"this {row.kind} has no title", row.where)
        given["title"] = row.key or row.source_id
    if known is None:
        state = planning.fresh_state(row, given, draft.now, placeholder=False)
        return NodePlan(row, state, None, one.fingerprint)
    draft.outcome.touched.append(known)
    if one.unchanged:
        draft.outcome.unchanged += 1
        return None
    before = befores[known.id]
    if draft.mode is Mode.EDIT:
        return _plan_edit(draft, row, given, known, before)
    edits = known.local_edits or []
    for name in edits:
        if given.get(name) != before.get(name):
            draft.problem("LOCAL_EDIT_KEPT", f"{known.key}: {name} was edited here and stays", row.where)
    state = planning.imported_state(row, given, before, edits, draft.now)
    if known.placeholder and row.key and draft.directory[Ref("key", row.key)] is None:
        state["key"] = row.key
    return NodePlan(row, state, known, one.fingerprint, edits, _change(known, before, state, row.kind))


def _plan_edit(draft: Draft, row: NodeRow, given: State, known: Known, before: State) -> NodePlan | None:
    if row.expected_version not in {None, before["version"]}:
        message = f"{known.key} is at version {before['version']}, not {row.expected_version}: read it again"
        draft.problem("CONFLICT", message, row.where)
        return None
    if row.kind != known.label:
        draft.problem("WRONG_KIND", f"{known.key} is a {known.label}, not a {row.kind}", row.where)
        return None
    if refused := planning.refused_transition(row, given, before, draft.settings.words):
        draft.outcome.problems.append(refused)
    state = planning.edited_state(given, before, draft.now)
    changed = planning.difference(before, state)[1] | planning.difference(state, before)[1]
    if not changed:
        draft.outcome.unchanged += 1
        return None
    edits = planning.edits_since_sync(row, known, changed)
    return NodePlan(row, state, known, known.fingerprint, edits, _change(known, before, state, row.kind))


def _change(known: Known, before: State, after: State, kind: str) -> NodeChange:
    was, now = planning.difference(before, after)
    was["updatedAt"], now["updatedAt"] = before["updatedAt"], after["updatedAt"]
    restored = known.archived and "archivedAt" not in after
    other = known.label if known.label != kind else ""
    return NodeChange(known.id, kind, "restore" if restored else "update", was, now, other)


async def give_keys(draft: Draft, plans: list[NodePlan]) -> None:
    """Give each new item its id and key; a wished key that is taken is replaced (IMPORT) or refused (EDIT)."""
    used: set[str] = set()
    lacking: list[NodePlan] = []
    for plan in plans:
        wish = plan.row.key
        if wish and wish not in used and draft.directory[Ref("key", wish)] is None and ":" not in wish:
            plan.state["key"] = wish
            used.add(wish)
            continue
        if wish:
            draft.problem("KEY_TAKEN", f"the key {wish!r} belongs to another item", plan.row.where)
        lacking.append(plan)
    prefixes = [planning.prefix_of(plan.row.kind) for plan in lacking]
    keys = await free_keys(draft.transaction, draft.directory, draft.settings.counters, prefixes, used)
    for plan, key in zip(lacking, keys, strict=True):
        plan.state["key"] = key
    for plan in plans:
        plan.state["id"] = plan.row.id or new_id()
        plan.change = NodeChange(plan.state["id"], plan.row.kind, "create", {}, dict(plan.state))
        _register(draft, plan)


def _register(draft: Draft, plan: NodePlan) -> None:
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
    draft.directory.add(item)
    draft.outcome.touched.append(item)


async def write_nodes(draft: Draft, plans: Sequence[NodePlan]) -> None:
    """Write items, and remember what changed for the log."""
    created: list[dict[str, Any]] = []
    replaced: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for plan in plans:
        _count(draft, plan)
        plain, times = travelling(plan.row.kind, plan.state)
        row = {"plain": plain | plan.plain_extras(draft.settings.id), "times": times}
        if plan.known is None:
            created.append(row | {"labels": NODES[plan.row.kind].labels})
        else:
            replaced[plan.row.kind].append(row)
    if created:
        await draft.transaction.rows(cypher.CREATE_NODES, rows=created)
    for label, rows in replaced.items():
        text = cypher.update_nodes(NODES[label])
        await draft.transaction.rows(text, workspace=draft.settings.id, rows=rows)


def _count(draft: Draft, plan: NodePlan) -> None:
    if plan.change is not None:
        draft.node_changes.append(plan.change)
    if plan.state.get("placeholder"):
        draft.outcome.placeholders += 1
    elif plan.known is None or plan.known.placeholder:
        draft.outcome.created[plan.row.kind] += 1
    else:
        draft.outcome.updated[plan.row.kind] += 1
