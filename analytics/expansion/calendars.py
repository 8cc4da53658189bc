"""Which working calendar each item is done in, and how many hours a person has between two days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.calendar import Calendar
from analytics.expansion.ownership import sure_edges
from graph.calendars import is_timezone
from graph.snapshots.columns import Days, Flags, Floats, Ints
from graph.snapshots.snapshot import KINDS, Snapshot

_KEY: Final = "analytics.expansion.calendars"
_LEAST: Final = 0.01
"""Fewest hours of a person's week; fewer say nothing of when they work, and could not be reckoned with."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendars:
    """``index`` (int32, shape (n,)): the place in ``distinct`` of each item's calendar.

    ``inactive`` (shape (n,)) are people who take no part any more.

    The first of ``distinct`` is the workspace's own, from its policy. A person has the calendar that it names, else
    the workspace's, for its ``weeklyHours`` (spread over the week as in that calendar; less than 0.01 counts as
    unknown) and in its ``timezone``. Work has the calendar that it names, else its sole assignee's, else the
    workspace's; so has all else.
    """

    distinct: tuple[Calendar, ...]
    index: Ints
    inactive: Flags

    @property
    def workspace(self) -> Calendar:
        """The workspace's calendar, in which lags, floats and delays are counted."""
        return self.distinct[0]

    def of_item(self, row: int) -> Calendar:
        """Return the calendar of an item, or of a person."""
        return self.distinct[int(self.index[row])]

    def capacity(self, row: int, first: Days, last: Days) -> Floats:
        """Return how many hours a person can work from each first day to each last day, both included.

        Shapes (w,), (w,) → (w,), so that one call answers for all weeks of a window. The hours are those of the
        person's calendar: its weekdays' hours for the person's ``weeklyHours``, without holidays and leave. What shares
        of them are promised to whom is not taken off. 0 where the last day comes before the first, and for a person
        who is inactive. O(w log days off).
        """
        return np.zeros(len(first)) if self.inactive[row] else self.of_item(row).capacity(first, last)

    def alike(self, people: NDArray[np.integer]) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Yield one of some people (rows), and the places of all who have the same capacity, for each capacity."""
        kind = np.where(self.inactive[people], -1, self.index[people])
        for one in np.unique(kind).tolist():
            places = np.flatnonzero(kind == one)
            yield int(people[places[0]]), places

    @classmethod
    def of(cls, snapshot: Snapshot) -> Calendars:
        """Work out the calendars of every item, once per snapshot. O(n + m)."""
        found = snapshot.derived.get(_KEY)
        if not isinstance(found, cls):
            found = snapshot.derived[_KEY] = _calendars(snapshot)
        return found


def _calendars(snapshot: Snapshot) -> Calendars:
    items, index = snapshot.items, np.zeros(len(snapshot), dtype=np.int32)
    distinct = [Calendar.of_policy(snapshot.policy)]
    stored: dict[str, int] = {}
    for place, working in enumerate(snapshot.calendars, 1):
        distinct.append(Calendar.of(working))
        stored[working.id] = place
    for row in np.flatnonzero(items.calendar.given).tolist():
        index[row] = stored.get(items.calendar[row], 0)
    made: dict[tuple[int, float, str], int] = {}
    is_person = items.kind == KINDS.index("Person")
    own = is_person & (items.timezone.given | (items.weekly_hours >= _LEAST))
    for row in np.flatnonzero(own).tolist():
        name = int(index[row]), float(np.nan_to_num(items.weekly_hours[row])), items.timezone[row]
        if name not in made:
            made[name] = len(distinct)
            distinct.append(_persons(distinct[name[0]], *name[1:]))
        index[row] = made[name]
    assigned = sure_edges(snapshot, "ASSIGNED_TO")
    work, assignee = snapshot.edges.start[assigned], snapshot.edges.end[assigned]
    sole = (np.bincount(work, minlength=len(snapshot)) == 1) & (index == 0)
    follows = sole[work]
    index[work[follows]] = index[assignee[follows]]
    return Calendars(tuple(distinct), index, items.inactive)


def _persons(calendar: Calendar, weekly_hours: float, timezone: str) -> Calendar:
    made = calendar.scaled(weekly_hours) if weekly_hours >= _LEAST else calendar
    return made.in_timezone(timezone) if timezone and is_timezone(timezone) else made
