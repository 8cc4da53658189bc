"""Rows of items: what each does to the graph, and writing that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graph import cypher
from graph.batch import NodeRow, Ref, new_id
from graph.model import NODES, REFERENCES
from graph.records.directory import UNRESOLVED, Address, Known, free_keys
from graph.records.history import NodeChange
from graph.rules.validation import State, altering, check_node, fingerprint, missing, travelling
from graph.writing import planning
from graph.writing.draft import Draft, Mode
from graph.writing.planning import NodePlan
from graph.writing.stamps import stamped

# Identities are unique in the workspace, whoever may see their items: nothing is said of the item that has one.
_ID_TAKEN: Final = "this id is taken: choose another"


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


def refs_of(rows: Iterable[NodeRow], mode: Mode) -> Iterator[Ref]:
    """Yield everything by which rows name items, so that it can be looked up at once."""
    for row in rows:
        yield row.of or Ref(row.source, row.source_id)
        if row.key:
            yield Ref("key", row.key)
        if mode is Mode.EDIT:
            yield from [Ref("id", row.id)] if row.id else []
            yield from (Ref.parse(value) for name in REFERENCES if isinstance(value := row.properties.get(name), str))


async def plan_nodes(draft: Draft, rows: Sequence[NodeRow]) -> list[NodePlan]:
    """Return what to write for rows of items; new ones get their ids and keys. Nothing is written yet."""
    await draft.directory.look_up(draft.transaction, refs_of(rows, draft.mode))
    rows = [found for row in rows if (found := _found(draft, row)) is not None]
    coming = _coming(rows)
    last = {(row.source, row.source_id): place for place, row in enumerate(rows)}
    candidates: list[_Candidate] = []
    for place, row in enumerate(rows):
        if last[row.source, row.source_id] != place:
            draft.problem("DUPLICATE_ID", f"{row.source}:{row.source_id} comes twice; the last one counts", row.where)
        elif (candidate := _candidate(draft, row, coming)) is not None:
            candidates.append(candidate)
    # Unchanged imports are not read at all.
    changing = [one.known for one in candidates if one.known is not None and not one.unchanged]
    await draft.memory.read_states(draft.transaction, draft.settings.id, changing)
    plans = [plan for candidate in candidates if (plan := _plan(draft, candidate))]
    await give_keys(draft, [plan for plan in plans if plan.known is None])
    return plans


def _found(draft: Draft, row: NodeRow) -> NodeRow | None:
    """Return a row with its item's own identity; ``None`` if it names an item that is not there."""
    if row.of is None:
        return row
    item = draft.find(row.of)
    if item is None:
        draft.problem("NOT_FOUND", f"there is no item {row.of}", row.where)
        return None
    return replace(row, kind=row.kind or item.label, source=item.source, source_id=item.source_id, of=None)


def _coming(rows: Iterable[NodeRow]) -> dict[Address, tuple[str, str]]:
    """Return id and label of the items that rows may make, by address."""
    chosen = ((row.id, row) for row in rows if row.id)
    return {
        address: (item, row.kind)
        for item, row in chosen
        for address in (("id", item), ("key", row.key or item), (row.source, row.source_id))
    }


def _candidate(draft: Draft, row: NodeRow, coming: Mapping[Address, tuple[str, str]]) -> _Candidate | None:
    state, problems = check_node(row, draft.settings.words)
    draft.outcome.problems += problems
    if any(problem.code in {"UNKNOWN_KIND", "MISSING_IDENTITY"} for problem in problems):
        return None
    known = _existing(draft, row)
    if draft.mode is Mode.IMPORT:
        return _Candidate(row, state, known, fingerprint(row))
    _resolve(draft, row, state, coming)
    return _Candidate(row, state, known, None) if _may_be(draft, row, known) else None


def _resolve(draft: Draft, row: NodeRow, state: State, coming: Mapping[Address, tuple[str, str]]) -> None:
    """Replace the properties that name an item, in any way, by the item's id."""
    for name, label in REFERENCES.items():
        if isinstance(value := state.get(name), str):
            ref = Ref.parse(value)
            known = draft.find(ref)
            item, kind = (known.id, known.label) if known else coming.get((ref.space, ref.value), ("", ""))
            if kind == label:
                state[name] = item
            else:
                draft.problem("NOT_FOUND", f"{name}: there is no {label} {value}", row.where, name)


def _may_be(draft: Draft, row: NodeRow, known: Known | None) -> bool:
    """Tell whether an edit's row finds an item, or none, as it has to."""
    if known is not None and row.expected_version == 0:
        draft.problem("ID_TAKEN", _ID_TAKEN, row.where, "id")
    elif known is None and row.expected_version:
        draft.problem("NOT_FOUND", f"there is no {row.kind} {row.source_id}", row.where)
    elif known is None and row.id and draft.directory[Ref("id", row.id)] is not None:
        draft.problem("ID_TAKEN", _ID_TAKEN, row.where, "id")
    elif known is not None and known.archived and known.id not in draft.restoring:
        draft.problem("ARCHIVED", f"{known.key} is archived: restore it first", row.where)
    else:
        return True
    return False


def _existing(draft: Draft, row: NodeRow) -> Known | None:
    """Return the item that the row means; a placeholder that is known by its key only is taken over."""
    known = draft.directory[Ref(row.source, row.source_id)]
    if known is None and row.key:
        holder = draft.directory[Ref("key", row.key)]
        if holder is not None and holder.source == UNRESOLVED:
            return holder
    return known


