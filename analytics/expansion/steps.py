"""Steps of a chain: what is shown of each item on a path to a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from analytics.expansion.durations import Basis
from analytics.expansion.expanded import Expanded
from analytics.expansion.ownership import Ownership
from analytics.expansion.readiness import state_of
from analytics.results import as_date
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import EDGE_KINDS, WAIT_TYPES


@dataclass(frozen=True, slots=True)
class Step:
    """One item on the way to a goal, and the edge by which the next one depends on it.

    ``edge`` is the kind of that edge (``None`` where the goal itself is in a cycle), ``wait_type`` its type and ``lag``
    its hours where it is a wait; ``via`` names the wholes through which the dependence is inherited. ``edges`` are the
    places of the stored edges. ``age_days`` counts from ``age_since`` (``started`` or ``created``).
    ``remaining_hours`` is effort, ``duration_hours`` elapsed working time, ``basis`` what they rest on.
    A cycle unit names its ``members`` and, as ``cut_here``, the ends of its least sure edge.
    A ``hidden`` step shows only its kind.
    """

    kind: str
    key: str | None = None
    title: str | None = None
    edge: str | None = None
    wait_type: str | None = None
    lag: float = 0.0
    via: tuple[str, ...] = ()
    owner: str | None = None
    owner_keys: tuple[str, ...] = ()
    status: str | None = None
    state: str | None = None
    age_days: int | None = None
    age_since: str | None = None
    remaining_hours: float | None = None
    duration_hours: float | None = None
    basis: str | None = None
    assumed: bool = False
    confidence: float | None = None
    edges: tuple[int, ...] = ()
    members: tuple[str, ...] = ()
    cut_here: tuple[str, str] | None = None
    hidden: bool = False

    @property
    def inherited(self) -> bool:
        """Whether the dependence comes from a whole and not from an edge between the two items themselves."""
        return bool(self.via)

    def to_dict(self) -> dict[str, object]:
        """Return JSON-ready values."""
        if self.hidden:
            return {"hidden": True, "kind": self.kind, "edge": self.edge, "key": None, "title": None, "owner": None,
                    "status": None, "remainingHours": None}  # fmt: skip
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "edge": self.edge,
            "type": self.wait_type,
            "lag": self.lag,
            "via": list(self.via),
            "inherited": self.inherited,
            "owner": self.owner,
            "ownerKeys": list(self.owner_keys),
            "status": self.status,
            "state": self.state,
            "ageDays": self.age_days,
            "ageSince": self.age_since,
            "remainingHours": self.remaining_hours,
            "durationHours": self.duration_hours,
            "basis": self.basis,
            "assumed": self.assumed,
            "confidence": self.confidence,
            "members": list(self.members),
            "cutHere": None if self.cut_here is None else list(self.cut_here),
            "hidden": False,
        }


class Steps:
    """Makes the steps of paths through one expanded graph; ``hidden`` (shape (n,)) are items not to be shown."""

    def __init__(self, expanded: Expanded, hidden: Flags | None = None) -> None:
        self._expanded = expanded
        self._hidden = hidden
        self._owners = Ownership.of(expanded.snapshot)
        self._made: dict[tuple[int, int], Step] = {}

    def along(self, units: Sequence[int], arcs: Sequence[int]) -> tuple[Step, ...]:
        """Return the steps of a path: ``units`` from root to goal, and the arc that leaves each but the last.

        Gates of containers are no steps: they are named as the ``via`` of the step before them. The goal is no step,
        unless it is part of a cycle.
        """
        steps: list[Step] = []
        for place, (unit, arc) in enumerate(zip(units, arcs, strict=False)):
            if place and self._is_gate(unit):
                steps[-1] = self._continued(steps[-1], unit, arc)
            else:
                # Chains to one goal run together: most of their steps are the same.
                if (unit, arc) not in self._made:
                    self._made[unit, arc] = self._leaving(self.of_unit(unit), arc)
                steps.append(self._made[unit, arc])
        if self._expanded.is_cycle[units[-1]]:
            steps.append(self.of_unit(units[-1]))
        return tuple(steps)

    def _is_gate(self, unit: int) -> bool:
        expanded = self._expanded
        if expanded.is_cycle[unit]:
            return False
        node = expanded.order.nodes[expanded.order.pointer[unit]]
        row = expanded.item[node]
        return bool(expanded.is_container[row] and expanded.gate[row] == node)

    def _leaving(self, step: Step, arc: int) -> Step:
        """Return a step with the edge by which it is left."""
        expanded, edges = self._expanded, self._expanded.snapshot.edges
        place = int(expanded.arcs.origin[arc])
        kind = EDGE_KINDS[edges.kind[place]]
        if step.hidden:  # anything more would tell what the viewer may not know
            return replace(step, edge=kind, edges=(place,))
        stand_in = int(expanded.arcs.stands_in[arc])
        return replace(
            step,
            edge=kind,
            wait_type=WAIT_TYPES[edges.wait_type[place]] if kind == "BLOCKS" else None,
            lag=float(expanded.arcs.lag[arc]),
            via=(self._key(stand_in),) if stand_in >= 0 else (),
            confidence=round(float(edges.confidence[place]), 6),
            edges=(place,),
        )

    def _continued(self, step: Step, gate: int, arc: int) -> Step:
        """Return a step whose dependence goes on through a container's gate."""
        expanded = self._expanded
        place = int(expanded.arcs.origin[arc])
        row = int(expanded.item[expanded.order.nodes[expanded.order.pointer[gate]]])
        if step.hidden:
            return replace(step, edges=(*step.edges, place))
        sure = round(float(expanded.snapshot.edges.confidence[place]), 6)
        return replace(
            step,
            lag=step.lag + float(expanded.arcs.lag[arc]),
            via=(*step.via, self._key(row)),
            confidence=sure if step.confidence is None else min(step.confidence, sure),
            edges=(*step.edges, place),
        )

    def _key(self, row: int) -> str:
        hidden = self._hidden is not None and bool(self._hidden[row])
        return f"hidden {self._expanded.snapshot.label(row)}" if hidden else self._expanded.snapshot.items.key[row]

    def of_unit(self, unit: int) -> Step:
        """Return a unit as a step, without an edge."""
        expanded = self._expanded
        if expanded.is_cycle[unit]:
            return self._cycle(unit)
        return self.of_item(int(expanded.item[expanded.order.nodes[expanded.order.pointer[unit]]]))

    def of_item(self, row: int) -> Step:
        """Return an item as a step, without an edge."""
        expanded, snapshot = self._expanded, self._expanded.snapshot
        if self._hidden is not None and self._hidden[row]:
            return Step(kind=snapshot.label(row), hidden=True)
        owners = self._owners.named(row)
        status = snapshot.status(row)
        days, since = self._age(row)
        basis = Basis(int(expanded.durations.basis[row]))
        return Step(
            kind=snapshot.label(row),
            key=snapshot.items.key[row],
            title=snapshot.items.title[row],
            owner=", ".join(self._name(owner) for owner in owners) or None,
            owner_keys=tuple(self._key(owner) for owner in owners),
            status=status.value if status else None,
            state=state_of(expanded, row),
            age_days=days,
            age_since=since,
            remaining_hours=float(expanded.durations.remaining[row]),
            duration_hours=float(expanded.durations.hours[row]),
            basis=basis.text,
            assumed=basis.assumed,
        )

    def _name(self, row: int) -> str:
        items = self._expanded.snapshot.items
        return self._key(row) if self._hidden is not None and self._hidden[row] else items.title[row] or items.key[row]

    def _age(self, row: int) -> tuple[int | None, str | None]:
        today, items = self._expanded.today, self._expanded.snapshot.items
        for since, moments in (("started", items.started_at), ("created", items.created_at)):
            day: date | None = as_date(moments[row])
            if day is not None and today is not None and day <= today:
                return (today - day).days, since
        return None, None

    def _cycle(self, unit: int) -> Step:
        """Return a cycle unit as one step: all its members, and where it is best cut."""
        expanded, snapshot = self._expanded, self._expanded.snapshot
        members = expanded.members(unit).tolist()
        if self._hidden is not None and any(self._hidden[row] for row in members):
            return Step(kind="Cycle", hidden=True)
        cut = cut_edge(expanded, unit)
        owners = list(dict.fromkeys(owner for row in members for owner in self._owners.named(row)))
        return Step(
            kind="Cycle",
            key=snapshot.items.key[members[0]],
            title=f"cycle of {len(members)} items",
            owner=", ".join(self._name(owner) for owner in owners) or None,
            owner_keys=tuple(self._key(owner) for owner in owners),
            state="CYCLE",
            remaining_hours=float(expanded.durations.remaining[members].sum()),
            duration_hours=float(expanded.hours[unit]),
            basis=Basis.CYCLE.text,
            assumed=True,
            members=tuple(snapshot.items.key[row] for row in members),
            cut_here=(snapshot.items.key[snapshot.edges.start[cut]], snapshot.items.key[snapshot.edges.end[cut]]),
        )


def cut_edge(expanded: Expanded, unit: int) -> int:
    """Return the place of a cycle's least sure edge, where it is best cut; of equally sure ones a wait, then the first.

    Containment is proposed only where there is nothing else. O(all arcs).
    """
    units = expanded.unit
    arcs, edges = expanded.all_arcs, expanded.snapshot.edges
    inside = np.unique(arcs.origin[(units[arcs.tail] == unit) & (units[arcs.head] == unit)])
    contains = edges.kind[inside] == EDGE_KINDS.index("PART_OF")
    waits = edges.kind[inside] == EDGE_KINDS.index("BLOCKS")
    return int(inside[np.lexsort((inside, ~waits, contains, edges.confidence[inside]))[0]])
