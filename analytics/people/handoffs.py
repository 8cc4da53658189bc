"""Hand-offs: where work changes hands on the worst chains to goals, and who stands on them alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.ownership import Ownership
from analytics.expansion.readiness import Readiness
from analytics.expansion.scope import Focus
from analytics.expansion.teams import Teams
from analytics.expansion.trees import ChainTree
from analytics.expansion.worth import outermost
from analytics.results import Explanation, amount, counted, listed
from graph.snapshots.columns import Flags


@dataclass(frozen=True, slots=True)
class SingleOwner:
    """Somebody who alone holds open work on the worst chains of ``goals``, worth ``value``, none counted twice."""

    key: str
    name: str
    goals: tuple[str, ...]
    value: float
    items: tuple[str, ...]
    hours: float

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        sentence = (
            f"{self.name} alone has {counted(len(self.items), 'step')} ({amount(self.hours)} hours) on the worst "
            f"chains of {counted(len(self.goals), 'goal')} worth {amount(self.value)}: {listed(self.items)}."
        )
        return Explanation(sentence, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "name": self.name, "goals": list(self.goals), "value": self.value,
                "items": list(self.items), "hours": self.hours}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HandOff:
    """A change of owner between two neighbouring leaves on the worst chains of ``goals``."""

    item: str
    successor: str
    owner: str
    successor_owner: str
    goals: tuple[str, ...]

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        sentence = (
            f"{self.item} passes from {self.owner} to {self.successor_owner} in {self.successor}, "
            f"for {listed(self.goals)}."
        )
        return Explanation(sentence, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"item": self.item, "successor": self.successor, "owner": self.owner,
                "successorOwner": self.successor_owner, "goals": list(self.goals)}  # fmt: skip


def chain_people(
    expanded: Expanded, goals: Iterable[int], focus: Focus, seen: Flags
) -> tuple[tuple[SingleOwner, ...], tuple[HandOff, ...]]:
    """Return who stands alone on the worst chain of each goal, and where it changes hands. O(g (n + m)) for g goals.

    Only people in focus, and hand-offs from or to an item in focus.
    """
    rows = list(goals)
    alone: dict[int, dict[int, list[int]]] = {}
    passed: dict[tuple[int, int], list[int]] = {}
    holders, owners = Teams.of(expanded.snapshot).holders, Ownership.of(expanded.snapshot)
    for goal in rows:
        leaves = _worst_chain(expanded, goal)
        for row in leaves:
            people = holders.get(row, frozenset())
            if len(people) == 1 and seen[row]:
                alone.setdefault(next(iter(people)), {}).setdefault(row, []).append(goal)
        for row, successor in pairwise(leaves):
            before, after = set(owners.named(row)), set(owners.named(successor))
            if before and after and not before & after and seen[[row, successor, *before, *after]].all():
                passed.setdefault((row, successor), []).append(goal)
    top, shown = outermost(expanded, rows), seen & focus.people
    made = [_single(expanded, person, found, top) for person, found in alone.items() if shown[person]]
    made.sort(key=lambda one: (-one.value, -one.hours, one.key))
    keys = expanded.snapshot.items.key
    changes = [
        _handoff(expanded, *pair, [keys[goal] for goal in found])
        for pair, found in passed.items()
        if focus.items[list(pair)].any()
    ]
    changes.sort(key=lambda one: (-len(one.goals), one.item, one.successor))
    return tuple(made), tuple(changes)


def _worst_chain(expanded: Expanded, goal: int) -> list[int]:
    """Return the open leaves on a goal's worst blocking chain, the members of a cycle among them, in order."""
    if not expanded.is_open[goal]:
        return []
    tree = ChainTree.to(expanded, goal)
    leaf = Readiness.of(expanded).leaf
    return [
        row
        for root in tree.worst(1)
        for unit in tree.walk(root)[0]
        for row in expanded.members(unit).tolist()
        if leaf[row]
    ]


def _single(expanded: Expanded, person: int, found: dict[int, list[int]], top: set[int]) -> SingleOwner:
    items, value = expanded.snapshot.items, expanded.goals.value
    goals = sorted({goal for rows in found.values() for goal in rows}, key=lambda goal: (-value[goal], items.key[goal]))
    outer = [goal for goal in goals if goal in top]
    hours = expanded.durations.remaining
    rows = sorted(found, key=lambda row: (-hours[row], items.key[row]))
    return SingleOwner(
        key=items.key[person],
        name=items.title[person] or items.key[person],
        goals=tuple(items.key[goal] for goal in goals),
        value=float(sum(value[goal] for goal in outer or goals[:1])),
        items=tuple(items.key[row] for row in rows),
        hours=float(np.sum(hours[rows])),
    )


def _handoff(expanded: Expanded, row: int, successor: int, goals: list[str]) -> HandOff:
    items, owners = expanded.snapshot.items, Ownership.of(expanded.snapshot)

    def names(at: int) -> str:
        return ", ".join(items.title[owner] or items.key[owner] for owner in owners.named(at))

    return HandOff(items.key[row], items.key[successor], names(row), names(successor), tuple(goals))
