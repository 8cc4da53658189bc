"""The passes of the critical path method in compiled code: forward in each item's calendar, and backward from a target.

Units are numbered in topological order, as in ``analytics.expansion.kernels``. The plain backward pass counts in hours
of one calendar; the others place starts and ends as moments (``analytics.expansion.moments``), each unit in a calendar
of its own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from analytics.expansion.kernels import Pointers, compiled, enough_at
from analytics.expansion.moments import Table, earliest, hours_at, lagged, latest, unlagged, worked
from graph.snapshots.columns import Flags, Floats, Ints

TOLERANCE: Final = 1e-6
"""Hours, and days: a wait that leaves less than this drives what waits."""


class Network(NamedTuple):
    """Arcs in compressed rows, ordered by tail: ``tails`` and ``heads``, lags in hours, and which ends they tie.

    Shape (a,). ``active`` arcs count. ``into`` and ``into_arcs`` are the places of the arcs that enter each unit.
    """

    pointer: Pointers
    tails: Ints
    heads: Ints
    lag: Floats
    from_finish: Flags
    to_finish: Flags
    active: Flags
    into: Pointers
    into_arcs: Ints


class Work(NamedTuple):
    """By unit (shape (u,)): its hours, the place of its calendar, and the moments before which it may not start or end.

    ``passes``: it takes no time and is no event of its own (the gate or finish of a container).
    """

    hours: Floats
    calendar: Ints
    not_before: Floats
    not_done_before: Floats
    passes: Flags


@compiled
def late_starts(
    pointer: Pointers, heads: Ints, weights: Floats, active: Flags, passes: Flags, starts: Floats, hours: Floats,
    is_end: Flags, end: float,
) -> tuple[Floats, Floats, Flags, Flags]:  # fmt: skip
    """Return late starts, free floats, what leads to an end, and what is critical. Shape (u,) each; O(u + a).

    ``starts`` are the earliest ones; the units of ``is_end`` are to be done by ``end``. Late starts and free floats are
    infinite where a unit leads to none of them. A unit is critical when it ends then, or when an arc without slack
    leads from it to a critical one. What only passes time on (``passes``) has no free float of its own to give.
    """
    count = len(starts)
    late = np.full(count, np.inf)
    free = np.full(count, np.inf)
    reaches = is_end.copy()
    critical = np.zeros(count, dtype=np.bool_)
    for node in range(count - 1, -1, -1):
        begun = starts[node]
        own, left = np.inf, np.inf
        if is_end[node]:
            own = end - hours[node]
            left = own - begun
        drives, leads = left <= TOLERANCE, is_end[node]
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            if not active[arc] or not reaches[head]:
                continue
            leads = True
            own = min(own, late[head] - weights[arc])
            slack = starts[head] - begun - weights[arc]
            left = min(left, slack + free[head] if passes[head] else slack)
            drives = drives or (critical[head] and slack <= TOLERANCE)
        late[node], free[node], reaches[node], critical[node] = own, left, leads, drives
    return late, free, reaches, critical


@compiled
def early_moments(
    network: Network, work: Work, child: Ints, share: Floats, need: Floats, rulers: Table
) -> tuple[Floats, Floats, Floats]:
    """Return when each unit is let start, when it starts, and when it ends, as moments. Shape (u,) each.

    A unit is let start by what it waits for and starts when its calendar has hours again. ``child``, ``share`` and
    ``need`` are those of ``earliest_starts_enough``: a goal waits only for enough of its children. O((u + a) log e) for
    e days off.
    """
    count = len(work.hours)
    let, starts, ends = np.empty(count), np.empty(count), np.empty(count)
    for node in range(count):
        let[node], starts[node], ends[node] = _after(network, work, child, share, need, rulers, starts, ends, node)
    return let, starts, ends


@compiled
def ends_changed(
    network: Network, work: Work, child: Ints, share: Floats, need: Floats, rulers: Table,
    starts: Floats, ends: Floats, changed: Flags,
) -> Floats:  # fmt: skip
    """Return when each unit ends where only ``changed`` ones differ from a plan that starts and ends as given.

    Shapes (u,). They may have other hours, bounds or arcs into them. What ``early_moments`` returns, for the cost of
    the units that then move: O(u + (v + b) log e) for v of them with b arcs.
    """
    starts, ends = starts.copy(), ends.copy()
    touched = changed.copy()
    for node in range(len(ends)):
        if not touched[node]:
            continue
        _, start, end = _after(network, work, child, share, need, rulers, starts, ends, node)
        if start != starts[node] or end != ends[node]:
            starts[node], ends[node] = start, end
            for arc in range(network.pointer[node], network.pointer[node + 1]):
                touched[network.heads[arc]] = True
    return ends


@compiled
def _after(
    network: Network, work: Work, child: Ints, share: Floats, need: Floats, rulers: Table,
    starts: Floats, ends: Floats, node: int,
) -> tuple[float, float, float]:  # fmt: skip
    """Return when a unit is let start, starts and ends after all that it waits for."""
    let, ended = work.not_before[node], work.not_done_before[node]
    low, high = network.into[node], network.into[node + 1]
    enough = not np.isnan(need[node])
    for place in range(low, high):
        arc = network.into_arcs[place]
        if network.active[arc] and not (enough and child[arc] >= 0):
            moment = bound_of(network, arc, starts, ends, rulers)
            if network.to_finish[arc]:
                ended = max(ended, moment)
            else:
                let = max(let, moment)
    if enough:
        times = np.empty(high - low)
        for place in range(low, high):
            arc = network.into_arcs[place]
            # What an arc that does not count would bring is there already.
            times[place - low] = bound_of(network, arc, starts, ends, rulers) if network.active[arc] else -np.inf
        let = max(let, enough_at(times, network.into_arcs[low:high], child, share, need[node]))
    return done(work, node, let, ended, rulers)


@compiled
def done(work: Work, node: int, let: float, ended: float, rulers: Table) -> tuple[float, float, float]:
    """Return when a unit is let start, starts and ends that may not start or end before two moments."""
    hours, one = work.hours[node], work.calendar[node]
    let = max(let, begun_for(ended, hours, one, rulers))
    start = max(let, latest(rulers, one, hours_at(rulers, one, let))) if hours > 0 else let
    return let, start, max(worked(rulers, one, start, hours), ended)


@compiled
def bound_of(network: Network, arc: int, starts: Floats, ends: Floats, rulers: Table) -> float:
    """Return the moment before which an arc lets its head not start, or not end."""
    tail = network.tails[arc]
    return lagged(rulers, ends[tail] if network.from_finish[arc] else starts[tail], network.lag[arc])


@compiled
def begun_for(ended: float, hours: float, one: int, rulers: Table) -> float:
    """Return the earliest start with which work has no hours left at a moment before which it may not end.

    Minus infinity where it may end this morning: that holds no work back, which takes time from this morning on.
    """
    if hours <= 0:
        return ended
    if ended <= 0:
        return -np.inf
    return earliest(rulers, one, hours_at(rulers, one, ended) - hours)


@compiled
def arrivals(network: Network, work: Work, starts: Floats, ends: Floats, rulers: Table) -> Floats:
    """Return the moment before which each arc lets its head not start. Shape (a,); O(a log e)."""
    found = np.empty(len(network.heads))
    for arc in range(len(found)):
        found[arc] = start_bound(network, work, arc, starts, ends, rulers)
    return found


@compiled
def start_bound(network: Network, work: Work, arc: int, starts: Floats, ends: Floats, rulers: Table) -> float:
    """Return the moment before which an arc lets its head not start; a tied end is counted back from."""
    head, moment = network.heads[arc], bound_of(network, arc, starts, ends, rulers)
    if network.to_finish[arc]:
        return begun_for(moment, work.hours[head], work.calendar[head], rulers)
    return moment


class Bounds(NamedTuple):
    """By unit (shape (u,)): the moments up to which it may be let start, and up to which its end may be tied.

    Where a flag of ``before_start`` or ``before_end`` is set, the moment itself is too late already: work that is let
    start in the evening starts the next morning. Infinite where a unit leads to no end.
    """

    start: Floats
    before_start: Flags
    end: Floats
    before_end: Flags


@compiled
def late_bounds(network: Network, work: Work, rulers: Table, is_end: Flags, end: float) -> Bounds:
    """Return how late each unit may be let start for ``is_end`` to be finished by ``end``; exact. O((u + a) log e).

    The inverse of ``early_moments``, arc by arc and unit by unit: each of its steps (a lag, work in a calendar, waiting
    for a calendar to have hours) is monotone, so that what leads to a moment or sooner is all up to another moment, or
    all before it.
    """
    count = len(work.hours)
    last, before = np.full(count, np.inf), np.zeros(count, dtype=np.bool_)
    last_end, before_end = np.full(count, np.inf), np.zeros(count, dtype=np.bool_)
    for node in range(count - 1, -1, -1):
        hours, one = work.hours[node], work.calendar[node]
        begun, ended = (np.inf, False), (end if is_end[node] else np.inf, False)
        for arc in range(network.pointer[node], network.pointer[node + 1]):
            head = network.heads[arc]
            if not network.active[arc]:
                continue
            bound = (last_end[head], before_end[head]) if network.to_finish[arc] else (last[head], before[head])
            bound = until(rulers, 0, bound, network.lag[arc])
            if network.from_finish[arc]:
                ended = sooner(ended, bound)
            else:
                begun = sooner(begun, bound)
        begun, ended = around(rulers, one, hours, begun, ended)
        last[node], before[node] = begun
        last_end[node], before_end[node] = ended
    return Bounds(last, before, last_end, before_end)


@compiled
def around(
    rulers: Table, one: int, hours: float, begun: tuple[float, bool], ended: tuple[float, bool]
) -> tuple[tuple[float, bool], tuple[float, bool]]:
    """Return up to when work of some hours may be let start, and its end be tied, to start and end within bounds."""
    if hours <= 0:
        begun = sooner(begun, ended)
        return begun, begun
    begun = sooner(_let(rulers, one, begun), until(rulers, one, ended, hours))
    return begun, sooner(ended, until(rulers, one, begun, -hours))


@compiled
def sooner(one: tuple[float, bool], other: tuple[float, bool]) -> tuple[float, bool]:
    """Return the tighter of two bounds: a moment, and whether it is too late itself."""
    if one[0] < other[0] - TOLERANCE:
        return one
    if other[0] < one[0] - TOLERANCE:
        return other
    return min(one[0], other[0]), one[1] or other[1]


@compiled
def until(rulers: Table, one: int, bound: tuple[float, bool], hours: float) -> tuple[float, bool]:
    """Return up to when some hours of a calendar may begin that are over within a bound."""
    if bound[0] == np.inf or hours == 0:
        return bound
    there = hours_at(rulers, one, bound[0])
    if bound[1] and bound[0] <= earliest(rulers, one, there) + TOLERANCE:
        return earliest(rulers, one, there - hours), True
    return latest(rulers, one, there - hours), False


@compiled
def _let(rulers: Table, one: int, bound: tuple[float, bool]) -> tuple[float, bool]:
    """Return up to when work may be let start that is to start, when its calendar has hours, within a bound."""
    if bound[0] == np.inf:
        return bound
    there = hours_at(rulers, one, bound[0])
    if bound[1] or latest(rulers, one, there) > bound[0] + TOLERANCE:
        # Nobody works then: it has to have been let start while its calendar had hours.
        return earliest(rulers, one, there), True
    return bound


@compiled
def late_moments(
    network: Network, work: Work, let: Floats, starts: Floats, ends: Floats, rulers: Table, is_end: Flags, end: float
) -> tuple[Floats, Floats, Floats, Flags, Flags]:
    """Return late starts and ends as moments, free floats in workspace hours, what leads to an end, and critical.

    Shape (u,) each; as ``late_starts``, in each unit's own calendar. O((u + a) log e).
    """
    count = len(starts)
    bounds = late_bounds(network, work, rulers, is_end, end)
    late, late_end, free = np.full(count, np.inf), np.full(count, np.inf), np.full(count, np.inf)
    reaches, critical = is_end.copy(), np.zeros(count, dtype=np.bool_)
    for node in range(count - 1, -1, -1):
        one = work.calendar[node]
        if is_end[node]:
            critical[node] = ends[node] >= end - TOLERANCE
            free[node] = hours_at(rulers, 0, end) - hours_at(rulers, 0, ends[node])
        for arc in range(network.pointer[node], network.pointer[node + 1]):
            head = network.heads[arc]
            if not network.active[arc] or not reaches[head]:
                continue
            reaches[node] = True
            free[node] = min(free[node], _slack(network, work, arc, starts, ends, rulers, free))
            if critical[head] and not critical[node]:
                critical[node] = start_bound(network, work, arc, starts, ends, rulers) >= let[head] - TOLERANCE
        late[node], late_end[node] = bounds.start[node], bounds.end[node]
        if reaches[node] and work.hours[node] > 0 and not bounds.before_start[node]:
            late[node] = latest(rulers, one, hours_at(rulers, one, late[node]))
    return late, late_end, free, reaches, critical


@compiled
def _slack(network: Network, work: Work, arc: int, starts: Floats, ends: Floats, rulers: Table, free: Floats) -> float:
    """Return the workspace hours by which an arc's tail may move before its head does."""
    head, tail = network.heads[arc], network.tails[arc]
    allowed = unlagged(rulers, ends[head] if network.to_finish[arc] else starts[head], network.lag[arc])
    begun = ends[tail] if network.from_finish[arc] else starts[tail]
    slack = hours_at(rulers, 0, allowed) - hours_at(rulers, 0, begun)
    return slack + free[head] if work.passes[head] else slack


