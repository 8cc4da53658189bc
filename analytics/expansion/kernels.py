"""Compiled loops over the expanded graph. Nodes are numbered in topological order, so that one pass suffices.

``pointer`` (int64, shape (u + 1,)) and ``heads`` (int32, shape (a,)) are compressed sparse rows: the arcs that leave
node i are ``pointer[i]`` to ``pointer[i + 1]``. Every arc runs from a lower to a higher number, except where said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from graph.snapshots.columns import Flags, Floats, Ints

_Function = TypeVar("_Function", bound=Callable[..., Any])
Pointers = NDArray[np.int64]
Words = NDArray[np.uint64]
UNREACHED: Final = -np.inf


def compiled(function: _Function) -> _Function:
    """Compile a function to machine code on its first call, and keep the code on disk; it runs without the lock."""
    return cast(_Function, njit(cache=True, nogil=True)(function))


@compiled
def topological_order(pointer: Pointers, heads: Ints) -> Ints:
    """Return the nodes in a topological order (Kahn 1962); shorter than (u,) when the arcs close a cycle. O(u + a)."""
    count = len(pointer) - 1
    waiting = np.zeros(count, dtype=np.int32)
    for head in heads:
        waiting[head] += 1
    order = np.empty(count, dtype=np.int32)
    filled = 0
    for node in range(count):
        if waiting[node] == 0:
            order[filled] = node
            filled += 1
    done = 0
    while done < filled:
        node = order[done]
        done += 1
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            waiting[head] -= 1
            if waiting[head] == 0:
                order[filled] = head
                filled += 1
    return order[:filled]


@compiled
def longest_to(
    pointer: Pointers, heads: Ints, weights: Floats, active: Flags, target: int, own: float
) -> tuple[Floats, Ints]:
    """Return the longest distance from every node to ``target``, and the arc that begins it. O(u + a).

    A node's distance includes ``own``, the target's own duration; -inf where the target is not reached. Ties go to the
    first arc.
    """
    count = len(pointer) - 1
    distance = np.full(count, UNREACHED)
    first = np.full(count, -1, dtype=np.int32)
    distance[target] = own
    for node in range(target - 1, -1, -1):
        for arc in range(pointer[node], pointer[node + 1]):
            if active[arc] and distance[heads[arc]] + weights[arc] > distance[node]:
                distance[node] = distance[heads[arc]] + weights[arc]
                first[node] = arc
    return distance, first


LANES: Final = 8
"""Targets that one pass takes together: as many distances as a line of memory holds."""


@compiled
def longest_to_each(
    pointer: Pointers, heads: Ints, weights: Floats, active: Flags, targets: Ints, own: Floats
) -> tuple[Floats, Ints]:
    """Return what ``longest_to`` does for up to ``LANES`` targets. Shape (targets, u) each; O(u + a).

    Every arc is read once for all of them, and they are compared together: the time of three targets.
    """
    count, wanted, last = len(pointer) - 1, len(targets), targets.max()
    distance = np.full((wanted, count), UNREACHED)
    first = np.full((wanted, count), -1, dtype=np.int32)
    reached = np.full((last + 1, LANES), UNREACHED)
    longest, begins = np.empty(LANES), np.empty(LANES, dtype=np.int64)
    for node in range(last, -1, -1):
        for lane in range(LANES):
            longest[lane], begins[lane] = UNREACHED, -1
        for arc in range(pointer[node], pointer[node + 1]):
            head, weight = heads[arc], weights[arc]
            if active[arc] and head <= last:
                for lane in range(LANES):
                    longer = reached[head, lane] + weight > longest[lane]
                    longest[lane] = reached[head, lane] + weight if longer else longest[lane]
                    begins[lane] = arc if longer else begins[lane]
        for lane in range(wanted):
            if node == targets[lane]:
                longest[lane], begins[lane] = own[lane], -1
        for lane in range(LANES):
            reached[node, lane] = longest[lane]
        for lane in range(wanted):
            distance[lane, node], first[lane, node] = longest[lane], begins[lane]
    return distance, first


@compiled
def alone_ends(heads: Ints, first: Ints, distance: Floats, release: Floats, target: int) -> Floats:
    """Return when the walk along ``first`` from every node to ``target`` would end if nothing else held it back.

    Shape (u,); -inf where no walk leads there. Nothing on it starts before its ``release``. O(u).
    """
    ends = np.full(len(first), UNREACHED)
    ends[target] = distance[target] + release[target]
    for node in range(target - 1, -1, -1):
        if first[node] >= 0:
            ends[node] = max(distance[node] + release[node], ends[heads[first[node]]])
    return ends


@compiled
def ways_to(pointer: Pointers, heads: Ints, active: Flags, target: int) -> Floats:
    """Return how many paths of active arcs lead from every node to ``target``: 1 from itself. O(u + a).

    Counts are exact up to 2^53 and then the nearest float; infinite where even that is too small.
    """
    ways = np.zeros(len(pointer) - 1)
    ways[target] = 1.0
    for node in range(target - 1, -1, -1):
        for arc in range(pointer[node], pointer[node + 1]):
            if active[arc]:
                ways[node] += ways[heads[arc]]
    return ways


@compiled
def earliest_starts(pointer: Pointers, heads: Ints, weights: Floats, active: Flags, release: Floats) -> Floats:
    """Return each node's earliest start: not before its ``release``, nor before an active arc lets it. O(u + a)."""
    starts = release.copy()
    for node in range(len(pointer) - 1):
        for arc in range(pointer[node], pointer[node + 1]):
            if active[arc]:
                starts[heads[arc]] = max(starts[heads[arc]], starts[node] + weights[arc])
    return starts


