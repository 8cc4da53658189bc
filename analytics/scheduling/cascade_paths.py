"""The way from what a cascade was asked for to what it moves, and everything that it rests on."""

from __future__ import annotations

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import rows_sorted, spread
from analytics.expansion.passes import TOLERANCE, Network
from analytics.scheduling.cascade_passes import Positions
from graph.snapshots.columns import Flags


class Walk:
    """Finds the way from what was asked for to what it moves."""

    def __init__(
        self, expanded: Expanded, network: Network, old: Positions, new: Positions, asked: set[int], hidden: Flags
    ) -> None:
        self._expanded = expanded
        self._network = network
        self._new = new
        self._asked = asked
        self._hidden = hidden
        self._changed = (np.abs(new.begins - old.begins) > TOLERANCE) | (np.abs(new.ends - old.ends) > TOLERANCE)
        self._changed[list(asked)] = True

    def path(self, unit: int) -> tuple[str, ...]:
        """Return the keys from a changed item to a unit, along what lets it be no sooner."""
        units = [unit]
        while units[-1] not in self._asked and (before := self._before(units[-1])) is not None:
            units.append(before)
        names = [self._name(one) for one in reversed(units)]
        return tuple(name for at, name in enumerate(names) if at == 0 or name != names[at - 1])

    def _before(self, unit: int) -> int | None:
        """Return the changed unit that holds another one back the most."""
        network, new = self._network, self._new
        arcs = network.into_arcs[network.into[unit] : network.into[unit + 1]]
        arcs = arcs[network.active[arcs] & self._changed[network.tails[arcs]]]
        if not len(arcs):
            return None
        lies = np.where(network.to_finish[arcs], new.ends[unit], new.begins[unit])
        return int(network.tails[arcs[np.argmin(lies - new.bounds[arcs])]])

    def _name(self, unit: int) -> str:
        row = int(self._expanded.members(unit)[0])
        snapshot = self._expanded.snapshot
        return f"a hidden {snapshot.label(row)}" if self._hidden[row] else snapshot.items.key[row]

    def rests_on(self) -> tuple[str, ...]:
        """Return the ids of the items on which the answer rests: what the change leads to, and what leads there."""
        expanded, network = self._expanded, self._network
        reached = np.zeros(len(expanded.hours), dtype=np.bool_)
        reached[list(self._asked)] = True
        reached = spread(network.pointer, network.heads, reached)
        pointer, tails = rows_sorted(network.heads, network.tails, len(reached))
        units = spread(pointer, tails, reached)
        rows = np.unique(expanded.item[units[expanded.unit]])
        return tuple(expanded.snapshot.id(int(row)) for row in rows)
