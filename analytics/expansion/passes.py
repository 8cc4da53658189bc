"""The passes of the critical path method in compiled code: forward in each item's calendar, and backward from a target.

Units are numbered in topological order, as in ``analytics.expansion.kernels``. The plain backward pass counts in hours
of one calendar; the others place starts and ends as moments (``analytics.expansion.moments``), each unit in a calendar
of its own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from analytics.expansion.kernels import Pointers, compiled, enough_at
from analytics.expansion.moments import Table, carried_out, earliest, hours_at, lagged, latest, unlagged
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
    let, starts, ends = np.empty(count), np.full(count, np.nan), np.full(count, np.nan)
    _place(network, work, child, share, need, rulers, np.ones(count, dtype=np.bool_), let, starts, ends)
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
    _place(network, work, child, share, need, rulers, changed.copy(), np.empty(len(ends)), starts, ends)
    return ends


@compiled
def _place(
    network: Network, work: Work, child: Ints, share: Floats, need: Floats, rulers: Table, touched: Flags,
    let: Floats, starts: Floats, ends: Floats,
) -> None:  # fmt: skip
    """Place ``touched`` units, and those that are moved by that, after all that they wait for; in place."""
    # Taken out of their tuples once, and used here and in no function: each time costs a count of references.
    pointer, heads, into, into_arcs = network.pointer, network.heads, network.into, network.into_arcs
    tails, lag, from_finish, to_finish = network.tails, network.lag, network.from_finish, network.to_finish
    active, calendar, hours = network.active, work.calendar, work.hours
    not_before, not_done_before = work.not_before, work.not_done_before
    for node in range(len(ends)):
        if not touched[node]:
            continue
        begun, ended, enough = not_before[node], not_done_before[node], not np.isnan(need[node])
        for place in range(into[node], into[node + 1]):
            arc = into_arcs[place]
            if not active[arc] or (enough and child[arc] >= 0):
                continue
            moment = ends[tails[arc]] if from_finish[arc] else starts[tails[arc]]
            if lag[arc] != 0:
                moment = lagged(rulers, moment, lag[arc])
            if to_finish[arc]:
                ended = max(ended, moment)
            else:
                begun = max(begun, moment)
        if enough:
            begun = max(begun, _enough_at(network, child, share, need[node], rulers, starts, ends, node))
        let[node], start, end = done(hours[node], calendar[node], begun, ended, rulers)
        if start != starts[node] or end != ends[node]:
            starts[node], ends[node] = start, end
            for arc in range(pointer[node], pointer[node + 1]):
                touched[heads[arc]] = True


@compiled
def _enough_at(
    network: Network, child: Ints, share: Floats, need: float, rulers: Table, starts: Floats, ends: Floats, node: int
) -> float:
    """Return the moment at which a goal has enough of its children; what comes by an inactive arc is there already."""
    low, high = network.into[node], network.into[node + 1]
    times = np.full(high - low, -np.inf)
    for place in range(low, high):
        arc = network.into_arcs[place]
        if network.active[arc]:
            tail = network.tails[arc]
            moment = ends[tail] if network.from_finish[arc] else starts[tail]
            times[place - low] = lagged(rulers, moment, network.lag[arc])
    return float(enough_at(times, network.into_arcs[low:high], child, share, need))


@compiled
def done(hours: float, one: int, let: float, ended: float, rulers: Table) -> tuple[float, float, float]:
    """Return when work of a calendar is let start, starts and ends that may not start or end before two moments."""
    if hours <= 0:
        let = max(let, ended)
        return let, let, let
    if ended > 0:
        let = max(let, begun_for(ended, hours, one, rulers))
    start, end = carried_out(rulers, one, let, hours)
    return let, start, max(end, ended)


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
    tails, heads, lag, hours, calendar = network.tails, network.heads, network.lag, work.hours, work.calendar
    from_finish, to_finish = network.from_finish, network.to_finish
    found = np.empty(len(heads))
    for arc in range(len(found)):
        moment, head = ends[tails[arc]] if from_finish[arc] else starts[tails[arc]], heads[arc]
        found[arc] = start_bound(rulers, moment, lag[arc], to_finish[arc], hours[head], calendar[head])
    return found


@compiled
def start_bound(rulers: Table, moment: float, lag: float, ties_end: bool, hours: float, one: int) -> float:
    """Return the moment before which work is not let start by what began or ended at one; a tied end is counted back.

    The work takes some hours of a calendar.
    """
    if lag != 0:
        moment = lagged(rulers, moment, lag)
    return begun_for(moment, hours, one, rulers) if ties_end else moment


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
    pointer, heads, active, lag = network.pointer, network.heads, network.active, network.lag
    from_finish, to_finish, hours, calendar = network.from_finish, network.to_finish, work.hours, work.calendar
    for node in range(count - 1, -1, -1):
        begun, ended = (np.inf, False), (end if is_end[node] else np.inf, False)
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            if not active[arc]:
                continue
            bound = (last_end[head], before_end[head]) if to_finish[arc] else (last[head], before[head])
            bound = until(rulers, 0, bound, lag[arc])
            if from_finish[arc]:
                ended = sooner(ended, bound)
            else:
                begun = sooner(begun, bound)
        begun, ended = around(rulers, calendar[node], hours[node], begun, ended)
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
    late, free = np.full(count, np.inf), np.full(count, np.inf)
    reaches, critical = is_end.copy(), np.zeros(count, dtype=np.bool_)
    pointer, heads, active, lag = network.pointer, network.heads, network.active, network.lag
    from_finish, to_finish, hours, calendar = network.from_finish, network.to_finish, work.hours, work.calendar
    passes, latest_start, excluded = work.passes, bounds.start, bounds.before_start
    for node in range(count - 1, -1, -1):
        if is_end[node]:
            critical[node] = ends[node] >= end - TOLERANCE
            free[node] = hours_at(rulers, 0, end) - hours_at(rulers, 0, ends[node])
        for arc in range(pointer[node], pointer[node + 1]):
            head = heads[arc]
            if not active[arc] or not reaches[head]:
                continue
            reaches[node] = True
            moment = ends[node] if from_finish[arc] else starts[node]
            allowed = unlagged(rulers, ends[head] if to_finish[arc] else starts[head], lag[arc])
            slack = hours_at(rulers, 0, allowed) - hours_at(rulers, 0, moment)
            free[node] = min(free[node], slack + free[head] if passes[head] else slack)
            if critical[head] and not critical[node]:
                bound = start_bound(rulers, moment, lag[arc], to_finish[arc], hours[head], calendar[head])
                critical[node] = bound >= let[head] - TOLERANCE
        late[node] = latest_start[node]
        if reaches[node] and hours[node] > 0 and not excluded[node]:
            one = calendar[node]
            late[node] = latest(rulers, one, hours_at(rulers, one, late[node]))
    return late, bounds.end, free, reaches, critical


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
