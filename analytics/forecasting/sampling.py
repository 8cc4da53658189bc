"""The compiled loop of a Monte Carlo forecast: earliest finishes of many samples at once.

Eight samples go through the graph together, so that every arc costs one line of memory for all of them. What is drawn
for an item depends on the seed, the item's identity and the number of the sample: blocks of samples may run on any
number of threads, in any order, and give the same.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.kernels import Pointers, Words, compiled, enough_at
from analytics.forecasting.philox import Word, philox
from graph.snapshots.columns import Flags, Floats, Ints

LANES: Final = 8
"""Samples that go through the graph together; a block of them takes two draws of four words."""
_TIE: Final = 1e-7
"""Hours: an arc that is this close to the start of its head drives it."""
_PART: Final = 2.0**-16
_ITEM, _TEAM = np.uint64(0), np.uint64(1)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
# A word of 32 bits: the cell of the quantile table, the part of the cell, and whose luck it is.
_CELL, _LUCK = np.uint64(24), np.uint64(8)
_IN_CELL, _WHOSE = np.uint64(0xFFFF), np.uint64(0xFF)


class Pieces(NamedTuple):
    """What takes time, ordered by unit: p leaves with their identity, hours, table and team (-1 for none).

    ``pointer`` (shape (u + 1,)) are the pieces of each unit. ``teams`` are the identities of the teams. ``share``
    (0 to 256) of 256 draws of an item are its team's and not its own.
    """

    pointer: Pointers
    identity: Words
    hours: Floats
    table: Ints
    team: Ints
    tables: Floats
    teams: Words
    share: int


class Entering(NamedTuple):
    """The arcs that enter each unit: ``pointer`` (shape (u + 1,)), the others shape (a,).

    An arc ``leaves`` the finish of its tail or its start, ``enters`` the finish of its head or its start, after ``lag``
    hours. ``child`` and ``share`` are those of a contribution, -1 and 1 otherwise. By unit: ``need`` (the share of a
    goal that is still to be finished, NaN where everything counts), ``release`` and ``end`` (hours before which it
    cannot start, and not end).
    """

    pointer: Pointers
    tail: Ints
    leaves: Flags
    enters: Flags
    lag: Floats
    child: Ints
    share: Floats
    need: Floats
    release: Floats
    end: Floats


@compiled
def draw(identity: Word, stream: Word, block: int, seed: Word, drawn: Words) -> None:
    """Draw the words of one block for one identity into ``drawn`` (shape (LANES,))."""
    low, high, at = identity & _LOW, identity >> _HALF, np.uint64(2 * block)
    drawn[0], drawn[1], drawn[2], drawn[3] = philox(low, high, at, stream, seed)
    drawn[4], drawn[5], drawn[6], drawn[7] = philox(low, high, at + np.uint64(1), stream, seed)


@compiled
def draw_teams(teams: Words, block: int, seed: Word, luck: Words) -> None:
    """Draw the words of every team in one block into ``luck`` (shape (teams, LANES))."""
    for team in range(len(teams)):
        draw(teams[team], _TEAM, block, seed, luck[team])


@compiled
def draw_hours(
    identity: Word, team: int, share: int, scale: float, tables: Floats, table: int, block: int, seed: Word,
    drawn: Words, luck: Words, hours: Floats,
) -> None:  # fmt: skip
    """Draw the hours of one piece in one block and add them to ``hours`` (shape (LANES,)).

    ``drawn`` (shape (LANES,)) is room for its words; see ``Pieces`` for the others. The row of ``tables`` comes by its
    place: threads that took rows out of one array would wait for each other at its count of references.
    """
    draw(identity, _ITEM, block, seed, drawn)
    if team >= 0 and share > 0:
        for lane in range(LANES):
            drawn[lane] = luck[team, lane] if np.int64(drawn[lane] & _WHOSE) < share else drawn[lane]
    for lane in range(LANES):
        cell = np.int64(drawn[lane] >> _CELL)
        part = np.int64(drawn[lane] >> _LUCK & _IN_CELL) * _PART
        hours[lane] += scale * (tables[table, cell] + part * (tables[table, cell + 1] - tables[table, cell]))


@compiled
def sample(
    pieces: Pieces,
    arcs: Entering,
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
    """Sample ``blocks``: write the targets' finishes (shape (targets, samples)) in place; count what is critical.

    ``critical`` (shape (u,)) and ``people`` count the samples in which a unit, or one of a person's pieces
    (``persons`` by ``person_pointer``, compressed rows by unit), drives the first target; not where ``critical`` is
    empty. O((u + a) blocks).
    """
    count = len(arcs.pointer) - 1
    starts, ends = np.empty((count, LANES)), np.empty((count, LANES))
    drawn, luck = np.empty(LANES, dtype=np.uint64), np.empty((len(pieces.teams), LANES), dtype=np.uint64)
    length, ready = np.empty(LANES), np.empty(LANES)
    masks = np.zeros(count if len(critical) else 0, dtype=np.uint8)
    busy = np.zeros(len(people), dtype=np.uint8)
    # Taken out of their tuples once: each time costs a count of references.
    owned, identity, hours, row, team = pieces.pointer, pieces.identity, pieces.hours, pieces.table, pieces.team
    tables, teams, share = pieces.tables, pieces.teams, pieces.share
    pointer, tail, lag, need, release = arcs.pointer, arcs.tail, arcs.lag, arcs.need, arcs.release
    leaves, enters, child, end = arcs.leaves, arcs.enters, arcs.child, arcs.end
    for block in blocks:
        draw_teams(teams, block, seed, luck)
        for unit in range(count):
            for lane in range(LANES):
                length[lane] = 0.0
            for at in range(owned[unit], owned[unit + 1]):
                draw_hours(identity[at], team[at], share, hours[at], tables, row[at], block, seed, drawn, luck, length)
            for lane in range(LANES):
                ready[lane] = max(release[unit], end[unit] - length[lane])
            chosen = not np.isnan(need[unit])
            for arc in range(pointer[unit], pointer[unit + 1]):
                if chosen and child[arc] >= 0:
                    continue
                before = ends[tail[arc]] if leaves[arc] else starts[tail[arc]]
                if enters[arc]:
                    for lane in range(LANES):
                        ready[lane] = max(ready[lane], before[lane] + lag[arc] - length[lane])
                else:
                    for lane in range(LANES):
                        ready[lane] = max(ready[lane], before[lane] + lag[arc])
            if chosen:
                for lane in range(LANES):
                    ready[lane] = max(ready[lane], _enough_at(arcs, unit, lane, starts, ends, length[lane]))
            for lane in range(LANES):
                starts[unit, lane] = ready[lane]
                ends[unit, lane] = ready[lane] + length[lane]
        valid = min(LANES, samples - block * LANES)
        for place in range(len(targets)):
            for lane in range(valid):
                finishes[place, block * LANES + lane] = ends[targets[place], lane]
        if len(critical):
            masks[targets[0]] = (1 << valid) - 1
            _trace(arcs, targets[0], starts, ends, masks)
            count_lanes(masks, critical, busy, people, person_pointer, persons)


@compiled
def _time(arcs: Entering, arc: int, lane: int, starts: Floats, ends: Floats, length: float) -> float:
    before = ends[arcs.tail[arc], lane] if arcs.leaves[arc] else starts[arcs.tail[arc], lane]
    return float(before + arcs.lag[arc] - (length if arcs.enters[arc] else 0.0))


@compiled
def _enough_at(arcs: Entering, unit: int, lane: int, starts: Floats, ends: Floats, length: float) -> float:
    """Return when, in one lane, children with the share that a goal still needs are finished."""
    low, high, need = arcs.pointer[unit], arcs.pointer[unit + 1], arcs.need[unit]
    if need <= 1e-9:
        return 0.0
    times = np.empty(high - low)
    for arc in range(low, high):
        times[arc - low] = _time(arcs, arc, lane, starts, ends, length)
    return float(enough_at(times, np.arange(low, high), arcs.child, arcs.share, need))


@compiled
def _trace(arcs: Entering, target: int, starts: Floats, ends: Floats, masks: NDArray[np.uint8]) -> None:
    """Follow what drives the target back: mark in ``masks`` (shape (u,)) in which of its lanes each unit does."""
    for unit in range(target, -1, -1):
        mask = masks[unit]
        if mask == 0:
            continue
        for arc in range(arcs.pointer[unit], arcs.pointer[unit + 1]):
            found = 0
            for lane in range(LANES):
                if mask >> lane & 1:
                    length = ends[unit, lane] - starts[unit, lane]
                    if abs(_time(arcs, arc, lane, starts, ends, length) - starts[unit, lane]) <= _TIE:
                        found |= 1 << lane
            masks[arcs.tail[arc]] |= found


@compiled
def count_lanes(
    masks: NDArray[np.uint8], critical: NDArray[np.int64], busy: NDArray[np.uint8], people: NDArray[np.int64],
    person_pointer: Pointers, persons: Ints,
) -> None:  # fmt: skip
    """Count the lanes in which units, and whoever answers for them, drive the target; clear the marks."""
    for unit in range(len(masks)):
        if masks[unit] == 0:
            continue
        critical[unit] += _ones(masks[unit])
        for place in range(person_pointer[unit], person_pointer[unit + 1]):
            busy[persons[place]] |= masks[unit]
        masks[unit] = 0
    for person in range(len(people)):
        people[person] += _ones(busy[person])
        busy[person] = 0


@compiled
def _ones(mask: int) -> int:
    count = 0
    for lane in range(LANES):
        count += mask >> lane & 1
    return count
