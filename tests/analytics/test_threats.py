from __future__ import annotations

from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings

from analytics import exposure, risks, teams_waited_for
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import Naive, work_graphs

MONDAY = date(2026, 11, 23)


def goal_with(*tasks: tuple[str, dict[str, Any]]) -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", due="2026-11-24", value=2)
    for key, data in tasks:
        graph.add_node(key, **({"remaining": 8, "owner": "Ann"} | data))
        graph.add_edge(key, "O-1", kind="CONTRIBUTES_TO")
    return graph


def reasons(graph: Any) -> dict[str, set[str]]:
    found = risks(Snapshot.from_networkx(graph), ["O-1"], today=MONDAY)
    return {threat.key: set(threat.reasons) for threat in found}


def test_an_overdue_task_of_a_goal_is_a_risk_although_nothing_blocks_it() -> None:
    graph = goal_with(("T-1", {"due": "2026-11-19"}), ("T-2", {}))
    (threat,) = risks(Snapshot.from_networkx(graph), ["O-1"], today=MONDAY)
    assert (threat.key, threat.reasons["LATE"]["overdueDays"]) == ("T-1", 2)
    assert threat.explain().sentence == "T-1 threatens O-1, worth 2: it is 2 working days overdue."


def test_work_that_alone_ends_after_the_goal_is_due_is_late() -> None:
    assert reasons(goal_with(("T-1", {"remaining": 17}), ("T-2", {"remaining": 16}))) == {"T-1": {"LATE"}}


def test_each_reason_and_all_of_them() -> None:
    graph = goal_with(
        ("T-1", {"status": "BLOCKED"}),
        ("T-2", {"status": "STARTED", "updated_at": "2026-11-08T00:00:00Z"}),
        ("T-3", {"status": "STARTED", "updated_at": "2026-11-20T00:00:00Z"}),
        ("T-4", {"owner": None}),
        ("T-5", {"status": "DONE", "due": "2026-11-01"}),
    )
    graph.add_node("I-1", kind="Issue", severity="CRITICAL", owner="Ann")
    graph.add_node("I-2", kind="Issue", owner="Ann")
    graph.add_edge("I-1", "T-3", kind="AFFECTS")
    graph.add_edge("I-2", "T-3", kind="AFFECTS")
    graph.add_node("X", owner=None, remaining=0)
    graph.add_edge("X", "T-1", kind="BLOCKS")
    assert reasons(graph) == {"T-2": {"STALLED"}, "T-4": {"UNOWNED"}, "I-1": {"AFFECTS"}, "X": {"WAIT", "UNOWNED"}}
    assert risks(Snapshot.from_networkx(graph)).untriaged == ("I-2",)


@settings(max_examples=60, deadline=None)
@given(work_graphs())
def test_waits_are_those_of_all_paths(graph: Any) -> None:
    naive = Naive(graph)
    plain: Any = nx.DiGraph((tail, head) for tail, head, _ in naive.arcs)
    assume(nx.is_directed_acyclic_graph(plain))
    plain.add_nodes_from(naive.nodes)
    found = risks(Snapshot.from_networkx(graph), ["O-0"])
    reached = nx.ancestors(plain, "O-0")
    expected = {
        item for item in graph
        if not naive.closed(item) and {naive.gate(item), naive.end(item)} & reached
    }  # fmt: skip
    assert {threat.key for threat in found} == expected  # nobody owns anything here
    waits = {threat.key for threat in found if "WAIT" in threat.reasons}
    before = {
        start for start, end, data in graph.edges(data=True)
        if data["kind"] == "BLOCKS" and data["type"] == "FS" and not naive.closed(start)
        and (naive.gate(end) in reached)
    }  # fmt: skip
    assert before <= waits <= expected


