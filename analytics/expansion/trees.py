"""Where chains begin, and the longest path in time from every unit of the expanded graph to one target."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.expansion.clock import Clock, has_own_calendars
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import LANES, UNREACHED, alone_ends, longest_to, longest_to_each
from analytics.expansion.readiness import Readiness
from analytics.expansion.roles import with_role
from analytics.expansion.waits import has_started
from graph.model import Role
from graph.snapshots.columns import Days, Flags, Floats, Ints


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
    """The longest path from every unit to one target, and its ``distance`` in hours.

    Shape (u,). Where some path delays the target, ``delays`` is true and only such paths count. ``delaying`` is the arc
    with which such a path begins, ``other`` the one for units whose paths all leave the target enough without them; a
    walk keeps to one of the two. ``roots`` are the units where chains begin.

    Paths are the longest in hours. In days another one may be longer, where somebody on it has leave: which one depends
    on the day on which it begins, so that each root would need a pass of its own and chains would not join to trees.
    What is told of a walk's end counts in everybody's own calendar.
    """

    expanded: Expanded
    row: int
    target: int
    distance: Floats
    delaying: Ints
    other: Ints
    delays: Flags
    roots: Ints
    _whole: Floats

    @classmethod
    def to(cls, expanded: Expanded, row: int) -> ChainTree:
        """Find the longest paths to an item. O(n + m)."""
        (tree,) = cls.each(expanded, [row])
        return tree

    @classmethod
    def each(cls, expanded: Expanded, rows: Sequence[int]) -> Iterator[ChainTree]:
        """Find the longest paths to each of some items, in their order. O(g (n + m)) for g of them, less than g calls.

        Let go of a tree before the next eight are made where memory matters.
        """
        active = expanded.arc_delays
        every = active if active.all() else np.ones(len(active), dtype=np.bool_)
        for low in range(0, len(rows), LANES):
            some = rows[low : low + LANES]
            late = _longest(expanded, some, active)
            whole = late if every is active else _longest(expanded, some, every)
            for row, one, other in zip(some, late, whole, strict=True):
                yield cls._of(expanded, int(row), one, other)

    @classmethod
    def _of(cls, expanded: Expanded, row: int, late: tuple[Floats, Ints], whole: tuple[Floats, Ints]) -> ChainTree:
        target = int(expanded.unit[expanded.finish[row]])
        delays = late[0] > UNREACHED
        distance = late[0] if late is whole else np.where(delays, late[0], whole[0])
        roots = _Roots.of(expanded).reaching(distance, target)
        return cls(expanded, row, target, distance, late[1], whole[1], delays, roots, whole[0])

    def finish_days(self, units: Ints) -> Days:
        """Return the day on which the walk from each of some units, and nothing else, would end. Shapes (r,) → (r,).

        NaT without a day to begin on. O(u + r), and in calendars of their own with e days off O(Σ lengths log e).
        """
        expanded, late = self.expanded, self.delays[units]
        if expanded.today is None:
            return np.full(len(units), np.datetime64("NaT", "D"))
        ends = np.empty(len(units))
        if has_own_calendars(expanded):
            clock = Clock.of(expanded)
            ends[late], ends[~late] = clock.walks(self.delaying, units[late]), clock.walks(self.other, units[~late])
            return clock.end_days(ends, np.full(len(units), self.target, dtype=np.int32))
        for first, some, distance in ((self.delaying, late, self.distance), (self.other, ~late, self._whole)):
            if some.any():
                ends[some] = self._ends(first, distance)[units[some]]
        return expanded.calendar.finish_days(expanded.today, ends)

    def late(self) -> Flags:
        """Return the units that delay the target and whose walk alone would end after it is due. Shape (u,).

        False everywhere without a due date or a day to begin on. O(u), and O(u log e) in calendars of their own.
        """
        expanded, due = self.expanded, self.expanded.due[self.row]
        if expanded.today is None or np.isnat(due):
            return np.zeros(len(self.delays), dtype=np.bool_)
        if due < np.datetime64(expanded.today, "D"):  # nothing ends before today
            return self.delays
        if has_own_calendars(expanded):
            return Clock.of(expanded).late_walks(self.delaying, self.target, due)
        ends = self._ends(self.delaying, self.distance)
        return expanded.calendar.past(expanded.today, ends, due.item())

    def _ends(self, first: Ints, distance: Floats) -> Floats:
        return alone_ends(self.expanded.heads, first, distance, self.expanded.release, self.target)

    def worst(self, k: int) -> list[int]:
        """Return the k worst roots: those that delay first, by the day they force, then length, then key."""
        expanded = self.expanded
        length, late = self.distance[self.roots], self.delays[self.roots]
        days = np.zeros(len(late), dtype=np.int64)
        if expanded.today is not None and not np.isnat(expanded.due[self.row]):
            days = self.finish_days(self.roots).astype(np.int64) * late
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


def _longest(expanded: Expanded, rows: Sequence[int], active: Flags) -> list[tuple[Floats, Ints]]:
    """Return the longest distances to some items over active arcs, and the arcs that begin them."""
    targets = expanded.unit[expanded.finish[list(rows)]]
    network, own = (expanded.pointer, expanded.heads, expanded.weights, active), expanded.hours[targets]
    if len(rows) == 1:
        return [longest_to(*network, int(targets[0]), float(own[0]))]
    return list(zip(*longest_to_each(*network, targets, own), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _Roots:
    """The units at which chains begin, ascending, and those of containers where they may begin at either end."""

    units: Ints
    is_cycle: Flags
    gate: Ints
    finish: Ints

    @classmethod
    def of(cls, expanded: Expanded) -> _Roots:
        """Find them once for an expanded graph."""
        return expanded.once("roots", lambda: cls._found(expanded))

    @classmethod
    def _found(cls, expanded: Expanded) -> _Roots:
        begins = _root_units(expanded)
        rows = np.flatnonzero(expanded.is_container & (expanded.gate >= 0))
        gate, finish = expanded.unit[expanded.gate[rows]], expanded.unit[expanded.finish[rows]]
        both = begins[gate] & begins[finish] & ~expanded.is_cycle[gate] & ~expanded.is_cycle[finish]
        return cls(np.flatnonzero(begins).astype(np.int32), expanded.is_cycle, gate[both], finish[both])

    def reaching(self, distance: Floats, target: int) -> Ints:
        """Return those that lead to a target: of the two ends of a container the one from which it is further."""
        found = self.units[distance[self.units] > UNREACHED]
        found = found[(found != target) | self.is_cycle[target]]
        reached = (distance[self.gate] > UNREACHED) & (distance[self.finish] > UNREACHED) & (self.finish != target)
        gate, finish = self.gate[reached], self.finish[reached]
        shorter = np.where(distance[gate] > distance[finish], finish, gate)
        chosen: Ints = found[~np.isin(found, shorter)]
        return chosen


def _root_units(expanded: Expanded) -> Flags:
    """Return at which units chains begin; see ``blocking_chains``. Shape (u,)."""
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
