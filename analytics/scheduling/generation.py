"""The serial generation scheme: every activity in turn starts as soon as what it waits for and who does it allow."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from analytics.expansion.kernels import Pointers, compiled, enough_at
from analytics.expansion.moments import Table, hours_at, latest, worked
from analytics.expansion.passes import Network, Work, begun_for, start_bound
from graph.snapshots.columns import Floats, Ints

SLACK = 1e-6
"""By this much the demands on a resource may exceed what it offers: shares are fractions of 32 bits."""


class Demand(NamedTuple):
    """What units take of resources: unit u's are ``resource[start[u] : start[u + 1]]``, as much as in ``amount``.

    ``capacity`` (shape (r,)) is what each resource offers at any time; nobody takes more of it than that.
    """

    start: Pointers
    resource: Ints
    amount: Floats
    capacity: Floats


class Busy(NamedTuple):
    """What resources do: from ``begun`` to ``done`` they give ``taken``; resource r's parts begin at ``first[r]``.

    ``used`` (shape (r,)) counts the parts so far.
    """

    first: Pointers
    begun: Floats
    done: Floats
    taken: Floats
    used: Pointers


@compiled
def generate(
    network: Network, work: Work, demand: Demand, order: Ints, child: Ints, share: Floats, need: Floats, rulers: Table
) -> tuple[Floats, Floats, Ints]:
    """Return when each unit starts and ends, and the resource that it had to wait for last, -1 for none. Shape (u,).

    ``order`` (shape (u,)) is each unit's rank: of those whose predecessors are scheduled the lowest comes next, and
    starts at the first moment from which its resources are free until its end; what was scheduled stays. Work is
    contiguous in its unit's calendar. ``child``, ``share`` and ``need`` as in ``earliest_starts_enough``.
    O(u log u + a + Σ k²) for resources with k activities each; Kolisch, European Journal of Operational Research 90,
    1996.
    """
    count = len(order)
    starts, ends, held = np.zeros(count), np.zeros(count), np.full(count, -1, dtype=np.int32)
    let, waiting = work.not_before.copy(), np.zeros(count, dtype=np.int64)
    pointer, heads, lag, hours, calendar = network.pointer, network.heads, network.lag, work.hours, work.calendar
    from_finish, to_finish = network.from_finish, network.to_finish
    for head in heads:
        waiting[head] += 1
    busy = _nobody_busy(demand)
    unit_of = np.empty(count, dtype=np.int64)
    for unit in range(count):
        unit_of[order[unit]] = unit
    ready = [np.int64(-1)]
    ready.pop()
    for unit in range(count):
        if waiting[unit] == 0:
            heapq.heappush(ready, np.int64(order[unit]))
    while len(ready) > 0:
        unit = unit_of[heapq.heappop(ready)]
        if not np.isnan(need[unit]):
            let[unit] = max(let[unit], _enough(network, work, unit, starts, ends, child, share, need, rulers))
        starts[unit], end, held[unit] = _placed(work, demand, busy, unit, let[unit], rulers)
        ends[unit] = max(end, work.not_done_before[unit])
        for arc in range(pointer[unit], pointer[unit + 1]):
            head = heads[arc]
            waiting[head] -= 1
            if np.isnan(need[head]) or child[arc] < 0:
                moment = ends[unit] if from_finish[arc] else starts[unit]
                bound = start_bound(rulers, moment, lag[arc], to_finish[arc], hours[head], calendar[head])
                let[head] = max(let[head], bound)
            if waiting[head] == 0:
                heapq.heappush(ready, np.int64(order[head]))
    return starts, ends, held


@compiled
def _nobody_busy(demand: Demand) -> Busy:
    """Return an empty record with room for everything that is demanded."""
    room = np.zeros(len(demand.capacity) + 1, dtype=np.int64)
    for resource in demand.resource:
        room[resource + 1] += 1
    size = len(demand.resource)
    return Busy(
        np.cumsum(room), np.empty(size), np.empty(size), np.empty(size), np.zeros(len(demand.capacity), dtype=np.int64)
    )


@compiled
def _enough(
    network: Network, work: Work, unit: int, starts: Floats, ends: Floats, child: Ints, share: Floats, need: Floats,
    rulers: Table,
) -> float:  # fmt: skip
    """Return the moment at which a goal has enough of its children."""
    low, high = network.into[unit], network.into[unit + 1]
    times = np.empty(high - low)
    for place in range(low, high):
        arc = network.into_arcs[place]
        tail = network.tails[arc]
        moment = ends[tail] if network.from_finish[arc] else starts[tail]
        ties_end, hours = network.to_finish[arc], work.hours[unit]
        times[place - low] = start_bound(rulers, moment, network.lag[arc], ties_end, hours, work.calendar[unit])
    return enough_at(times, network.into_arcs[low:high], child, share, need[unit])


@compiled
def _placed(work: Work, demand: Demand, busy: Busy, unit: int, let: float, rulers: Table) -> tuple[float, float, int]:
    """Put a unit where its resources are free; return its start, its end, and the resource that it waited for last."""
    hours, one = work.hours[unit], work.calendar[unit]
    wanted, held = max(let, begun_for(work.not_done_before[unit], hours, one, rulers)), -1
    if hours <= 0:
        return wanted, wanted, held
    while True:
        begin = max(wanted, latest(rulers, one, hours_at(rulers, one, wanted)))
        end = worked(rulers, one, begin, hours)
        wanted = begin
        for place in range(demand.start[unit], demand.start[unit + 1]):
            free = _free_from(busy, demand, place, begin, end)
            if free > wanted:
                wanted, held = free, demand.resource[place]
        if wanted <= begin:
            break
    for place in range(demand.start[unit], demand.start[unit + 1]):
        resource = demand.resource[place]
        at = busy.first[resource] + busy.used[resource]
        busy.begun[at], busy.done[at], busy.taken[at] = begin, end, demand.amount[place]
        busy.used[resource] += 1
    return begin, end, held


@compiled
def _free_from(busy: Busy, demand: Demand, place: int, begin: float, end: float) -> float:
    """Return the end of the last part of [begin, end) in which too much of a demanded resource is taken, or ``begin``.

    The amount taken only rises where something begins, so that it is enough to look at those moments.
    """
    resource = demand.resource[place]
    low, high = busy.first[resource], busy.first[resource] + busy.used[resource]
    begun, done, taken = busy.begun[low:high], busy.done[low:high], busy.taken[low:high]
    spare, last = demand.capacity[resource] - demand.amount[place], begin
    for part in range(-1, len(begun)):
        moment = begin if part < 0 else begun[part]
        if moment < begin or moment >= end:
            continue
        total, until = 0.0, np.inf
        for other in range(len(begun)):
            if begun[other] <= moment < done[other]:
                total += taken[other]
                until = min(until, done[other])
        if total > spare + SLACK:
            last = max(last, until)
    return last
