from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from analytics import Among, Communities, Grouping, communities
from graph.snapshots.snapshot import Snapshot
from tests.analytics.test_centrality import LDBC, digraphs, organisation
from tests.analytics.test_chains import numbers_and_keys, written


def groups_of(found: Communities) -> list[set[Hashable]]:
    groups: dict[int, set[Hashable]] = {}
    for name, group in found.items():
        groups.setdefault(group, set()).add(name)
    return [groups[number] for number in sorted(groups)]


@settings(max_examples=80, deadline=None)
@given(digraphs())
def test_groups_part_the_nodes_and_modularity_agrees_with_networkx(graph: Any) -> None:
    found, plain = communities(Snapshot.from_networkx(graph)), graph.to_undirected()
    groups = groups_of(found)
    assert [node for group in groups for node in group if node not in graph] == []
    assert sum(len(group) for group in groups) == len(graph)
    assert [len(group) for group in groups] == sorted((len(group) for group in groups), reverse=True)
    assert all(nx.is_connected(plain.subgraph(group)) for group in groups)
    if plain.number_of_edges():
        assert found.modularity == pytest.approx(nx.community.modularity(plain, groups))
        single = nx.community.modularity(plain, [{node} for node in plain])
        assert found.modularity >= max(single, 0) - 1e-9
    assert numbers_and_keys(found.explain().sentence) <= written(found.explain().facts)


@settings(max_examples=60, deadline=None)
@given(digraphs())
def test_components_agree_with_networkx(graph: Any) -> None:
    found = communities(Snapshot.from_networkx(graph), method=Grouping.COMPONENTS)
    expected = nx.connected_components(graph.to_undirected())
    assert {frozenset(group) for group in groups_of(found)} == {frozenset(part) for part in expected}


@pytest.mark.parametrize("seed", range(5))
def test_louvain_is_as_good_as_that_of_networkx_and_repeats(seed: int) -> None:
    for plain in (
        nx.karate_club_graph(),
        nx.planted_partition_graph(6, 20, 0.5, 0.02, seed=seed),
        nx.connected_caveman_graph(8, 6),
    ):
        bare = nx.Graph(plain.edges)
        snapshot = Snapshot.from_networkx(nx.DiGraph(bare.edges))
        found = communities(snapshot, seed=seed)
        theirs = nx.community.louvain_communities(bare, seed=seed)
        assert found.modularity >= nx.community.modularity(bare, theirs) - 0.01
        assert dict(found) == dict(communities(snapshot, seed=seed))


def test_planted_groups_are_found() -> None:
    planted = nx.planted_partition_graph(5, 30, 0.5, 0.01, seed=1)
    found = communities(Snapshot.from_networkx(nx.DiGraph(planted.edges)))
    assert {frozenset(group) for group in groups_of(found)} == {frozenset(part) for part in planted.graph["partition"]}


def test_a_higher_resolution_gives_more_groups() -> None:
    snapshot = Snapshot.from_networkx(nx.DiGraph(nx.karate_club_graph().edges))
    counts = [communities(snapshot, resolution=resolution).count for resolution in (0.3, 1.0, 3.0)]
    assert counts == sorted(counts)
    assert counts[0] < counts[2]


def test_groups_are_described_by_their_best_connected_members() -> None:
    graph = nx.DiGraph([("A", "B"), ("A", "C"), ("A", "D"), ("B", "C"), ("D", "E"), ("E", "F"), ("D", "F")])
    found = communities(Snapshot.from_networkx(graph), limit=1)
    first = found.groups[0]
    assert (first.size, first.members[0], first.inside, first.outside) == (3, "A", 3, 1)
    assert found.completeness.limited == ("the first 1 of 2 groups",)
    assert found.to_dataframe()["group"].tolist() == [found[name] for name in found]


def test_people_and_hidden_nodes() -> None:
    snapshot = Snapshot.from_networkx(organisation())
    found = communities(snapshot, among=Among.PEOPLE)
    assert groups_of(found) == [{"Ann", "Bob", "Cem"}, {"Dee"}]
    hidden = np.array([name == "Bob" for name in snapshot.names])
    told = communities(snapshot, among=Among.PEOPLE, hidden=hidden)
    assert (told.groups[0].size, "Bob" in str(told.to_dict()), told.completeness.hidden) == (3, False, 1)


def test_nothing_and_what_cannot_be_asked() -> None:
    empty = Snapshot.from_networkx(nx.DiGraph())
    for method in Grouping:
        assert communities(empty, method=method).explain().sentence == "There is nothing to group."
    for options, words in (({"limit": 0}, "at least 1 group"), ({"resolution": 0.0}, "must be positive")):
        with pytest.raises(ValueError, match=words):
            communities(empty, **options)


@pytest.mark.skipif(not LDBC.is_dir(), reason="the published answers are not here")
@pytest.mark.parametrize("name", ["dir", "undir"])
def test_components_agree_with_the_answers_that_ldbc_publishes(name: str) -> None:
    def rows(path: Path) -> list[list[int]]:
        return [[int(word) for word in line.split()] for line in path.read_text().splitlines() if line.strip()]

    graph: Any = nx.DiGraph()
    for node, *others in rows(LDBC / "wcc" / f"{name}-input"):
        graph.add_node(node)
        graph.add_edges_from((node, other) for other in others)
    found = communities(Snapshot.from_networkx(graph), method=Grouping.COMPONENTS)
    expected: dict[int, set[int]] = {}
    for node, component in rows(LDBC / "wcc" / f"{name}-output"):
        expected.setdefault(component, set()).add(node)
    assert {frozenset(group) for group in groups_of(found)} == {frozenset(part) for part in expected.values()}
