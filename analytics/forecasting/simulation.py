"""Sampled finishes of goals: the part of the expanded graph that leads to them, and threads that sample it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.clock import Clock, has_own_calendars
from analytics.expansion.expanded import Expanded
from analytics.expansion.identity import identity_words
from analytics.expansion.kernels import Pointers, rows_of, rows_sorted, spread
from analytics.expansion.ownership import Ownership
from analytics.forecasting.own_calendars import sample_moments, timed
from analytics.forecasting.philox import Word
from analytics.forecasting.sampling import LANES, Entering, Pieces, draw_hours, draw_teams, sample
from analytics.forecasting.uncertainty import Spread
from graph.snapshots.columns import Days, Floats, Ints

MAX_SAMPLES: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """What samples found: ``finishes``, shape (targets, samples), and in how many of them something drove.

    Finishes are in hours of the workspace's calendar, ``days`` the days on which they are (NaT without ``today``).
    ``critical`` (shape (n,)) counts for items, ``people`` (shape (n,)) for people and teams, those of the first target.
    """

    finishes: Floats
    days: Days
    critical: NDArray[np.int64]
    people: NDArray[np.int64]


class Simulation:
    """The part of an expanded graph that leads to some items, ready to be sampled."""

    def __init__(self, expanded: Expanded, spread_: Spread, rows: Sequence[int]) -> None:
        """Prepare it for the items with these rows. O(n + m log m)."""
        self._expanded = expanded
        targets = expanded.unit[expanded.finish[list(rows)]]
        pointer, into = expanded.into
        seeds = np.zeros(len(expanded.hours), dtype=np.bool_)
        seeds[targets] = True
        units = np.flatnonzero(spread(pointer, expanded.tails[into], seeds))
        place = np.full(len(seeds), -1, dtype=np.int32)
        place[units] = np.arange(len(units), dtype=np.int32)
        self._ends, self._targets = targets, np.asarray(place[targets], dtype=np.int32)
        self._timed = timed(expanded, units, place) if has_own_calendars(expanded) else None
        self._arcs = _entering(expanded, units, place)
        self._rows, self._pieces = _pieces(expanded, spread_, place, len(units))
        self._person_pointer, self._persons, self._people = self._answering(place, len(units))

    def _answering(self, place: Ints, count: int) -> tuple[Pointers, Ints, Ints]:
        """Return, by unit, who is assigned to its pieces (else who owns them), and the rows of all such people."""
        snapshot, edges = self._expanded.snapshot, self._expanded.snapshot.edges
        assigned = snapshot.edges_of("ASSIGNED_TO")
        row, who = self._expanded.canon[edges.start[assigned]], edges.end[assigned]
        taken = np.zeros(len(snapshot), dtype=np.bool_)
        taken[self._rows] = True
        row, who = row[taken[row]], who[taken[row]]
        free = np.setdiff1d(self._rows, row)
        owner = Ownership.of(snapshot).owner[free]
        row, who = np.concatenate([row, free[owner >= 0]]), np.concatenate([who, owner[owner >= 0]])
        people, person = np.unique(who, return_inverse=True)
        units = place[self._expanded.unit[self._expanded.finish[row]]]
        return *rows_sorted(units, person, count), people.astype(np.int32)

    def run(self, samples: int, seed: int, *, threads: int | None = None, traced: bool = True) -> Sampled:
        """Sample; ``traced``: also what drives the first target. The answer does not depend on ``threads``.

        Raises:
            ValueError: ``samples`` is not between 1 and ``MAX_SAMPLES``.

        """
        if not 1 <= samples <= MAX_SAMPLES:
            raise ValueError(f"samples is {samples}; ask for 1 to {MAX_SAMPLES}")
        blocks = np.arange(-(-samples // LANES), dtype=np.int64)
        workers = max(1, min(threads or os.cpu_count() or 1, len(blocks)))
        finishes = np.empty((len(self._targets), samples))
        units = len(self._arcs.release) if traced else 0
        critical = np.zeros((workers, units), dtype=np.int64)
        people = np.zeros((workers, len(self._people) if traced else 0), dtype=np.int64)

        def work(worker: int) -> None:
            rest = (
                self._targets, blocks[worker::workers], samples, _word(seed), finishes,
                critical[worker], people[worker], self._person_pointer, self._persons,
            )  # fmt: skip
            if self._timed is None:
                sample(self._pieces, self._arcs, *rest)
            else:
                sample_moments(self._pieces, self._timed, *rest)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, range(workers)))
        return Sampled(*self._dated(finishes), *self._counts(critical.sum(axis=0), people.sum(axis=0)))

    def _dated(self, finishes: Floats) -> tuple[Floats, Days]:
        """Return finishes in hours, and their days; they are moments where somebody has a calendar of their own."""
        expanded = self._expanded
        if expanded.today is None:
            return finishes, np.full(finishes.shape, np.datetime64("NaT", "D"))
        if self._timed is None:
            return finishes, expanded.calendar.finish_days(expanded.today, finishes.ravel()).reshape(finishes.shape)
        clock = Clock.of(expanded)
        hours = clock.workspace_hours(finishes.ravel()).reshape(finishes.shape)
        return hours, clock.end_days(finishes, self._ends[:, None])

    def _counts(self, critical: NDArray[np.int64], people: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Return the counts of units and people by item."""
        by_item, by_person = (np.zeros(len(self._expanded.snapshot), dtype=np.int64) for _ in range(2))
        if len(critical):
            unit = np.repeat(np.arange(len(critical)), np.diff(self._pieces.pointer))
            by_item[self._rows] = critical[unit]
            by_person[self._people] = people
        return by_item, by_person

    def hours(self, rows: Ints, samples: int, seed: int) -> Floats:
        """Draw the hours of some items again, as ``run`` drew them. Shape (rows, samples)."""
        pieces, word = self._pieces, _word(seed)
        place = {row: at for at, row in enumerate(self._rows.tolist())}
        drawn = np.empty(LANES, dtype=np.uint64)
        luck = np.empty((len(pieces.teams), LANES), dtype=np.uint64)
        found = np.zeros((len(rows), -(-samples // LANES) * LANES))
        for block in range(found.shape[1] // LANES):
            draw_teams(pieces.teams, block, word, luck)
            for number, row in enumerate(rows.tolist()):
                at = place[row]
                draw_hours(
                    pieces.identity[at], pieces.team[at], pieces.share, pieces.hours[at],
                    pieces.tables, pieces.table[at], block, word, drawn, luck,
                    found[number, block * LANES : (block + 1) * LANES],
                )  # fmt: skip
        return found[:, :samples]

    @property
    def rows(self) -> Ints:
        """Rows of the items that take time and lead to the targets."""
        return self._rows


def _word(seed: int) -> Word:
    return np.uint64(seed % 2**64)


def _entering(expanded: Expanded, units: NDArray[np.intp], place: Ints) -> Entering:
    """Return the arcs that enter the chosen units; whatever they leave is chosen too."""
    into = expanded.into[1]
    chosen = np.zeros(len(place), dtype=np.bool_)
    chosen[units] = True
    arcs = into[chosen[expanded.heads[into]]]
    tails, heads, own = expanded.tails[arcs], expanded.heads[arcs], expanded.arcs.take(arcs.astype(np.intp))
    return Entering(
        pointer=rows_of(place[heads], len(units)),
        tail=place[tails],
        leaves=own.from_finish | expanded.is_cycle[tails],
        enters=own.to_finish & ~expanded.is_cycle[heads],
        lag=own.lag,
        child=own.child,
        share=expanded.arc_share[arcs],
        need=expanded.need[units],
        release=expanded.start_hours[units],
        end=expanded.end_lag[units],
    )


def _pieces(expanded: Expanded, spread_: Spread, place: Ints, count: int) -> tuple[Ints, Pieces]:
    """Return the rows of the leaves that take time, by unit, and what is drawn for them."""
    snapshot, words = expanded.snapshot, identity_words(expanded.snapshot)
    rows = np.flatnonzero((expanded.finish >= 0) & ~expanded.is_container & (expanded.durations.hours > 0))
    units = place[expanded.unit[expanded.finish[rows]]]
    rows, units = rows[units >= 0], units[units >= 0]
    order = np.argsort(units, kind="stable")
    rows, units = rows[order], units[order]
    teams, team = np.unique(snapshot.items.team[rows], return_inverse=True)
    if len(teams) and teams[0] < 0:
        teams, team = teams[1:], team - 1
    return rows.astype(np.int32), Pieces(
        pointer=rows_of(units, count),
        identity=words[rows],
        hours=expanded.durations.hours[rows],
        table=spread_.table[rows],
        team=team.astype(np.int32),
        tables=spread_.tables,
        teams=words[teams],
        # Two items of a team share their luck when both draw it, so that their quantiles correlate by its square.
        share=round(256 * float(np.sqrt(spread_.correlation))),
    )
