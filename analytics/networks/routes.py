"""Routes: how any two items hang together, over stored edges of any kind."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import hops, rows_sorted
from analytics.expansion.scope import Focus
from analytics.results import Completeness, Explanation, counted, table
from graph.snapshots.columns import Flags, Ints
from graph.snapshots.snapshot import EDGE_KINDS, Snapshot

if TYPE_CHECKING:
    import pandas as pd

_ITEMS: Final = 2000
"""Items among which longer routes are looked for, and that a merged answer may hold."""
_DETOUR: Final = 2
"""Edges by which a route may be longer than the shortest."""


@dataclass(frozen=True, slots=True)
class Link:
    """A stored edge on a route, in its stored direction."""

    start: str
    end: str
    kind: str

    def to_dict(self) -> dict[str, str]:
        """Return JSON-ready values."""
        return {"from": self.start, "to": self.end, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Paths:
    """All shortest routes between two items merged (``items`` by distance, ``links``), and up to k routes in full.

    ``length`` is the number of edges of the shortest, ``None`` where there is no route; ``count`` how many there are.
    An item that the viewer may not see is shown as ``hidden`` and its kind.
    """

    start: str
    end: str
    length: int | None
    count: int
    items: tuple[str, ...]
    links: tuple[Link, ...]
    routes: tuple[tuple[str, ...], ...]
    completeness: Completeness

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self.routes)

    def __len__(self) -> int:
        return len(self.routes)

    def explain(self) -> Explanation:
        """Return how far apart the two are, and the first shortest route."""
        facts: dict[str, Any] = {"start": self.start, "end": self.end, "length": self.length, "count": self.count}
        if self.length is None:
            return self.completeness.explained(f"No route leads from {self.start} to {self.end}.", facts)
        facts["first"] = list(self.routes[0])
        between = counted(self.length, "edge")
        others = f"{counted(self.count, 'shortest route')} of {between}"
        return self.completeness.explained(
            f"From {self.start} to {self.end}: {others}; the first is {' – '.join(self.routes[0])}.", facts
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "start": self.start,
            "end": self.end,
            "length": self.length,
            "count": self.count,
            "items": list(self.items),
            "links": [link.to_dict() for link in self.links],
            "routes": [list(route) for route in self.routes],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per edge of the merged shortest routes."""
        return table((link.to_dict() for link in self.links), ("from", "to", "kind"))