@compiled
def earliest_starts_enough(
    pointer: Pointers,
    heads: Ints,
    weights: Floats,
    release: Floats,
    into: Pointers,
    into_arcs: Ints,
    tails: Ints,
    child: Ints,
    share: Floats,
    need: Floats,
) -> Floats:
    """Return earliest starts where a goal needs only enough of its children. O(u + a log a).

    ``need`` (shape (u,)) is the share still to be finished, NaN for nodes that wait for everything. ``child`` (shape
    (a,)) is the item whose ``share`` an arc brings, -1 for arcs that are no contribution and always count. A goal whose
    open children cannot bring enough starts when all of them are there.
    """
    starts = release.copy()
    for node in range(len(pointer) - 1):
        if not np.isnan(need[node]):
            low, high = into[node], into[node + 1]
            times = np.empty(high - low)
            for place in range(low, high):
                arc = into_arcs[place]
                times[place - low] = starts[tails[arc]] + weights[arc]
            starts[node] = max(starts[node], enough_at(times, into_arcs[low:high], child, share, need[node]))
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            if np.isnan(need[head]) or child[arc] < 0:
                starts[head] = max(starts[head], starts[node] + weights[arc])
    return starts


@compiled
def earliest_starts_changed(
    pointer: Pointers,
    heads: Ints,
    weights: Floats,
    release: Floats,
    into: Pointers,
    into_arcs: Ints,
    tails: Ints,
    child: Ints,
    share: Floats,
    need: Floats,
    starts: Floats,
    changed: Flags,
) -> Floats:
    """Return ``earliest_starts_enough`` where only ``changed`` units differ from a plan that starts as given.

    Shapes (u,). They may have another release, or other weights on the arcs into them. O(u + a log a), and mostly no
    more than the units that then move and their arcs.
    """
    starts = starts.copy()
    touched = changed.copy()
    for node in range(len(starts)):
        if not touched[node]:
            continue
        low, high = into[node], into[node + 1]
        begun, enough = release[node], not np.isnan(need[node])
        times = np.empty(high - low if enough else 0)
        for place in range(low, high):
            arc = into_arcs[place]
            arrives = starts[tails[arc]] + weights[arc]
            if enough:
                times[place - low] = arrives
            if not enough or child[arc] < 0:
                begun = max(begun, arrives)
        if enough:
            begun = max(begun, enough_at(times, into_arcs[low:high], child, share, need[node]))
        if begun != starts[node]:
            starts[node] = begun
            for arc in range(pointer[node], pointer[node + 1]):
                touched[heads[arc]] = True
    return starts