@compiled
def finishes_without(
    network: Network, weights: Floats, hours: Floats, starts: Floats, begins: Floats, end_lag: Floats,
    tail_ends: Floats, chosen: Ints, is_end: Flags,
) -> Floats:  # fmt: skip
    """Return when all of ``is_end`` would be finished if each chosen unit (shape (c,), ascending) took no time.

    ``starts`` (shape (u,)) are the earliest ones; ``begins`` and ``end_lag`` the hours before which a unit may not
    start or end; ``tail_ends`` the longest way from each unit's start to the end, -inf where there is none. A path
    without a unit jumps over it in the topological order, or lies on one side of it. O(u + a + c log c).
    """
    found = _longest_jumps(network.pointer, network.heads, weights, starts, tail_ends, chosen)
    sides = _longest_sides(hours, starts, begins, end_lag, tail_ends, chosen, is_end)
    for place in range(len(chosen)):
        unit = chosen[place]
        begun = max(begins[unit], end_lag[unit], 0.0)
        for at in range(network.into[unit], network.into[unit + 1]):
            arc = network.into_arcs[at]
            tied = hours[unit] if network.to_finish[arc] else 0.0
            begun = max(begun, starts[network.tails[arc]] + weights[arc] + tied)
        through = begun if is_end[unit] else -np.inf
        for arc in range(network.pointer[unit], network.pointer[unit + 1]):
            left = hours[unit] if network.from_finish[arc] else 0.0
            through = max(through, begun + weights[arc] - left + tail_ends[network.heads[arc]])
        found[place] = max(found[place], sides[place], through)
    return found