def paths(
    snapshot: Snapshot,
    start: Hashable,
    end: Hashable,
    kinds: Iterable[str] | None = None,
    k: int = 1,
    *,
    directed: bool = False,
    scope: Hashable | None = None,
    hidden: Flags | None = None,
) -> Paths:
    """Return all shortest routes between two items merged, and the k shortest without repeated items.

    Routes follow stored edges of the given kinds (all by default) both ways, or only as stored when ``directed``: a
    person and a goal hang together through edges of either direction. Closed items are walked too.

    Parameters
    ----------
    snapshot
        n items and m edges.
    start, end
        Names or ids of any items: work, goals, people, teams.
    kinds
        Edge kinds to follow.
    k
        Number of routes, at least 1. Those beyond the shortest are at most 2 edges longer.
    directed
        Follow edges only from their start to their end.
    scope
        Routes run through items of it only; the two ends may lie outside; see ``analytics.expansion.scope``.
    hidden
        Items that the viewer may not see, shape (n,): shown as their kind.

    Raises
    ------
    KeyError
        There is no such item or scope, or the viewer may not see it.
    ValueError
        ``k`` is less than 1, or a kind is unknown.

    Notes
    -----
    Two breadth-first searches, O(n + m), and Yen's algorithm (1971, in NetworkX) among at most 2,000 items near the
    shortest routes. The route from an item to itself has length 0.

    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least 1 route")
    first, last = (snapshot.row(name, hidden) for name in (start, end))
    key, inside = _inside(snapshot, scope, hidden)
    inside[[first, last]] = True
    places, tails, heads = _walked(snapshot, kinds, directed, inside)
    away = hops(*rows_sorted(tails, heads, len(snapshot)), first)
    back = hops(*rows_sorted(heads, tails, len(snapshot)), last)
    named = _Names(snapshot, hidden)
    if away[last] < 0:
        return Paths(named[first], named[last], None, 0, (), (), (), Completeness(snapshot.seq, scope=key))
    length = int(away[last])
    known = (away >= 0) & (back >= 0)
    near = np.flatnonzero(known & (away + back <= length + (_DETOUR if k > 1 else 0)))
    limited: tuple[str, ...] = ()
    if len(near) > _ITEMS:
        limited = (f"routes among {_ITEMS} of {len(near)} items",)
        near = near[np.argsort((away + back)[near], kind="stable")[:_ITEMS]]
        near = np.union1d(near, _one_route(away, back, tails, heads, first, last))
    inside = np.isin(tails, near) & np.isin(heads, near)
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(near.tolist())
    graph.add_edges_from(sorted(zip(tails[inside].tolist(), heads[inside].tolist(), strict=True)))
    routes = [[first]]
    if first != last:
        found = nx.shortest_simple_paths(graph, first, last)
        routes = list(islice(takewhile(lambda route: len(route) <= length + 1 + _DETOUR, found), k))
    shortest = inside & (away[tails] + 1 + back[heads] == length)
    used = np.unique(places[shortest])
    rows = sorted(near[(away + back)[near] == length].tolist(), key=lambda row: (away[row], row))
    if first == last:
        rows, used = [first], used[:0]
    unseen = 0 if hidden is None else int(np.count_nonzero(hidden[rows]))
    return Paths(
        start=named[first],
        end=named[last],
        length=length,
        count=_count(rows, zip(tails[shortest].tolist(), heads[shortest].tolist(), strict=True), first, last),
        items=tuple(named[row] for row in rows),
        links=tuple(named.link(place) for place in used.tolist()),
        routes=tuple(tuple(named[row] for row in route) for route in routes),
        completeness=Completeness(snapshot.seq, limited, unseen, scope=key),
    )


class _Names:
    """Keys of items, or their bare kind where they are hidden."""

    def __init__(self, snapshot: Snapshot, hidden: Flags | None) -> None:
        self._snapshot = snapshot
        self._hidden = hidden

    def __getitem__(self, row: int) -> str:
        if self._hidden is not None and self._hidden[row]:
            return f"hidden {self._snapshot.label(row)}"
        return self._snapshot.items.key[row]

    def link(self, place: int) -> Link:
        edges = self._snapshot.edges
        return Link(self[int(edges.start[place])], self[int(edges.end[place])], EDGE_KINDS[edges.kind[place]])


def _inside(snapshot: Snapshot, scope: Hashable | None, hidden: Flags | None) -> tuple[str | None, Flags]:
    """Return the key of a scope, and a copy of which items belong to it; all of them without one."""
    if scope is None:
        return None, np.ones(len(snapshot), dtype=np.bool_)
    focus = Focus.of(Expanded.of(snapshot), scope, hidden)
    return focus.key, focus.items.copy()


def _walked(
    snapshot: Snapshot, kinds: Iterable[str] | None, directed: bool, inside: Flags
) -> tuple[NDArray[np.intp], Ints, Ints]:
    """Return the places, tails and heads of the edges to follow between ``inside`` items; both ways unless directed."""
    wanted = EDGE_KINDS if kinds is None else tuple(kinds)
    for kind in wanted:
        if kind not in EDGE_KINDS:
            raise ValueError(f"edge kind {kind!r} is not one of {', '.join(EDGE_KINDS)}")
    edges, places = snapshot.edges, snapshot.edges_of(*wanted)
    places = places[edges.start[places] != edges.end[places]]
    places = places[inside[edges.start[places]] & inside[edges.end[places]]]
    tails, heads = edges.start[places], edges.end[places]
    if directed:
        return places, tails, heads
    return np.concatenate([places, places]), np.concatenate([tails, heads]), np.concatenate([heads, tails])


def _one_route(away: Ints, back: Ints, tails: Ints, heads: Ints, first: int, last: int) -> list[int]:
    """Return the items of one shortest route, so that a cut answer still holds one."""
    length = int(away[last])
    on = (away[tails] >= 0) & (back[heads] >= 0) & (away[tails] + 1 + back[heads] == length)
    following = dict(zip(tails[on].tolist(), heads[on].tolist(), strict=True))
    route = [first]
    while route[-1] != last:
        route.append(following[route[-1]])
    return route


def _count(rows: list[int], arcs: Iterable[tuple[int, int]], first: int, last: int) -> int:
    """Return how many shortest routes there are; several edges between two items make one route."""
    before: dict[int, set[int]] = {}
    for tail, head in arcs:
        before.setdefault(head, set()).add(tail)
    ways = {first: 1}
    for row in rows:
        if row != first:
            ways[row] = sum(ways.get(tail, 0) for tail in before.get(row, ()))
    return ways[last]
