"""The expanded graph: the only graph that analyses walk.

A leaf is one node; a container is two, its gate and its finish; ``graph.rules.expansion`` says which of them each edge
ties. Nodes of one strongly connected component make one *unit*; every other node is a unit of its own. Units are
numbered in topological order, so that each analysis is one pass over compressed rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.calendar import Calendar
from analytics.expansion.calendars import Calendars
from analytics.expansion.durations import Basis, Durations, durations
from analytics.expansion.goals import Goals, goals_of
from analytics.expansion.kernels import Pointers, earliest_starts, earliest_starts_enough, rows_of, rows_sorted, totals
from analytics.expansion.order import Order, ordered
from analytics.expansion.roles import with_role
from analytics.expansion.waits import Arcs, Waits, arcs_of, waits_of
from graph.model import Role
from graph.snapshots.columns import Days, Flags, Floats, Ints
from graph.snapshots.snapshot import KINDS, Snapshot, traversed

Made = TypeVar("Made")

_KEPT: Final = 4
"""Days for which a snapshot keeps its expanded graph."""


@dataclass(frozen=True, eq=False)
class Expanded:
    """The expanded graph of a snapshot on a day; ``Expanded.of`` makes it once and keeps it with the snapshot.

    Shape (n,), by item: ``canon`` (the item at which its edges are read: itself, unless it is a duplicate),
    ``is_open``, ``is_container``, ``gate`` and ``finish`` (nodes; the same for a leaf, -1 for what is
    not in the graph).
    Shape (v,), by node: ``item``, ``unit``. Shape (u,), by unit in topological order: ``release`` (hours from today
    before which it cannot start), ``hours`` (its duration), ``is_cycle``. What ``release`` is made of: ``planned_days``
    (the later day for which it is planned), ``start_lag`` and ``end_lag`` (hours before which lags let it not start,
    and not end); ``start_hours`` is the first two together. ``arcs`` are those between units, ordered by (tail, head);
    ``tails`` and ``heads`` (shape (a,)) are their units, ``weights`` the hours from start to start.
    """

    snapshot: Snapshot
    today: date | None
    calendar: Calendar
    canon: Ints
    is_open: Flags
    is_container: Flags
    gate: Ints
    finish: Ints
    item: Ints
    durations: Durations
    goals: Goals
    waits: Waits
    eligible: Flags
    self_references: int
    arcs: Arcs
    all_arcs: Arcs
    order: Order
    tails: Ints
    heads: Ints
    weights: Floats
    pointer: Pointers
    release: Floats
    hours: Floats
    planned_days: Days
    start_hours: Floats
    start_lag: Floats
    end_lag: Floats

    @property
    def unit(self) -> Ints:
        """The unit of each node. Shape (v,)."""
        return self.order.unit

    @property
    def is_cycle(self) -> Flags:
        """Whether each unit is a cycle. Shape (u,)."""
        return self.order.is_cycle

    @property
    def due(self) -> Days:
        """When each item is due; goals as in ``Goals.due``. Shape (n,)."""
        return self.goals.due

    @classmethod
    def of(cls, snapshot: Snapshot, today: date | None = None) -> Expanded:
        """Return the expanded graph of a snapshot on a day, made at the first call. O(n + m log m), then O(1).

        Without ``today`` nothing is held back by a date, and no key result closes by the end of its period.
        """
        kept = snapshot.derived.setdefault("analytics.expansion.expanded", {})
        if today not in kept:
            while len(kept) >= _KEPT:
                kept.pop(next(iter(kept)))
            kept[today] = _expand(snapshot, today)
        found: Expanded = kept[today]
        return found

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what ``make`` returned when something was first asked for by this name; it is kept with the graph."""
        if name not in self._derived:
            self._derived[name] = make()
        made: Made = self._derived[name]
        return made

    @cached_property
    def _derived(self) -> dict[str, Any]:
        return {}

    @cached_property
    def into(self) -> tuple[Pointers, Ints]:
        """Compressed rows of the arcs (their places) that enter each unit."""
        places = np.arange(len(self.heads), dtype=np.int32)
        return rows_sorted(self.heads, places, len(self.hours))

    @cached_property
    def is_gate(self) -> Flags:
        """Whether each unit is the gate of a container. Shape (u,)."""
        found = np.zeros(len(self.hours), dtype=np.bool_)
        found[self.unit[self.gate[self.is_container & (self.gate >= 0)]]] = True
        return found & ~self.is_cycle

    @cached_property
    def arc_share(self) -> Floats:
        """Share of the goal that an arc's child holds; 1 for arcs that are no contribution. Shape (a,)."""
        share = np.ones(len(self.snapshot.edges.kind))
        share[self.goals.edge] = self.goals.share
        return np.where(self.arcs.child >= 0, share[self.arcs.origin], 1.0)

    @cached_property
    def arc_delays(self) -> Flags:
        """Whether the arc's head is late when its tail is: false where a goal has enough without it. Shape (a,)."""
        delays = np.ones(len(self.snapshot.edges.kind), dtype=np.bool_)
        delays[self.goals.edge] = self.goals.delays
        return (self.arcs.child < 0) | delays[self.arcs.origin]

    @cached_property
    def arc_needs(self) -> Ints:
        """The item without which, once it is closed, each arc is not there. Shape (a,)."""
        return needed_items(self, self.arcs)

    @cached_property
    def full_starts(self) -> Floats:
        """Earliest start of every unit in hours from today, all of each goal's children counted. Shape (u,)."""
        every = np.ones(len(self.heads), dtype=np.bool_)
        return earliest_starts(self.pointer, self.heads, self.weights, every, self.release)

    @cached_property
    def starts(self) -> Floats:
        """Earliest start of every unit in hours from today, goals waiting only for enough children. Shape (u,)."""
        return self.starts_with(self.weights, self.release)

    def starts_with(self, weights: Floats, release: Floats) -> Floats:
        """Return ``starts`` with other ``weights`` (shape (a,)) and another ``release`` (shape (u,)).

        An arc of weight -inf holds nothing back, and what it brings to a goal is there already. O(u + a log a).
        """
        pointer, into = self.into
        return earliest_starts_enough(
            self.pointer, self.heads, weights, release, pointer, into, self.tails,
            self.arcs.child, self.arc_share, self.need,
        )  # fmt: skip

    @cached_property
    def need(self) -> Floats:
        """Share still to be finished of each goal that needs only enough of its children, else NaN. Shape (u,)."""
        goals = self.goals
        need = np.full(len(self.hours), np.nan)
        rows = np.unique(goals.parent)
        rows = rows[(self.finish[rows] >= 0) & (goals.enough[rows] + goals.cancelled[rows] < 1 + 1e-9)]
        rows = rows[goals.enough[rows] < 1 - 1e-9]
        units = self.unit[self.finish[rows]]
        need[units] = np.where(self.is_cycle[units], np.nan, goals.enough[rows] - goals.done[rows])
        return need

    def finish_hours(self, row: int, *, full: bool = False) -> float:
        """Return ``finish(g)``: working hours from today to an item's earliest finish.

        For a goal: when children holding ``enough`` of it are finished; infinite when cancelled children make that
        impossible. ``full``: when all children that are not cancelled are.
        """
        row = int(self.canon[row])
        if self.finish[row] < 0 or not self.is_open[row]:
            return 0.0
        if not full and self.goals.enough[row] + self.goals.cancelled[row] > 1 + 1e-9:
            return float("inf")
        unit = self.unit[self.finish[row]]
        return float((self.full_starts if full else self.starts)[unit] + self.hours[unit])

    @cached_property
    def parts(self) -> tuple[Pointers, Ints]:
        """Compressed rows of each item's parts, by item. Closed parts are among them."""
        contains = with_role(self.snapshot, Role.CONTAINS) & self.eligible
        whole, part = self.canon[self.snapshot.edges.end[contains]], self.canon[self.snapshot.edges.start[contains]]
        inner = whole != part
        return rows_sorted(whole[inner], part[inner], len(self.snapshot))

    def without(self, dropped: Flags) -> Expanded:
        """Return the graph without some of ``all_arcs``, its units worked out anew. O(n + m log m)."""
        waits, hours = self.waits.without(dropped), self.durations.hours[self.item]
        parts = _units(self.all_arcs.take(~dropped), waits, self.calendar, self.today, hours)
        return replace(self, waits=waits, **parts)

    def members(self, unit: int) -> NDArray[np.intp]:
        """Return the rows of the items with a node in a unit, ascending."""
        low, high = self.order.pointer[unit], self.order.pointer[unit + 1]
        return np.unique(self.item[self.order.nodes[low:high]]).astype(np.intp)


