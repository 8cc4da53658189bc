"""The serial generation scheme: every activity in turn starts as soon as what it waits for and who does it allow."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from analytics.kernels import Pointers, compiled, enough_at
from analytics.moments import Table, hours_at, latest, worked
from analytics.passes import Network, Work, begun_for, start_bound
from graph.columns import Floats, Ints

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
    for head in network.heads:
        waiting[head] += 1
    room = np.zeros(len(demand.capacity) + 1, dtype=np.int64)
    for resource in demand.resource:
        room[resource + 1] += 1
    room = np.cumsum(room)
    begun, done = np.empty(len(demand.resource)), np.empty(len(demand.resource))
    taken, used = np.empty(len(demand.resource)), np.zeros(len(demand.capacity), dtype=np.int64)
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
        hours, one = work.hours[unit], work.calendar[unit]
        if not np.isnan(need[unit]):
            low, high = network.into[unit], network.into[unit + 1]
            times = np.empty(high - low)
            for place in range(low, high):
                times[place - low] = start_bound(network, work, network.into_arcs[place], starts, ends, rulers)
            let[unit] = max(let[unit], enough_at(times, network.into_arcs[low:high], child, share, need[unit]))
        begin = max(let[unit], begun_for(work.not_done_before[unit], hours, one, rulers))
        if hours > 0:
            begin = max(begin, latest(rulers, one, hours_at(rulers, one, begin)))
        end = worked(rulers, one, begin, hours)
        while hours > 0:
            wanted = begin
            for place in range(demand.start[unit], demand.start[unit + 1]):
                resource, amount = demand.resource[place], demand.amount[place]
                low = room[resource]
                free = _free_from(
                    begun[low : low + used[resource]], done[low : low + used[resource]],
                    taken[low : low + used[resource]], demand.capacity[resource] - amount, begin, end,
                )  # fmt: skip
                if free > wanted:
                    wanted = free
                    held[unit] = resource
            if wanted <= begin:
                break
            begin = max(wanted, latest(rulers, one, hours_at(rulers, one, wanted)))
            end = worked(rulers, one, begin, hours)
        starts[unit], ends[unit] = begin, max(end, work.not_done_before[unit])
        if hours > 0:
            for place in range(demand.start[unit], demand.start[unit + 1]):
                resource = demand.resource[place]
                at = room[resource] + used[resource]
                begun[at], done[at], taken[at] = begin, end, demand.amount[place]
                used[resource] += 1
        for arc in range(network.pointer[unit], network.pointer[unit + 1]):
            head = network.heads[arc]
            waiting[head] -= 1
            if np.isnan(need[head]) or child[arc] < 0:
                let[head] = max(let[head], start_bound(network, work, arc, starts, ends, rulers))
            if waiting[head] == 0:
                heapq.heappush(ready, np.int64(order[head]))
    return starts, ends, held


@compiled
def _free_from(begun: Floats, done: Floats, taken: Floats, spare: float, begin: float, end: float) -> float:
    """Return the end of the last part of [begin, end) in which more than ``spare`` is taken; ``begin`` if none is.

    The amount taken only rises where something begins, so that it is enough to look at those moments.
    """
    last = begin
    for place in range(-1, len(begun)):
        moment = begin if place < 0 else begun[place]
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
