"""How long each leaf takes, in working hours, and on what that rests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.calendar import Calendar
from analytics.expansion.kernels import totals
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Codes, Flags, Floats
from graph.snapshots.snapshot import CATEGORIES, KINDS, Snapshot

DEFAULT_HOURS: Final = 8.0
"""Assumed for work of which nothing at all is known."""


class Basis(IntEnum):
    """What a duration rests on, surest first."""

    NONE = 0
    """It has no duration: closed work, containers, goals, operations; milestones take no time."""
    DURATION = 1
    REMAINING = 2
    ESTIMATE = 3
    POINTS = 4
    CYCLE_TIME = 5
    DEFAULT = 6
    CYCLE = 7
    """A cycle unit: the sum of its leaves, an upper bound."""

    @property
    def assumed(self) -> bool:
        """Whether nobody gave a figure for this very item."""
        return self >= Basis.POINTS

    @property
    def text(self) -> str:
        """The name in answers, such as ``cycleTime``."""
        first, *rest = self.name.lower().split("_")
        return first + "".join(word.capitalize() for word in rest)


@dataclass(frozen=True, slots=True, eq=False)
class Durations:
    """Per item (shape (n,)): ``hours`` it takes, ``remaining`` effort in hours, and the ``basis`` of both (``Basis``).

    ``effort`` is the item's whole size in hours (what was and what is to be spent), by which shares are split.
    """

    hours: Floats
    remaining: Floats
    effort: Floats
    basis: Codes


def durations(snapshot: Snapshot, calendar: Calendar, leaves: Flags) -> Durations:
    """Return the duration of every leaf (Flags, shape (n,)); whatever is no leaf has none. O(n log n + m).

    ``duration`` where given; else remaining / Σ shares of its assignees (1 where nobody is assigned). Remaining is as
    given, else max(estimate - spent, 10 % of the estimate), else points × the team's median hours per point, else the
    median cycle time of the same team and kind, else 8 h. Milestones take none; so do closed items.
    """
    items = snapshot.items
    timeless = np.isin(items.kind, [KINDS.index("Milestone"), KINDS.index("Operation")])
    sized = leaves & snapshot.is_work & ~timeless
    effort, basis = _remaining(snapshot, calendar)
    shares = _assigned(snapshot)
    given = np.isfinite(items.duration)
    hours = np.where(given, np.maximum(items.duration, 0.0), effort / shares)
    # Where only the elapsed time is known, it is also the best guess at the effort.
    remaining = np.where(given & (basis >= Basis.POINTS), np.maximum(items.duration, 0.0), effort)
    basis = np.where(given, Basis.DURATION, basis)
    counts = sized & snapshot.is_open
    estimate, spent = np.maximum(items.estimate, 0.0), np.nan_to_num(np.maximum(items.spent, 0.0))
    whole = np.where(np.isfinite(estimate), estimate, np.where(snapshot.is_open, remaining + spent, spent))
    whole = np.where(np.isfinite(items.estimate) | snapshot.is_open | (whole > 0), whole, remaining)
    return Durations(
        hours=np.where(counts, hours, 0.0),
        remaining=np.where(counts, remaining, 0.0),
        effort=np.where(sized, whole, 0.0),
        basis=np.where(counts, basis, Basis.NONE).astype(np.uint8),
    )


def _remaining(snapshot: Snapshot, calendar: Calendar) -> tuple[Floats, NDArray[np.integer]]:
    """Return the remaining effort of every item as if it were an open leaf, and its basis."""
    items = snapshot.items
    per_point, cycle = _history(snapshot, calendar)
    planned = np.maximum(items.estimate - np.nan_to_num(items.spent), 0.1 * items.estimate)
    sources = (
        (Basis.REMAINING, items.remaining),
        (Basis.ESTIMATE, planned),
        (Basis.POINTS, items.points * per_point),
        (Basis.CYCLE_TIME, cycle),
    )
    hours = np.full(len(snapshot), DEFAULT_HOURS)
    basis = np.full(len(snapshot), int(Basis.DEFAULT))
    for source, values in reversed(sources):
        known = np.isfinite(values)
        hours, basis = np.where(known, values, hours), np.where(known, int(source), basis)
    return np.maximum(hours, 0.0), basis


def _assigned(snapshot: Snapshot) -> Floats:
    """Return the Σ of the assignees' shares of every item; an assignee without a share gives all of their time."""
    edges = snapshot.edges
    places = snapshot.edges_of("ASSIGNED_TO")
    share = np.nan_to_num(edges.share[places].astype(np.float64), nan=1.0)
    total = totals(edges.start[places], np.maximum(share, 0.0), len(snapshot))
    return np.where(total > 0, total, 1.0)


def _history(snapshot: Snapshot, calendar: Calendar) -> tuple[Floats, Floats]:
    """Return, for every item, its team's median hours per point and the median cycle time of its team and kind."""
    items = snapshot.items
    done = snapshot.is_work & (snapshot.category == CATEGORIES.index(Category.DONE))
    elapsed = calendar.hours_between(items.started_at, items.completed_at)
    finished = done & (elapsed > 0)
    worked = np.where(items.spent > 0, items.spent, np.where(finished, elapsed, np.nan))
    pointed = done & (items.points > 0) & np.isfinite(worked)
    per_point = np.divide(worked, items.points, out=np.full(len(snapshot), np.nan), where=pointed)
    team = items.team.astype(np.int64) + 1
    return _medians(team, per_point), _medians(team * len(KINDS) + items.kind, np.where(finished, elapsed, np.nan))


def _medians(group: NDArray[np.int64], values: Floats) -> Floats:
    """Return, for every item, the median of its group's known values; NaN for groups without one."""
    known = np.flatnonzero(np.isfinite(values))
    medians = np.full(int(group.max(initial=0)) + 1, np.nan)
    order = known[np.lexsort((values[known], group[known]))]
    groups, first, counts = np.unique(group[order], return_index=True, return_counts=True)
    low, high = values[order[first + (counts - 1) // 2]], values[order[first + counts // 2]]
    medians[groups] = (low + high) / 2
    return medians[group]