def _expand(snapshot: Snapshot, today: date | None) -> Expanded:
    calendar = Calendars.of(snapshot).workspace
    canon = canonical(snapshot)
    eligible = eligible_edges(snapshot)
    goals = goals_of(snapshot, canon, eligible, today)
    is_open = ~goals.closed
    start, end = canon[snapshot.edges.start], canon[snapshot.edges.end]
    inner = eligible & (start != end)
    is_container = np.zeros(len(snapshot), dtype=np.bool_)
    is_container[end[inner & with_role(snapshot, Role.CONTAINS)]] = True
    present = (snapshot.is_work | snapshot.is_goal) & (canon == np.arange(len(snapshot)))
    gate, finish, item = _nodes(present, is_container)
    sizes = durations(snapshot, calendar, present & ~is_container)
    arcs = arcs_of(snapshot, canon, inner, is_open, gate, finish, goals)
    waits = waits_of(snapshot, calendar, today, arcs, item, inner, (start, end), sizes, is_open, gate, finish)
    arcs = arcs.take(~waits.satisfied_start)
    waits = waits.without(waits.satisfied_start)
    return Expanded(
        snapshot=snapshot,
        today=today,
        calendar=calendar,
        canon=canon,
        is_open=is_open,
        is_container=is_container,
        gate=gate,
        finish=finish,
        item=item,
        durations=sizes,
        goals=goals,
        waits=waits,
        eligible=eligible,
        self_references=int(np.count_nonzero(eligible & (start == end))),
        **_units(arcs, waits, calendar, today, sizes.hours[item]),
    )


