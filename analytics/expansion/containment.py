"""Containment: everything below an item, through parts, occurrences and the children of goals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import Pointers, descend, rows_sorted
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Flags, Floats, Ints
from graph.snapshots.snapshot import CATEGORIES, Snapshot

_DONE = CATEGORIES.index(Category.DONE)
_CANCELLED = CATEGORIES.index(Category.CANCELLED)


@dataclass(frozen=True, slots=True, eq=False)
class Containment:
    """What lies below each of n items, whatever its state.

    ``is_leaf`` (shape (n,)) are the leaves of work that were not cancelled; ``effort`` (hours, shape (n,)) is their
    whole size and ``done`` (0 to 1, shape (n,)) how much of it is done: all of a DONE leaf, and of an open one what is
    no longer remaining.
    """

    is_leaf: Flags
    effort: Floats
    done: Floats
    pointer: Pointers
    heads: Ints
    _seen: Ints
    _queue: Ints
    _stamps: list[int]

    @classmethod
    def of(cls, expanded: Expanded) -> Containment:
        """Prepare the look-up, once per expanded graph. O(n + m log m)."""
        return expanded.once("containment", lambda: _containment(expanded))

    def below(self, row: int) -> Ints:
        """Return an item and everything below it, each once, nearest first. O(what is below)."""
        # Two threads may ask the same snapshot: each takes the whole scratch space or makes one of its own.
        try:
            stamp = self._stamps.pop()
        except IndexError:
            count = len(self.is_leaf)
            queue = np.empty(count, dtype=np.int32)
            return queue[: descend(self.pointer, self.heads, row, np.zeros(count, dtype=np.int32), 1, queue)]
        found = self._queue[: descend(self.pointer, self.heads, row, self._seen, stamp, self._queue)].copy()
        self._stamps.append(stamp + 1)
        return found

    def leaves(self, row: int) -> Ints:
        """Return the leaves of work below an item (itself, if it is one) that were not cancelled, ascending."""
        rows = self.below(row)
        return np.sort(rows[self.is_leaf[rows]])

    def progress(self, rows: Ints) -> float | None:
        """Return how much of some leaves is done, 0 to 1: by effort, by number without any, ``None`` for none."""
        if not len(rows):
            return None
        effort = self.effort[rows]
        return float(np.average(self.done[rows], weights=effort if effort.sum() > 0 else None))


def _containment(expanded: Expanded) -> Containment:
    snapshot, sizes = expanded.snapshot, expanded.durations
    count = len(snapshot)
    leaf = (expanded.gate >= 0) & snapshot.is_work & ~expanded.is_container & (snapshot.items.kind != OPERATION)
    left = np.divide(sizes.remaining, sizes.effort, out=np.ones(count), where=sizes.effort > 0)
    tails, heads = _links(expanded)
    pointer, rows = rows_sorted(tails, heads, count)
    return Containment(
        is_leaf=leaf & (snapshot.category != _CANCELLED),
        effort=sizes.effort,
        done=np.where(snapshot.category == _DONE, 1.0, np.clip(1.0 - left, 0.0, 1.0)),
        pointer=pointer,
        heads=rows,
        _seen=np.zeros(count, dtype=np.int32),
        _queue=np.empty(count, dtype=np.int32),
        _stamps=[1],
    )


def _links(expanded: Expanded) -> tuple[Ints, Ints]:
    """Return (upper, lower) pairs: wholes and parts of every kind, operations and occurrences, goals and children."""
    snapshot, goals = expanded.snapshot, expanded.goals
    upper, lower = [goals.parent], [goals.child]
    for kind in ("PART_OF", "SPAWNED_FROM"):
        start, end = sure_ends(snapshot, expanded.canon, kind)
        upper.append(end)
        lower.append(start)
    return np.concatenate(upper), np.concatenate(lower)


def sure_ends(snapshot: Snapshot, canon: Ints, kind: str) -> tuple[Ints, Ints]:
    """Return the two ends (at their canonical items) of a kind's edges that the policy holds for sure. O(m)."""
    edges, places = snapshot.edges, snapshot.edges_of(kind)
    places = places[edges.confidence[places] >= np.float32(snapshot.policy.min_confidence)]
    start, end = canon[edges.start[places]], canon[edges.end[places]]
    return start[start != end], end[start != end]
