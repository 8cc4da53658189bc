"""Moves: a few items that others could do, or that could be done later, so that nobody has too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph.columns import Floats

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
    left = {person: hours.copy() for person, hours in load.items()}
    chosen: list[Relief] = []
    for person in sorted(left, key=lambda one: (-_over(left[one], capacity[one]).sum(), one)):
        if not _over(left[person], capacity[person]).any():
            continue
        waiting = _Pieces(pieces.get(person, ()))
        taken: list[tuple[Piece, int]] = []
        while (over := _over(left[person], capacity[person])).any():
            best = waiting.best(over)
            if best is None:
                break
            to = _room(best, left, capacity, mates.get(person, ()))
            left[person] -= best.hours
            if to >= 0:
                left[to] += best.hours
            taken.append((best, to))
        chosen += _needed(person, taken, left, capacity)
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


def _room(piece: Piece, left: Mapping[int, Floats], capacity: Mapping[int, Floats], mates: Sequence[int]) -> int:
    """Return the mate with most room among those with enough of it in each week, -1 if there is none."""
    able = [one for one in mates if not _over(left[one] + piece.hours, capacity[one])[piece.hours > 0].any()]
    return max(able, key=lambda one: (float((capacity[one] - left[one]).sum()), -one), default=-1)


def _needed(
    person: int, taken: Sequence[tuple[Piece, int]], left: Mapping[int, Floats], capacity: Mapping[int, Floats]
) -> list[Relief]:
    """Return the moves of one person without those that turn out not to be needed, which are taken back."""
    kept = []
    for piece, to in reversed(taken):
        if not _over(left[person] + piece.hours, capacity[person]).any():
            left[person][:] += piece.hours
            if to >= 0:
                left[to][:] -= piece.hours
        else:
            kept.append(Relief(piece.item, person, to, float(piece.hours.sum())))
    return kept[::-1]
