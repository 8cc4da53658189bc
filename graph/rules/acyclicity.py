"""Refuses a write that would close a cycle in the expanded graph.

The check runs inside the write's transaction, while that holds the workspace's lock, so two writers cannot close a
cycle together. It walks forward from the new edges, level by level, in what the transaction knows of the graph's ties.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Final

import networkx as nx

from graph.model import EDGES, Role
from graph.rules.expansion import Port, arcs
from graph.rules.ties import PART, EdgeName, Node, Ties
from graph.store import Transaction

Arc = tuple[Node, Node]
Coming = tuple[str | None, str, str | None]
"""An edge that may be added, by the ids of its ends; ``None``: an item that is not there yet."""

EXPANDED: Final = frozenset(kind.name for kind in EDGES.values() if kind.acyclic and kind.role is not Role.NONE)
"""Kinds of edges that must not close a cycle in the expanded graph."""
ALONE: Final = frozenset(
    kind.name for kind in EDGES.values() if kind.acyclic and kind.role in {Role.NONE, Role.CONTAINS}
)
"""Kinds that must not close a cycle by themselves: those without arcs, and containment, of teams and portfolios too."""


class Walk:
    """Walks forward in the expanded graph: a leaf is one node, a container two.

    ``apart`` names a leaf whose gate and finish are kept apart all the same, with no arc between them.
    """

    def __init__(self, transaction: Transaction, workspace: str, ties: Ties, apart: str | None = None) -> None:
        self._transaction = transaction
        self._workspace = workspace
        self._ties = ties
        self._apart = apart
        self.next: dict[Node, list[Node]] = {}
        """Node → the nodes that its arcs lead to, for every node that was reached."""

    async def from_(self, nodes: Iterable[Node]) -> None:
        """Walk to all that can be reached. A query a level, for those of its items that are not known."""
        frontier = set(nodes)
        while frontier:
            await self._ties.read(self._transaction, self._workspace, frontier)
            level = {self.node(one) for one in frontier} - self.next.keys()
            for one in level:
                self.next[one] = list(self._arcs(one))
            frontier = {head for one in level for head in self.next[one]}
        self.next = {one: [self.node(head) for head in heads] for one, heads in self.next.items()}

    def node(self, one: Node) -> Node:
        """Return the node of a port: a leaf has one for both."""
        item = one[0]
        return one if item == self._apart or self._ties[item].has_parts else (item, Port.GATE)

    def _arcs(self, one: Node) -> Iterator[Node]:
        item, port = one
        tied = self._ties[item]
        if tied.has_parts and port is Port.GATE:
            yield item, Port.FINISH
            yield from ((part, Port.GATE) for part in tied.parts or ())
        whole = not tied.has_parts and item != self._apart
        for (kind, end), wait in tied.leaving.items():
            for arc in arcs(kind, wait) if wait else ():
                if arc.forward and (whole or arc.tail is port):
                    yield end, arc.head

    def new(self, added: Iterable[EdgeName]) -> Iterator[Arc]:
        """Yield the arcs of edges whose ends are known."""
        for start, kind, end in added:
            wait = self._ties[start].leaving.get((kind, end))
            for arc in arcs(kind, wait) if wait else ():
                tail, head = (start, end) if arc.forward else (end, start)
                yield self.node((tail, arc.tail)), self.node((head, arc.head))

    def graph(self) -> nx.DiGraph[Node]:
        """Return the graph that was walked."""
        return nx.DiGraph(self.next)


async def find_cycle(
    transaction: Transaction, workspace: str, ties: Ties, added: Sequence[EdgeName], emptied: Iterable[str] = ()
) -> list[str]:
    """Return the ids of one cycle that the write closes, in order; empty if it closes none.

    ``emptied`` are items that lost parts: one without any is a leaf again, and what entered its finish now reaches what
    left its gate. A cycle that was there before (an import brought it) is not this write's fault, and is passed over.
    """
    await ties.read(transaction, workspace, [(item, Port.FINISH) for start, _, end in added for item in (start, end)])
    walk = Walk(transaction, workspace, ties)
    new = list(walk.new(added))
    await walk.from_(head for _, head in new)
    # An arc is on a cycle only if its tail was reached; most writes reach none.
    if any(tail in walk.next for tail, _ in new):
        graph = walk.graph()
        place = {node: number for number, part in enumerate(nx.strongly_connected_components(graph)) for node in part}
        for tail, head in new:
            if place.get(tail, -1) == place[head]:
                return list(dict.fromkeys(item for item, _ in nx.shortest_path(graph, head, tail)))
    for item in sorted(emptied):
        if path := await _through(transaction, workspace, ties, item):
            return path
    return []


async def _through(transaction: Transaction, workspace: str, ties: Ties, item: str) -> list[str]:
    """Return the ids on a way from a leaf's gate to its finish that leaves it, empty if there is none."""
    gate, finish = (item, Port.GATE), (item, Port.FINISH)
    await ties.read(transaction, workspace, [gate])
    if ties[item].has_parts:
        return []
    walk = Walk(transaction, workspace, ties, apart=item)
    await walk.from_([gate])
    if finish not in walk.next:
        return []
    return list(dict.fromkeys(step for step, _ in nx.shortest_path(walk.graph(), gate, finish)))


async def find_kind_cycle(
    transaction: Transaction, workspace: str, ties: Ties, kind: str, added: Sequence[EdgeName]
) -> list[str]:
    """Return the ids of one cycle that the added edges close among edges of one kind (REPORTS_TO, nesting teams, …)."""
    following: dict[str, list[str]] = {}
    frontier = {end for _, _, end in added}
    while frontier:
        await ties.read(transaction, workspace, [(item, Port.FINISH) for item in frontier])
        for item in frontier:
            following[item] = [end for other, end in ties[item].leaving if other == kind]
        frontier = {end for item in frontier for end in following[item]} - following.keys()
    for start, _, end in added:
        if start in following:
            graph = nx.DiGraph(following)
            if nx.has_path(graph, end, start):
                return list(nx.shortest_path(graph, end, start))
    return []


async def look_ahead(transaction: Transaction, workspace: str, ties: Ties, coming: Sequence[Coming]) -> None:
    """Read at once what the checks of several writes will walk, if they add these edges."""
    near = [(start, Port.FINISH) for start, kind, _ in coming if start is not None and kind in EXPANDED]
    heads = [
        (end, Port.GATE if EDGES[kind].role is Role.WAITS else Port.FINISH)
        for _, kind, end in coming
        if end is not None and kind in EXPANDED
    ]
    heads += [(start, Port.GATE) for start, kind, _ in coming if start is not None and kind == PART]
    await ties.read(transaction, workspace, [*near, *heads])
    await Walk(transaction, workspace, ties).from_(heads)
    for kind in ALONE:
        reached = [("", kind, end) for _, other, end in coming if other == kind and end is not None]
        await find_kind_cycle(transaction, workspace, ties, kind, reached)


def closing(edges: Sequence[EdgeName], fresh: Set[str]) -> Sequence[EdgeName]:
    """Leave out the edges that cannot lie on a cycle: those by which alone a new item hangs on the rest."""
    while fresh:
        ends = Counter(end for start, _, stop in edges for end in (start, stop))
        left = [edge for edge in edges if not any(end in fresh and ends[end] == 1 for end in (edge[0], edge[2]))]
        if len(left) == len(edges):
            break
        edges = left
    return edges
