"""Decides what a row does to the graph: create, update, or nothing. No database here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graph.batch import BORN_HERE, NodeRow
from graph.errors import Problem
from graph.model import NODES
from graph.records.directory import Known
from graph.records.history import NodeChange
from graph.rules.lifecycle import may_follow
from graph.rules.validation import State, Vocabulary, properties_of


@dataclass(slots=True)
class NodePlan:
    """One item to be written: its complete state, and what is stored beside it for later imports."""

    row: NodeRow
    state: State
    known: Known | None
    fingerprint: int | None
    local_edits: list[str] = field(default_factory=list)
    change: NodeChange | None = None

    @property
    def stored_beside(self) -> dict[str, Any]:
        """What is stored beside the model's own properties, for later imports."""
        beside: dict[str, Any] = {}
        if self.fingerprint is not None:
            beside["importHash"] = self.fingerprint
        if self.local_edits:
            beside["localEdits"] = self.local_edits
        return beside


def fresh_state(row: NodeRow, given: State, now: int, placeholder: bool) -> State:
    """Return the complete first state of a new item, its id and key apart."""
    defaults = {name: one.default for name, one in properties_of(row.kind).items() if one.default is not None}
    if row.kind == "Issue" and "status" not in given:
        defaults["status"] = "Triage"
    state = {**defaults, "createdAt": now, "updatedAt": now, **_present(given)}
    state |= {"source": row.source, "sourceId": row.source_id, "version": 1}
    if placeholder:
        state["placeholder"] = True
    return state


def imported_state(row: NodeRow, given: State, before: State, local_edits: list[str], now: int) -> State:
    """Return an item's complete state after its source spoke again: the source wins, but for what was edited here."""
    state = fresh_state(row, given, now, placeholder=False)
    state["createdAt"] = given.get("createdAt") or before.get("createdAt", now)
    for name in local_edits:
        state.pop(name, None)
        if name in before and name in properties_of(row.kind):
            state[name] = before[name]
    return state | {"id": before["id"], "key": before["key"], "version": before["version"] + 1}


def with_defaults(kind: str, given: State) -> State:
    """Return what an edit gives; a value that it removes goes back to the default, where there is one."""
    declared = properties_of(kind)
    return {name: declared[name].default if value is None else value for name, value in given.items()}


def edited_state(given: State, before: State, now: int) -> State:
    """Return an item's complete state after an edit: only the given properties change."""
    return _present({**before, **given}) | {"updatedAt": now, "version": before["version"] + 1}


def refused_transition(row: NodeRow, given: State, before: State, words: Vocabulary) -> Problem | None:
    """Return why an edit may not move the item to its new status, ``None`` if it may."""
    if "status" not in given or given["status"] is None:
        return None
    was, wanted = before.get("status"), given["status"]
    category = words.statuses.get(was) if was else None
    if may_follow(row.kind, category, words.statuses[wanted]):
        return None
    allowed = ", ".join(name for name, following in words.statuses.items() if may_follow(row.kind, category, following))
    message = f"{before['key']}: a {row.kind} cannot go from {was!r} to {wanted!r} (allowed: {allowed})"
    return Problem("FORBIDDEN_TRANSITION", message, row.where, "status")


def difference(before: State, after: State) -> tuple[State, State]:
    """Return the properties that differ, as they were and as they are; ``version`` and ``updatedAt`` apart."""
    names = (before.keys() | after.keys()) - {"version", "updatedAt"}
    changed = [name for name in names if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed if name in after},
    )


def edits_since_sync(row: NodeRow, known: Known, changed: State) -> list[str]:
    """Return the properties edited here since the last import, this edit's included; none for items born here."""
    if known.source == BORN_HERE:
        return []
    return sorted({*(known.local_edits or ()), *(name for name in changed if name in row.properties)})


def team_of(state: State) -> str | None:
    """Return the team that alone may see an item, ``None`` if everybody may."""
    return state.get("team", "") if state.get("visibility") == "TEAM" else None


def prefix_of(kind: str) -> str:
    """Return the prefix of generated keys for a node label."""
    return NODES[kind].prefix


def _present(state: State) -> State:
    return {name: value for name, value in state.items() if value is not None}
