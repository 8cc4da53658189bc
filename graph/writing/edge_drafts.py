"""Rows of edges: their ends found or stood in for, their rules checked, and writing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from graph import cypher
from graph.batch import EdgeRow, NodeRow, Ref
from graph.errors import Problem
from graph.model import EDGES, NODES, labels_of
from graph.records.directory import UNRESOLVED, Address, Known
from graph.records.history import EdgeChange
from graph.rules.expansion import ROLES
from graph.rules.ties import EdgeName, Tie
from graph.rules.validation import check_edge, check_ends
from graph.writing import planning
from graph.writing.draft import Draft, Mode
from graph.writing.edges import EdgePlan, write_edges
from graph.writing.node_drafts import give_keys
from graph.writing.planning import NodePlan

_UNUSABLE: Final = frozenset({"UNKNOWN_KIND", "NOT_FOUND", "SELF_REFERENCE", "WRONG_ENDS"})


async def plan_edges(draft: Draft, rows: Sequence[EdgeRow]) -> tuple[list[EdgePlan], list[NodePlan]]:
    """Return what to write for rows of edges, and the placeholders of ends that nobody has described yet (IMPORT)."""
    await draft.directory.look_up(draft.transaction, [ref for row in rows for ref in (row.start, row.end)])
    placeholders = await _plan_placeholders(draft, rows) if draft.mode is Mode.IMPORT else []
    planned: dict[EdgeName, EdgePlan] = {}
    for row in rows:
        state, problems = check_edge(row)
        ends = draft.find(row.start), draft.find(row.end)
        problems += [
            Problem("NOT_FOUND", f"there is no item {ref}", row.where)
            for ref, end in zip((row.start, row.end), ends, strict=True)
            if end is None
        ]
        if ends[0] and ends[1] and row.kind in EDGES:
            same = ends[0].id == ends[1].id
            wrong = check_ends(EDGES[row.kind], ends[0].label, ends[1].label, same, row.where)
            problems += [wrong] if wrong else _archived(draft, row, (ends[0], ends[1]))
        draft.outcome.problems += problems
        broken = any(problem.code in _UNUSABLE for problem in problems)
        if not broken and ends[0] and ends[1]:
            plan = EdgePlan(row.kind, ends[0].id, ends[1].id, state, row.remove)
            planned[plan.name] = plan
    return list(planned.values()), placeholders


def _archived(draft: Draft, row: EdgeRow, ends: Iterable[Known]) -> list[Problem]:
    """Return why an edit may not join these items: archived ones get no new edges."""
    if draft.mode is Mode.IMPORT or draft.free or row.remove:
        return []
    return [
        Problem("ARCHIVED", f"{end.key} is archived: restore it first", row.where)
        for end in ends
        if end.archived and end.id not in draft.restoring
    ]


async def _plan_placeholders(draft: Draft, rows: Iterable[EdgeRow]) -> list[NodePlan]:
    """Plan an item that stands in for each target that nobody has described yet."""
    made: dict[Address, NodePlan] = {}
    for row in rows:
        if row.kind not in EDGES or row.remove:
            continue
        for ref, place in ((row.start, 0), (row.end, 1)):
            if draft.directory[ref] is not None or (ref.space, ref.value) in made or ref.space == "id":
                continue
            label = ref.kind or labels_of(EDGES[row.kind].ends[0][place])[0]
            source = UNRESOLVED if ref.space == "key" else ref.space
            stand_in = NodeRow(label, source, ref.value, key=ref.value if ref.space == "key" else None)
            given = {"title": str(ref)}
            state = planning.fresh_state(stand_in, given, draft.now, placeholder=True)
            made[ref.space, ref.value] = NodePlan(stand_in, state, None, None)
    await give_keys(draft, list(made.values()))
    return list(made.values())


async def plan_misfits(draft: Draft, nodes: Iterable[NodePlan]) -> list[EdgePlan]:
    """Return what takes away the edges that no longer fit items whose kind an import changes; each is reported."""
    where = {one.known.id: one.row.where for one in nodes if one.known is not None and one.known.label != one.row.kind}
    if not where:
        return []
    settings, rows = draft.settings.id, draft.transaction.rows
    stored = await rows(cypher.EDGES_AT, workspace=settings, ids=sorted(where))
    ends = sorted({end for _, start, stop in stored for end in (start, stop)})
    named = {item: (key, label) for item, key, label, _ in await rows(cypher.KEYS_OF_IDS, workspace=settings, ids=ends)}
    kinds = {item: draft.directory[Ref("id", item)] for item in where}
    found: list[EdgePlan] = []
    for kind, start, end in stored:
        keys = [named[item][0] for item in (start, end)]
        first, last = (known.label if (known := kinds.get(item)) else str(named[item][1]) for item in (start, end))
        wrong = check_ends(EDGES[kind], first, last, False, where.get(start) or where.get(end) or "")
        if wrong is not None:
            draft.problem("EDGE_DROPPED", f"{keys[0]} → {keys[1]} is taken away: {wrong.message}", wrong.where)
            found.append(EdgePlan(kind, start, end, {}, remove=True))
    return found


def _tie(draft: Draft, changes: Iterable[EdgeChange]) -> None:
    """Let what is known of ties follow the edges that are written."""
    for one in changes:
        if not EDGES[one.kind].acyclic:
            continue
        if one.operation == "remove":
            draft.memory.ties.remove((one.start, one.kind, one.end))
            continue
        ends = [draft.directory[Ref("id", item)] for item in (one.start, one.end)]
        if all(end is not None and not end.archived for end in ends):
            inside = all(end is not None and NODES[end.label].group in ROLES for end in ends)
            wait = one.after.get("type", "FS") if inside else ""
            draft.memory.ties.add(Tie(one.start, one.kind, one.end, wait))


async def read_planned(draft: Draft, plans: Iterable[EdgePlan], nodes: Iterable[NodePlan]) -> None:
    """Read the edges as they are; at new ones of these items there are none."""
    fresh = {plan.state["id"] for plan in nodes if plan.known is None}
    await draft.memory.read_edges(draft.transaction, draft.settings.id, [plan.name for plan in plans], fresh)


async def write_planned(draft: Draft, plans: Sequence[EdgePlan]) -> list[EdgeName]:
    """Write the edges that are new or differ from what was read; return those that are new or wait in another way."""
    author = draft.author.source
    changes, unchanged = await write_edges(
        draft.transaction, draft.settings.id, plans, draft.memory.edges, draft.now, author
    )
    draft.memory.edges.update({(one.start, one.kind, one.end): one.after or None for one in changes})
    if draft.mode is Mode.EDIT:
        _tie(draft, changes)
    draft.edge_changes += changes
    draft.outcome.edges_unchanged += unchanged
    draft.outcome.edges += [plan.name for plan in plans]
    counts = {
        "add": draft.outcome.edges_added,
        "update": draft.outcome.edges_updated,
        "remove": draft.outcome.edges_removed,
    }
    for change in changes:
        counts[change.operation][change.kind] += 1
    return [
        (one.start, one.kind, one.end)
        for one in changes
        if one.operation != "remove" and (one.operation == "add" or one.before.get("type") != one.after.get("type"))
    ]
