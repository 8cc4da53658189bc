"""Refuses a write that would close a cycle in the expanded graph.

The check runs inside the write's transaction, after the rows are written and while it holds the workspace's lock, so two
writers cannot close a cycle together. It walks forward from the new edges, one query a level.
"""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from graph import cypher
from graph.expansion import Port, arcs
from graph.model import EDGES
from graph.store import Transaction

Node = tuple[str, Port]


class Reach:
    """The part of the expanded graph that can be reached from the items looked at so far."""

    def __init__(self, transaction: Transaction, workspace: str) -> None:
        self._transaction = transaction
        self._workspace = workspace
        self._edges: dict[tuple[str, str, str], str] = {}
        self._seen: set[str] = set()

    async def explore(self, ids: Iterable[str]) -> None:
        """Read every structural edge of the items and of all that lies beyond them. O(reached edges), a query a level."""
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

    def graph(self) -> nx.DiGraph[Node]:
        """Return what was read as an expanded graph; a leaf is one node, a container two."""
        containers = {end for (_, kind, end) in self._edges if kind == "PART_OF"}
        expanded: nx.DiGraph[Node] = nx.DiGraph()

        def node(item: str, port: Port) -> Node:
            return (item, port if item in containers else Port.GATE)

        for container in containers:
            expanded.add_edge((container, Port.GATE), (container, Port.FINISH))
        for (start, kind, end), wait_type in self._edges.items():
            for arc in arcs(kind, wait_type):
                tail, head = (start, end) if arc.forward else (end, start)
                expanded.add_edge(node(tail, arc.tail), node(head, arc.head))
        return expanded


async def find_cycle(transaction: Transaction, workspace: str, touched: Iterable[str]) -> list[str]:
    """Return the ids of one cycle through the touched items' surroundings, in order; empty if there is none.

    Only cycles that the new edges can have closed are reached, because a stored graph that was free of cycles stays so
    elsewhere; one that an import brought is found only if the new edges lead into it, and then it is refused as well.
    """
    reach = Reach(transaction, workspace)
    await reach.explore(touched)
    try:
        arcs_of_cycle = nx.find_cycle(reach.graph())
    except nx.NetworkXNoCycle:
        return []
    return list(dict.fromkeys(tail[0] for tail, _ in arcs_of_cycle))


async def find_kind_cycle(transaction: Transaction, workspace: str, kind: str, touched: Iterable[str]) -> list[str]:
    """Return the ids of one cycle among edges of one kind (REPORTS_TO, DUPLICATES, nesting teams, …)."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    frontier = set(touched)
    while frontier:
        rows = await transaction.rows(cypher.edges_from(EDGES[kind]), ids=sorted(frontier), workspace=workspace)
        graph.add_edges_from((start, end) for start, end in rows)
        frontier = {end for _, end in rows if not graph.out_degree(end)}
    try:
        return [start for start, _ in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []
