"""Layout: what stands before a goal, drawn in layers from left to right."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analytics.chains.variants import widest
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import UNREACHED
from analytics.expansion.roles import with_role
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Step, Steps
from analytics.expansion.trees import ChainTree, target_row
from analytics.networks.layering import layers_of, ordered_layers, placed
from analytics.results import Completeness, Explanation, counted, table
from graph.model import Role
from graph.snapshots.columns import Flags, Floats, Ints
from graph.snapshots.snapshot import EDGE_KINDS, Snapshot

if TYPE_CHECKING:
    import pandas as pd

WIDTH: Final = 228.0
HEIGHT: Final = 60.0
LINE: Final = 18.0
"""Height of each further member of a cycle."""
GATE: Final = 14.0
"""Side of a container's gate."""
COLUMN_GAP: Final = 72.0
ROW_GAP: Final = 18.0
_DUMMY: Final = 2.0
NAMED: Final = 8
"""Members of a cycle that are drawn."""


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """One box; ``x`` and ``y`` are its left upper corner.

    ``id`` is the item's key, ``hidden-1`` and so on for what the viewer may not see, and ends in ``:gate`` where it is
    what holds back a container's parts. ``role`` is ``goal``, ``root`` (chains begin here), ``gate``, ``cycle`` or
    ``step``; ``worst`` says whether it is on the goal's worst chain.
    """

    id: str
    role: str
    step: Step
    worst: bool
    layer: int
    x: float
    y: float
    width: float
    height: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        shown = self.step.to_dict()
        names = ("key", "title", "kind", "owner", "status", "state", "remainingHours", "members", "hidden")
        return {
            "id": self.id, "role": self.role, "worst": self.worst, "layer": self.layer,
            "x": self.x, "y": self.y, "width": self.width, "height": self.height,
        } | {name: shown.get(name) for name in names}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlacedEdge:
    """One line between two boxes, through ``points`` from left to right. ``kind`` is the stored edge's."""

    start: str
    end: str
    kind: str
    worst: bool
    points: tuple[tuple[float, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"from": self.start, "to": self.end, "kind": self.kind, "worst": self.worst,
                "points": [list(point) for point in self.points]}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes and lines in a picture of ``width`` × ``height``, what is furthest from the goal at the left.

    ``total`` counts all nodes that stand before the goal, ``crossings`` the pairs of lines that cross.
    """

    goal: str
    goal_title: str
    width: float
    height: float
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]
    crossings: int
    total: int
    completeness: Completeness

    def explain(self) -> Explanation:
        """Return how much is drawn, and where to begin."""
        roots = [node for node in self.nodes if node.role == "root"]
        steps = [node for node in self.nodes if node.role != "goal"]
        facts: dict[str, Any] = {
            "goal": self.goal, "shown": len(steps), "total": self.total, "roots": len(roots),
            "crossings": self.crossings,
        }  # fmt: skip
        if not steps:
            return self.completeness.explained(f"Nothing open stands before {self.goal}.", facts)
        part = "" if len(steps) == self.total else f" of {self.total}"
        text = f"{len(steps)}{part} things stand before {self.goal}; {counted(len(roots), 'chain')} can be begun"
        first = next((node for node in roots if node.worst), None)
        if first is not None:
            facts["worst"] = first.step.key or first.id
            text += f", the worst of them at {facts['worst']}"
        return self.completeness.explained(f"{text}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "goal": self.goal,
            "goalTitle": self.goal_title,
            "width": self.width,
            "height": self.height,
            "nodes": [node.to_dict() for node in self.nodes],
            "edges": [edge.to_dict() for edge in self.edges],
            "crossings": self.crossings,
            "total": self.total,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per node."""
        names = ("id", "role", "worst", "layer", "x", "y", "width", "height", "key", "title", "kind", "owner", "status")
        return table(({name: node.to_dict()[name] for name in names} for node in self.nodes), names)


def layout(
    snapshot: Snapshot,
    goal: Hashable,
    *,
    scope: Hashable | None = None,
    limit: int = 300,
    previous: Layout | None = None,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Layout:
    """Return a layered drawing of everything open that leads to a goal.

    A layer is the longest distance to the goal in edges, so every line runs from left to right. A cycle is one box with
    its members. A container is one box, its finish; what holds back its parts is a small box of its own, its gate,
    drawn where something enters it. Of several edges between two boxes the one is drawn that holds back longest, and of
    containment only what does not follow from other lines.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goal
        Name or id of any Work or Goal.
    scope
        Boxes with an item of it only, the goal's beside them, and the lines between these; see
        ``analytics.expansion.scope``.
    limit
        How many boxes to draw at most, the goal among them: those of the worst chains, at least 2.
    previous
        An earlier drawing of this goal, whose order is kept where it crosses no more.
    today
        See ``Expanded.of``.
    hidden
        Items that the viewer may not see, shape (n,): boxes that show only their kind.

    Raises
    ------
    KeyError
        There is no such item, or the viewer may not see it.
    ValueError
        ``limit`` is less than 2, or the item is neither Work nor Goal.

    Notes
    -----
    O(n + m) to find what leads to the goal, then O(sweeps × s log s) for s segments between layers. The same snapshot
    gives the same drawing. See ``analytics.networks.layering`` for the steps and their sources.

    """
    if limit < 2:
        raise ValueError(f"limit is {limit}; ask for at least 2 boxes")
    expanded = Expanded.of(snapshot, today)
    row = target_row(expanded, goal, hidden)
    focus = Focus.of(expanded, scope, hidden)
    tree = ChainTree.to(expanded, row)
    before = _before(tree) if expanded.is_open[row] else np.array([tree.target], dtype=np.int32)
    before = before[focus.units(expanded)[before] | (before == tree.target)]
    chosen = _chosen(tree, before, limit)
    arcs = _arcs(expanded, chosen)
    return _Drawing(tree, chosen, arcs, focus.key, hidden).drawn(previous, len(before) - 1)


def _before(tree: ChainTree) -> Ints:
    """Return the units that lead to the target, itself last; gates that hold back nothing are left out."""
    expanded = tree.expanded
    shown = tree.distance > UNREACHED
    idle = shown & expanded.is_gate
    idle[tree.roots] = False
    shown &= ~idle
    pointer, arcs = expanded.into
    for unit in np.flatnonzero(idle).tolist():  # in topological order: whatever enters a gate is settled before it
        shown[unit] = shown[expanded.tails[arcs[pointer[unit] : pointer[unit + 1]]]].any()
    return np.flatnonzero(shown).astype(np.int32)


def _chosen(tree: ChainTree, before: Ints, limit: int) -> Ints:
    """Return at most ``limit`` of the units: those on the worst chains, then the ones with the longest way to go."""
    if len(before) <= limit:
        return before
    possible = set(before.tolist())
    taken: dict[int, None] = {tree.target: None}
    for root in tree.worst(len(tree.roots)):
        units, _ = tree.walk(root)
        new = [unit for unit in units if unit in possible and unit not in taken]
        if len(taken) + len(new) <= limit:
            taken.update(dict.fromkeys(new))
        if len(taken) == limit:
            break
    return np.array(sorted(taken), dtype=np.int32)


def _arcs(expanded: Expanded, chosen: Ints) -> Ints:
    """Return the places of the arcs to draw: one for each pair of chosen units, less what follows from others.

    That a part is finished before its whole, or is held back by its gate, needs no line where other lines lead the same
    way: without these a whole with a row of parts is a line and not a bundle.
    """
    inside = np.zeros(len(expanded.hours), dtype=np.bool_)
    inside[chosen] = True
    arcs = np.flatnonzero(widest(expanded, inside[expanded.tails] & inside[expanded.heads]))
    contains = with_role(expanded.snapshot, Role.CONTAINS)[expanded.arcs.origin[arcs]]
    leads: dict[int, list[int]] = {}
    for tail, head in zip(expanded.tails[arcs].tolist(), expanded.heads[arcs].tolist(), strict=True):
        leads.setdefault(tail, []).append(head)
    place = {unit: at for at, unit in enumerate(chosen.tolist())}
    beyond: dict[int, int] = {}
    for unit in reversed(chosen.tolist()):
        found = 0
        for head in leads.get(unit, []):
            found |= beyond[head]
        beyond[unit] = found | 1 << place[unit]
    follows = [
        bool(contained) and any(other != head and beyond[other] >> place[head] & 1 for other in leads[tail])
        for contained, tail, head in zip(
            contains.tolist(), expanded.tails[arcs].tolist(), expanded.heads[arcs].tolist(), strict=True
        )
    ]
    return arcs[~np.array(follows, dtype=np.bool_)].astype(np.int32)


class _Drawing:
    """A drawing in the making: chosen units as nodes 0 to p - 1, in topological order, the goal last."""

    def __init__(self, tree: ChainTree, chosen: Ints, arcs: Ints, scope: str | None, hidden: Flags | None) -> None:
        expanded, self._scope = tree.expanded, scope
        self._tree, self._units, self._arcs, self._hidden = tree, chosen.tolist(), arcs, hidden
        self._tails = np.searchsorted(chosen, expanded.tails[arcs]).astype(np.int32)
        self._heads = np.searchsorted(chosen, expanded.heads[arcs]).astype(np.int32)
        steps, gate = Steps(expanded, hidden), expanded.is_gate
        self._steps = [steps.of_unit(unit) for unit in self._units]
        self._is_gate = [bool(gate[unit]) for unit in self._units]
        self._ids = self._named()
        worst = tree.worst(1) if len(tree.roots) and expanded.is_open[tree.row] else []
        units, walked = tree.walk(worst[0]) if worst else ([], [])
        self._worst_units, self._worst_arcs, self._roots = set(units), set(walked), set(tree.roots.tolist())

    def _named(self) -> list[str]:
        names, unseen = [], 0
        for step, gate in zip(self._steps, self._is_gate, strict=True):
            if step.hidden:
                unseen += 1
            name = f"hidden-{unseen}" if step.hidden else step.key or ""
            names.append(f"{name}:gate" if gate else name)
        return names

    def drawn(self, previous: Layout | None, total: int) -> Layout:
        """Return the finished drawing."""
        layers = layers_of(len(self._units), self._tails, self._heads)
        order, crossings = self._ordered(layers, previous)
        dummies = len(layers.layer) - layers.count
        height = np.array([*(self._height(node) for node in range(layers.count)), *[_DUMMY] * dummies])
        middle = placed(layers, order, height, ROW_GAP)
        middle -= float((middle - height / 2).min(initial=0.0))
        depth = int(layers.layer.max(initial=0))
        left: Floats = (depth - layers.layer).astype(np.float64) * (WIDTH + COLUMN_GAP)
        nodes = tuple(self._node(node, layers.layer, left, middle, height) for node in range(layers.count))
        edges = tuple(self._edge(edge, chain, left, middle) for edge, chain in enumerate(layers.chain))
        limited = () if len(nodes) - 1 == total else (f"{len(nodes) - 1} of {total} boxes, those of the worst chains",)
        items, expanded = self._tree.expanded.snapshot.items, self._tree.expanded
        unseen = sum(step.hidden for step in self._steps)
        return Layout(
            goal=items.key[self._tree.row],
            goal_title=items.title[self._tree.row],
            width=round((depth + 1) * WIDTH + depth * COLUMN_GAP, 1),
            height=round(float((middle + height / 2).max(initial=0.0)), 1),
            nodes=nodes,
            edges=edges,
            crossings=crossings,
            total=total,
            completeness=Completeness(expanded.snapshot.seq, limited, unseen, expanded.self_references, self._scope),
        )

    def _ordered(self, layers: Any, previous: Layout | None) -> tuple[list[Ints], int]:
        """Return the order that crosses least; the previous one where it crosses no more."""
        order, crossings = ordered_layers(layers, self._wish(layers, {}))
        if previous is None:
            return order, crossings
        kept, same = ordered_layers(layers, self._wish(layers, {node.id: node.y for node in previous.nodes}))
        return (kept, same) if same <= crossings else (order, crossings)

    def _wish(self, layers: Any, known: dict[str, float]) -> Floats:
        """Return where each place would like to be, to begin with: as before, or as a walk back from the goal meets it.

        The walk takes what has the longest way to the goal first, so that the worst chain comes to lie together.
        """
        incoming: dict[int, list[int]] = {}
        distance = self._tree.distance
        for tail, head in zip(self._tails.tolist(), self._heads.tolist(), strict=True):
            incoming.setdefault(head, []).append(tail)
        met: dict[int, int] = {}
        waiting = [len(self._units) - 1]
        while waiting:
            node = waiting.pop()
            if node not in met:
                met[node] = len(met)
                nexts = incoming.get(node, [])
                waiting += sorted(nexts, key=lambda one: (distance[self._units[one]], self._ids[one]))
        wish = np.zeros(len(layers.layer))
        for node in range(layers.count):
            wish[node] = known.get(self._ids[node], met.get(node, node)) if known else met.get(node, node)
        for chain in layers.chain:
            wish[chain[1:-1]] = np.linspace(wish[chain[0]], wish[chain[-1]], len(chain))[1:-1]
        return wish

    def _height(self, node: int) -> float:
        if self._is_gate[node]:
            return GATE
        return HEIGHT + LINE * max(0, min(len(self._steps[node].members), NAMED) - 1)

    def _node(self, node: int, layer: Ints, left: Floats, middle: Floats, height: Floats) -> PlacedNode:
        unit = self._units[node]
        if unit == self._tree.target:
            role = "goal"
        elif self._tree.expanded.is_cycle[unit]:
            role = "cycle"
        elif unit in self._roots:
            role = "root"
        else:
            role = "gate" if self._is_gate[node] else "step"
        width = GATE if self._is_gate[node] else WIDTH
        return PlacedNode(
            id=self._ids[node],
            role=role,
            step=self._steps[node],
            worst=unit in self._worst_units,
            layer=int(layer[node]),
            x=round(float(left[node]) + (WIDTH - width) / 2, 1),
            y=round(float(middle[node] - height[node] / 2), 1),
            width=width,
            height=float(height[node]),
        )

    def _edge(self, edge: int, chain: Sequence[int] | Ints, left: Floats, middle: Floats) -> PlacedEdge:
        """Return a line from the right of its start across the columns between to the left of its end."""
        expanded, arc = self._tree.expanded, int(self._arcs[edge])
        start, *between, end = (int(place) for place in chain)
        inset = {place: (WIDTH - GATE) / 2 if self._is_gate[place] else 0.0 for place in (start, end)}
        points = [(left[start] + WIDTH - inset[start], middle[start])]
        for place in between:
            points += [(left[place], middle[place]), (left[place] + WIDTH, middle[place])]
        points.append((left[end] + inset[end], middle[end]))
        return PlacedEdge(
            start=self._ids[start],
            end=self._ids[end],
            kind=EDGE_KINDS[expanded.snapshot.edges.kind[expanded.arcs.origin[arc]]],
            worst=arc in self._worst_arcs,
            points=tuple((round(float(x), 1), round(float(y), 1)) for x, y in points),
        )
