"""Bearers of chains in the order of what they carry, and as choke points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.chains.bearers import Bearers, goals_of_bearers, loads
from analytics.chains.choke_point import ChokePoint, Cover, Passage
from analytics.chains.forest import Forest, common_units
from analytics.chains.relief import best_relief
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.ownership import Ownership
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Steps
from analytics.expansion.teams import PERSON, TEAM
from analytics.expansion.trees import ChainTree
from graph.snapshots.columns import Flags

_NOTHING: Final = 1e-12
"""Shares below this are what rounding leaves of 0."""


class Ranking:
    """What the chains of a forest carry, by bearer, of those in focus.

    ``hidden`` ones (shape (n,)) are counted (``unseen``), not shown.

    ``total`` is what all chains carry.
    """

    def __init__(self, expanded: Expanded, forest: Forest, focus: Focus, hidden: Flags | None) -> None:
        snapshot, count = expanded.snapshot, len(expanded.snapshot)
        self._expanded, self._forest = expanded, forest
        self._bearers = Bearers.of(expanded)
        self._carried, self._chains = loads(expanded, forest, self._bearers)
        self._owners = Ownership.of(snapshot)
        self._hidden = np.zeros(count, dtype=np.bool_) if hidden is None else hidden
        self.total = float(forest.mass.sum())
        cycles = np.ones(len(expanded.hours), dtype=np.bool_)
        cycles[expanded.unit[self._hidden[expanded.item]]] = False
        seen = np.concatenate([~self._hidden, cycles])
        work = snapshot.is_work & (snapshot.items.kind != OPERATION)
        bears = np.where(np.isin(snapshot.items.kind, (PERSON, TEAM)), focus.people, focus.items)
        on = (self._chains > 0) & np.concatenate([bears, focus.units(expanded)])
        self.unseen = int(np.count_nonzero(on & ~seen))
        self._shown = on & seen
        self._items = self._shown & np.concatenate([work, cycles])

    def items(self) -> NDArray[np.intp]:
        """Return the bearers that are work or cycles, those that carry most first."""
        return self._ranked(np.flatnonzero(self._items))

    def of_kind(self, label: str) -> NDArray[np.intp]:
        """Return the bearers of a kind of items, those that carry most first."""
        rows = self._expanded.snapshot.of_kind(label)
        return self._ranked(rows[self._shown[rows]])

    def _ranked(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return rows[np.lexsort((rows, -self._chains[rows], -np.round(self._carried[rows], 9)))]

    def points(self, chosen: NDArray[np.intp], goals: Sequence[int]) -> tuple[ChokePoint, ...]:
        """Return bearers as choke points; the goals of each come in the order of ``goals`` (rows)."""
        place = {goal: at for at, goal in enumerate(goals)}
        leads = goals_of_bearers(self._expanded, self._forest, self._bearers, chosen.astype(np.int32))
        ranked = (sorted(to, key=place.__getitem__) for to in leads)
        return tuple(self._point(row, to) for row, to in zip(chosen.tolist(), ranked, strict=True))

    def _point(self, row: int, goals: list[int]) -> ChokePoint:
        snapshot, items, carried = self._expanded.snapshot, self._expanded.snapshot.items, float(self._carried[row])
        first, members = self._named(row)
        single = not members and bool(snapshot.is_work[first])
        return ChokePoint(
            key=items.key[first],
            title=f"cycle of {len(members)} items" if members else items.title[first] or items.key[first],
            kind="Cycle" if members else snapshot.label(first),
            owner=self._owner(first) if single else None,
            value=carried,
            share=min(1.0, carried / self.total) if self.total > 0 else 0.0,
            chains=round(self._chains[row]),
            goals=tuple(items.key[goal] for goal in goals),
            members=members,
            relief=best_relief(self._expanded, first, goals) if single else None,
        )

    def _named(self, bearer: int) -> tuple[int, tuple[str, ...]]:
        """Return the row that names a bearer, and the keys of its members if it is a cycle."""
        cycle, keys = bearer - len(self._expanded.snapshot), self._expanded.snapshot.items.key
        if cycle < 0:
            return bearer, ()
        rows = self._expanded.members(cycle).tolist()
        return rows[0], tuple(keys[row] for row in rows)

    def _owner(self, row: int) -> str | None:
        items = self._expanded.snapshot.items
        owners = [at for at in self._owners.named(row) if not self._hidden[at]]
        return ", ".join(items.title[at] or items.key[at] for at in owners) or None

    def passage(self, goal: int) -> Passage:
        """Return what every path to a goal passes; of what the viewer may not see only the kind."""
        expanded, steps = self._expanded, Steps(self._expanded, self._hidden)
        tree = ChainTree.to(expanded, goal)
        units = common_units(tree) if len(tree.roots) else tree.roots
        units = units[~self._bearers.gate[units] & ((units != tree.target) | expanded.is_cycle[units])]
        found = [steps.of_unit(unit) for unit in units.tolist()]
        return Passage(expanded.snapshot.items.key[goal], tuple(step.key or f"hidden {step.kind}" for step in found))

    def cover(self, k: int) -> Cover:
        """Return k items taken greedily; see ``ChokePoints.cover``. O(k f) for f nodes of the forest."""
        forest, carried = self._forest, self._carried
        taken: list[int] = []
        adds: list[float] = []
        while len(taken) < k and self.total > 0:
            best = int(np.argmax(np.where(self._items, carried, 0.0)))
            if not self._items[best] or carried[best] <= _NOTHING * self.total:
                break
            taken.append(best)
            adds.append(float(carried[best]) / self.total)
            forest = self._without(forest, best)
            carried, _ = loads(self._expanded, forest, self._bearers)
        share = min(1.0, sum(adds))
        # Fewer than asked for cover all that items can cover; otherwise the bound of the greedy choice, turned round.
        possible = share if len(taken) < k else min(1.0, share / (1 - (1 - 1 / k) ** k))
        keys = self._expanded.snapshot.items.key
        return Cover(tuple(keys[self._named(row)[0]] for row in taken), tuple(adds), share, possible)

    def _without(self, forest: Forest, bearer: int) -> Forest:
        """Return the forest in which chains with a step of a bearer carry nothing any more."""
        bearers, units = self._bearers, np.zeros(len(self._expanded.hours), dtype=np.bool_)
        units[np.repeat(np.arange(len(units)), np.diff(bearers.pointer))[bearers.who == bearer]] = True
        on, gate = units[forest.unit], bearers.gate[forest.unit]
        return forest.without(on & ~gate, on & gate)
