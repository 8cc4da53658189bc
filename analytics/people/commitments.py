"""Commitments: who is to do how much of which open work, and in which weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.calendars import Calendars
from analytics.expansion.durations import Basis
from analytics.expansion.expanded import Expanded
from analytics.expansion.finishes import finish_days
from analytics.expansion.kernels import Pointers
from analytics.expansion.ownership import sure_edges
from analytics.expansion.readiness import Readiness
from graph.snapshots.columns import Codes, Days, Flags, Floats, Ints
from graph.snapshots.snapshot import KINDS, Snapshot

_TEAM = KINDS.index("Team")


@dataclass(frozen=True, slots=True, eq=False)
class Doers:
    """Who does each item: its assignees by share, else the people or teams that own the item itself, all alike.

    ``item``, ``doer`` and ``part`` (0 to 1, an item's sum to 1) have shape (d,), ordered by doer and item.
    """

    item: Ints
    doer: Ints
    part: Floats

    @classmethod
    def of(cls, snapshot: Snapshot) -> Doers:
        """Work out who does what. O(m log m)."""
        edges, count = snapshot.edges, len(snapshot)
        assigned, owned = sure_edges(snapshot, "ASSIGNED_TO"), sure_edges(snapshot, "OWNS")
        given = np.nan_to_num(edges.share[assigned].astype(np.float64), nan=1.0)
        useful = given > 0
        assigned, given = assigned[useful], given[useful]
        is_assigned = np.zeros(count, dtype=np.bool_)
        is_assigned[edges.start[assigned]] = True
        owned = owned[~is_assigned[edges.end[owned]]]
        item = np.concatenate([edges.start[assigned], edges.end[owned]])
        doer = np.concatenate([edges.end[assigned], edges.start[owned]])
        part = np.concatenate([given, np.ones(len(owned))])
        total = np.bincount(item, weights=part, minlength=count)
        order = np.lexsort((item, doer))
        return cls(item[order], doer[order], (part / total[item])[order])


@dataclass(frozen=True, slots=True, eq=False)
class Commitments:
    """What of open work falls to whom in each of w weeks; ``first`` and ``last`` (shape (w,)) are their days.

    One entry for each open leaf and doer, ordered by doer (shape (c,)): ``item``, ``doer``, ``hours`` (remaining
    effort, by part), ``points`` (NaN where none are given) and ``estimated`` (somebody gave a figure). ``weekly``
    (shape (c, w)) is the share of the entry that falls into each week; what is missing to 1 falls after the window.
    ``unassigned`` (shape (n,)) are open leaves that nobody does.
    """

    first: Days
    last: Days
    item: Ints
    doer: Ints
    hours: Floats
    points: Floats
    estimated: Flags
    weekly: Floats
    unassigned: Flags

    @classmethod
    def of(cls, expanded: Expanded, today: date, weeks: int) -> Commitments:
        """Spread the remaining hours of open leaves over the weeks from today's on. O(c w log days off)."""
        snapshot, sizes = expanded.snapshot, expanded.durations
        doers = Doers.of(snapshot)
        leaf = Readiness.of(expanded).leaf & (snapshot.items.kind != KINDS.index("Milestone"))
        chosen = leaf[doers.item]
        item, doer, part = doers.item[chosen], doers.doer[chosen], doers.part[chosen]
        monday = np.datetime64(today - timedelta(days=today.weekday()), "D")
        first = monday + 7 * np.arange(weeks)
        last = first + 6
        first[0] = np.datetime64(today, "D")
        begin, end = _spans(expanded, today)
        weekly = np.zeros((len(item), weeks))
        calendars = Calendars.of(snapshot)
        for one, alike in calendars.alike(doer):
            rows = item[alike]
            weekly[alike] = _spread(calendars, one, begin[rows], end[rows], first, last)
        done = np.zeros(len(snapshot), dtype=np.bool_)
        done[item] = True
        estimated = is_estimated(sizes.basis[item])
        return cls(
            first, last, item, doer, sizes.remaining[item] * part, snapshot.items.points[item] * part,
            estimated, weekly, leaf & ~done,
        )  # fmt: skip


def places_of(doers: Sequence[int], pointer: Pointers) -> NDArray[np.intp]:
    """Return the places of some doers' entries, which are compressed rows by doer. O(doers + entries)."""
    if len(doers) == 1:
        return np.arange(pointer[doers[0]], pointer[doers[0] + 1])
    ends = [np.arange(pointer[one], pointer[one + 1]) for one in doers]
    return np.concatenate(ends) if ends else np.empty(0, dtype=np.intp)


def is_estimated(basis: Codes) -> Flags:
    """Return where somebody gave a figure for the work itself, points that the team's history translates among them."""
    return np.asarray((basis != Basis.CYCLE_TIME) & (basis != Basis.DEFAULT), dtype=np.bool_)


def _spans(expanded: Expanded, today: date) -> tuple[Days, Days]:
    """Return the first and last day of work on each item: see ``workload``. Shapes (n,)."""
    items, now = expanded.snapshot.items, np.datetime64(today, "D")
    begin = np.where(items.start > now, items.start, now)
    present = np.flatnonzero(expanded.finish >= 0)
    units = expanded.unit[expanded.finish[present]]
    earliest = begin.copy()
    earliest[present] = finish_days(expanded, units)
    end = np.where(items.due >= begin, items.due, earliest)
    return begin, np.where(end > begin, end, begin)


def _spread(calendars: Calendars, doer: int, begin: Days, end: Days, first: Days, last: Days) -> Floats:
    """Return the share of each span's working hours in each week; of its days where it has no hours. Shape (s, w)."""
    low = np.maximum(begin[:, None], first[None, :])
    high = np.minimum(end[:, None], last[None, :])
    days = np.maximum((high - low).astype(np.float64) + 1, 0.0)
    hours = calendars.capacity(doer, low.ravel(), high.ravel()).reshape(low.shape)
    whole = calendars.capacity(doer, begin, end)
    length = (end - begin).astype(np.float64) + 1
    by_hours = np.divide(hours, whole[:, None], out=np.zeros_like(hours), where=whole[:, None] > 0)
    return np.where(whole[:, None] > 0, by_hours, days / length[:, None])


def capacities(expanded: Expanded, people: NDArray[np.integer], first: Days, last: Days) -> Floats:
    """Return the working hours of each person in each week. Shape (people, w)."""
    calendars, found = Calendars.of(expanded.snapshot), np.zeros((len(people), len(first)))
    for one, alike in calendars.alike(people):
        found[alike] = calendars.capacity(one, first, last)
    return found
