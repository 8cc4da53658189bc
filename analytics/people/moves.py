"""Moves: a few items that others could do, or that could be done later, so that nobody has too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.snapshots.columns import Floats

_ROUNDING = 1e-6


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
        if not self._there.any():
            return None
        removed = np.minimum(self._hours, over).sum(axis=1)
        beside = self._hours.sum(axis=1) - removed
        removed[~self._there] = -1.0
        place = int(np.lexsort((np.round(beside, 6), -np.round(removed, 6)))[0])
        if removed[place] <= _ROUNDING:
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
        left, capacity, used = self.left[mates], self.capacity[mates], piece.hours > 0
        able = ~_over(left + piece.hours, capacity)[:, used].any(axis=1)
        if not able.any():
            return -1
        room = np.where(able, (capacity - left).sum(axis=1), -np.inf)
        return int(mates[np.argmax(room)])

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