def test_the_exposure_of_a_goal_is_the_weight_that_waits() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", value=2)
    graph.add_node("P", kind="Project")
    for key, effort, status in (("A", 10, "PLANNED"), ("B", 30, "PLANNED"), ("C", 40, "DONE"), ("D", 99, "CANCELLED")):
        graph.add_node(key, estimate=effort, remaining=effort, status=status)
        graph.add_edge(key, "P", kind="PART_OF")
    graph.add_node("E", remaining=5)
    graph.add_edge("A", "B", kind="BLOCKS")
    graph.add_edge("P", "O-1", kind="CONTRIBUTES_TO", weight=3)
    graph.add_edge("E", "O-1", kind="CONTRIBUTES_TO", weight=1)
    found = exposure(Snapshot.from_networkx(graph))
    (goal,) = found.goals
    assert goal.exposure == pytest.approx(0.75 * 30 / 80)
    assert (goal.leaves, goal.waiting) == (4, 1)
    assert {item.key: item.value for item in found.items} == {"A": 2, "B": 2, "E": 2, "P": 2}
    assert found.explain().sentence == "28 % of the work for O-1 waits for something open: 1 of 4 pieces of work."


def test_a_leaf_counts_once_at_its_nearest_contributing_whole_and_child_goals_pass_on_their_share() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_nodes_from(["O-1", "O-2"], kind="Objective")
    graph.add_nodes_from(["P", "Q"], kind="Task")
    graph.add_nodes_from(["A", "B", "C", "X"], remaining=8)
    graph.add_edges_from([("A", "P"), ("B", "Q"), ("Q", "P")], kind="PART_OF")
    graph.add_edges_from([("P", "O-1"), ("Q", "O-1"), ("O-2", "O-1"), ("C", "O-2")], kind="CONTRIBUTES_TO")
    graph.add_edges_from([("X", "C"), ("X", "B")], kind="BLOCKS")
    found = {goal.key: goal.exposure for goal in exposure(Snapshot.from_networkx(graph)).goals}
    assert found == {"O-1": pytest.approx(2 / 3), "O-2": pytest.approx(1)}


def test_nothing_to_expose() -> None:
    graph: Any = nx.DiGraph()
    assert exposure(Snapshot.from_networkx(graph)).explain().sentence == (
        "No work of 0 open goals waits for anything open."
    )
    graph.add_node("O-1", kind="Objective")
    assert exposure(Snapshot.from_networkx(graph)).goals[0].exposure is None


def waiting_goals() -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_nodes_from(["Lang", "Docs"], kind="Team", status=None)
    graph.add_nodes_from(["Ann", "Bob"], kind="Person", status=None)
    graph.add_edge("Ann", "Lang", kind="MEMBER_OF")
    for number, value in ((1, 3), (2, 1), (3, 1)):
        graph.add_node(f"O-{number}", kind="Objective", value=value)
        graph.add_node(f"T-{number}", remaining=8)
        graph.add_edge(f"T-{number}", f"O-{number}", kind="CONTRIBUTES_TO")
    graph.add_edge("T-1", "Ann", kind="ASSIGNED_TO")
    graph.add_edge("Lang", "T-2", kind="OWNS")
    graph.add_edge("T-3", "Docs", kind="ASSIGNED_TO")
    return graph


def test_teams_that_most_goals_wait_for_members_counted() -> None:
    found = teams_waited_for(Snapshot.from_networkx(waiting_goals()))
    assert [(team.key, team.goals, team.named, team.value) for team in found] == [
        ("Lang", ("O-1", "O-2"), ("O-2",), 4),
        ("Docs", ("O-3",), ("O-3",), 1),
    ]
    assert [(one.key, one.goals) for one in found.people] == [("Ann", ("O-1",))]
    assert found.teams[0].explain().sentence == (
        "2 goals wait for Lang (O-1, O-2), worth 4, with 2 open steps on their chains."
    )


def test_hidden_teams_are_omitted_and_counted() -> None:
    snapshot = Snapshot.from_networkx(waiting_goals())
    hidden = np.zeros(len(snapshot), dtype=np.bool_)
    hidden[snapshot.row("Lang")] = True
    found = teams_waited_for(snapshot, hidden=hidden)
    assert ([team.key for team in found], found.completeness.hidden) == (["Docs"], 1)


def test_only_goals_can_be_asked_for() -> None:
    snapshot = Snapshot.from_networkx(waiting_goals())
    for analysis in (risks, teams_waited_for):
        with pytest.raises(ValueError, match="ask for goals"):
            analysis(snapshot, ["T-1"])
