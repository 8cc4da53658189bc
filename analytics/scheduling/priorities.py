"""Priority rules of the serial generation scheme: which of the activities that can be scheduled comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.expansion.kernels import Pointers, gather_bits
from graph.snapshots.columns import Floats, Ints

_WORDS: Final = 8
"""Successors are counted in blocks of 64 × this many, so that memory stays bounded."""


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """What rules go by, shape (u,): hours, latest starts (infinite where nothing is due), and the arcs in rows."""

    pointer: Pointers
    heads: Ints
    hours: Floats
    early_starts: Floats
    late_starts: Floats

    def total_successors(self) -> Floats:
        """Return how many units each one leads to. O((u + a) u / 64)."""
        count = len(self.hours)
        found = np.zeros(count)
        for first in range(0, count, 64 * _WORDS):
            bits = np.zeros((count, _WORDS), dtype=np.uint64)
            for unit in range(first, min(first + 64 * _WORDS, count)):
                place = unit - first
                bits[unit, place // 64] |= np.uint64(1 << (place % 64))
            own = np.bitwise_count(bits).sum(axis=1)
            gather_bits(self.pointer, self.heads, bits)
            found += np.bitwise_count(bits).sum(axis=1) - own
        return found

    def positional_weights(self) -> Floats:
        """Return each unit's hours with those of its immediate successors (greatest rank positional weight)."""
        tails = np.repeat(np.arange(len(self.hours)), np.diff(self.pointer))
        following = np.bincount(tails, weights=self.hours[self.heads], minlength=len(self.hours))
        return np.asarray(self.hours + following)


RULES: Final[Mapping[str, Callable[[Measures], Floats]]] = {
    "latestStart": lambda one: one.late_starts,
    "latestFinish": lambda one: one.late_starts + one.hours,
    "leastFloat": lambda one: one.late_starts - one.early_starts,
    "shortest": lambda one: one.hours,
    "mostSuccessors": lambda one: -one.total_successors(),
    "positionalWeight": lambda one: -one.positional_weights(),
}
"""Name → what is smallest for the activity that comes first. Kolisch and Hartmann, Heuristic Algorithms, 1999."""


def ranked(rule: str, measures: Measures, *ties: Floats) -> Ints:
    """Return each unit's rank by a rule, then by ``ties`` (smallest first), then by its number. O(u log u).

    Raises:
        ValueError: There is no such rule.

    """
    if rule not in RULES:
        raise ValueError(f"there is no priority rule {rule!r}; choose one of {', '.join(RULES)}")
    key = RULES[rule](measures)
    order = np.lexsort((*ties[::-1], key))
    rank = np.empty(len(key), dtype=np.int32)
    rank[order] = np.arange(len(key), dtype=np.int32)
    return rank
