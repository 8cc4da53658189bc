from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

from analytics import paths
from graph.snapshots.snapshot import Snapshot
from tests.analytics.test_centrality import LDBC


def test_all_shortest_routes_and_their_number_agree_with_networkx() -> None:
    for seed in range(30):
        random = np.random.default_rng(seed)
        graph: Any = nx.DiGraph()
        graph.add_nodes_from(range(14))
        graph.add_edges_from(sorted(random.choice(14, 2, replace=False).tolist()) for _ in range(22))
        for plain, directed in ((graph, True), (graph.to_undirected(), False)):
            found = paths(Snapshot.from_networkx(graph), 0, 13, k=4, directed=directed)
            if not nx.has_path(plain, 0, 13):
                assert found.length is None
                continue
            every = list(nx.all_shortest_paths(plain, 0, 13))
            assert (found.length, found.count) == (len(every[0]) - 1, len(every))
            assert set(found.items) == {str(node) for path in every for node in path}
            near = [path for path in nx.all_simple_paths(plain, 0, 13) if len(path) <= len(every[0]) + 2]
            lengths = sorted(len(path) for path in near)[:4]
            assert [len(route) for route in found.routes] == lengths
            assert set(found.routes) <= {tuple(str(node) for node in path) for path in near}


def organisation() -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("Ann", kind="Person", status=None)
    graph.add_node("T-1")
    graph.add_node("O-1", kind="Objective")
    graph.add_edge("Ann", "T-1", kind="OWNS")
    graph.add_edge("T-1", "O-1", kind="CONTRIBUTES_TO")
    return graph


def test_a_goal_and_a_person_hang_together_both_ways() -> None:
    found = paths(Snapshot.from_networkx(organisation()), "O-1", "Ann")
    assert found.routes == (("O-1", "T-1", "Ann"),)
    assert [link.kind for link in found.links] == ["CONTRIBUTES_TO", "OWNS"]
    assert found.explain().sentence == "From O-1 to Ann: 1 shortest route of 2 edges; the first is O-1 – T-1 – Ann."
    assert paths(Snapshot.from_networkx(organisation()), "O-1", "Ann", directed=True).length is None


def test_kinds_itself_and_hidden_items() -> None:
    snapshot = Snapshot.from_networkx(organisation())
    assert paths(snapshot, "Ann", "O-1", ["OWNS"]).length is None
    assert (paths(snapshot, "Ann", "Ann").length, paths(snapshot, "Ann", "Ann").items) == (0, ("Ann",))
    hidden = np.zeros(len(snapshot), dtype=np.bool_)
    hidden[snapshot.row("T-1")] = True
    found = paths(snapshot, "Ann", "O-1", hidden=hidden)
    assert (found.items, found.completeness.hidden) == (("Ann", "hidden Task", "O-1"), 1)
    with pytest.raises(KeyError, match="no item 'T-1'"):
        paths(snapshot, "Ann", "T-1", hidden=hidden)
    with pytest.raises(ValueError, match="'LIKES' is not one of"):
        paths(snapshot, "Ann", "O-1", ["LIKES"])


@pytest.mark.skipif(not LDBC.is_dir(), reason="the published answers are not here")
@pytest.mark.parametrize("name", ["dir", "undir"])
def test_lengths_agree_with_the_answers_of_breadth_first_search_that_ldbc_publishes(name: str) -> None:
    graph: Any = nx.DiGraph()
    for line in (LDBC / "bfs" / f"{name}-input").read_text().splitlines():
        if line.strip():
            node, *others = line.split()
            graph.add_node(node)
            graph.add_edges_from((node, other) for other in others)
    answers = dict(line.split() for line in (LDBC / "bfs" / f"{name}-output").read_text().splitlines() if line.strip())
    (source,) = [node for node, distance in answers.items() if distance == "0"]
    snapshot = Snapshot.from_networkx(graph)
    assert answers.keys() == set(graph)
    for node, distance in answers.items():
        length = paths(snapshot, source, node, directed=name == "dir").length
        assert length == (None if int(distance) == 2**63 - 1 else int(distance)), node
