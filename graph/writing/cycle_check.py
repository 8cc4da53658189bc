"""Refuses a draft whose edges close a cycle, and says which."""

from __future__ import annotations

from collections.abc import Sequence

from graph import cypher
from graph.batch import Ref
from graph.errors import CycleError
from graph.model import EDGES, Role
from graph.rules.acyclicity import ALONE, EXPANDED, closing, find_cycle, find_kind_cycle
from graph.rules.ties import EdgeName
from graph.writing.draft import Draft


async def refuse_cycles(draft: Draft, added: list[EdgeName]) -> None:
    """Refuse the draft if edges that it added close a cycle, or what it took away lets one come about.

    Raises:
        CycleError: They do; it names one.

    """
    taken = any(one.operation == "remove" for one in draft.edge_changes)
    if not added and not taken and all(one.operation in {"create", "update"} for one in draft.node_changes):
        return
    transaction, workspace_id, ties = draft.transaction, draft.settings.id, draft.memory.ties
    fresh = {one.id for one in draft.node_changes if one.operation == "create"}
    structural = closing([edge for edge in added if edge[1] in EXPANDED], fresh)
    emptied = await _emptied(draft)
    cycle: list[str] = []
    if structural or emptied:
        cycle = await find_cycle(transaction, workspace_id, ties, structural, emptied)
    for kind in dict.fromkeys(edge[1] for edge in added if edge[1] in ALONE):
        own = closing([edge for edge in added if edge[1] == kind], fresh)
        if own and not cycle:
            cycle = await find_kind_cycle(transaction, workspace_id, ties, kind, own)
    if cycle:
        raise CycleError(await _named(draft, cycle))


async def _named(draft: Draft, ids: Sequence[str]) -> list[str]:
    """Return the keys of items; of those that the author may not see, only what they are."""
    known = {item: (one.key, one.label, one.team) for item in ids if (one := draft.directory[Ref("id", item)])}
    if unknown := [item for item in ids if item not in known]:
        rows = await draft.transaction.peek(cypher.KEYS_OF_IDS, workspace=draft.settings.id, ids=unknown)
        known |= {item: (key, label, team) for item, key, label, team in rows}
    return [key if draft.sees(team) else f"a hidden {label}" for key, label, team in (known[item] for item in ids)]


async def _emptied(draft: Draft) -> set[str]:
    """Return the items that lost a part: its edge was removed, or it was archived."""
    archived = {one.id for one in draft.node_changes if one.operation == "archive"}
    lost = [(one.kind, one.start, one.end) for one in draft.edge_changes if one.operation == "remove"]
    if archived:
        rows = await draft.transaction.rows(cypher.EDGES_AT, workspace=draft.settings.id, ids=sorted(archived))
        lost += [(kind, start, end) for kind, start, end in rows if start in archived]
    return {whole for kind, _, whole in lost if EDGES[kind].role is Role.CONTAINS}
