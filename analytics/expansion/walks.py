"""Walks through the expanded graph in compiled code: what single paths force, in each unit's own calendar.

A walk follows ``first`` (shape (u,)), the arc by which each unit is left, -1 where walks end. Moments are those of
``analytics.expansion.moments``.
"""

from __future__ import annotations

import numpy as np

from analytics.expansion.kernels import compiled
from analytics.expansion.moments import Table, lagged
from analytics.expansion.passes import TOLERANCE, Network, Work, around, done, until
from graph.snapshots.columns import Flags, Floats, Ints


@compiled
def walk_ends(network: Network, work: Work, first: Ints, begins: Ints, rulers: Table) -> Floats:
    """Return the moment at which the walk along ``first`` from each of some units, and nothing else, would end.

    Shape (r,); O(Σ length of the walks log e).
    """
    found = np.empty(len(begins))
    # Taken out of their tuples once: each time costs a count of references.
    heads, lag, from_finish, to_finish = network.heads, network.lag, network.from_finish, network.to_finish
    hours, calendar, not_before, not_done_before = work.hours, work.calendar, work.not_before, work.not_done_before
    for place in range(len(begins)):
        node = begins[place]
        _, start, end = done(hours[node], calendar[node], not_before[node], not_done_before[node], rulers)
        while first[node] >= 0:
            arc = first[node]
            node = heads[arc]
            bound = lagged(rulers, end if from_finish[arc] else start, lag[arc])
            let, tied = not_before[node], not_done_before[node]
            if to_finish[arc]:
                tied = max(tied, bound)
            else:
                let = max(let, bound)
            _, start, end = done(hours[node], calendar[node], let, tied, rulers)
        found[place] = end
    return found


@compiled
def late_walks(network: Network, work: Work, first: Ints, target: int, end: float, rulers: Table) -> Flags:
    """Return from which units the walk to ``target``, and nothing else, would end after a moment. Shape (u,).

    One pass back from the target, O(u log e): the inverse of ``walk_ends``, as ``late_bounds`` is that of
    ``early_moments``. A walk is late when some unit on it may not start, or not end, before it is too late.
    """
    count = len(first)
    late = np.zeros(count, dtype=np.bool_)
    # Filled in where a walk leads, and read there only.
    last, before = np.empty(count), np.empty(count, dtype=np.bool_)
    last_end, before_end = np.empty(count), np.empty(count, dtype=np.bool_)
    heads, lag, from_finish, to_finish = network.heads, network.lag, network.from_finish, network.to_finish
    hours, calendar, not_before, not_done_before = work.hours, work.calendar, work.not_before, work.not_done_before
    for node in range(target, -1, -1):
        begun, ended = (np.inf, False), (np.inf, False)
        if node == target:
            ended = (end, False)
        elif first[node] >= 0:
            arc = first[node]
            head = heads[arc]
            bound = (last_end[head], before_end[head]) if to_finish[arc] else (last[head], before[head])
            bound = until(rulers, 0, bound, lag[arc])
            if from_finish[arc]:
                ended = bound
            else:
                begun = bound
            late[node] = late[head]
        else:
            continue
        begun, ended = around(rulers, calendar[node], hours[node], begun, ended)
        last[node], before[node] = begun
        last_end[node], before_end[node] = ended
        if _beyond(not_before[node], begun) or _beyond(not_done_before[node], ended):
            late[node] = True
    return late


@compiled
def _beyond(moment: float, bound: tuple[float, bool]) -> bool:
    """Tell whether a moment lies beyond a bound, which itself may be too late already."""
    return moment > bound[0] + TOLERANCE or (bound[1] and moment >= bound[0] - TOLERANCE)


@compiled
def ends_from(
    network: Network, work: Work, starts: Floats, ends: Floats, seeds: Ints, targets: Ints, rulers: Table
) -> Floats:
    """Return the moment at which each target would end after units that start and end as given, and nothing else.

    ``seeds`` (shape (r, s)) are the units of each of r cases, ``targets`` has shape (g,); → (r, g), NaN for a target to
    which no active arcs lead. O(r u + (v + b) log e) for v units and b arcs that any case leads to.
    """
    count = len(starts)
    found = np.full((len(seeds), len(targets)), np.nan)
    met = np.full(count, -1, dtype=np.int64)
    let, tied, begun, ended = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    pointer, heads, active, lag = network.pointer, network.heads, network.active, network.lag
    from_finish, to_finish, hours, calendar = network.from_finish, network.to_finish, work.hours, work.calendar
    for case in range(len(seeds)):
        furthest = -1
        for unit in seeds[case]:
            met[unit] = case
            let[unit], tied[unit] = starts[unit], ends[unit]
            furthest = max(furthest, unit)
        node = seeds[case].min()
        while node <= furthest:
            if met[node] == case:
                _, begun[node], ended[node] = done(hours[node], calendar[node], let[node], tied[node], rulers)
                for arc in range(pointer[node], pointer[node + 1]):
                    if not active[arc]:
                        continue
                    head = heads[arc]
                    if met[head] != case:
                        met[head], let[head], tied[head] = case, 0.0, 0.0
                        furthest = max(furthest, head)
                    bound = lagged(rulers, ended[node] if from_finish[arc] else begun[node], lag[arc])
                    if to_finish[arc]:
                        tied[head] = max(tied[head], bound)
                    else:
                        let[head] = max(let[head], bound)
            node += 1
        for place in range(len(targets)):
            if met[targets[place]] == case:
                found[case, place] = ended[targets[place]]
    return found
