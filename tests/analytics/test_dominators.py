from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from analytics import Expanded, dominators
from analytics.expansion.kernels import UNREACHED
from analytics.expansion.trees import ChainTree
from analytics.networks.dominators import immediate_dominators
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import work_graphs
from tests.analytics.test_chains import numbers_and_keys, project, written
from tests.analytics.test_choke import bridge


@settings(max_examples=100, deadline=None)
@given(work_graphs(cyclic=True))
def test_they_are_the_immediate_dominators_of_networkx_with_gates_passed_silently(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(graph)
    expanded = Expanded.of(snapshot)
    tree = ChainTree.to(expanded, snapshot.row("O-0"))
    backwards: Any = nx.DiGraph(zip(expanded.heads.tolist(), expanded.tails.tolist(), strict=True))
    backwards.add_node(tree.target)
    above = nx.immediate_dominators(backwards, tree.target)
    silent = expanded.is_gate

    def key(unit: int) -> str:
        return snapshot.items.key[int(expanded.members(unit)[0])]

    def passed(unit: int) -> list[int]:
        """Everything that the unit cannot get around, gates apart."""
        found = []
        while unit != tree.target:
            unit = above[unit]
            found += [] if silent[unit] else [unit]
        return found

    units = [unit for unit in backwards if unit in above and unit != tree.target and not silent[unit]]
    units = [unit for unit in units if nx.has_path(backwards, tree.target, unit)]
    # Of an item whose two ends are apart, as one of them is part of a cycle, each is told.
    expected = [(key(unit), key(passed(unit)[0]), sum(unit in passed(other) for other in units)) for unit in units]
    found = dominators(snapshot, "O-0")
    assert sorted((item.key, item.through, item.holds) for item in found) == sorted(expected)
    assert [item.holds for item in found] == sorted((holds for *_, holds in expected), reverse=True)
    assert found.total == len(units)
    assert numbers_and_keys(found.explain().sentence) <= written(found.explain().facts)


@pytest.mark.parametrize("seed", range(5))
def test_long_graphs_agree_with_networkx(seed: int) -> None:
    random = np.random.default_rng(seed)
    graph: Any = nx.DiGraph((node, node + 1) for node in range(399))
    for start in random.integers(0, 390, 30).tolist():
        graph.add_edge(start, min(start + int(random.integers(2, 60)), 399))
    snapshot = Snapshot.from_networkx(graph)
    expanded = Expanded.of(snapshot)
    tree = ChainTree.to(expanded, snapshot.row(399))
    found = immediate_dominators(expanded.pointer, expanded.heads, tree.distance > UNREACHED, tree.target)
    backwards: Any = nx.DiGraph(zip(expanded.heads.tolist(), expanded.tails.tolist(), strict=True))
    expected = nx.immediate_dominators(backwards, tree.target)
    assert {unit: int(found[unit]) for unit in expected if unit != tree.target} == {
        unit: above for unit, above in expected.items() if unit != tree.target
    }


def test_what_has_no_way_around_is_said() -> None:
    snapshot = Snapshot.from_networkx(bridge())
    found = dominators(snapshot, "O-1")
    assert [(item.key, item.through, item.holds) for item in found][:2] == [("D", "O-1", 3), ("C-1", "D", 2)]
    assert {(item.key, item.through, item.holds) for item in found.items[2:]} == {("A", "C-1", 0), ("B", "C-1", 0)}
    assert found.explain().sentence == "3 of the 4 things that lead to O-1 have no way around D."
    assert found.to_dataframe()["through"].tolist() == ["O-1", "D", "C-1", "C-1"]
    assert dominators(snapshot, "O-1", limit=2).completeness.limited == ("the first 2 of 4 items",)


def test_a_part_holds_its_whole_up_whatever_waits_for_the_part() -> None:
    found = {item.key: item.through for item in dominators(Snapshot.from_networkx(project()), "O-1")}
    assert found == {"X-1": "P-1", "T-1": "P-1", "T-2": "P-1", "P-1": "O-1"}


def test_hidden_items_closed_goals_and_what_cannot_be_asked() -> None:
    snapshot = Snapshot.from_networkx(bridge())
    hidden = np.array([name == "C-1" for name in snapshot.names])
    found = dominators(snapshot, "O-1", hidden=hidden)
    assert {(item.key, item.through) for item in found} == {("D", "O-1"), ("A", "hidden Task"), ("B", "hidden Task")}
    assert (found.completeness.hidden, "C-1" in str(found.to_dict())) == (1, False)
    graph = project()
    graph.nodes["O-1"]["status"] = "DONE"
    empty = dominators(Snapshot.from_networkx(graph), "O-1")
    assert empty.explain().sentence == "Nothing that leads to O-1 has to pass anything else."
    with pytest.raises(ValueError, match="at least 1 item"):
        dominators(snapshot, "O-1", limit=0)
