from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import Variants, blocking_chains, k_paths
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import Naive, work_graphs

MONDAY = date(2026, 11, 23)


def variants(graph: Any, root: Hashable, goal: Hashable, k: int = 5, **options: Any) -> Variants:
    return k_paths(Snapshot.from_networkx(graph), root, goal, k, **options)


def every_path(naive: Naive, start: Hashable, target: Hashable) -> Iterator[tuple[tuple[Hashable, ...], float]]:
    """Yield all paths by recursion: their nodes and hours; parallel arcs give one path each."""
    if start == target:
        yield (target,), 0.0
        return
    for tail, head, hours in naive.arcs:
        if tail == start:
            for nodes, rest in every_path(naive, head, target):
                yield (start, *nodes), hours + rest


@settings(max_examples=200, deadline=None)
@given(work_graphs(), st.sampled_from(["T-0", "P-0", "O-1"]), st.integers(1, 6))
def test_they_are_the_longest_of_all_paths_and_counted(graph: Any, root: str, k: int) -> None:
    naive = Naive(graph)
    assume(nx.is_directed_acyclic_graph(nx.DiGraph([(tail, head) for tail, head, _ in naive.arcs])))
    begins = [naive.gate(root)]
    if naive.end(root) != begins[0] and not list(every_path(naive, begins[0], naive.end(root))):
        begins.append(naive.end(root))
    longest: dict[tuple[Hashable, ...], float] = {}
    for begin in begins:
        for nodes, hours in every_path(naive, begin, "O-0"):
            longest[nodes] = max(longest.get(nodes, -np.inf), hours)
    if naive.closed(root):
        longest = {nodes: hours for nodes, hours in longest.items() if len(nodes) > 1}
    found = variants(graph, root, "O-0", k)
    assert [chain.length_hours for chain in found] == sorted(longest.values(), reverse=True)[:k]
    assert found.total == len(longest)
    assert found.completeness.complete == (len(longest) <= k)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_they_agree_with_all_simple_paths_of_networkx(seed: int) -> None:
    random = np.random.default_rng(seed)
    graph: Any = nx.DiGraph()
    for node in range(9):
        graph.add_node(node, remaining=float(random.integers(1, 4)) / 10)  # many ties, and sums that round
    graph.add_edges_from((a, b) for a in range(9) for b in range(a + 1, 9) if random.random() < 0.5)
    every = sorted(
        (sum(graph.nodes[node]["remaining"] for node in path) for path in nx.all_simple_paths(graph, 0, 8)),
        reverse=True,
    )
    found = variants(graph, 0, 8, 7)
    assert [chain.length_hours for chain in found] == pytest.approx(every[:7])
    assert len({tuple(step.key for step in chain.steps) for chain in found}) == len(found)


def test_the_first_variant_is_the_blocking_chain() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective", due="2026-11-25", value=3)
    for key, hours in (("A", 8), ("B", 16), ("C", 4)):
        graph.add_node(key, remaining=hours, start="2026-11-30" if key == "B" else None)
    graph.add_edges_from([("A", "B"), ("A", "C")])
    graph.add_edges_from([("B", "O-1"), ("C", "O-1")], kind="CONTRIBUTES_TO")
    snapshot = Snapshot.from_networkx(graph)
    found, (chain,) = k_paths(snapshot, "A", "O-1", today=MONDAY), blocking_chains(snapshot, "O-1", today=MONDAY)
    wanted = chain.to_dict() | {"alternatives": []}
    assert found[0].to_dict() == wanted
    assert [[step.key for step in one.steps] for one in found] == [["A", "B"], ["A", "C"]]
    assert [one.finish for one in found] == [date(2026, 12, 1), date(2026, 11, 24)]
    assert found.explain().sentence == ("2 paths lead from A to O-1; the longest needs 24 working hours, the next 12.")


def diamonds(count: int) -> Any:
    """Two ways of the same length through each of many diamonds, one after another."""
    graph: Any = nx.DiGraph()
    for place in range(count):
        for side in ("left", "right"):
            graph.add_edge(f"{place}", f"{place} {side}")
            graph.add_edge(f"{place} {side}", f"{place + 1}")
    nx.set_node_attributes(graph, 0.1, "remaining")
    return graph


