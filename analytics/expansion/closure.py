"""Which cycle an edge closes in the expanded graph, whatever the status of the items: the rule by which writes go."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from analytics.expansion.kernels import rows_sorted
from graph.model import EDGES
from graph.rules.expansion import Port, arcs
from graph.snapshots.columns import Flags, Ints
from graph.snapshots.snapshot import EDGE_KINDS, WAIT_TYPES, Snapshot


def closed_cycle(snapshot: Snapshot, canon: Ints, added: int) -> tuple[int, ...]:
    """Return the rows of a shortest cycle that an edge closes, in order; empty if it closes none. O(n + m log m).

    ``canon`` (shape (n,)) is the item at which each item's edges are read, ``added`` the place of the edge. Items of
    any status count, as they do when an edge is written.
    """
    edges = snapshot.edges
    start, end = canon[edges.start], canon[edges.end]
    structural = np.array([EDGES[name].acyclic and bool(arcs(name)) for name in EDGE_KINDS])[edges.kind]
    groups = snapshot.is_work | snapshot.is_goal
    structural &= groups[start] & groups[end] & (start != end)
    whole = np.zeros(len(snapshot), dtype=np.bool_)
    whole[end[structural & (edges.kind == EDGE_KINDS.index("PART_OF"))]] = True
    containers = np.flatnonzero(whole)
    # Gates keep the number of their item; finishes of containers come after all items.
    finish = np.arange(len(snapshot))
    finish[containers] = len(snapshot) + np.arange(len(containers))
    tails, heads, new = [containers], [finish[containers]], []
    for places, tail, head in _arcs(snapshot, structural, start, end, finish):
        tails.append(tail)
        heads.append(head)
        new += [(int(tail[at]), int(head[at])) for at in np.flatnonzero(places == added)]
    count = len(snapshot) + len(containers)
    pointer, rows = rows_sorted(np.concatenate(tails), np.concatenate(heads), count)
    matrix = csr_array((np.ones(len(rows), dtype=np.int8), rows, pointer), shape=(count, count))
    item = np.concatenate([np.arange(len(snapshot)), containers])
    for before, after in new:
        found = _path(matrix, after, before)
        if found:
            return tuple(dict.fromkeys(item[found].tolist()))
    return ()


def _arcs(
    snapshot: Snapshot, structural: Flags, start: Ints, end: Ints, finish: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the places of the stored edges with the tails and heads of their arcs, rule by rule."""
    edges = snapshot.edges
    for code, wait in np.unique(np.stack([edges.kind[structural], edges.wait_type[structural]]), axis=1).T.tolist():
        places = np.flatnonzero(structural & (edges.kind == code) & (edges.wait_type == wait))
        for arc in arcs(EDGE_KINDS[code], WAIT_TYPES[wait]):
            tail, head = (start[places], end[places]) if arc.forward else (end[places], start[places])
            yield (
                places,
                finish[tail] if arc.tail is Port.FINISH else tail.astype(np.intp),
                finish[head] if arc.head is Port.FINISH else head.astype(np.intp),
            )


def _path(matrix: csr_array, begin: int, target: int) -> list[int]:
    """Return the nodes of a shortest path, both ends included; empty where there is none."""
    _, before = breadth_first_order(matrix, begin, directed=True, return_predecessors=True)
    path = [target]
    while path[-1] != begin:
        if before[path[-1]] < 0:
            return []
        path.append(int(before[path[-1]]))
    return path[::-1]
