"""Refuses a write that would close a cycle in the expanded graph.

The check runs inside the write's transaction, after the rows are written and while it holds the workspace's lock, so
two writers cannot close a cycle together. It walks forward from the new edges, one query a level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import networkx as nx

from graph import cypher
from graph.model import EDGES
from graph.rules.expansion import Port, arcs
from graph.store import Transaction

Node = tuple[str, Port]
EdgeName = tuple[str, str, str]
"""Start id, kind, end id: what identifies an edge."""


class Reach:
    """The part of the expanded graph that can be reached from the items looked at so far."""

    def __init__(self, transaction: Transaction, workspace: str) -> None:
        self._transaction = transaction
        self._workspace = workspace
        self._edges: dict[tuple[str, str, str], str] = {}
        self._seen: set[str] = set()

    async def explore(self, ids: Iterable[str]) -> None:
        """Read every structural edge of the items and of all that lies beyond them. A query a level."""
        frontier = set(ids)
        while frontier:
            self._seen |= frontier
            rows = await self._transaction.rows(
                cypher.structural_edges(), ids=sorted(frontier), workspace=self._workspace
            )
            reached: set[str] = set()
            for here, kind, wait_type, start, end in rows:
                self._edges[start, kind, end] = wait_type
                reached.add(end if start == here or kind == "PART_OF" else here)
                if kind == "PART_OF":
                    reached.add(start)
            frontier = reached - self._seen

    @property
    def containers(self) -> set[str]:
        """Items that have parts."""
        return {end for (_, kind, end) in self._edges if kind == "PART_OF"}

    def graph(
        self, added: Sequence[EdgeName], apart: str | None = None
    ) -> tuple[nx.DiGraph[Node], list[tuple[Node, Node]]]:
        """Return the expanded graph of what was read (a leaf is one node, a container two), and the added arcs.

        ``apart`` names a leaf whose gate and finish are kept apart all the same, with no arc between them.
        """
        containers = self.containers
        expanded: nx.DiGraph[Node] = nx.DiGraph()
        new: list[tuple[Node, Node]] = []
        wanted = set(added)

        def node(item: str, port: Port) -> Node:
            return (item, port if item in containers or item == apart else Port.GATE)

        for container in containers:
            expanded.add_edge((container, Port.GATE), (container, Port.FINISH))
        for (start, kind, end), wait_type in self._edges.items():
            for arc in arcs(kind, wait_type):
                tail, head = (start, end) if arc.forward else (end, start)
                expanded.add_edge(node(tail, arc.tail), node(head, arc.head))
                if (start, kind, end) in wanted:
                    new.append((node(tail, arc.tail), node(head, arc.head)))
        return expanded, new


async def find_cycle(
    transaction: Transaction, workspace: str, added: Sequence[EdgeName], emptied: Iterable[str] = ()
) -> list[str]:
    """Return the ids of one cycle that the write closes, in order; empty if it closes none.

    ``emptied`` are items that lost parts: one without any is a leaf again, and what entered its finish now reaches what
    left its gate. A cycle that was there before (an import brought it) is not this write's fault, and is passed over.
    """
    reach = Reach(transaction, workspace)
    leaves = set(emptied)
    await reach.explore(leaves | {end for edge in added for end in (edge[0], edge[2])})
    graph, new = reach.graph(added)
    place = {node: number for number, part in enumerate(nx.strongly_connected_components(graph)) for node in part}
    for tail, head in new:
        if place[tail] == place[head]:
            return list(dict.fromkeys(item for item, _ in nx.shortest_path(graph, head, tail)))
    sizes = Counter(place.values())
    for item in sorted(leaves - reach.containers):
        if sizes[place.get((item, Port.GATE), -1)] > 1 and (path := _through(reach.graph((), item)[0], item)):
            return path
    return []


def _through(graph: nx.DiGraph[Node], item: str) -> list[str]:
    """Return the ids on a way from an item's gate to its finish that leaves the item, empty if there is none."""
    gate, finish = (item, Port.GATE), (item, Port.FINISH)
    if gate not in graph or finish not in graph or not nx.has_path(graph, gate, finish):
        return []
    return list(dict.fromkeys(step for step, _ in nx.shortest_path(graph, gate, finish)))


async def find_kind_cycle(transaction: Transaction, workspace: str, kind: str, added: Sequence[EdgeName]) -> list[str]:
    """Return the ids of one cycle that the added edges close among edges of one kind (REPORTS_TO, nesting teams, …)."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    frontier = {start for start, _, _ in added}
    while frontier:
        rows = await transaction.rows(cypher.edges_from(EDGES[kind]), ids=sorted(frontier), workspace=workspace)
        graph.add_edges_from((start, end) for start, end in rows)
        frontier = {end for _, end in rows if not graph.out_degree(end)}
    for start, _, end in added:
        if graph.has_edge(start, end) and nx.has_path(graph, end, start):
            return list(nx.shortest_path(graph, end, start))
    return []