def _units(arcs: Arcs, waits: Waits, calendar: Calendar, today: date | None, hours: Floats) -> dict[str, Any]:
    """Put nodes (``hours``, shape (v,)) and the arcs between them together as units in order."""
    order = ordered(arcs.tail, arcs.head, len(hours))
    unit_hours = totals(order.unit, hours, order.count)
    between, tails, heads = order.between(arcs.tail, arcs.head)
    outer = arcs.take(between)
    leaves = (outer.from_finish | order.is_cycle[tails]) * unit_hours[tails]
    enters = (outer.to_finish & ~order.is_cycle[heads]) * unit_hours[heads]
    return {
        "arcs": outer,
        "all_arcs": arcs,
        "order": order,
        "tails": tails,
        "heads": heads,
        "weights": leaves + outer.lag - enters,
        "pointer": rows_of(tails, order.count),
        "hours": unit_hours,
        **_released(order, waits, calendar, today),
    }


def _released(order: Order, waits: Waits, calendar: Calendar, today: date | None) -> dict[str, NDArray[Any]]:
    """Return what holds each unit back until a time, by the name of its column. Shape (u,) each."""
    release, start_lag, end_lag = np.zeros(order.count), np.zeros(order.count), np.zeros(order.count)
    # Inside a cycle nobody says where it ends: what ties the end of a member holds the whole cycle's start.
    in_cycle = order.is_cycle[order.unit]
    np.maximum.at(release, order.unit, np.where(in_cycle, np.maximum(waits.release, waits.ends), waits.release))
    np.maximum.at(start_lag, order.unit, waits.start_lag)
    np.maximum.at(end_lag, order.unit, np.where(in_cycle, 0.0, waits.ends))
    start_lag = np.where(order.is_cycle, release, start_lag)
    planned = np.full(order.count, np.datetime64("NaT", "D"))
    np.fmax.at(planned, order.unit, waits.planned)
    start_hours = start_lag if today is None else np.maximum(start_lag, calendar.hours_until(today, planned))
    return {
        "release": release,
        "planned_days": planned,
        "start_hours": start_hours,
        "start_lag": start_lag,
        "end_lag": end_lag,
    }


def needed_items(expanded: Expanded, arcs: Arcs) -> Ints:
    """Return the item that must be open for each arc to be there: the start of its edge, or the occurrence it is of."""
    start = expanded.canon[expanded.snapshot.edges.start[arcs.origin]]
    return np.where(arcs.stands_in >= 0, expanded.item[arcs.tail], start).astype(np.int32)


def eligible_edges(snapshot: Snapshot) -> Flags:
    """Return which edges the policy allows, whatever the state of their source. Shape (m,)."""
    edges, groups = snapshot.edges, snapshot.is_work | snapshot.is_goal
    anything = np.ones(len(snapshot), dtype=np.bool_)
    return traversed(
        snapshot.items, anything, groups, edges.kind, edges.start, edges.end, edges.confidence, snapshot.policy
    )


def canonical(snapshot: Snapshot) -> Ints:
    """Return the item at which each item's edges are read: the end of its duplicates, itself if it is none.

    A duplicate of several items counts as the first one's; items that are duplicates of each other in a circle count as
    the lowest row among them. Shape (n,); O(n log n) at worst.
    """
    edges = snapshot.edges
    places = snapshot.edges_of("DUPLICATES")
    places = places[edges.confidence[places] >= np.float32(snapshot.policy.min_confidence)][::-1]
    target = np.arange(len(snapshot), dtype=np.int32)
    target[edges.start[places]] = edges.end[places]
    lowest = np.minimum(target, np.arange(len(snapshot), dtype=np.int32))
    for _ in range(len(snapshot).bit_length() + 1):
        lowest = np.minimum(lowest, lowest[target])
        target = target[target]
    # In a circle every jump lands inside it again, and the lowest row met is the same for all of its members.
    settled = target == target[target]
    return np.where(settled, target, lowest[target]).astype(np.int32)


def _nodes(present: Flags, is_container: Flags) -> tuple[Ints, Ints, Ints]:
    """Return the numbers of the nodes: gate and finish by item, and item by node."""
    rows = np.flatnonzero(present)
    sizes = 1 + is_container[rows]
    gate, finish = np.full(len(present), -1, dtype=np.int32), np.full(len(present), -1, dtype=np.int32)
    last = np.cumsum(sizes) - 1
    gate[rows], finish[rows] = last - is_container[rows], last
    return gate, finish, np.repeat(rows, sizes).astype(np.int32)


def basis_of(expanded: Expanded, row: int) -> Basis:
    """Return on what an item's duration rests."""
    return Basis(int(expanded.durations.basis[row]))


OPERATION: Final = KINDS.index("Operation")
