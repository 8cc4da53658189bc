"""Compiled loops of centralities: Brandes' betweenness and PageRank by Gauss–Seidel, on compressed rows."""

from __future__ import annotations

import numpy as np

from analytics.expansion.kernels import Pointers, compiled
from graph.snapshots.columns import Floats, Ints


@compiled
def betweenness_from(pointer: Pointers, heads: Ints, sources: Ints) -> Floats:
    """Return how much of the shortest paths from ``sources`` to all others runs through each node. O(s (p + a)).

    Brandes, A faster algorithm for betweenness centrality, Journal of Mathematical Sociology 25 (2001). One breadth
    first search a source; dependencies are gathered from the nodes one step further on, so no lists of predecessors.
    """
    count = len(pointer) - 1
    total = np.zeros(count)
    distance = np.full(count, -1, dtype=np.int32)
    paths = np.zeros(count)
    passed = np.zeros(count)
    queue = np.empty(count, dtype=np.int32)
    for source in sources:
        queue[0] = source
        distance[source] = 0
        paths[source] = 1.0
        done, filled = 0, 1
        while done < filled:
            node = queue[done]
            done += 1
            further, mine = distance[node] + 1, paths[node]
            for arc in range(pointer[node], pointer[node + 1]):
                head = heads[arc]
                if distance[head] < 0:
                    distance[head] = further
                    queue[filled] = head
                    filled += 1
                    paths[head] = mine
                elif distance[head] == further:
                    paths[head] += mine
        # passed[w] = (1 + what runs through w) / paths to w, so that one sum over its successors gives each node's own.
        for place in range(filled - 1, -1, -1):
            node = queue[place]
            further, gathered = distance[node] + 1, 0.0
            for arc in range(pointer[node], pointer[node + 1]):
                head = heads[arc]
                if distance[head] == further:
                    gathered += passed[head]
            through = gathered * paths[node]
            passed[node] = (1.0 + through) / paths[node]
            if node != source:
                total[node] += through
        for place in range(filled):
            distance[queue[place]] = -1
    return total


@compiled
def ranks(
    pointer: Pointers,
    tails: Ints,
    weights: Floats,
    leaving: Floats,
    order: Ints,
    alpha: float,
    tolerance: float,
    most: int,
) -> tuple[Floats, int]:
    """Return PageRank (sum 1) and the number of rounds taken, at most ``most``. O(rounds × (p + a)).

    The arcs that enter node i come from ``tails[pointer[i]:pointer[i + 1]]``; ``leaving`` (shape (p,)) is the weight
    that leaves each node. What has no way out gives its rank to all alike, which only scales the solution: so the
    linear system without that is solved by Gauss–Seidel rounds in ``order`` and scaled. Along an order of a graph
    without cycles the first round is already exact.
    """
    count = len(pointer) - 1
    share = np.zeros(count)  # what each node gives along one unit of weight
    rank = np.zeros(count)
    base = (1.0 - alpha) / count
    rounds = 0
    for _ in range(most):
        rounds += 1
        change, total = 0.0, 0.0
        for node in order:
            gathered = 0.0
            for arc in range(pointer[node], pointer[node + 1]):
                gathered += weights[arc] * share[tails[arc]]
            new = base + alpha * gathered
            change += abs(new - rank[node])
            total += new
            rank[node] = new
            if leaving[node] > 0:
                share[node] = new / leaving[node]
        if change <= tolerance * total:
            break
    return rank / rank.sum(), rounds