def test_more_paths_than_can_be_listed_are_bounded_counted_and_said() -> None:
    found = variants(diamonds(40), "0", "40", 30)
    assert (len(found), found.total) == (30, 2**40)
    assert found.completeness.limited == (f"the 30 longest of {2**40} paths",)
    assert {round(chain.length_hours, 6) for chain in found} == {8.1}
    assert len({tuple(step.key for step in chain.steps) for chain in found}) == 30
    beyond = variants(diamonds(1100), "0", "1100", 2)
    assert (beyond.total, beyond.to_dict()["total"]) == (None, None)
    assert beyond.completeness.limited == ("the 2 longest of more than 2^53 paths",)


def test_paths_that_the_goal_can_do_without_come_last_however_long() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective", enough=0.6)
    for key, hours in (("A", 8), ("B", 80), ("C", 8)):
        graph.add_node(key, remaining=hours)
    graph.add_edges_from([("A", "B"), ("A", "C")])
    graph.add_edge("B", "O-1", kind="CONTRIBUTES_TO", weight=0.3)
    graph.add_edge("C", "O-1", kind="CONTRIBUTES_TO", weight=0.7)
    found = variants(graph, "A", "O-1")
    assert [(chain.steps[-1].key, chain.delays, chain.length_hours) for chain in found] == [
        ("C", True, 16),
        ("B", False, 88),
    ]
    assert [chain.delays for chain in variants(graph, "A", "O-1", 1)] == [True]
    assert len(variants(graph, "B", "O-1")) == 1


def test_of_edges_between_the_same_two_the_one_that_holds_back_longest_counts() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("A", remaining=8)
    graph.add_node("B", remaining=8)
    for wait_type, lag in (("FS", 0), ("SS", 30), ("FS", 2)):
        graph.add_edge("A", "B", type=wait_type, lag=lag)
    found = variants(graph, "A", "B")
    assert [(chain.length_hours, chain.steps[0].wait_type) for chain in found] == [(38, "SS")]


def test_cycles_and_nothing_at_all() -> None:
    graph: Any = nx.DiGraph([("A", "B"), ("B", "A"), ("C", "A"), ("C", "D")])
    nx.set_node_attributes(graph, 8.0, "remaining")
    (chain,) = variants(graph, "C", "B")
    assert ([step.key for step in chain.steps], chain.length_hours) == (["C", "A"], 24)
    (whole,) = variants(graph, "A", "B")
    assert whole.steps[0].members == ("A", "B")
    for root, goal in (("C", "C"), ("D", "B")):
        nothing = variants(graph, root, goal)
        assert (len(nothing), nothing.total) == (0, 0)
        assert nothing.explain().sentence == f"No open path leads from {root} to {goal}."
    graph.nodes["C"]["status"] = "DONE"
    assert not len(variants(graph, "C", "B"))


def test_what_the_viewer_may_not_see_and_what_cannot_be_asked() -> None:
    snapshot = Snapshot.from_networkx(nx.DiGraph([("A", "B"), ("B", "C")]))
    hidden = np.array([name == "B" for name in snapshot.names])
    found = k_paths(snapshot, "A", "C", hidden=hidden)
    assert (found[0].steps[1].hidden, found.completeness.hidden) == (True, 1)
    assert "'B'" not in str(found.to_dict())
    with pytest.raises(KeyError, match="no item 'B'"):
        k_paths(snapshot, "A", "B", hidden=hidden)
    with pytest.raises(ValueError, match="at least 1 path"):
        k_paths(snapshot, "A", "C", 0)


def test_a_table_has_a_row_for_every_step() -> None:
    frame = variants(diamonds(1), "0", "1").to_dataframe()
    assert frame["key"].tolist() == ["0", "0 left", "0", "0 right"]
    assert frame["variant"].tolist() == [1, 1, 2, 2]
