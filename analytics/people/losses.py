"""Losses: the fewest people without whom half of some work has nobody left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

_BUDGET: Final = 100_000
"""Comparisons spent on looking for fewer people than the greedy choice, per question."""
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Loss:
    """The people to lose, and the weight that then has nobody (``orphaned``) of the whole (``total``).

    ``exact`` says that no smaller number of people would do; otherwise it is at most that many.
    """

    people: tuple[int, ...]
    orphaned: float
    total: float
    exact: bool


def fewest_losses(weights: Mapping[frozenset[int], float], budget: int = _BUDGET) -> Loss:
    """Return the fewest people whose loss leaves at least half of the weight without anybody.

    ``weights`` gives for each set of people the weight (0 or more) of the work that they and nobody else hold; the
    empty set holds what nobody has now. Whoever has most work that is still held is lost first (the greedy choice of
    Avelino et al. 2016); then every smaller number of people is tried, as far as the budget of comparisons goes, so
    that small cases are exact. The problem is NP-hard (it contains minimum k-union). O(people × sets + budget).
    """
    total = sum(weights.values())
    half = total / 2 - _ROUNDING * max(total, 1.0)
    sets = [(people, weight) for people, weight in weights.items() if people and weight > 0]
    chosen = _greedy(sets, half - weights.get(frozenset(), 0.0))
    search = _Search(sets, half - weights.get(frozenset(), 0.0), budget)
    for size in range(search.least, len(chosen)):
        found = search.of_size(size)
        if found is not None:
            chosen = found
            break
        if search.spent > budget:
            break
    lost = frozenset(chosen)
    orphaned = weights.get(frozenset(), 0.0) + sum(weight for people, weight in sets if people <= lost)
    return Loss(tuple(sorted(chosen)), orphaned, total, search.spent <= budget)


def _greedy(sets: Sequence[tuple[frozenset[int], float]], wanted: float) -> list[int]:
    """Return people to lose, at each turn the one with most work that is still held, shared work counting in parts."""
    people = np.array(sorted(frozenset().union(*(held for held, _ in sets))), dtype=np.int64)
    sizes = np.array([len(held) for held, _ in sets], dtype=np.int64)
    weight = np.array([size for _, size in sets])
    holder = np.searchsorted(people, [person for held, _ in sets for person in held])
    group = np.repeat(np.arange(len(sets)), sizes)
    chosen: list[int] = []
    left = sizes.copy()
    while float(weight[left == 0].sum()) < wanted:
        part = weight / np.maximum(left, 1)
        best = int(np.argmax(np.bincount(holder, weights=part[group], minlength=len(people))))
        chosen.append(int(people[best]))
        gone = holder == best
        left -= np.bincount(group[gone], minlength=len(sets))
        holder, group = holder[~gone], group[~gone]
    return chosen


class _Search:
    """Looks for a given number of people by depth first search, people with most work first; sets are bits."""

    def __init__(self, sets: Sequence[tuple[frozenset[int], float]], wanted: float, budget: int) -> None:
        held: dict[int, float] = {}
        for people, weight in sets:
            for person in people:
                held[person] = held.get(person, 0.0) + weight
        self._people = sorted(held, key=lambda person: (-held[person], person))
        self._held = [held[person] for person in self._people]
        bit = {person: 1 << place for place, person in enumerate(self._people)}
        self._sets = [(sum(bit[person] for person in people), weight) for people, weight in sets]
        self._wanted, self._budget = wanted, budget
        self.spent = 0

    @property
    def least(self) -> int:
        """A number of people below which no choice can do: whoever holds work orphans no more than all of it."""
        got, count = 0.0, 0
        while got < self._wanted and count < len(self._held):
            got += self._held[count]
            count += 1
        return count

    def of_size(self, size: int) -> list[int] | None:
        """Return so many people (1 or more) whose loss is enough, ``None`` if there are none or the budget is spent."""
        return self._extend([], 0, size, 0.0)

    def _extend(self, chosen: list[int], start: int, more: int, bound: float) -> list[int] | None:
        if more == 1:
            return self._last(chosen, start, bound)
        for place in range(start, len(self._people) - more + 1):
            if bound + sum(self._held[place : place + more]) < self._wanted or self.spent > self._budget:
                return None
            found = self._extend([*chosen, place], place + 1, more - 1, bound + self._held[place])
            if found is not None:
                return found
        return None

    def _last(self, chosen: list[int], start: int, bound: float) -> list[int] | None:
        """Return a choice with one more person: one look at the sets tells what each of them would add."""
        kept = ~sum(1 << place for place in chosen)
        orphaned, added = 0.0, dict[int, float]()
        for people, weight in self._sets:
            left = people & kept
            if not left:
                orphaned += weight
            elif not left & (left - 1):  # one person is left
                added[left] = added.get(left, 0.0) + weight
        for place in range(start, len(self._people)):
            if bound + self._held[place] < self._wanted or self.spent > self._budget:
                return None
            self.spent += len(self._sets)
            if orphaned + added.get(1 << place, 0.0) >= self._wanted:
                return [self._people[one] for one in (*chosen, place)]
        return None
