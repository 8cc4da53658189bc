"""Moves: a few items that others could do, or that could be done later, so that nobody has too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.kernels import compiled
from graph.snapshots.columns import Flags, Floats

_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Move:
    """An item to take from somebody: to a team mate with room in those weeks, or to a later time (``to`` is absent)."""

    item: str
    title: str
    person: str
    to: str | None
    hours: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"item": self.item, "title": self.title, "person": self.person, "to": self.to, "hours": self.hours}


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """An item that a person is to do: its row, hours in each week (shape (w,)), and what depends on it."""

    item: int
    hours: Floats
    worth: float


@dataclass(frozen=True, slots=True)
class Relief:
    """One chosen move, in rows; ``to`` is -1 for a later time."""

    item: int
    person: int
    to: int
    hours: float


def relief(
    load: Mapping[int, Floats],
    capacity: Mapping[int, Floats],
    pieces: Mapping[int, Sequence[Piece]],
    mates: Mapping[int, Sequence[int]],
) -> list[Relief]:
    """Return moves after which nobody of ``load`` has more hours than capacity in a week because of ``pieces``.

    ``load`` and ``capacity`` give hours a week (shape (w,)) of each person, ``mates`` whom work may go to. The greedy
    choice takes the item that removes most of the overload, of equals the one that moves least beside it, then the one
    with least goal value; it goes to the mate with most room if one has room in each of its weeks, else to a later
    time. Then every move without which there is no overload either is taken back. O(overloaded people × items²).
    """
    people = sorted(load)
    if not people:
        return []
    weeks = _Weeks(people, np.array([load[one] for one in people]), np.array([capacity[one] for one in people]))
    chosen: list[Relief] = []
    for place in np.argsort(-_over(weeks.left, weeks.capacity).sum(axis=1), kind="stable").tolist():
        if not weeks.over(place).any():
            continue
        person = people[place]
        others = np.searchsorted(people, sorted(mates.get(person, ())))
        waiting = _Pieces(pieces.get(person, ()))
        taken: list[tuple[Piece, int]] = []
        while (over := weeks.over(place)).any():
            best = waiting.best(over)
            if best is None:
                break
            to = weeks.room(best, others)
            weeks.left[place] -= best.hours
            if to >= 0:
                weeks.left[to] += best.hours
            taken.append((best, to))
        chosen += weeks.needed(place, taken)
    return chosen


def _over(hours: Floats, capacity: Floats) -> Floats:
    """Return the hours above capacity in each week."""
    over: Floats = hours - capacity
    return np.where(over > _ROUNDING, over, 0.0)


class _Pieces:
    """The pieces of one person, each given away once."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = sorted(pieces, key=lambda piece: (piece.worth, piece.item))
        self._hours = np.array([piece.hours for piece in self._pieces])
        self._there = np.ones(len(pieces), dtype=np.bool_)

    def best(self, over: Floats) -> Piece | None:
        """Return, and take, the piece that removes most of an overload, of equals that which moves least beside it."""
        place = _best(self._hours, self._there, over) if len(self._pieces) else -1
        if place < 0:
            return None
        self._there[place] = False
        return self._pieces[place]


@dataclass(frozen=True, slots=True, eq=False)
class _Weeks:
    """What ``people`` (ascending; a person is named by the place there) have ``left`` to do, and their ``capacity``.

    Both have the shape (people, w).
    """

    people: Sequence[int]
    left: Floats
    capacity: Floats

    def over(self, place: int) -> Floats:
        """Return a person's hours above capacity in each week."""
        return _over(self.left[place], self.capacity[place])

    def room(self, piece: Piece, mates: NDArray[np.intp]) -> int:
        """Return the mate (ascending places) with most room among those with enough in each week, -1 for none."""
        return _roomiest(self.left, self.capacity, mates, piece.hours)

    def needed(self, place: int, taken: Sequence[tuple[Piece, int]]) -> list[Relief]:
        """Return the moves of one person without those that turn out not to be needed, which are taken back."""
        kept = []
        for piece, to in reversed(taken):
            if not _over(self.left[place] + piece.hours, self.capacity[place]).any():
                self.left[place] += piece.hours
                if to >= 0:
                    self.left[to] -= piece.hours
            else:
                whom = self.people[to] if to >= 0 else -1
                kept.append(Relief(piece.item, self.people[place], whom, float(piece.hours.sum())))
        return kept[::-1]


@compiled
def _best(hours: Floats, there: Flags, over: Floats) -> int:
    """Return the place of the piece that is best given away (``_Pieces.best``), -1 where none removes anything.

    ``hours`` have the shape (pieces, w), ``over`` (w,). O(pieces w).
    """
    best, most, least = -1, 0.0, np.inf  # in units of what is rounded off
    for place in range(len(hours)):
        removed, beside = 0.0, 0.0
        for week in range(len(over)):
            removed += min(hours[place, week], over[week])
            beside += max(hours[place, week] - over[week], 0.0)
        if not there[place] or removed <= _ROUNDING:
            continue
        removed, beside = np.rint(removed / _ROUNDING), np.rint(beside / _ROUNDING)
        if removed > most or (removed == most and beside < least):
            best, most, least = place, removed, beside
    return best


@compiled
def _roomiest(left: Floats, capacity: Floats, mates: NDArray[np.intp], hours: Floats) -> int:
    """Return the first of ``mates`` with most room among those with enough for ``hours`` in each week, else -1."""
    best, most = -1, -np.inf
    for mate in mates:
        room, able = 0.0, True
        for week in range(len(hours)):
            room += capacity[mate, week] - left[mate, week]
            if hours[week] > 0 and left[mate, week] + hours[week] > capacity[mate, week] + _ROUNDING:
                able = False
        if able and room > most:
            best, most = int(mate), room
    return best
