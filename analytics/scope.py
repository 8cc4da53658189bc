"""Scope: what belongs to a portfolio, a project, a team, a person, a goal or a sprint."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from analytics.containment import Containment, sure_ends
from analytics.expanded import Expanded
from analytics.teams import Teams
from graph.columns import Flags
from graph.snapshot import Snapshot


def rows_in(expanded: Expanded, scope: Hashable | None, hidden: Flags | None = None) -> Flags:
    """Return which items belong to a scope; all of them for ``None``. Shape (n,).

    To a portfolio, project, other work or goal: itself and everything below it (parts, occurrences, children of goals).
    To a team: what it, the teams inside it and their people own, do or answer for; to a person the same. To a sprint:
    what is planned for it and what is below that. Hidden items belong to nothing. O(n + m).

    Raises:
        KeyError: There is no such item, or it is hidden.

    """
    snapshot = expanded.snapshot
    if scope is None:
        found = np.ones(len(snapshot), dtype=np.bool_)
    else:
        row = snapshot.row(scope)
        if hidden is not None and hidden[row]:
            raise KeyError(f"no item {scope!r} in workspace {snapshot.workspace!r}")
        found = np.zeros(len(snapshot), dtype=np.bool_)
        found[row] = True
        if snapshot.label(row) in ("Person", "Team"):
            found |= _held(snapshot, row)
        else:
            _below(expanded, row, found)
    return found if hidden is None else found & ~hidden


def _held(snapshot: Snapshot, row: int) -> Flags:
    teams = Teams.of(snapshot)
    holders = [row] if snapshot.label(row) == "Person" else [*teams.inside[row], *teams.members[row]]
    found = np.zeros(len(snapshot), dtype=np.bool_)
    found[teams.item[np.isin(teams.holder, holders)]] = True
    found[holders] = True
    return found


def _below(expanded: Expanded, row: int, found: Flags) -> None:
    containment, canon = Containment.of(expanded), expanded.canon
    tops = [int(canon[row])]
    if expanded.snapshot.label(row) == "Sprint":
        item, sprint = sure_ends(expanded.snapshot, canon, "IN_SPRINT")
        tops = item[sprint == row].tolist()
    for top in tops:
        found[containment.below(top)] = True


def goals_served(expanded: Expanded, inside: Flags) -> Flags:
    """Return the goals in a scope and those to which anything in it contributes directly. Shape (n,)."""
    goals, found = expanded.goals, inside & expanded.snapshot.is_goal
    found[goals.parent[inside[goals.child]]] = True
    return found
