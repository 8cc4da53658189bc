"""Units of the expanded graph in topological order: single nodes, and cycles as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from analytics.expansion.kernels import Pointers, rows_of, rows_sorted, topological_order
from graph.snapshots.columns import Flags, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """``unit`` (shape (v,)): each node's unit; ``nodes`` by unit with ``pointer`` (shape (u + 1,)); ``is_cycle``."""

    unit: Ints
    nodes: Ints
    pointer: Pointers
    is_cycle: Flags

    @property
    def count(self) -> int:
        """Number of units."""
        return len(self.is_cycle)

    def between(self, tail: Ints, head: Ints) -> tuple[NDArray[np.intp], Ints, Ints]:
        """Return the places of the arcs between different units, ordered by (tail, head), and their units."""
        tails, heads = self.unit[tail], self.unit[head]
        places = np.flatnonzero(tails != heads)
        key = tails[places].astype(np.int64) * self.count + heads[places]
        places = places[np.argsort(key, kind="stable")]
        return places, tails[places], heads[places]


def ordered(tail: Ints, head: Ints, count: int) -> Order:
    """Put ``count`` nodes with arcs ``tail`` → ``head`` (shape (a,)) in order. O(v + a log a).

    Strongly connected components (Pearce 2016, in scipy) are looked for only when Kahn's algorithm meets a cycle.
    """
    pointer, heads = rows_sorted(tail, head, count)
    order = topological_order(pointer, heads)
    component = np.arange(count, dtype=np.int32)
    components = count
    if len(order) < count:
        matrix = csr_array((np.ones(len(heads), dtype=np.int8), heads, pointer), shape=(count, count))
        components, component = connected_components(matrix, directed=True, connection="strong")
        tails, inner = component[tail], component[tail] != component[head]
        pointer, heads = rows_sorted(tails[inner], component[head][inner], components)
        order = topological_order(pointer, heads)
    place = np.empty(components, dtype=np.int32)
    place[order] = np.arange(components, dtype=np.int32)
    unit = place[component]
    sizes = np.bincount(unit, minlength=components)
    nodes = np.argsort(unit, kind="stable").astype(np.int32)
    return Order(unit, nodes, rows_of(unit, components), sizes > 1)
