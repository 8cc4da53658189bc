"""Velocity: how much a person or a team has finished a week, recent weeks counting most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import rows_of
from analytics.people.commitments import Doers, places_of
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Floats
from graph.snapshots.snapshot import CATEGORIES

WEEKS: Final = 12
"""Whole weeks before this one that are looked at."""
HALF_LIFE: Final = 4.0
"""Weeks after which a week counts half as much."""


@dataclass(frozen=True, slots=True)
class Velocity:
    """Hours and points finished a week, over so many ``weeks``; ``None`` where nothing so measured was finished."""

    hours: float | None
    points: float | None
    weeks: int


class Velocities:
    """Looks up velocities by group of people; the history is read once. O(n + m log m)."""

    def __init__(self, expanded: Expanded, today: date) -> None:
        snapshot, items = expanded.snapshot, expanded.snapshot.items
        doers = Doers.of(snapshot)
        monday = np.datetime64(today - timedelta(days=today.weekday()), "D")
        days = items.completed_at.astype("datetime64[D]")
        done = snapshot.is_work & (snapshot.category == CATEGORIES.index(Category.DONE)) & ~np.isnat(days)
        done &= ~expanded.is_container & (days < monday) & (days >= monday - 7 * WEEKS)
        chosen = done[doers.item]
        item = doers.item[chosen]
        # 0 is the last whole week, and so on backwards.
        self._week: NDArray[np.int64] = ((monday - days[item]).astype(np.int64) - 1) // 7
        self._pointer = rows_of(doers.doer[chosen], len(snapshot))
        size = np.where(np.isfinite(items.estimate), items.estimate, items.spent)
        self._hours = size[item] * doers.part[chosen]
        self._points = items.points[item] * doers.part[chosen]

    def of(self, doers: Sequence[int]) -> Velocity:
        """Return what some people and teams have finished a week, together.

        Each of the last 12 whole weeks counts half as much as the one 4 weeks after it; those before the first in which
        any of them finished anything do not count.
        """
        mine = places_of(doers, self._pointer)
        weeks = int(self._week[mine].max(initial=-1)) + 1
        return Velocity(self._mean(mine, self._hours, weeks), self._mean(mine, self._points, weeks), weeks)

    def _mean(self, mine: NDArray[np.intp], amounts: Floats, weeks: int) -> float | None:
        known = mine[np.isfinite(amounts[mine])]
        if not len(known):
            return None
        done = np.bincount(self._week[known], weights=amounts[known], minlength=weeks)
        return float(np.average(done, weights=0.5 ** (np.arange(weeks) / HALF_LIFE)))