def _plan(draft: Draft, one: _Candidate) -> NodePlan | None:
    """Return what to write for one row, ``None`` when it changes nothing or must not be written."""
    row, given, known = one.row, one.given, one.known
    if not given.get("title") and (known is None or draft.mode is Mode.IMPORT or "title" in given):
        draft.problem("MISSING_TITLE", f"this {row.kind} has no title", row.where, "title")
        given["title"] = row.key or row.source_id
    if known is None:
        state = planning.fresh_state(row, given, draft.now, placeholder=False)
        if draft.mode is Mode.EDIT:
            state = stamped(row.kind, given, None, state, draft.settings.words, draft.now)
            _check_whole(draft, row, state)
        return NodePlan(row, state, None, one.fingerprint)
    draft.outcome.touched.append(_renamed(draft, row, known))
    if one.unchanged:
        draft.outcome.unchanged += 1
        return None
    before = draft.memory.states[known.id]
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


def _renamed(draft: Draft, row: NodeRow, known: Known) -> Known:
    """Return the item under the label that its source gives it now; edges of the same load are checked against that."""
    if draft.mode is Mode.EDIT or row.kind == known.label:
        return known
    renamed = known._replace(label=row.kind)
    draft.directory.add(renamed)
    return renamed


def _plan_edit(draft: Draft, row: NodeRow, given: State, known: Known, before: State) -> NodePlan | None:
    if row.expected_version not in {None, before["version"]}:
        message = f"{known.key} is at version {before['version']}, not {row.expected_version}: read it again"
        draft.problem("CONFLICT", message, row.where, "expectedVersion")
        return None
    if row.kind != known.label:
        draft.problem("WRONG_KIND", f"{known.key} is a {known.label}, not a {row.kind}", row.where)
        return None
    given = planning.with_defaults(row.kind, given)
    state = planning.edited_state(given, before, draft.now)
    if not draft.free:
        if refused := planning.refused_transition(row, given, before, draft.settings.words):
            draft.outcome.problems.append(refused)
        state = stamped(row.kind, given, before, state, draft.settings.words, draft.now)
    _check_whole(draft, row, state)
    changed = planning.difference(before, state)[1] | planning.difference(state, before)[1]
    if not changed:
        draft.outcome.unchanged += 1
        return None
    edits = planning.edits_since_sync(row, known, changed)
    return NodePlan(row, state, known, known.fingerprint, edits, _change(known, before, state, row.kind))


def _check_whole(draft: Draft, row: NodeRow, state: State) -> None:
    """Check what only a complete state shows."""
    for name in missing(row.kind, state):
        if name not in {"id", "key", "title"}:  # given later, or missed already
            draft.problem("INVALID_VALUE", f"{name}: a {row.kind} cannot be without it", row.where, name)
    if state.get("visibility") != "TEAM":
        return
    if "team" not in state:
        draft.problem("INVALID_VALUE", "visibility: name the team that may see it", row.where, "team")
    elif not draft.sees(state["team"]):
        draft.problem("FORBIDDEN", "only members of a team make items that only the team sees", row.where, "team")


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
            draft.problem("KEY_TAKEN", f"the key {wish!r} is taken: choose another", plan.row.where, "key")
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
        team=planning.team_of(plan.state),
    )
    draft.directory.add(item)
    draft.outcome.touched.append(item)


async def write_nodes(draft: Draft, plans: Sequence[NodePlan]) -> None:
    """Write items, and remember what changed for the log."""
    workspace = draft.settings.id
    created: dict[Hashable, dict[str, Any]] = {}
    altered: dict[Hashable, list[Any]] = {}
    replaced: dict[str, dict[Hashable, dict[str, Any]]] = defaultdict(dict)
    for plan in plans:
        _count(draft, plan)
        _remember(draft, plan)
        item = plan.state["id"]
        if plan.known is None:
            draft.memory.ties.born(item)
            created[item] = _whole(plan, workspace) | {"labels": NODES[plan.row.kind].labels}
        elif plan.change is None or plan.known.label != plan.row.kind:
            replaced[plan.row.kind][item] = _whole(plan, workspace)
        else:
            altered[item] = _altered(plan, plan.change)
    if created:
        await draft.transaction.write(cypher.CREATE_NODES, created)
    if altered:
        await draft.transaction.write(cypher.ALTER_NODES, altered, workspace=workspace)
    for label, rows in replaced.items():
        await draft.transaction.write(cypher.update_nodes(NODES[label]), rows, workspace=workspace)


def _whole(plan: NodePlan, workspace: str) -> dict[str, Any]:
    plain, times = travelling(plan.row.kind, plan.state)
    return {"plain": plain | {"workspace": workspace} | plan.stored_beside, "times": times}


def _altered(plan: NodePlan, change: NodeChange) -> list[Any]:
    names = change.before.keys() | change.after.keys()
    plain, *times = altering(plan.row.kind, {name: change.after.get(name) for name in names})
    beside = {"version": plan.state["version"], "importHash": None, "localEdits": None}
    return [change.id, plain | beside | plan.stored_beside, *times]


def _remember(draft: Draft, plan: NodePlan) -> None:
    """Let later drafts in the same transaction know the item as it will be."""
    draft.memory.states[plan.state["id"]] = plan.state
    if plan.known is not None:
        draft.directory.add(
            plan.known._replace(
                key=plan.state["key"],
                label=plan.row.kind,
                version=plan.state["version"],
                local_edits=plan.local_edits,
                placeholder=plan.state.get("placeholder"),
                archived="archivedAt" in plan.state,
                team=planning.team_of(plan.state),
            )
        )


def _count(draft: Draft, plan: NodePlan) -> None:
    if plan.change is not None:
        draft.node_changes.append(plan.change)
    if plan.state.get("placeholder"):
        draft.outcome.placeholders += 1
    elif plan.known is None or plan.known.placeholder:
        draft.outcome.created[plan.row.kind] += 1
    else:
        draft.outcome.updated[plan.row.kind] += 1
