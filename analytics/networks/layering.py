"""Layered drawing of a graph without cycles: layers, an order in each that crosses little, and coordinates.

The steps are those of Sugiyama, Tagawa and Toda, IEEE Transactions on Systems, Man, and Cybernetics 11 (1981). An edge
that spans several layers is a row of *dummies*, one in each layer between, so that every segment joins neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from analytics.expansion.kernels import Pointers, compiled, rows_sorted
from graph.snapshots.columns import Floats, Ints

_SWEEPS: Final = 12
_ROUNDS: Final = 4
"""Rounds in which every layer is placed by its neighbours, once from each side."""
_STRAIGHT: Final = 3.0
"""How much more a dummy pulls than a node: long edges should be straight."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """``count`` nodes and after them the dummies of long edges: p places in all.

    ``layer`` (shape (p,)) is the longest distance to a sink in edges; ``tails`` and ``heads`` (shape (s,)) are
    segments, each from a layer to the next lower one; ``chain`` holds, by edge, the places from its tail to its head.
    """

    count: int
    layer: Ints
    tails: Ints
    heads: Ints
    chain: tuple[Ints, ...]


def layers_of(count: int, tails: Ints, heads: Ints) -> Layers:
    """Put nodes 0 to ``count`` - 1 into layers. Every edge must run from a lower to a higher number. O(p + s)."""
    pointer, ahead = rows_sorted(tails, heads, count)
    layer = _longest(pointer, ahead)
    span = layer[tails] - layer[heads]
    first = count + np.concatenate([[0], np.cumsum(np.maximum(span - 1, 0))])
    chain = tuple(
        np.concatenate([[tails[edge]], np.arange(first[edge], first[edge + 1]), [heads[edge]]]).astype(np.int32)
        for edge in range(len(tails))
    )
    levels = [layer, *(layer[tails[edge]] - np.arange(1, span[edge]) for edge in range(len(tails)))]
    starts = np.concatenate([places[:-1] for places in chain]) if chain else np.empty(0)
    ends = np.concatenate([places[1:] for places in chain]) if chain else np.empty(0)
    return Layers(count, np.concatenate(levels).astype(np.int32), starts.astype(np.int32), ends.astype(np.int32), chain)


@compiled
def _longest(pointer: Pointers, heads: Ints) -> Ints:
    """Return the most arcs from each node to a sink. O(p + a)."""
    count = len(pointer) - 1
    layer = np.zeros(count, dtype=np.int32)
    for node in range(count - 1, -1, -1):
        for arc in range(pointer[node], pointer[node + 1]):
            layer[node] = max(layer[node], layer[heads[arc]] + 1)
    return layer


def ordered_layers(layers: Layers, wish: Floats) -> tuple[list[Ints], int]:
    """Return the places of each layer from top to bottom, and how many segments cross.

    Begins with the order of ``wish`` (shape (p,)) and keeps the best of all sweeps; each sweep puts every layer in the
    order of its neighbours' mean places (barycentres), from one side to the other and back. O(sweeps × s log s).
    """
    depth = int(layers.layer.max(initial=-1)) + 1
    order = np.lexsort((np.arange(len(wish)), wish, layers.layer)).astype(np.int32)
    bounds = np.searchsorted(layers.layer[order], np.arange(depth + 1)).astype(np.int64)
    ahead = rows_sorted(layers.tails, layers.heads, len(wish))
    behind = rows_sorted(layers.heads, layers.tails, len(wish))
    best, crossings = order.copy(), count_crossings(order, bounds, *ahead)
    for sweep in range(_SWEEPS):
        if crossings == 0:
            break
        _swept(order, bounds, *(ahead if sweep % 2 == 0 else behind), sweep % 2 == 0)
        found = count_crossings(order, bounds, *ahead)
        if found < crossings:
            best, crossings = order.copy(), found
    return [best[bounds[level] : bounds[level + 1]] for level in range(depth)], int(crossings)


@compiled
def _swept(order: Ints, bounds: Pointers, pointer: Pointers, neighbours: Ints, upwards: bool) -> None:
    """Put each layer (in place) in the order of its neighbours' mean places; what has none keeps its own."""
    rank = np.empty(len(order), dtype=np.float64)
    depth = len(bounds) - 1
    for level in range(depth):
        for place in range(bounds[level], bounds[level + 1]):
            rank[order[place]] = place - bounds[level]
    for step in range(depth):
        level = step if upwards else depth - 1 - step
        low, high = bounds[level], bounds[level + 1]
        middle = np.empty(high - low)
        for place in range(low, high):
            node = order[place]
            begin, end = pointer[node], pointer[node + 1]
            middle[place - low] = rank[node]
            if end > begin:
                total = 0.0
                for at in range(begin, end):
                    total += rank[neighbours[at]]
                middle[place - low] = total / (end - begin)
        chosen = order[low:high][np.argsort(middle, kind="mergesort")]
        order[low:high] = chosen
        for place in range(low, high):
            rank[order[place]] = place - low


