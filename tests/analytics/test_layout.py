from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import Expanded, Layout, blocking_chains, layout
from analytics.expansion.trees import ChainTree
from analytics.networks.layering import count_crossings, layers_of, ordered_layers, placed
from analytics.networks.layout import ROW_GAP
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import work_graphs
from tests.analytics.test_chains import numbers_and_keys, project, written

MONDAY = date(2026, 11, 23)


@st.composite
def dags(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """Directed graphs whose edges run from lower to higher numbers."""
    count = draw(st.integers(1, 14))
    pairs = list(itertools.combinations(range(count), 2))
    return count, draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []


@settings(max_examples=150, deadline=None)
@given(dags(), st.integers(0, 1000))
def test_layers_order_and_places_keep_their_promises(graph: tuple[int, list[tuple[int, int]]], seed: int) -> None:
    count, edges = graph
    tails, heads = (np.array([edge[end] for edge in edges], dtype=np.int32) for end in (0, 1))
    layers = layers_of(count, tails, heads)
    plain: Any = nx.DiGraph(edges)
    plain.add_nodes_from(range(count))
    for node in range(count):
        below = plain.subgraph(nx.descendants(plain, node) | {node})
        assert layers.layer[node] == nx.dag_longest_path_length(below)
    assert (layers.layer[layers.tails] == layers.layer[layers.heads] + 1).all()
    assert [(chain[0], chain[-1]) for chain in layers.chain] == edges

    random = np.random.default_rng(seed)
    wish = random.random(len(layers.layer))
    order, crossings = ordered_layers(layers, wish)
    assert sorted(place for level in order for place in level.tolist()) == list(range(len(layers.layer)))
    rank = {place: float(at) for level in order for at, place in enumerate(level.tolist())}
    assert crossings == crossed(layers, rank)
    given_rank = {place: float(wish[place]) for place in range(len(wish))}
    assert crossings <= crossed(layers, given_rank)

    height = random.integers(2, 80, len(layers.layer)).astype(float)
    middle = placed(layers, order, height, 10.0)
    for level in order:
        lower, upper = level[1:], level[:-1]
        assert (middle[lower] - middle[upper] >= (height[lower] + height[upper]) / 2 + 10 - 1e-6).all()


def crossed(layers: Any, rank: dict[int, float]) -> int:
    """Count crossing segments pair by pair."""
    segments = list(zip(layers.tails.tolist(), layers.heads.tolist(), strict=True))
    return sum(
        layers.layer[first[0]] == layers.layer[other[0]]
        and (rank[first[0]] - rank[other[0]]) * (rank[first[1]] - rank[other[1]]) < 0
        for first, other in itertools.combinations(segments, 2)
    )


def test_a_graph_that_can_be_drawn_without_crossings_is() -> None:
    tails, heads = np.array([0, 1, 2, 3, 4, 5], dtype=np.int32), np.array([6, 7, 8, 7, 6, 8], dtype=np.int32)
    layers = layers_of(9, tails, heads)
    _, crossings = ordered_layers(layers, np.arange(9.0))
    assert crossings == 0
    assert (
        count_crossings(np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), tails)
        == 0
    )


