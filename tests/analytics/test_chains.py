from __future__ import annotations

import re
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import BlockingChains, Expanded, blocking_chains
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import Naive, work_graphs

MONDAY = date(2026, 11, 23)


def project() -> Any:
    """The example of the documentation: what blocks a project blocks its parts."""
    graph: Any = nx.DiGraph()
    graph.add_node("X-1", title="Contract", remaining=8, owner="Ann", created_at="2026-11-13T00:00:00Z")
    graph.add_node("P-1", kind="Project", owner="Bob")
    graph.add_node("T-1", remaining=8)
    graph.add_node("T-2", remaining=16)
    graph.add_node("O-1", kind="Objective", due="2026-11-25", value=3)
    graph.add_edge("X-1", "P-1", lag=4)
    graph.add_edge("T-1", "T-2")
    graph.add_edge("T-1", "P-1", kind="PART_OF")
    graph.add_edge("T-2", "P-1", kind="PART_OF")
    graph.add_edge("P-1", "O-1", kind="CONTRIBUTES_TO")
    return graph


def chains(graph: Any, goal: str = "O-1", k: int = 10, **options: Any) -> BlockingChains:
    return blocking_chains(Snapshot.from_networkx(graph), goal, k, today=MONDAY, **options)


def test_what_blocks_a_project_blocks_its_parts_and_the_step_says_so() -> None:
    (chain,) = chains(project())
    assert [step.key for step in chain.steps] == ["X-1", "T-1", "T-2", "P-1"]
    assert [step.edge for step in chain.steps] == ["BLOCKS", "BLOCKS", "PART_OF", "CONTRIBUTES_TO"]
    assert [step.via for step in chain.steps] == [("P-1",), (), (), ()]
    assert [step.owner for step in chain.steps] == ["Ann", "Bob", "Bob", "Bob"]
    assert chain.length_hours == 8 + 4 + 8 + 16
    # 36 hours are five days from Monday on: Friday, two working days after Wednesday.
    assert (chain.finish, chain.delay_days) == (date(2026, 11, 27), 2)


def test_the_sentence_says_who_is_first_and_when_it_ends() -> None:
    (chain,) = chains(project())
    assert chain.explain().sentence == (
        "X-1 'Contract' (Ann, created 10 days ago) is the first of 4 steps to O-1; the chain needs 36 working hours; "
        "it ends on 2026-11-27, 2 working days after the due date 2026-11-25."
    )


def test_the_shape_that_scripts_rely_on() -> None:
    told = chains(project())[0].to_dict()
    wanted = {"goal", "goalTitle", "due", "delayDays", "lengthHours", "root", "steps", "explanation", "completeness"}
    assert wanted <= told.keys()
    assert {"key", "title", "owner", "status"} <= told["root"].keys()
    assert {"key", "title", "edge", "owner", "status", "remainingHours"} <= told["steps"][0].keys()


def numbers_and_keys(text: str) -> set[str]:
    return set(re.findall(r"[A-Z]+-\d+|\d{4}-\d\d-\d\d|\d+(?:\.\d+)?", text))


def written(value: object) -> set[str]:
    """Every text and number in nested facts, as a sentence would write them."""
    if isinstance(value, dict):
        return set().union(*(written(inner) for inner in value.values())) if value else set()
    if isinstance(value, list | tuple):
        return set().union(*(written(inner) for inner in value)) if value else set()
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, int | float):
        return {f"{round(abs(value), 1):g}"}
    return {str(value)}


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.dates(date(2026, 11, 1), date(2026, 12, 31)))
def test_a_sentence_quotes_only_its_facts(graph: Any, due: date) -> None:
    graph.nodes["O-0"]["due"] = due
    found = chains(graph, "O-0")
    for told in (found.explain(), *(chain.explain() for chain in found)):
        assert numbers_and_keys(told.sentence) <= written(told.facts)


@settings(max_examples=200, deadline=None)
@given(work_graphs())
def test_every_chain_is_the_longest_of_all_paths_from_its_root(graph: Any) -> None:
    naive = Naive(graph)
    assume(nx.is_directed_acyclic_graph(nx.DiGraph([(tail, head) for tail, head, _ in naive.arcs])))
    found = blocking_chains(Snapshot.from_networkx(graph), "O-0", 100)
    expected = {
        root: max(lengths)
        for root, nodes in naive.roots().items()
        if root != "O-0" and (lengths := [hours for node in nodes if (hours := naive.longest(node, "O-0")) is not None])
    }
    assert {chain.root.key: chain.length_hours for chain in found} == expected
    assert [chain.length_hours for chain in found] == sorted(expected.values(), reverse=True)