@compiled
def enough_at(times: Floats, arcs: Ints, child: Ints, share: Floats, need: float) -> float:
    """Return when children holding ``need`` are there; a child with several arcs is there at its last one."""
    if need <= 1e-9:
        return 0.0
    gained = 0.0
    order = np.argsort(times)
    for place in range(len(order)):
        here = child[arcs[order[place]]]
        if here < 0:
            continue
        last = True
        for later in range(place + 1, len(order)):
            if child[arcs[order[later]]] == here:
                last = False
                break
        if last:
            gained += share[arcs[order[place]]]
            if gained >= need - 1e-9:
                return float(times[order[place]])
    latest = 0.0
    for place in range(len(order)):
        if child[arcs[place]] >= 0:
            latest = max(latest, times[place])
    return latest


@compiled
def driving_units(into: Pointers, into_arcs: Ints, tails: Ints, weights: Floats, starts: Floats, target: int) -> Flags:
    """Return the units (shape (u,)) from which a path of arcs without any slack leads to ``target``. O(u + a)."""
    drives = np.zeros(len(starts), dtype=np.bool_)
    drives[target] = True
    for node in range(target, -1, -1):
        if drives[node]:
            for place in range(into[node], into[node + 1]):
                arc = into_arcs[place]
                if abs(starts[tails[arc]] + weights[arc] - starts[node]) <= 1e-9:
                    drives[tails[arc]] = True
    return drives


@compiled
def lowest_of_parts(pointer: Pointers, heads: Ints, contains: Flags, values: Floats) -> None:
    """Lower each unit's value (shape (u,), in place) to the lowest of its parts, by ``contains`` arcs. O(u + a)."""
    for node in range(len(values)):
        for arc in range(pointer[node], pointer[node + 1]):
            if contains[arc]:
                values[heads[arc]] = min(values[heads[arc]], values[node])


@compiled
def spread(pointer: Pointers, heads: Ints, seeds: Flags) -> Flags:
    """Return everything that ``seeds`` (shape (u,)) reach, themselves included; cycles are welcome. O(u + a)."""
    reached = seeds.copy()
    queue = np.empty(len(seeds), dtype=np.int32)
    filled = 0
    for node in range(len(seeds)):
        if seeds[node]:
            queue[filled] = node
            filled += 1
    done = 0
    while done < filled:
        node = queue[done]
        done += 1
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            if not reached[head]:
                reached[head] = True
                queue[filled] = head
                filled += 1
    return reached


@compiled
def nearest_source(pointer: Pointers, heads: Ints, sources: Ints) -> Ints:
    """Return, for every node, the source (of ``sources``, in order of preference) with fewest steps to it; else -1.

    Breadth first from all sources at once; cycles are welcome. O(u + a).
    """
    origin = np.full(len(pointer) - 1, -1, dtype=np.int32)
    queue = np.empty(len(pointer) - 1, dtype=np.int32)
    filled = 0
    for source in sources:
        if origin[source] < 0:
            origin[source] = source
            queue[filled] = source
            filled += 1
    done = 0
    while done < filled:
        node = queue[done]
        done += 1
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            if origin[head] < 0:
                origin[head] = origin[node]
                queue[filled] = head
                filled += 1
    return origin


