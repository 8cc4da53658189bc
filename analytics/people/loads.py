"""Loads: the weeks of people and teams, and what could go elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import rows_of
from analytics.expansion.teams import PERSON, Teams
from analytics.expansion.worth import item_worth
from analytics.people.commitments import Commitments, capacities, places_of
from analytics.people.moves import Move, Piece, Relief, relief
from analytics.people.velocity import Velocities, Velocity
from analytics.results import Explanation, amount, as_date, counted, iso
from graph.snapshots.columns import Flags, Floats
from graph.snapshots.snapshot import KINDS

UNDER: Final = 0.5
"""A week with less than this share of its capacity committed counts as underloaded."""
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class WeekLoad:
    """One week, from its first day that is still to come: hours of capacity, hours and points committed."""

    start: date
    capacity: float
    hours: float
    points: float

    @property
    def state(self) -> str:
        """OVER (more hours than capacity), UNDER (less than half of it) or FULL; FREE without capacity and work."""
        if self.hours > self.capacity + _ROUNDING:
            return "OVER"
        if not self.capacity:
            return "FREE"
        return "UNDER" if self.hours < UNDER * self.capacity else "FULL"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"start": iso(self.start), "capacity": self.capacity, "hours": self.hours, "points": self.points,
                "state": self.state}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """What a person or team has committed to in the window, and after it (``later_hours``).

    ``velocity_hours`` and ``velocity_points`` are what they finished a week; ``commitment`` is what is committed a week
    over that (above 1: more than they have been finishing), in hours where these are known, else in points (``unit``).
    ``over_hours`` are those above capacity, week by week. ``unestimated`` pieces of work, of which nobody has said how
    large they are, are in none of the other figures.
    """

    key: str
    title: str
    kind: str
    team: str | None
    weeks: tuple[WeekLoad, ...]
    hours: float
    points: float
    capacity: float
    later_hours: float
    over_hours: float
    velocity_hours: float | None
    velocity_points: float | None
    commitment: float | None
    unit: str | None
    items: int
    unestimated: int

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        name = self.title or self.key
        text = f"{name} has {amount(self.hours)} hours to do and {amount(self.capacity)} to do them in"
        over = [week for week in self.weeks if week.state == "OVER"]
        if over:
            text += f"; {amount(self.over_hours)} too many, first in the week of {over[0].start.isoformat()}"
        if self.commitment is not None and self.commitment > 1:
            velocity = self.velocity_hours if self.unit == "hours" else self.velocity_points
            text += f"; that is {self.commitment:.1f} times the velocity of {amount(velocity or 0)} {self.unit} a week"
        if self.unestimated:
            text += f"; {counted(self.unestimated, 'more piece')} of work without an estimate"
        return Explanation(text + ".", self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key, "title": self.title, "kind": self.kind, "team": self.team,
            "weeks": [week.to_dict() for week in self.weeks], "hours": self.hours, "points": self.points,
            "capacity": self.capacity, "laterHours": self.later_hours, "overHours": self.over_hours,
            "velocityHours": self.velocity_hours, "velocityPoints": self.velocity_points,
            "commitment": self.commitment, "unit": self.unit, "items": self.items, "unestimated": self.unestimated,
        }  # fmt: skip


class Loads:
    """Works out loads from commitments that are spread once."""

    def __init__(self, expanded: Expanded, today: date, weeks: int) -> None:
        snapshot = expanded.snapshot
        self._expanded = expanded
        self.commitments = Commitments.of(expanded, today, weeks)
        self._teams = Teams.of(snapshot)
        self._points = np.nan_to_num(self.commitments.points)
        self._velocities = Velocities(expanded, today)
        self._people = snapshot.of_kind("Person")
        first, last = self.commitments.first, self.commitments.last
        capacity = capacities(expanded, self._people, first, last)
        self._capacity = dict(zip(self._people.tolist(), capacity, strict=True))
        self._pointer = rows_of(self.commitments.doer, len(snapshot))
        self._days = [as_date(day) or date.max for day in first]
        self._length = float((last[-1] - first[0]).astype(np.int64) + 1) / 7
        home: dict[int, list[int]] = {}
        for person in self._people.tolist():
            if person in self._teams.home:
                home.setdefault(self._teams.home[person], []).append(person)
        self._at_home = home

    def of_people(self, people: NDArray[np.intp], seen: Flags) -> tuple[Load, ...]:
        """Return the loads of people, the most overloaded first; a team that is not ``seen`` is not named."""
        keys = self._expanded.snapshot.items.key
        made = []
        for person in people.tolist():
            home = self._teams.home.get(person, -1)
            team = keys[home] if home >= 0 and seen[home] else None
            made.append(self._load(person, [person], self._capacity[person], team))
        return _ranked(made)

    def of_teams(self, teams: NDArray[np.intp]) -> tuple[Load, ...]:
        """Return the loads of teams: of those at home in them, and what they are assigned to themselves."""
        nothing = np.zeros(len(self.commitments.first))
        made = []
        for team in teams.tolist():
            people = self._at_home.get(team, [])
            capacity = sum((self._capacity[person] for person in people), nothing)
            made.append(self._load(team, [team, *people], capacity, None))
        return _ranked(made)

    def _load(self, row: int, doers: list[int], capacity: Floats, team: str | None) -> Load:
        items, found = self._expanded.snapshot.items, self.commitments
        mine = places_of(doers, self._pointer)
        sized = mine[found.estimated[mine]]
        hours, weekly = found.hours[sized], found.weekly[sized]
        weekly_hours, weekly_points = hours @ weekly, self._points[sized] @ weekly
        velocity = self._velocities.of(doers)
        total, in_points = float(weekly_hours.sum()), float(weekly_points.sum())
        commitment, unit = _commitment(velocity, total / self._length, in_points / self._length)
        values = zip(self._days, capacity.tolist(), weekly_hours.tolist(), weekly_points.tolist(), strict=True)
        return Load(
            key=items.key[row],
            title=items.title[row],
            kind=KINDS[items.kind[row]],
            team=team,
            weeks=tuple(WeekLoad(*week) for week in values),
            hours=total,
            points=in_points,
            capacity=float(capacity.sum()),
            later_hours=max(0.0, float(hours.sum()) - total),
            over_hours=float(np.maximum(weekly_hours - capacity, 0.0)[weekly_hours > capacity + _ROUNDING].sum()),
            velocity_hours=velocity.hours,
            velocity_points=velocity.points,
            commitment=commitment,
            unit=unit,
            items=len(set(found.item[sized].tolist())),
            unestimated=len(set(found.item[mine[~found.estimated[mine]]].tolist())),
        )

    def relief(self) -> list[Relief]:
        """Return moves of items that leave nobody with more hours than capacity; see ``moves.relief``."""
        found, worth = self.commitments, item_worth(self._expanded)
        is_person = self._expanded.snapshot.items.kind[found.doer] == PERSON
        places = np.flatnonzero(is_person & found.estimated & (found.hours > 0))
        item, doer, weekly = found.item[places], found.doer[places], found.hours[places, None] * found.weekly[places]
        pieces: dict[int, list[Piece]] = {person: [] for person in self._people.tolist()}
        for one, hours, value, person in zip(item.tolist(), weekly, worth[item].tolist(), doer.tolist(), strict=True):
            pieces[person].append(Piece(one, hours, value))
        total = np.zeros((len(self._expanded.snapshot), len(found.first)))
        np.add.at(total, doer, weekly)
        load = {person: total[person] for person in pieces}
        mates = {
            person: [other for other in people if other != person]
            for people in self._at_home.values()
            for person in people
        }
        return relief(load, self._capacity, pieces, mates)

    def move(self, one: Relief, seen: Flags) -> Move:
        """Return a move by its names; whom it may not name, it does not propose."""
        items = self._expanded.snapshot.items
        to = items.key[one.to] if one.to >= 0 and seen[one.to] else None
        return Move(items.key[one.item], items.title[one.item], items.key[one.person], to, one.hours)


def _commitment(velocity: Velocity, hours: float, points: float) -> tuple[float | None, str | None]:
    """Return what is committed a week over the velocity, in hours where these are known, else in points."""
    for unit, done, planned in (("hours", velocity.hours, hours), ("points", velocity.points, points)):
        if done:
            return planned / done, unit
    return None, None


def _ranked(loads: Iterable[Load]) -> tuple[Load, ...]:
    return tuple(sorted(loads, key=lambda one: (-one.over_hours, -(one.commitment or 0.0), -one.hours, one.key)))
