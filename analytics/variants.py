"""Variants of a chain: the longest paths in time between two items, in order."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from datetime import date
from typing import Final

import numpy as np

from analytics.expanded import Expanded
from analytics.kernels import UNREACHED, longest_to
from analytics.steps import Step, Steps
from analytics.trees import target_row
from graph.columns import Floats
from graph.snapshot import Snapshot

_EXPANSIONS: Final = 200_000
"""Partial paths that ``k_paths`` may look at."""


def k_paths(
    snapshot: Snapshot, root: Hashable, goal: Hashable, k: int = 5, *, today: date | None = None
) -> tuple[tuple[Step, ...], ...]:
    """Return the k longest paths in time from an item to a goal, longest first: the variants of its chain.

    Best first with the exact remaining distance as bound, so each path costs O(its length × out-degree × log). A path
    goes through a cycle once, as one step. Nothing is returned where the goal is not reached.

    Raises:
        KeyError: There is no such item.
        ValueError: ``k`` is less than 1, or an item is neither Work nor Goal.

    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least 1 path")
    expanded = Expanded.of(snapshot, today)
    begin = int(expanded.unit[expanded.gate[target_row(expanded, root)]])
    target = int(expanded.unit[expanded.finish[target_row(expanded, goal)]])
    every = np.ones(len(expanded.heads), dtype=np.bool_)
    distance, _, _ = longest_to(
        expanded.pointer, expanded.heads, expanded.weights, every, expanded.release, target, 0.0
    )
    steps = Steps(expanded)
    return tuple(steps.along(units, arcs) for units, arcs in _longest(expanded, distance, begin, target, k))


def _longest(
    expanded: Expanded, distance: Floats, begin: int, target: int, k: int
) -> list[tuple[list[int], list[int]]]:
    if distance[begin] == UNREACHED:
        return []
    queue: list[tuple[float, list[int], list[int], float]] = [(-float(distance[begin]), [], [begin], 0.0)]
    found: list[tuple[list[int], list[int]]] = []
    for _ in range(_EXPANSIONS):
        if not queue or len(found) == k:
            break
        _, arcs, units, gone = heapq.heappop(queue)
        if units[-1] == target:
            found.append((units, arcs))
            continue
        for arc in range(int(expanded.pointer[units[-1]]), int(expanded.pointer[units[-1] + 1])):
            head, so_far = int(expanded.heads[arc]), gone + float(expanded.weights[arc])
            if distance[head] > UNREACHED:
                heapq.heappush(queue, (-(so_far + float(distance[head])), [*arcs, arc], [*units, head], so_far))
    return found