@compiled
def _longest_jumps(
    pointer: Pointers, heads: Ints, weights: Floats, starts: Floats, tail_ends: Floats, chosen: Ints
) -> Floats:
    """Return the length of the longest path with an arc that jumps over each chosen unit, -inf where there is none.

    An arc covers a range of chosen units; the maxima of ranges are kept in a table of powers of two.
    """
    count, wanted = len(starts), len(chosen)
    rank = np.zeros(count + 1, dtype=np.int64)
    for unit in chosen:
        rank[unit + 1] = 1
    for node in range(count):
        rank[node + 1] += rank[node]
    levels = 1
    while (1 << levels) <= wanted:
        levels += 1
    best = np.full((levels, wanted), -np.inf)
    for node in range(count):
        for arc in range(pointer[node], pointer[node + 1]):
            low, high = rank[node + 1], rank[heads[arc]]
            length = starts[node] + weights[arc] + tail_ends[heads[arc]]
            if low < high and length > -np.inf:
                level = 0
                while (2 << level) <= high - low:
                    level += 1
                best[level, low] = max(best[level, low], length)
                best[level, high - (1 << level)] = max(best[level, high - (1 << level)], length)
    for level in range(levels - 1, 0, -1):
        half = 1 << (level - 1)
        for place in range(wanted - half):
            best[level - 1, place] = max(best[level - 1, place], best[level, place])
            best[level - 1, place + half] = max(best[level - 1, place + half], best[level, place])
    found: Floats = best[0].copy()
    return found


@compiled
def _longest_sides(
    hours: Floats, starts: Floats, begins: Floats, end_lag: Floats, tail_ends: Floats, chosen: Ints, is_end: Flags
) -> Floats:
    """Return the length of the longest path that lies wholly behind each chosen unit, or ends before it."""
    found = np.full(len(chosen), -np.inf)
    best, node = -np.inf, len(starts) - 1
    for place in range(len(chosen) - 1, -1, -1):
        while node > chosen[place]:
            release = max(begins[node], end_lag[node] - hours[node], 0.0)
            best = max(best, release + tail_ends[node])
            node -= 1
        found[place] = best
    best, node = -np.inf, 0
    for place in range(len(chosen)):
        while node < chosen[place]:
            if is_end[node]:
                best = max(best, starts[node] + hours[node])
            node += 1
        found[place] = max(found[place], best)
    return found
