"""Louvain's method: communities of an undirected weighted graph by moves that raise modularity."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from analytics.expansion.kernels import Pointers, compiled
from graph.snapshots.columns import Floats, Ints

_LEVELS: Final = 50
_LEAST: Final = 1e-10
"""Gains below this are what rounding leaves of 0."""


def louvain(graph: csr_array, seed: int, resolution: float = 1.0) -> Ints:
    """Return the community of each node of a symmetric matrix of weights (shape (p, p)), numbered from 0.

    Nodes are moved one by one, in an order drawn with ``seed``, to the neighbouring community that raises modularity
    most; then each community becomes a node, until nothing moves: Blondel, Guillaume, Lambiotte and Lefebvre, Journal
    of Statistical Mechanics P10008 (2008). What the method leaves in several pieces is cut into them, which raises
    modularity further. O(p + a) a round, few rounds.
    """
    random = np.random.default_rng(seed)
    community = np.arange(graph.shape[0], dtype=np.int32)
    level = graph
    for _ in range(_LEVELS):
        count = level.shape[0]
        strength = np.asarray(level.sum(axis=1), dtype=np.float64).ravel()
        order = random.permutation(count).astype(np.int32)
        rows = (level.indptr.astype(np.int64), level.indices.astype(np.int32), level.data)
        found = np.unique(moved(*rows, strength, order, resolution), return_inverse=True)[1].astype(np.int32)
        community = found[community]
        merged = int(found.max(initial=-1)) + 1
        if merged == count:
            break
        member = coo_array((np.ones(count), (np.arange(count), found)), shape=(count, merged)).tocsr()
        level = (member.T @ level @ member).tocsr()
    return _in_one_piece(graph, community)


@compiled
def moved(pointer: Pointers, heads: Ints, weights: Floats, strength: Floats, order: Ints, resolution: float) -> Ints:
    """Return each node's community after moving nodes in ``order`` until no move raises modularity. O(p + a) a round.

    A node's weight to itself is what is inside it. ``strength`` is the sum of each row.
    """
    count = len(pointer) - 1
    community = np.arange(count, dtype=np.int32)
    held = strength.copy()
    whole = strength.sum()
    if whole <= 0:
        return community
    link = np.zeros(count)
    met = np.empty(count, dtype=np.int32)
    moving = True
    while moving:
        moving = False
        for node in order:
            here, mine, number = community[node], strength[node], 0
            for arc in range(pointer[node], pointer[node + 1]):
                if heads[arc] != node:
                    other = community[heads[arc]]
                    if link[other] == 0.0:
                        met[number] = other
                        number += 1
                    link[other] += weights[arc]
            held[here] -= mine
            best, most = here, link[here] - resolution * held[here] * mine / whole
            for place in range(number):
                other = met[place]
                gain = link[other] - resolution * held[other] * mine / whole
                if gain > most + _LEAST * whole:
                    best, most = other, gain
            held[best] += mine
            for place in range(number):
                link[met[place]] = 0.0
            if best != here:
                community[node] = best
                moving = True
    return community


def _in_one_piece(graph: csr_array, community: Ints) -> Ints:
    """Return the communities with those cut apart whose nodes do not hang together, the largest numbered first."""
    inner = graph.tocoo()
    inside = community[inner.row] == community[inner.col]
    held = coo_array((inner.data[inside], (inner.row[inside], inner.col[inside])), shape=graph.shape)
    _, piece = connected_components(held.tocsr(), directed=False)
    return numbered_by_size(piece)


def numbered_by_size(group: Ints) -> Ints:
    """Return groups renumbered from 0: larger ones first, of equal ones that of the first node."""
    _, first, inverse, sizes = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    place = np.empty(len(sizes), dtype=np.int32)
    place[np.lexsort((first, -sizes))] = np.arange(len(sizes), dtype=np.int32)
    return place[inverse]


def modularity(graph: csr_array, community: Ints, resolution: float = 1.0) -> float:
    """Return how much more weight is inside communities than chance would put there (-0.5 to 1). O(p + a).

    Newman, Physical Review E 69, 066133 (2004); 0 where there are no edges.
    """
    whole = float(graph.sum())
    if whole <= 0:
        return 0.0
    arcs = graph.tocoo()
    inside = float(arcs.data[community[arcs.row] == community[arcs.col]].sum())
    held = np.bincount(community, weights=np.asarray(graph.sum(axis=1)).ravel())
    return inside / whole - resolution * float(((held / whole) ** 2).sum())
