"""Scope: what an analysis reports on, when it is asked about a part of the workspace only.

A scope is a portfolio, project, other work, goal, team, person or sprint, by key or id. It never changes what is true:
dates, waits, floats and values come from the whole graph, and an answer with a scope is the part of the answer without
one that is about

``items``
    what belongs to the scope. To work or a goal: itself and everything below it (parts, occurrences, children of
    goals). To a team: what it, the teams inside it and their people own, do or answer for, and they themselves; to a
    person the same. To a sprint: what is planned for it, and what is below that.
``goals``
    for answers by goal: the goals that belong to the scope, and those to which anything in it contributes directly.
``people``
    for answers by person or team: those who belong to the scope; where it is work, a goal or a sprint, whoever holds
    open work in it, and these people's home teams.

A chain is in the scope when one of its steps is, a contradiction when one of its items is. Only analyses that look at
the graph as such (centrality, communities, paths, layout) are asked about the *induced part*: the nodes in the scope
and the edges between them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.expansion.containment import Containment, sure_ends
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import walks_through
from analytics.expansion.teams import PERSON, TEAM, Teams
from analytics.expansion.trees import ChainTree
from graph.snapshots.columns import Flags, Ints
from graph.snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Focus:
    """A scope as flags of shape (n,); see the module for what ``items``, ``goals`` and ``people`` hold.

    ``items`` may be hidden, and whoever lists them counts those; what is hidden brings no goals and no people. ``key``
    is the scope's, ``None`` where everything is in focus.
    """

    key: str | None
    items: Flags
    goals: Flags
    people: Flags

    @classmethod
    def of(cls, expanded: Expanded, scope: Hashable | None, hidden: Flags | None = None) -> Focus:
        """Look a scope up; everything is in focus without one. O(n + m), and O(n) without one.

        Raises:
            KeyError: There is no such item, or it is hidden.

        """
        snapshot = expanded.snapshot
        if scope is None:
            every = np.ones(len(snapshot), dtype=np.bool_)
            return cls(None, every, every, every)
        row = snapshot.row(scope, hidden)
        items = rows_in(expanded, row)
        seen = items if hidden is None else items & ~hidden
        if snapshot.items.kind[row] in (PERSON, TEAM):
            people = items & np.isin(snapshot.items.kind, (PERSON, TEAM))
        else:
            people = _busy(snapshot, seen & snapshot.is_open)
        return cls(snapshot.items.key[row], items, goals_served(expanded, seen), people)

    @classmethod
    def nothing(cls, count: int) -> Focus:
        """Return a focus in which nothing of ``count`` items is."""
        none = np.zeros(count, dtype=np.bool_)
        return cls(None, none, none, none)

    def units(self, expanded: Expanded) -> Flags:
        """Return which units have an item in focus as a member. Shape (u,)."""
        found = np.zeros(len(expanded.hours), dtype=np.bool_)
        found[expanded.unit[self.items[expanded.item]]] = True
        return found

    def on_path(self, expanded: Expanded, begin: int, arcs: Sequence[int]) -> bool:
        """Tell whether a path (the unit where it begins, and its arcs) has a step in focus; see ``Steps.along``."""
        if self.items.all():
            return True
        units = [begin, *expanded.heads[arcs].tolist()]
        steps = [unit for place, unit in enumerate(units[:-1]) if not (place and expanded.is_gate[unit])]
        steps += [unit for unit in units[-1:] if expanded.is_cycle[unit]]
        return any(self.items[expanded.members(unit)].any() for unit in steps)

    def chains(self, tree: ChainTree) -> ChainTree:
        """Return the tree with only those roots whose chains have a step in focus; see ``Steps.along``. O(u)."""
        if self.items.all():
            return tree
        expanded, units = tree.expanded, self.units(tree.expanded)
        units[tree.target] &= expanded.is_cycle[tree.target]
        passing = units & ~expanded.is_gate
        late, first = tree.delays[tree.roots], (tree.delaying, tree.other)
        delaying, other = (walks_through(expanded.heads, arcs, passing)[tree.roots] for arcs in first)
        return replace(tree, roots=tree.roots[units[tree.roots] | np.where(late, delaying, other)])


def rows_in(expanded: Expanded, row: int) -> Flags:
    """Return which items belong to the scope of an item (its row). Shape (n,); O(n + m)."""
    snapshot = expanded.snapshot
    found = np.zeros(len(snapshot), dtype=np.bool_)
    found[row] = True
    if snapshot.items.kind[row] in (PERSON, TEAM):
        teams = Teams.of(snapshot)
        holders = [row] if snapshot.items.kind[row] == PERSON else [*teams.inside[row], *teams.members[row]]
        found[teams.item[np.isin(teams.holder, holders)]] = True
        found[holders] = True
    else:
        containment = Containment.of(expanded)
        for top in _tops(expanded, row):
            found[containment.below(top)] = True
    return found


def _tops(expanded: Expanded, row: int) -> list[int]:
    """Return the items below which everything belongs to a scope that is no person and no team."""
    if expanded.snapshot.label(row) != "Sprint":
        return [int(expanded.canon[row])]
    item, sprint = sure_ends(expanded.snapshot, expanded.canon, "IN_SPRINT")
    tops: list[int] = item[sprint == row].tolist()
    return tops


def goals_served(expanded: Expanded, inside: Flags) -> Flags:
    """Return the goals in a scope and those to which anything in it contributes directly. Shape (n,)."""
    goals, found = expanded.goals, inside & expanded.snapshot.is_goal
    found[goals.parent[inside[goals.child]]] = True
    return found


def _busy(snapshot: Snapshot, work: Flags) -> Flags:
    """Return the people and teams who hold some of the work, and the home teams of those people. Shape (n,)."""
    teams = Teams.of(snapshot)
    found = np.zeros(len(snapshot), dtype=np.bool_)
    found[teams.holder[work[teams.item]]] = True
    homes: Ints = np.array([team for one, team in teams.home.items() if found[one]], dtype=np.int32)
    found[homes] = True
    return found