@settings(max_examples=60, deadline=None)
@given(work_graphs(), st.dates(date(2026, 11, 1), date(2026, 12, 31)))
def test_chains_come_worst_first_and_fewer_are_the_same_first_ones(graph: Any, due: date) -> None:
    graph.nodes["O-0"]["due"] = due
    every, some = chains(graph, "O-0", 100), chains(graph, "O-0", 2)
    order = [(-(chain.delay_days or 0), -chain.length_hours, chain.root.key) for chain in every]
    assert order == sorted(order)
    assert [chain.root.key for chain in some] == [chain.root.key for chain in every][:2]
    assert bool(some.completeness.limited) == (len(every) > 2)
    assert some.roots == len(every)


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True))
def test_whatever_cycles_there_are_every_root_gets_one_chain_and_no_item_comes_twice(graph: Any) -> None:
    found = chains(graph, "O-0", 100)
    assert len({chain.root.key for chain in found}) == len(found)
    for chain in found:
        # Two steps of a container are two things: that it starts, where a chain begins with that, and that it is done.
        later = [step.key for step in chain.steps[1:] if not step.members]
        assert len(later) == len(set(later))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_leaves_with_plain_waits_agree_with_networkx(seed: int) -> None:
    random = np.random.default_rng(seed)
    graph: Any = nx.DiGraph()
    for node in range(30):
        graph.add_node(node, remaining=float(random.integers(1, 40)))
    for _ in range(60):
        first, last = sorted(random.choice(30, 2, replace=False).tolist())
        graph.add_edge(first, last)
    graph.add_edges_from((node, 29) for node in range(29))
    weighted: Any = nx.DiGraph((a, b, {"weight": graph.nodes[a]["remaining"]}) for a, b in graph.edges)
    longest = nx.dag_longest_path_length(weighted) + graph.nodes[29]["remaining"]
    snapshot = Snapshot.from_networkx(graph)
    assert blocking_chains(snapshot, 29)[0].length_hours == longest
    assert Expanded.of(snapshot).finish_hours(snapshot.row(29)) == longest


@pytest.mark.parametrize(
    ("wait_type", "lag", "length"),
    [("FS", 2, 8 + 2 + 16), ("SS", 2, 2 + 16), ("FF", 2, 8 + 2), ("SF", 2, 2), ("FS", -3, 8 - 3 + 16)],
)
def test_start_finish_arithmetic(wait_type: str, lag: float, length: float) -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("A", remaining=8)
    graph.add_node("B", remaining=16)
    graph.add_node("O-1", kind="Objective")
    graph.add_edge("A", "B", type=wait_type, lag=lag)
    graph.add_edge("B", "O-1", kind="CONTRIBUTES_TO")
    assert {chain.root.key: chain.length_hours for chain in chains(graph)}["A"] == length


def test_a_cycle_is_one_step_that_says_where_to_cut_it() -> None:
    graph: Any = nx.DiGraph()
    for name in ("A", "B", "C"):
        graph.add_node(name, remaining=8)
    graph.add_node("O-1", kind="Objective", due="2026-11-23")
    graph.add_edge("A", "B", lag=100)
    graph.add_edge("B", "A", confidence=0.6)
    graph.add_edge("C", "A")
    graph.add_edge("B", "O-1", kind="CONTRIBUTES_TO")
    found = {chain.root.key: chain for chain in chains(graph)}
    assert found.keys() == {"A", "C"}  # the cycle, by its first member, and what is before it
    cycle = found["A"].steps[0]
    assert (cycle.members, cycle.cut_here, cycle.basis) == (("A", "B"), ("B", "A"), "cycle")
    assert (found["A"].length_hours, found["C"].length_hours) == (16, 24)
    assert found["A"].assumed_share == 1
    assert [step.key for step in found["C"].steps] == ["C", "A"]


def test_a_goal_inside_a_cycle_shows_it_as_the_last_step() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("A", remaining=8)
    graph.add_node("B", remaining=8)
    graph.add_edge("A", "B")
    graph.add_edge("B", "A")
    (chain,) = chains(graph, "B")
    assert (chain.length_hours, [step.members for step in chain.steps]) == (16, [("A", "B")])


def test_self_references_are_dropped_and_counted() -> None:
    graph = nx.MultiDiGraph(project())
    graph.add_edge("T-1", "T-1", kind="BLOCKS")
    found = chains(graph)
    assert found.completeness.self_references == 1
    assert found[0].length_hours == 36


@pytest.mark.parametrize("status", ["DONE", "CANCELLED"])
def test_a_closed_blocker_never_blocks(status: str) -> None:
    graph = project()
    graph.nodes["X-1"]["status"] = status
    assert [chain.root.key for chain in chains(graph)] == ["T-1"]


def test_a_duplicate_is_read_at_what_it_duplicates_even_when_it_was_closed_as_one() -> None:
    graph = nx.MultiDiGraph(project())
    graph.nodes["X-1"]["status"] = "CANCELLED"
    graph.add_node("X-2", remaining=40)
    graph.add_edge("X-1", "X-2", kind="DUPLICATES")
    (chain,) = chains(graph)
    assert (chain.root.key, chain.length_hours) == ("X-2", 40 + 4 + 8 + 16)


