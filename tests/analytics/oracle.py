"""An independent, naive reading of the model: the expanded graph in NetworkX, and every path by recursion."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from typing import Any

import networkx as nx
from hypothesis import strategies as st

CLOSED = ("DONE", "CANCELLED")
Graph = nx.MultiDiGraph


@st.composite
def work_graphs(draw: st.DrawFn, most: int = 7, cyclic: bool = False) -> Any:
    """Small work graphs: tasks in projects, waits of all types, an objective under another."""
    graph: Any = nx.MultiDiGraph()
    count = draw(st.integers(1, most))
    tasks = [f"T-{number}" for number in range(count)]
    status = st.sampled_from(["PLANNED", "PLANNED", "PLANNED", "STARTED", "BLOCKED", "DONE", "CANCELLED"])
    for task in tasks:
        graph.add_node(task, status=draw(status), remaining=float(draw(st.integers(0, 20))))
    for project in ("P-0", "P-1"):
        graph.add_node(project, kind="Project", status=draw(st.sampled_from(["PLANNED", "STARTED", "DONE"])))
    for goal in ("O-0", "O-1"):
        graph.add_node(goal, kind="Objective")
    graph.add_edge("O-1", "O-0", kind="CONTRIBUTES_TO")
    ranked = [*tasks, "P-0", "P-1"]
    for task in tasks:
        whole = draw(st.sampled_from(["", "P-0", "P-1"]))
        if whole:
            graph.add_edge(task, whole, kind="PART_OF")
        goal = draw(st.sampled_from(["", "O-0", "O-1"]))
        if goal:
            graph.add_edge(task, goal, kind="CONTRIBUTES_TO")
    graph.add_edge("P-0", "O-1", kind="CONTRIBUTES_TO")
    pairs = [pair for pair in itertools.permutations(ranked, 2) if cyclic or pair[0] < pair[1]]
    for first, last in draw(st.lists(st.sampled_from(pairs), max_size=8, unique=True)) if pairs else []:
        lag = float(draw(st.integers(-8, 8)))
        graph.add_edge(first, last, kind="BLOCKS", type=draw(st.sampled_from(["FS", "SS", "FF", "SF"])), lag=lag)
    return graph


class Naive:
    """The expanded graph, written down from the model's words and nothing else."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.wholes = {end for _, end, data in graph.edges(data=True) if data["kind"] == "PART_OF"}
        self.arcs: list[tuple[Hashable, Hashable, float]] = []
        self.holds: set[Hashable] = set()
        self.awaited: set[Hashable] = set()
        for start, end, data in graph.edges(data=True):
            if not self.closed(start):
                self._edge(start, end, data)
        self.nodes = [port for item in graph for port in {self.gate(item), self.end(item)}]

    def closed(self, item: str) -> bool:
        return self.graph.nodes[item].get("status", "PLANNED") in CLOSED

    def started(self, item: str) -> bool:
        return bool(self.graph.nodes[item].get("status") == "STARTED")

    def gate(self, item: str) -> Hashable:
        return (item, "gate") if item in self.wholes else item

    def end(self, item: str) -> Hashable:
        return (item, "finish") if item in self.wholes else item

    def hours(self, item: str) -> float:
        if item in self.wholes or self.closed(item):
            return 0.0
        return float(self.graph.nodes[item].get("remaining", 0.0))

    def rest(self, item: str) -> float:
        parts = [start for start, end, data in self.graph.edges(data=True) if data["kind"] == "PART_OF" and end == item]
        return self.hours(item) + sum(self.rest(part) for part in parts)

    def _edge(self, start: str, end: str, data: dict[str, Any]) -> None:
        before, after = self.hours(start), self.hours(end)
        if data["kind"] == "PART_OF":
            self.arcs.append((self.gate(end), self.gate(start), 0.0))
            self.arcs.append((self.end(start), self.end(end), before - after))
        elif data["kind"] == "CONTRIBUTES_TO":
            self.arcs.append((self.end(start), self.end(end), before - after))
        else:
            self._wait(start, end, data["type"], data["lag"])

    def _wait(self, start: str, end: str, wait_type: str, lag: float) -> None:
        before, after = self.hours(start), self.hours(end)
        if wait_type[0] == "S" and self.started(start):
            if lag > 0:  # nothing says when it began, so all of the lag is still to come
                tied = wait_type[1] == "F"
                self.arcs.append(("now", self.end(end) if tied else self.gate(end), lag - after * tied))
            return
        tail = self.end(start) if wait_type[0] == "F" else self.gate(start)
        head = self.gate(end) if wait_type[1] == "S" else self.end(end)
        hours = lag + (before if wait_type[0] == "F" else 0.0) - (after if wait_type[1] == "F" else 0.0)
        self.arcs.append((tail, head, hours))
        early = wait_type[0] == "F" and lag < 0 and self.rest(start) <= -lag
        if wait_type[1] == "S" and not early:
            self.holds.add(head)
        if wait_type[0] == "S":
            self.awaited.add(tail)

    def held(self, item: str) -> bool:
        if self.gate(item) in self.holds:
            return True
        wholes = [end for _, end, data in self.graph.out_edges(item, data=True) if data["kind"] == "PART_OF"]
        return any(self.held(whole) for whole in wholes)

    def longest(self, item: Hashable, target: Hashable) -> float | None:
        """Return the longest of all paths, tried one by one; the graph must be acyclic."""
        if item == target:
            return 0.0
        found = [
            hours + rest
            for tail, head, hours in self.arcs
            if tail == item and (rest := self.longest(head, target)) is not None
        ]
        return max(found, default=None)

    def roots(self) -> dict[str, list[Hashable]]:
        """Return every item at which a chain begins, and the nodes where."""
        found: dict[str, list[Hashable]] = {}
        entered = {head for tail, head, _ in self.arcs if tail != "now"}
        for item, data in self.graph.nodes(data=True):
            if self.closed(item):
                continue
            is_goal = data.get("kind") == "Objective"
            if item in self.wholes:
                if self.end(item) not in entered:
                    found.setdefault(item, []).append(self.end(item))
                if self.gate(item) in self.awaited and not self.held(item) and not self.started(item):
                    found.setdefault(item, []).append(self.gate(item))
            elif (self.end(item) not in entered) if is_goal else not self.held(item):
                found[item] = [item]
        return found
