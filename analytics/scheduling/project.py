"""A plain project: activities with whole or broken hours, waits, and resources of fixed capacity. No items, no days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from analytics.expansion.calendar import Calendar
from analytics.expansion.kernels import earliest_starts, rows_of, rows_sorted, topological_order
from analytics.expansion.moments import Table, table
from analytics.expansion.passes import Network, Work, late_starts
from analytics.scheduling.generation import Demand, generate
from analytics.scheduling.priorities import Measures, ranked
from graph.snapshots.columns import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A resource-constrained project scheduling problem.

    ``hours`` (shape (n,)) are the activities' durations; ``waits`` are (before, after, lag) from finish to start, by
    place; ``demands`` (shape (n, r)) what each activity takes of each resource while it runs, ``capacities`` (shape
    (r,)) what there is of it.

    Raises:
        ValueError: Waits close a cycle, or an activity takes more than there is.

    """

    hours: Floats
    waits: Sequence[tuple[int, int, float]]
    demands: Floats
    capacities: Floats

    def __post_init__(self) -> None:
        if np.any(self.demands > self.capacities):
            raise ValueError("an activity takes more of a resource than there is")
        if len(self._order()) < len(self.hours):
            raise ValueError("the waits close a cycle")

    def critical_length(self) -> float:
        """Return the length without regard to resources: no schedule is shorter. O(n + m)."""
        network, hours, _ = self._arranged()
        starts = _starts(network, hours)
        return float((starts + hours).max(initial=0.0))

    def schedule(self, rule: str = "latestFinish") -> tuple[Floats, float]:
        """Return when each activity starts (shape (n,)), and when the last one ends.

        ``rule`` is one of ``analytics.scheduling.priorities.RULES``. No activity could start sooner while the others
        stay.

        Raises:
            ValueError: There is no such rule.

        """
        network, hours, order = self._arranged()
        count, early = len(hours), _starts(network, hours)
        end = float((early + hours).max(initial=0.0))
        every, none = np.ones(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
        weights = hours[network.tails] + network.lag
        late, *_ = late_starts(network.pointer, network.heads, weights, network.active, none, early, hours, every, end)
        rank = ranked(rule, Measures(network.pointer, network.heads, hours, early, late))
        place, resource = np.nonzero(self.demands[order])
        demand = Demand(
            start=rows_of(place, count),
            resource=resource.astype(np.int32),
            amount=self.demands[order][place, resource].astype(np.float64),
            capacity=np.asarray(self.capacities, dtype=np.float64),
        )
        work = Work(hours, np.zeros(count, dtype=np.int32), np.zeros(count), np.zeros(count), none)
        child, share = np.full(len(network.heads), -1, dtype=np.int32), np.ones(len(network.heads))
        starts, ends, _ = generate(network, work, demand, rank, child, share, np.full(count, np.nan), endless())
        found = np.empty(count)
        found[order] = starts
        return found, float(ends.max(initial=0.0))

    def _order(self) -> Ints:
        before, after = (np.array([wait[end] for wait in self.waits], dtype=np.int64) for end in (0, 1))
        return topological_order(*rows_sorted(before, after, len(self.hours)))

    def _arranged(self) -> tuple[Network, Floats, Ints]:
        """Return the waits between activities in topological order, their hours, and that order."""
        order = self._order()
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        arcs = sorted((int(rank[before]), int(rank[after]), lag) for before, after, lag in self.waits)
        tails, heads = (np.array([arc[end] for arc in arcs], dtype=np.int32) for end in (0, 1))
        into, into_arcs = rows_sorted(heads, np.arange(len(arcs)), len(order))
        every, none = np.ones(len(arcs), dtype=np.bool_), np.zeros(len(arcs), dtype=np.bool_)
        lag = np.array([arc[2] for arc in arcs], dtype=np.float64)
        network = Network(rows_of(tails, len(order)), tails, heads, lag, every, none, every, into, into_arcs)
        return network, np.asarray(self.hours, dtype=np.float64)[order], order


def _starts(network: Network, hours: Floats) -> Floats:
    weights = hours[network.tails] + network.lag
    return earliest_starts(network.pointer, network.heads, weights, network.active, np.zeros(len(hours)))


def endless(calendars: int = 1) -> Table:
    """Return the rulers of calendars on whose axis a moment is an hour: work never pauses."""
    return np.tile(table([Calendar(np.ones(7), np.empty(0, dtype="datetime64[D]"))], _ANY), (calendars, 1))


_ANY: Final = date(1970, 1, 5)
"""A day to count from: with the same hour on every day it does not matter which."""
