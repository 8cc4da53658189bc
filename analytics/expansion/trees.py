"""Where chains begin, and the longest path in time from every unit of the expanded graph to one target."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import UNREACHED, longest_to
from analytics.expansion.readiness import Readiness
from analytics.expansion.roles import with_role
from analytics.expansion.timing import Clock, has_own_calendars
from analytics.expansion.waits import has_started
from graph.model import Role
from graph.snapshots.columns import Flags, Floats, Ints


def target_row(expanded: Expanded, name: Hashable, hidden: Flags | None = None) -> int:
    """Return the row of a Work or Goal at which its edges are read.

    Raises:
        KeyError: There is no such item, or it is hidden.
        ValueError: The item is neither Work nor Goal.

    """
    row = int(expanded.canon[expanded.snapshot.row(name, hidden)])
    if hidden is not None and hidden[row]:  # a duplicate, seen, of an item that is not
        raise KeyError(f"no item {name!r} in workspace {expanded.snapshot.workspace!r}")
    if expanded.finish[row] < 0:
        raise ValueError(f"{name!r} is a {expanded.snapshot.label(row)}; chains lead to work and goals")
    return row


@dataclass(frozen=True, slots=True, eq=False)
class ChainTree:
    """The longest path from every unit to one target: its ``distance`` and when it alone would end (``ends``), hours.

    Shape (u,). Ends of roots are those with everybody working in their own calendar, other ends in the workspace's.
    Where some path delays the target, ``delays`` is true and only such paths count. ``delaying`` is the arc with which
    such a path begins, ``other`` the one for units whose paths all leave the target enough without them; a walk keeps
    to one of the two. ``roots`` are the units where chains begin.
    """

    expanded: Expanded
    row: int
    target: int
    distance: Floats
    delaying: Ints
    other: Ints
    ends: Floats
    delays: Flags
    roots: Ints

    @classmethod
    def to(cls, expanded: Expanded, row: int) -> ChainTree:
        """Find the longest paths to an item. O(n + m)."""
        target = int(expanded.unit[expanded.finish[row]])
        own, arguments = float(expanded.hours[target]), (expanded.pointer, expanded.heads, expanded.weights)
        active = expanded.arc_delays
        distance, delaying, ends = longest_to(*arguments, active, expanded.release, target, own)
        other, delays = delaying, distance > UNREACHED
        if not active.all():
            every = np.ones(len(active), dtype=np.bool_)
            whole, other, end = longest_to(*arguments, every, expanded.release, target, own)
            distance, ends = np.where(delays, distance, whole), np.where(delays, ends, end)
        begins = root_units(expanded) & (distance > UNREACHED)
        begins[target] = expanded.is_cycle[target]
        begins[_shorter_ends(expanded, begins, distance)] = False
        roots = np.flatnonzero(begins).astype(np.int32)
        if has_own_calendars(expanded):
            clock, late = Clock.of(expanded), delays[roots]
            for first, some in ((delaying, roots[late]), (other, roots[~late])):
                ends[some] = clock.walks(first, some)
        return cls(expanded, row, target, distance, delaying, other, ends, delays, roots)

    def worst(self, k: int) -> list[int]:
        """Return the k worst roots: those that delay first, by the day they force, then length, then key."""
        expanded = self.expanded
        length, late = self.distance[self.roots], self.delays[self.roots]
        days = np.zeros(len(late), dtype=np.int64)
        if expanded.today is not None and not np.isnat(expanded.due[self.row]):
            days = expanded.calendar.finish_days(expanded.today, self.ends[self.roots]).astype(np.int64) * late
        order = np.lexsort((-length, -days, ~late))
        if len(order) > k:
            last = order[k - 1]
            tied = (days == days[last]) & (length == length[last]) & (late == late[last])
            order = order[: k + int(np.count_nonzero(tied))]
        keys = expanded.snapshot.items.key
        named = [(not late[at], -days[at], -length[at], keys[self.root_row(self.roots[at])], at) for at in order]
        return [int(self.roots[at]) for *_, at in sorted(named)[:k]]

    def root_row(self, unit: int) -> int:
        """Return the row of a unit's first item."""
        order = self.expanded.order
        return int(self.expanded.item[order.nodes[order.pointer[unit]]])

    def walk(self, unit: int) -> tuple[list[int], list[int]]:
        """Return the units from one to the target, and the arcs between them."""
        first = self.delaying if self.delays[unit] else self.other
        units, arcs = [unit], []
        while units[-1] != self.target:
            arcs.append(int(first[units[-1]]))
            units.append(int(self.expanded.heads[arcs[-1]]))
        return units, arcs


def _shorter_ends(expanded: Expanded, begins: Flags, distance: Floats) -> Ints:
    """Return the units to leave out so that a container begins one chain: the longer of its gate's and its finish's."""
    rows = np.flatnonzero(expanded.is_container & (expanded.gate >= 0))
    gate, finish = expanded.unit[expanded.gate[rows]], expanded.unit[expanded.finish[rows]]
    both = begins[gate] & begins[finish] & ~expanded.is_cycle[gate] & ~expanded.is_cycle[finish]
    gate, finish = gate[both], finish[both]
    return np.where(distance[gate] > distance[finish], finish, gate)


def root_units(expanded: Expanded) -> Flags:
    """Return at which units chains begin; see ``blocking_chains``. Shape (u,)."""
    found = expanded.__dict__.get("_roots")
    if found is None:
        found = expanded.__dict__["_roots"] = _root_units(expanded)
    return np.asarray(found, dtype=np.bool_)


def _root_units(expanded: Expanded) -> Flags:
    snapshot, item = expanded.snapshot, expanded.item
    readiness = Readiness.of(expanded)
    nodes = np.arange(len(item))
    entered = np.zeros(len(item), dtype=np.bool_)
    entered[expanded.all_arcs.head] = True
    is_finish = expanded.finish[item] == nodes
    passive = is_finish & expanded.is_open[item] & ~entered & (snapshot.items.kind[item] != OPERATION)
    hollow = passive & (expanded.is_container[item] | snapshot.is_goal[item])
    leaf = readiness.leaf[item] & ~expanded.waits.held
    awaited = np.zeros(len(item), dtype=np.bool_)
    arcs = expanded.all_arcs
    starts = ~arcs.from_finish & with_role(snapshot, Role.WAITS)[arcs.origin]
    awaited[arcs.tail[starts]] = True
    unopened = expanded.is_container[item] & ~is_finish & awaited & ~expanded.waits.held & ~has_started(snapshot)[item]
    roots = expanded.is_cycle.copy()
    roots[expanded.unit[leaf | hollow | unopened]] = True
    return roots
