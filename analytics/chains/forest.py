"""All blocking chains to some goals as one forest: who is on them, and how much runs through each.

The chains to one goal join on their way and never part again, so they make a tree with the goal as its root. The trees
of all goals stand one after another in the same arrays, each node before its parent; most questions about chains are
then one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import UNREACHED, Pointers, compiled
from analytics.expansion.trees import ChainTree
from graph.snapshots.columns import Flags, Floats, Ints

_NODES: Final = 32_000_000
"""Nodes of trees that are kept at once (about half a gigabyte); goals beyond are left out, and the result says so."""


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees of chains; shape (f,), by node: its ``unit``, its ``parent`` (-1 for a goal), its tree's ``goal`` (a row).

    ``begins`` is 1 where a chain begins, ``mass`` what that chain carries: the goal's value times the chain's share of
    it. ``left_out`` counts goals for which there was no room.
    """

    unit: Ints
    parent: Ints
    goal: Ints
    begins: Floats
    mass: Floats
    left_out: int

    @classmethod
    def of(cls, expanded: Expanded, goals: Sequence[int]) -> Forest:
        """Grow the trees of the goals (rows), in their order. O(g (n + m)) for g goals."""
        parts: list[tuple[Ints, Ints, Ints, Floats, Floats]] = []
        count, left_out = 0, 0
        for tree in ChainTree.each(expanded, goals):
            goal = tree.row
            late = tree.delays[tree.roots]
            for first, roots in ((tree.delaying, tree.roots[late]), (tree.other, tree.roots[~late])):
                if not len(roots):
                    continue
                unit, parent, begins, share = _walked(expanded.heads, first, expanded.arc_share, roots, tree.target)
                if count + len(unit) > _NODES:
                    left_out += 1
                    break
                parent[:-1] += count
                value = float(expanded.goals.value[goal])
                parts.append((unit, parent, np.full_like(unit, goal), begins, begins * share * value))
                count += len(unit)
        nothing = np.empty(0, dtype=np.int32)
        parts.append((nothing, nothing, nothing, np.empty(0), np.empty(0)))
        unit, parent, goal_of, begins, mass = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(unit, parent, goal_of, begins, mass, left_out)

    def without(self, covered: Flags, emptied: Flags) -> Forest:
        """Return the forest in which chains through ``covered`` nodes, or from ``emptied`` ones, carry nothing."""
        begins, mass = np.where(emptied, 0.0, self.begins), np.where(emptied, 0.0, self.mass)
        _clear(self.parent, covered, begins, mass)
        return replace(self, begins=begins, mass=mass)


@compiled
def _walked(heads: Ints, first: Ints, share: Floats, roots: Ints, target: int) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the units on the walks from ``roots`` to ``target``, ascending. O(u).

    Beside each: its parent's place, 1 where a chain begins, and the share of the target that it holds.
    """
    on = np.zeros(target + 1, dtype=np.bool_)
    on[roots] = True
    units = np.empty(target + 1, dtype=np.int32)
    place = np.empty(target + 1, dtype=np.int32)
    count = 0
    for unit in range(target + 1):
        if on[unit]:
            units[count] = unit
            place[unit] = count
            count += 1
            if unit != target:
                on[heads[first[unit]]] = True
    parent = np.full(count, -1, dtype=np.int32)
    begins = np.zeros(count)
    held = np.ones(count)
    for node in range(count - 2, -1, -1):
        arc = first[units[node]]
        parent[node] = place[heads[arc]]
        held[node] = held[parent[node]] * share[arc]
    for root in roots:
        begins[place[root]] = 1.0
    return units[:count].copy(), parent, begins, held


@compiled
def _clear(parent: Ints, covered: Flags, begins: Floats, mass: Floats) -> None:
    """Empty (in place) every chain that meets a covered node. O(f)."""
    under = covered.copy()
    for node in range(len(parent) - 1, -1, -1):
        if parent[node] >= 0 and under[parent[node]]:
            under[node] = True
        if under[node]:
            begins[node] = 0.0
            mass[node] = 0.0


def common_units(tree: ChainTree) -> Ints:
    """Return the units that every path from any root to the target passes, in order, the target among them. O(u + a).

    They are what dominates the target in a graph whose one source leads to all roots. In topological order a unit is
    passed by all paths when no arc jumps over it, and the first step to any root counts as such an arc.
    """
    expanded = tree.expanded
    return _common(expanded.pointer, expanded.heads, tree.distance > UNREACHED, tree.roots, tree.target)


@compiled
def _common(pointer: Pointers, heads: Ints, reached: Flags, roots: Ints, target: int) -> Ints:
    found = np.empty(target + 1, dtype=np.int32)
    on = np.zeros(target + 1, dtype=np.bool_)
    furthest, count = 0, 0
    for root in roots:
        on[root] = True
        furthest = max(furthest, root)
    for unit in range(target + 1):
        if not on[unit]:
            continue
        if furthest <= unit:
            found[count] = unit
            count += 1
        for arc in range(pointer[unit], pointer[unit + 1]):
            head = heads[arc]
            if reached[head]:
                on[head] = True
                furthest = max(furthest, head)
    return found[:count].copy()