@compiled
def hops(pointer: Pointers, heads: Ints, source: int) -> Ints:
    """Return the fewest arcs from ``source`` to every node, -1 where it does not lead; cycles are welcome. O(u + a)."""
    distance = np.full(len(pointer) - 1, -1, dtype=np.int32)
    queue = np.empty(len(pointer) - 1, dtype=np.int32)
    queue[0] = source
    distance[source] = 0
    done, filled = 0, 1
    while done < filled:
        node = queue[done]
        done += 1
        for arc in range(pointer[node], pointer[node + 1]):
            if distance[heads[arc]] < 0:
                distance[heads[arc]] = distance[node] + 1
                queue[filled] = heads[arc]
                filled += 1
    return distance


@compiled
def descend(pointer: Pointers, heads: Ints, source: int, seen: Ints, stamp: int, queue: Ints) -> int:
    """Write everything that ``source`` leads to, itself first, to ``queue``; return how many. O(nodes and arcs met).

    ``seen`` and ``queue`` (shape (u,)) are kept by the caller between calls, each with a new ``stamp``, so that a small
    part of a large graph costs no more than itself; cycles are welcome.
    """
    queue[0] = source
    seen[source] = stamp
    done, filled = 0, 1
    while done < filled:
        node = queue[done]
        done += 1
        for arc in range(pointer[node], pointer[node + 1]):
            if seen[heads[arc]] != stamp:
                seen[heads[arc]] = stamp
                queue[filled] = heads[arc]
                filled += 1
    return filled


@compiled
def gather_bits(pointer: Pointers, heads: Ints, bits: Words) -> None:
    """Add to each node's ``bits`` (shape (u, w)) those of everything it reaches; in place. O((u + a) w)."""
    for node in range(len(pointer) - 2, -1, -1):
        for arc in range(pointer[node], pointer[node + 1]):
            for word in range(bits.shape[1]):
                bits[node, word] |= bits[heads[arc], word]


@compiled
def reach_bits(pointer: Pointers, heads: Ints, bits: Words, marked: Flags, through: Words) -> None:
    """Add to each node's ``bits`` (shape (u, w)) those of everything it reaches; in place. O((u + a) w).

    ``through`` (same shape) becomes the bits that are reached by a path with at least one ``marked`` arc.
    """
    width = bits.shape[1]
    for node in range(len(pointer) - 2, -1, -1):
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            for word in range(width):
                bits[node, word] |= bits[head, word]
                through[node, word] |= bits[head, word] if marked[arc] else through[head, word]


@compiled
def mark_walks(heads: Ints, first: Ints, begins: Ints, marks: Flags) -> None:
    """Mark (shape (u,), in place) every node on the walks that follow ``first`` from each of ``begins``. O(u)."""
    for begin in begins:
        node = begin
        while not marks[node]:
            marks[node] = True
            if first[node] < 0:
                break
            node = heads[first[node]]


@compiled
def walks_through(heads: Ints, first: Ints, marks: Flags) -> Flags:
    """Return from which nodes (shape (u,)) the walk that follows ``first`` meets a marked one, or itself is. O(u)."""
    found = marks.copy()
    for node in range(len(first) - 1, -1, -1):
        if first[node] >= 0 and found[heads[first[node]]]:
            found[node] = True
    return found


def totals(group: NDArray[np.integer], amounts: NDArray[np.floating], count: int) -> Floats:
    """Return the sum of the amounts (shape (a,)) of each group (shape (a,), 0 to ``count`` - 1). O(a + count)."""
    return np.bincount(group, weights=amounts, minlength=count).astype(np.float64)


def rows_of(tails: NDArray[np.integer], count: int) -> Pointers:
    """Return the pointers of compressed rows for arcs that are sorted by tail. O(a + count)."""
    pointer = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(tails, minlength=count), out=pointer[1:])
    return pointer


def rows_sorted(tails: NDArray[np.integer], heads: NDArray[np.integer], count: int) -> tuple[Pointers, Ints]:
    """Return compressed rows of arcs in any order; heads keep theirs. O(a log a)."""
    order = np.argsort(tails, kind="stable")
    return rows_of(tails, count), np.ascontiguousarray(heads[order], dtype=np.int32)