@compiled
def count_crossings(order: Ints, bounds: Pointers, pointer: Pointers, heads: Ints) -> int:
    """Return how many pairs of segments cross. O(s log s): inversions by a Fenwick tree, layer by layer.

    Barth, Mutzel and Jünger, Simple and efficient bilayer cross counting, JGAA 8 (2004).
    """
    rank = np.empty(len(order), dtype=np.int64)
    depth = len(bounds) - 1
    for level in range(depth):
        for place in range(bounds[level], bounds[level + 1]):
            rank[order[place]] = place - bounds[level]
    crossings = 0
    for level in range(1, depth):
        width = bounds[level] - bounds[level - 1]
        tree = np.zeros(width + 1, dtype=np.int64)
        seen = 0
        for place in range(bounds[level], bounds[level + 1]):
            node = order[place]
            ends = np.sort(rank[heads[pointer[node] : pointer[node + 1]]])
            for end in ends:
                # Segments drawn before that end strictly below this one's end cross it.
                not_below, at = 0, end + 1
                while at > 0:
                    not_below += tree[at]
                    at -= at & -at
                crossings += seen - not_below
            for end in ends:
                at = end + 1
                while at <= width:
                    tree[at] += 1
                    at += at & -at
                seen += 1
    return crossings


def placed(layers: Layers, order: list[Ints], height: Floats, gap: float) -> Floats:
    """Return the vertical middle of each place (shape (p,)): near its neighbours', in order, boxes ``gap`` apart.

    Each layer is the least-squares fit to the means of its neighbours under the distances that the boxes (``height``,
    shape (p,)) need: isotonic regression. Layers are fitted from one side and the other in turn. O(rounds × s).
    """
    middle = np.zeros(len(height))
    weight = np.where(np.arange(len(height)) < layers.count, 1.0, _STRAIGHT)
    offsets = []
    for level in order:
        half = height[level] / 2
        offset = np.concatenate([[0.0], np.cumsum(half[:-1] + half[1:] + gap)]) if len(level) else half
        offsets.append(offset)
        middle[level] = offset - (offset[-1] if len(offset) else 0.0) / 2
    pulls = _pulls(layers, weight)
    for turn in range(2 * _ROUNDS):
        levels = range(len(order)) if turn % 2 == 0 else range(len(order) - 1, -1, -1)
        for depth in levels:
            level = order[depth]
            wanted = _wanted(pulls, level, middle)
            middle[level] = isotonic_regression(wanted - offsets[depth], weights=weight[level]).x + offsets[depth]
    return middle


def _pulls(layers: Layers, weight: Floats) -> tuple[Pointers, Ints, Floats]:
    """Return, by place, its neighbours in both directions, and how strongly each pulls."""
    both = np.concatenate([layers.tails, layers.heads]), np.concatenate([layers.heads, layers.tails])
    pointer, neighbours = rows_sorted(both[0], both[1], len(weight))
    strength = weight[neighbours] * weight[np.repeat(np.arange(len(weight)), np.diff(pointer))]
    return pointer, neighbours, strength


def _wanted(pulls: tuple[Pointers, Ints, Floats], level: Ints, middle: Floats) -> Floats:
    """Return the weighted mean of each place's neighbours; its own where it has none."""
    pointer, neighbours, strength = pulls
    counts = pointer[level + 1] - pointer[level]
    ends = np.cumsum(counts)
    at: NDArray[np.int64] = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
    at += np.repeat(pointer[level], counts)
    owner = np.repeat(np.arange(len(level)), counts)
    total = np.bincount(owner, weights=strength[at] * middle[neighbours[at]], minlength=len(level))
    whole = np.bincount(owner, weights=strength[at], minlength=len(level))
    return np.where(whole > 0, total / np.where(whole > 0, whole, 1.0), middle[level])