def test_edges_below_the_least_confidence_are_not_walked() -> None:
    graph = project()
    graph.edges["X-1", "P-1"]["confidence"] = 0.4
    assert [chain.root.key for chain in chains(graph)] == ["T-1"]


def test_occurrences_count_where_their_operation_contributes_if_due_in_time() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("OP-1", kind="Operation", status=None)
    graph.add_node("O-1", kind="Objective", due="2026-12-01")
    for key, due in (("T-1", "2026-11-30"), ("T-2", "2026-12-02"), ("T-3", None)):
        graph.add_node(key, remaining=8, due=due)
        graph.add_edge(key, "OP-1", kind="SPAWNED_FROM")
    graph.add_edge("OP-1", "O-1", kind="CONTRIBUTES_TO")
    found = chains(graph)
    assert [chain.root.key for chain in found] == ["T-1", "T-3"]
    assert found[0].steps[0].via == ("OP-1",)


def test_an_issue_affects_a_goal_only_when_it_is_severe_enough() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective")
    for key, severity in (("I-1", "HIGH"), ("I-2", "LOW"), ("I-3", None)):
        graph.add_node(key, kind="Issue", severity=severity, remaining=8)
        graph.add_edge(key, "O-1", kind="AFFECTS")
    assert [chain.root.key for chain in chains(graph)] == ["I-1"]


def test_a_chain_that_the_goal_can_do_without_is_value_at_risk_not_delay() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective", due="2026-11-23", enough=0.6, value=10)
    for key, hours, weight in (("T-1", 80, 0.3), ("T-2", 16, 0.7)):
        graph.add_node(key, remaining=hours)
        graph.add_edge(key, "O-1", kind="CONTRIBUTES_TO", weight=weight)
    found = chains(graph)
    assert [(chain.root.key, chain.delays, chain.delay_days) for chain in found] == [
        ("T-2", True, 1),
        ("T-1", False, None),
    ]
    assert found[1].value_at_risk == pytest.approx(3)
    assert (found.finish, found.full_finish) == (date(2026, 11, 24), date(2026, 12, 4))


def test_a_start_date_holds_work_back_and_a_due_date_moves_nothing() -> None:
    graph = project()
    graph.nodes["T-2"].update(start="2026-11-30", due="2026-11-01")
    (chain,) = chains(graph)
    assert (chain.length_hours, chain.finish) == (36, date(2026, 12, 1))


def test_without_a_day_there_are_only_hours() -> None:
    found = blocking_chains(Snapshot.from_networkx(project()), "O-1")
    assert (found[0].length_hours, found[0].finish, found[0].delay_days, found.finish) == (36, None, None, None)


def test_alternatives_are_the_other_ways_into_the_goal() -> None:
    graph = nx.MultiDiGraph(project())
    graph.add_edge("T-1", "O-1", kind="CONTRIBUTES_TO")
    assert chains(graph)[0].alternatives == ("T-1",)


def only(snapshot: Snapshot, *names: str) -> Flags:
    flags = np.zeros(len(snapshot), dtype=np.bool_)
    flags[[snapshot.row(name) for name in names]] = True
    return flags


def test_what_the_viewer_may_not_see_shows_only_its_kind() -> None:
    snapshot = Snapshot.from_networkx(project())
    (chain,) = blocking_chains(snapshot, "O-1", today=MONDAY, hidden=only(snapshot, "X-1", "P-1", "Bob"))
    assert chain.completeness.hidden == 2
    assert chain.steps[0].to_dict()["kind"] == "Task"
    text = str(chain.to_dict()) + chain.explain().sentence
    assert not [word for word in ("X-1", "P-1", "Contract", "Ann", "Bob") if word in text]
    with pytest.raises(KeyError, match="no item 'O-1'"):
        blocking_chains(snapshot, "O-1", hidden=only(snapshot, "O-1"))


def test_nothing_before_a_goal_gives_no_chains() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective")
    graph.add_node("O-2", kind="Objective", status="DONE")
    graph.add_node("T-1", remaining=8)
    graph.add_edge("T-1", "O-2", kind="CONTRIBUTES_TO")
    assert chains(graph, "O-1").explain().sentence == "Nothing open stands before O-1."
    assert not len(chains(graph, "O-2"))
    assert not len(chains(graph, "T-1"))


def test_what_cannot_be_asked_is_refused_in_a_sentence() -> None:
    snapshot = Snapshot.from_networkx(project())
    with pytest.raises(ValueError, match="at least 1 chain"):
        blocking_chains(snapshot, "O-1", 0)
    with pytest.raises(ValueError, match="'Ann' is a Person"):
        blocking_chains(snapshot, "Ann")
    with pytest.raises(KeyError, match="no item 'nowhere'"):
        blocking_chains(snapshot, "nowhere")


def test_a_table_has_a_row_for_every_step() -> None:
    frame = chains(project()).to_dataframe()
    assert frame["key"].tolist() == ["X-1", "T-1", "T-2", "P-1"]
    assert frame["chain"].tolist() == [1, 1, 1, 1]
