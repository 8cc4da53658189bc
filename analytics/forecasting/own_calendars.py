"""The compiled loop of a Monte Carlo forecast where somebody works in a calendar of their own: samples as moments.

What is drawn is what ``analytics.forecasting.sampling`` draws; each sample then goes through the forward pass of the
critical path by itself, so that leave and part-time weeks count in it exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.clock import Clock
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import Pointers, compiled, rows_of
from analytics.expansion.moments import Table
from analytics.expansion.passes import TOLERANCE, Network, Work, early_moments, start_bound
from analytics.forecasting.philox import Word
from analytics.forecasting.sampling import LANES, Pieces, count_lanes, draw_hours, draw_teams
from graph.snapshots.columns import Floats, Ints


class Timed(NamedTuple):
    """The part of a clock that leads to some targets: its arcs and units, and the rulers of their calendars.

    ``child``, ``share`` (shape (a,)) and ``need`` (shape (u,)) are those of ``early_moments``.
    """

    network: Network
    work: Work
    child: Ints
    share: Floats
    need: Floats
    rulers: Table


def timed(expanded: Expanded, units: NDArray[np.intp], place: Ints) -> Timed:
    """Return the chosen units, which hold all that leads to them, with the arcs between them. O(u + a).

    ``place`` (shape (u,)) numbers them from 0 on, -1 for the others.
    """
    clock = Clock.of(expanded)
    own, work = clock.network, clock.work
    arcs = np.flatnonzero(place[own.heads] >= 0)
    tails, heads = place[own.tails[arcs]], place[own.heads[arcs]]
    return Timed(
        network=Network(
            pointer=rows_of(tails, len(units)),
            tails=tails,
            heads=heads,
            lag=own.lag[arcs],
            from_finish=own.from_finish[arcs],
            to_finish=own.to_finish[arcs],
            active=own.active[arcs],
            into=rows_of(np.sort(heads), len(units)),
            into_arcs=np.argsort(heads, kind="stable").astype(own.into_arcs.dtype),
        ),
        work=Work(
            hours=work.hours[units],
            calendar=work.calendar[units],
            not_before=work.not_before[units],
            not_done_before=work.not_done_before[units],
            passes=work.passes[units],
        ),
        child=expanded.arcs.child[arcs],
        share=expanded.arc_share[arcs],
        need=expanded.need[units],
        rulers=clock.rulers,
    )


@compiled
def sample_moments(
    pieces: Pieces,
    timed: Timed,
    targets: Ints,
    blocks: NDArray[np.int64],
    samples: int,
    seed: Word,
    finishes: Floats,
    critical: NDArray[np.int64],
    people: NDArray[np.int64],
    person_pointer: Pointers,
    persons: Ints,
) -> None:
    """Sample ``blocks`` as ``sample`` does; ``finishes`` are moments. O((u + a) blocks log e) for e days off."""
    count = len(timed.need)
    lengths = np.empty((LANES, count))
    drawn, luck = np.empty(LANES, dtype=np.uint64), np.empty((len(pieces.teams), LANES), dtype=np.uint64)
    masks = np.zeros(count if len(critical) else 0, dtype=np.uint8)
    busy = np.zeros(len(people), dtype=np.uint8)
    length = np.empty(LANES)
    # Taken out of their tuples once: each time costs a count of references, at which threads wait for each other.
    owned, identity, hours, row, team = pieces.pointer, pieces.identity, pieces.hours, pieces.table, pieces.team
    tables, share = pieces.tables, pieces.share
    for block in blocks:
        draw_teams(pieces.teams, block, seed, luck)
        for unit in range(count):
            # As ``sample`` does: a function of their own for these lines would double the time that both take to draw.
            length[:] = 0.0
            for at in range(owned[unit], owned[unit + 1]):
                draw_hours(identity[at], team[at], share, hours[at], tables, row[at], block, seed, drawn, luck, length)
            for lane in range(LANES):
                lengths[lane, unit] = length[lane]
        for lane in range(min(LANES, samples - block * LANES)):
            plan = timed.work
            work = Work(
                lengths[lane], plan.calendar, plan.not_before, plan.not_done_before, plan.passes
            )  # fmt: skip
            let, starts, ends = early_moments(
                timed.network, work, timed.child, timed.share, timed.need, timed.rulers
            )  # fmt: skip
            for place in range(len(targets)):
                finishes[place, block * LANES + lane] = ends[targets[place]]
            if len(critical):
                _trace(timed, work, let, starts, ends, targets[0], lane, masks)
        if len(critical):
            count_lanes(masks, critical, busy, people, person_pointer, persons)


@compiled
def _trace(
    timed: Timed, work: Work, let: Floats, starts: Floats, ends: Floats, target: int, lane: int,
    masks: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Mark in ``masks`` (shape (u,)), by one bit for the lane, what drives the target."""
    network, bit, calendar, hours = timed.network, 1 << lane, work.calendar, work.hours
    into, into_arcs, tails, lag = network.into, network.into_arcs, network.tails, network.lag
    from_finish, to_finish, rulers = network.from_finish, network.to_finish, timed.rulers
    masks[target] |= bit
    for unit in range(target, -1, -1):
        if masks[unit] & bit:
            for place in range(into[unit], into[unit + 1]):
                arc = into_arcs[place]
                moment = ends[tails[arc]] if from_finish[arc] else starts[tails[arc]]
                bound = start_bound(rulers, moment, lag[arc], to_finish[arc], hours[unit], calendar[unit])
                if abs(bound - let[unit]) <= TOLERANCE:
                    masks[tails[arc]] |= bit
