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
        waiting = list(pieces.get(person, ()))
        taken: list[tuple[Piece, int]] = []
        while _over(left[person], capacity[person]).any() and waiting:
            over = _over(left[person], capacity[person])
            best = min(waiting, key=lambda piece: _badness(piece, over))
            waiting.remove(best)
            if np.minimum(best.hours, over).sum() <= _ROUNDING:
                continue
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


def _badness(piece: Piece, over: Floats) -> tuple[float, float, float, int]:
    removed = float(np.minimum(piece.hours, over).sum())
    return round(-removed, 6), round(float(piece.hours.sum()) - removed, 6), piece.worth, piece.item


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
