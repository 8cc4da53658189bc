"""Bearers of chains: the items, cycles, people and teams that steps belong to, and what runs through each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.chains.forest import Forest
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import Pointers, compiled, rows_of
from analytics.expansion.ownership import answering
from graph.snapshots.columns import Flags, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Bearers:
    """Who is meant by a unit as a step of a chain: compressed rows of bearers by unit.

    A bearer is the row of an item, person or team; a cycle is one bearer, numbered from n by its unit. A container's
    gate is a step only where a chain begins with it (``gate``, shape (u,)).
    """

    pointer: Pointers
    who: Ints
    gate: Flags

    @classmethod
    def of(cls, expanded: Expanded) -> Bearers:
        """Work out the bearers: work, cycles, all who own, do or answer for a step, and their teams. O(n + m log m)."""
        snapshot, units = expanded.snapshot, len(expanded.hours)
        node_unit, item = expanded.unit, expanded.item
        lone = ~expanded.is_cycle[node_unit]
        work = lone & snapshot.is_work[item]
        cycles = np.flatnonzero(expanded.is_cycle)
        rows, people, _ = answering(snapshot)
        rows, people = rows[expanded.gate[rows] >= 0], people[expanded.gate[rows] >= 0]
        gates, finishes = node_unit[expanded.gate[rows]], node_unit[expanded.finish[rows]]
        tails = np.concatenate([node_unit[work], cycles, gates, finishes])
        whos = np.concatenate([item[work], len(snapshot) + cycles, people, people])
        # Each pair as one number: sorting those takes a tenth of the time that distinct rows of two take.
        width = len(snapshot) + units
        pairs = np.sort(tails.astype(np.int64) * width + whos)
        tail, who = np.divmod(pairs[np.diff(pairs, prepend=-1) > 0], width)
        return cls(rows_of(tail, units), who.astype(np.int32), expanded.is_gate)


def loads(expanded: Expanded, forest: Forest, bearers: Bearers) -> tuple[Floats, Floats]:
    """Return, by bearer, what the chains carry that have a step of theirs, and how many those are. Shapes (n + u,).

    A chain counts once for each bearer, however many of its steps are theirs; the goal itself is no step, unless it is
    in a cycle. O(f × bearers of a unit).
    """
    count = len(expanded.snapshot) + len(expanded.hours)
    carried, chains = np.zeros(count), np.zeros(count)
    _add_up(
        forest.unit, forest.parent, forest.begins, forest.mass, bearers.pointer, bearers.who, bearers.gate,
        expanded.is_cycle, carried, chains,
    )  # fmt: skip
    return carried, chains


@compiled
def _add_up(
    unit: Ints,
    parent: Ints,
    begins: Floats,
    mass: Floats,
    pointer: Pointers,
    who: Ints,
    gate: Flags,
    is_cycle: Flags,
    carried: Floats,
    chains: Floats,
) -> None:
    """Add what runs through each bearer, visiting every tree in preorder from its goal.

    A subtree is then one stretch of the visit, and a bearer's next node counts only past the stretch of the last one.
    """
    count = len(unit)
    size = np.ones(count, dtype=np.int32)
    weight = mass.copy()
    number = begins.copy()
    for node in range(count):
        if parent[node] >= 0:
            size[parent[node]] += size[node]
            weight[parent[node]] += weight[node]
            number[parent[node]] += number[node]
    free = np.empty(count, dtype=np.int32)
    visit = np.empty(count, dtype=np.int32)
    used = 0
    for node in range(count - 1, -1, -1):
        if parent[node] < 0:
            place = used
            used += size[node]
        else:
            place = free[parent[node]]
            free[parent[node]] += size[node]
        visit[place] = node
        free[node] = place + 1
    covered = np.zeros(len(carried), dtype=np.int32)
    for place in range(count):
        node = visit[place]
        here = unit[node]
        if number[node] == 0.0 or (parent[node] < 0 and not is_cycle[here]):
            continue
        for at in range(pointer[here], pointer[here + 1]):
            bearer = who[at]
            if place >= covered[bearer]:
                if gate[here]:
                    carried[bearer] += mass[node]
                    chains[bearer] += begins[node]
                else:
                    carried[bearer] += weight[node]
                    chains[bearer] += number[node]
                    covered[bearer] = place + size[node]


def goals_of_bearers(expanded: Expanded, forest: Forest, bearers: Bearers, chosen: Ints) -> list[list[int]]:
    """Return, for each chosen bearer, the rows of the goals to which a chain with a step of theirs leads. O(f)."""
    slot = np.full(len(expanded.snapshot) + len(expanded.hours), -1, dtype=np.int32)
    slot[chosen] = np.arange(len(chosen), dtype=np.int32)
    goals, place = np.unique(forest.goal, return_inverse=True)
    which = place.astype(np.int32)
    leads = np.zeros((len(chosen), len(goals)), dtype=np.bool_)
    _mark_goals(
        forest.unit, forest.parent, forest.begins, which, bearers.pointer, bearers.who, bearers.gate, expanded.is_cycle,
        slot, leads,
    )  # fmt: skip
    return [goals[row].tolist() for row in leads]


@compiled
def _mark_goals(
    unit: Ints,
    parent: Ints,
    begins: Floats,
    goal: Ints,
    pointer: Pointers,
    who: Ints,
    gate: Flags,
    is_cycle: Flags,
    slot: Ints,
    leads: Flags,
) -> None:
    """Mark (in place) the goals of each bearer that has a ``slot``."""
    for node in range(len(unit)):
        here = unit[node]
        if (gate[here] and begins[node] == 0.0) or (parent[node] < 0 and not is_cycle[here]):
            continue
        for at in range(pointer[here], pointer[here + 1]):
            if slot[who[at]] >= 0:
                leads[slot[who[at]], goal[node]] = True
