"""Service: which goals open work leads to, and which open work leads to no goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.expansion.containment import Containment, sure_ends
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import spread
from analytics.expansion.readiness import Readiness
from analytics.expansion.worth import open_goals, reached_any
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import CATEGORIES


@dataclass(frozen=True, slots=True)
class Unserving:
    """Open work that leads to no open goal: the outermost whole, its open ``leaves`` and their remaining ``hours``."""

    key: str
    title: str
    kind: str
    leaves: int
    hours: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "kind": self.kind, "leaves": self.leaves, "hours": self.hours}


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """What leads where in the expanded graph, by parts, contributions, waits and active issues.

    Shape (n,): ``served`` (open work leads to it: leaves, and operations, which never finish), ``active`` (such work
    that is STARTED, or an operation, does), ``unserves`` (it is open work that leads to no open goal).
    """

    served: Flags
    active: Flags
    unserves: Flags
    _expanded: Expanded

    @classmethod
    def of(cls, expanded: Expanded) -> Service:
        """Follow the expanded graph once from all work and once from all goals. O(n + m)."""
        snapshot = expanded.snapshot
        present = (expanded.finish >= 0) & expanded.is_open
        recurring = present & (snapshot.items.kind == OPERATION)
        leaf = Readiness.of(expanded).leaf
        begun = snapshot.category == CATEGORIES.index(Category.STARTED)
        served, active = _reached(expanded, leaf | recurring), _reached(expanded, (leaf & begun) | recurring)
        serves = reached_any(expanded, open_goals(expanded))
        return cls(served, active, present & snapshot.is_work & ~serves, expanded)

    def unserving(self, seen: Flags) -> tuple[Unserving, ...]:
        """Return the outermost work that leads to no open goal, most remaining hours first; only what is ``seen``."""
        expanded = self._expanded
        part, whole = sure_ends(expanded.snapshot, expanded.canon, "PART_OF")
        inner = self.unserves[part] & self.unserves[whole] & seen[whole]
        part, whole = part[inner], whole[inner]
        # Parts in a circle are each the other's whole: none is the outer one.
        between = expanded.unit[expanded.finish[part]] != expanded.unit[expanded.finish[whole]]
        outer = self.unserves & seen
        outer[part[between]] = False
        made = [self._of(row) for row in np.flatnonzero(outer).tolist()]
        return tuple(sorted(made, key=lambda one: (-one.hours, one.key)))

    def _of(self, row: int) -> Unserving:
        expanded, items = self._expanded, self._expanded.snapshot.items
        containment = Containment.of(expanded)
        leaves = containment.leaves(row)
        leaves = leaves[expanded.is_open[leaves]]
        hours = float(expanded.durations.remaining[leaves].sum())
        return Unserving(items.key[row], items.title[row], expanded.snapshot.label(row), len(leaves), hours)


def _reached(expanded: Expanded, rows: Flags) -> Flags:
    """Return which items any of ``rows`` leads to, themselves included. Shapes (n,) → (n,)."""
    seeds = np.zeros(len(expanded.hours), dtype=np.bool_)
    seeds[expanded.unit[expanded.finish[rows]]] = True
    seeds[expanded.unit[expanded.gate[rows]]] = True
    units = spread(expanded.pointer, expanded.heads, seeds)
    found = np.zeros(len(expanded.snapshot), dtype=np.bool_)
    present = expanded.finish >= 0
    found[present] = units[expanded.unit[expanded.finish[present]]]
    return found