@settings(max_examples=100, deadline=None)
@given(work_graphs(cyclic=True))
def test_lines_run_to_the_right_boxes_lie_apart_and_chains_are_on_it(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(graph)
    found = layout(snapshot, "O-0", today=MONDAY)
    for edge in found.edges:
        assert [point[0] for point in edge.points] == sorted({point[0] for point in edge.points})
    for one, other in itertools.combinations(found.nodes, 2):
        assert (
            one.x + one.width < other.x
            or other.x + other.width < one.x
            or one.y + one.height + ROW_GAP <= other.y + 0.2
            or other.y + other.height + ROW_GAP <= one.y + 0.2
        )
    for node in found.nodes:
        assert 0 <= node.x <= found.width - node.width
        assert -0.1 <= node.y <= found.height - node.height + 0.1
    drawn = {node.id for node in found.nodes}
    assert len(drawn) == len(found.nodes)
    chains = blocking_chains(snapshot, "O-0", 100, today=MONDAY)
    for chain in chains:
        assert {step.key for step in chain.steps[1:]} <= drawn
    if len(chains):
        worst = {node.id.removesuffix(":gate") for node in found.nodes if node.worst} - {"O-0"}
        assert {step.key for step in chains[0].steps} <= worst | {"O-0"}
    assert numbers_and_keys(found.explain().sentence) <= written(found.explain().facts)
    assert layout(snapshot, "O-0", today=MONDAY) == found


@settings(max_examples=100, deadline=None)
@given(work_graphs(cyclic=True))
def test_what_leads_where_is_what_the_expanded_graph_says(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(graph)
    expanded, found = Expanded.of(snapshot), layout(snapshot, "O-0")
    tree = ChainTree.to(expanded, snapshot.row("O-0"))
    whole: Any = nx.DiGraph(zip(expanded.tails.tolist(), expanded.heads.tolist(), strict=True))
    whole.add_node(tree.target)
    before = nx.ancestors(whole, tree.target) | {tree.target}

    def name(unit: int) -> str:
        key = snapshot.items.key[int(expanded.members(unit)[0])]
        return f"{key}:gate" if expanded.is_gate[unit] else key

    drawn: Any = nx.DiGraph((edge.start, edge.end) for edge in found.edges)
    drawn.add_nodes_from(node.id for node in found.nodes)
    shown = {unit for unit in before if name(unit) in drawn}
    assert {name(unit) for unit in shown} == set(drawn)
    assert all(expanded.is_gate[unit] for unit in before - shown)
    for unit in shown:
        assert nx.descendants(drawn, name(unit)) == {name(other) for other in nx.descendants(whole, unit) & shown}


def test_a_whole_with_a_row_of_parts_is_a_line() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("P-1", kind="Project")
    graph.add_edges_from([("A", "P-1"), ("B", "P-1"), ("C", "P-1")], kind="PART_OF")
    graph.add_edges_from([("A", "B"), ("B", "C")])
    found = layout(Snapshot.from_networkx(graph), "P-1")
    assert [(edge.start, edge.end) for edge in found.edges] == [("A", "B"), ("B", "C"), ("C", "P-1")]
    assert [node.layer for node in found.nodes] == [3, 2, 1, 0]


def test_what_blocks_a_project_enters_the_gate_of_its_parts() -> None:
    found = layout(Snapshot.from_networkx(project()), "O-1", today=MONDAY)
    roles = {node.id: node.role for node in found.nodes}
    assert roles == {
        "X-1": "root", "P-1:gate": "gate", "T-1": "step", "T-2": "step", "P-1": "step", "O-1": "goal",
    }  # fmt: skip
    assert [(edge.start, edge.end, edge.kind) for edge in found.edges if edge.worst] == [
        ("X-1", "P-1:gate", "BLOCKS"), ("P-1:gate", "T-1", "PART_OF"), ("T-1", "T-2", "BLOCKS"),
        ("T-2", "P-1", "PART_OF"), ("P-1", "O-1", "CONTRIBUTES_TO"),
    ]  # fmt: skip
    assert found.explain().sentence == "5 things stand before O-1; 1 chain can be begun, the worst of them at X-1."


def wide(count: int = 40) -> Snapshot:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective")
    for number in range(count):
        graph.add_node(f"T-{number}", remaining=float(number))
        graph.add_edge(f"T-{number}", "O-1", kind="CONTRIBUTES_TO")
    return Snapshot.from_networkx(graph)


def test_of_more_than_can_be_drawn_the_worst_chains_are_drawn_and_it_is_said() -> None:
    found = layout(wide(), "O-1", limit=11)
    assert {node.id for node in found.nodes} == {"O-1", *(f"T-{number}" for number in range(30, 40))}
    assert (found.total, found.completeness.limited) == (40, ("10 of 40 boxes, those of the worst chains",))
    with pytest.raises(ValueError, match="at least 2 boxes"):
        layout(wide(), "O-1", limit=1)


def test_an_earlier_drawing_keeps_its_order_when_something_is_added() -> None:
    def heights(found: Layout) -> list[str]:
        return [node.id for node in sorted(found.nodes, key=lambda node: node.y) if node.role != "goal"]

    earlier = layout(wide(8), "O-1")
    graph: Any = wide(8).to_networkx()
    graph.nodes["T-0"]["remaining"] = 100.0  # alone this would move it to the top
    graph.add_node("T-8", remaining=3.5)
    graph.add_edge("T-8", "O-1", kind="CONTRIBUTES_TO")
    changed = Snapshot.from_networkx(graph)
    later = layout(changed, "O-1", previous=earlier)
    assert [name for name in heights(later) if name != "T-8"] == heights(earlier)
    assert heights(layout(changed, "O-1"))[0] == "T-0"


def test_cycles_closed_goals_and_hidden_items() -> None:
    graph: Any = nx.DiGraph([("A", "B"), ("B", "A"), ("B", "C")])
    graph.add_node("D", status="DONE")
    snapshot = Snapshot.from_networkx(graph)
    found = layout(snapshot, "C")
    assert [(node.id, node.role, node.step.members) for node in found.nodes] == [
        ("A", "cycle", ("A", "B")), ("C", "goal", ()),
    ]  # fmt: skip
    assert layout(snapshot, "D").explain().sentence == "Nothing open stands before D."
    hidden = np.array([name == "T-1" for name in Snapshot.from_networkx(project()).names])
    told = layout(Snapshot.from_networkx(project()), "O-1", hidden=hidden)
    assert "hidden-1" in {node.id for node in told.nodes}
    assert "T-1" not in str(told.to_dict())
    assert told.completeness.hidden == 1
    with pytest.raises(KeyError, match="no item 'X'"):
        layout(snapshot, "X")


def test_a_table_has_a_row_for_every_box() -> None:
    found = layout(Snapshot.from_networkx(project()), "O-1")
    assert found.to_dataframe()["id"].tolist() == [node.id for node in found.nodes]
