from __future__ import annotations

from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from analytics import ReadyQueue, ready_queue
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import Naive, work_graphs

MONDAY = date(2026, 11, 23)


def queue(graph: Any, person: str | None = None, **options: Any) -> ReadyQueue:
    return ready_queue(Snapshot.from_networkx(graph), person, today=MONDAY, **options)


def pair(**edge: Any) -> Any:
    graph: Any = nx.DiGraph()
    graph.add_node("A", remaining=8)
    graph.add_node("B", remaining=8)
    graph.add_edge("A", "B", **edge)
    return graph


@settings(max_examples=100, deadline=None)
@given(work_graphs(cyclic=True))
def test_ready_is_what_the_model_says(graph: Any) -> None:
    naive = Naive(graph)
    expected = {
        item
        for item, data in graph.nodes(data=True)
        if data.get("kind") != "Objective" and item not in naive.wholes
        and data["status"] == "PLANNED" and not naive.held(item)
    }  # fmt: skip
    found = ready_queue(Snapshot.from_networkx(graph))
    assert {item.key for item in (*found.items, *found.upcoming)} == expected


@pytest.mark.parametrize(
    ("edge", "status", "ready"),
    [
        ({}, "PLANNED", False),
        ({}, "DONE", True),
        ({}, "CANCELLED", True),
        ({"lag": -8}, "PLANNED", True),
        ({"lag": -7}, "PLANNED", False),
        ({"type": "SS"}, "PLANNED", False),
        ({"type": "SS"}, "STARTED", True),
        ({"type": "FF"}, "PLANNED", True),
        ({"type": "SF"}, "PLANNED", True),
    ],
)
def test_which_waits_prevent_starting(edge: dict[str, Any], status: str, ready: bool) -> None:
    graph = pair(**edge)
    graph.nodes["A"]["status"] = status
    found = {item.key: item for item in queue(graph)}
    assert ("B" in found) is ready
    if ready:
        assert found["B"].cannot_finish_yet is (edge.get("type") in ("FF", "SF"))


def test_a_lag_after_a_finished_blocker_names_the_day() -> None:
    graph = pair(lag=16)
    graph.nodes["A"].update(status="DONE", completed_at="2026-11-20T00:00:00Z")  # Friday: 8 of the 16 hours are left
    found = queue(graph)
    assert not found.items
    assert [(item.key, item.ready_from) for item in found.upcoming] == [("B", date(2026, 11, 24))]


def test_a_start_date_of_a_whole_holds_back_its_parts() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("P", kind="Project", start="2026-12-02")
    graph.add_node("A", remaining=8)
    graph.add_edge("A", "P", kind="PART_OF")
    assert [(item.key, item.ready_from) for item in queue(graph).upcoming] == [("A", date(2026, 12, 2))]


def test_the_goal_value_that_waits_decides_the_order_and_no_goal_counts_beside_its_ancestor() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective", value=4)
    graph.add_node("O-2", kind="Objective", value=5)
    graph.add_node("O-3", kind="Objective")
    graph.add_edge("O-3", "O-1", kind="CONTRIBUTES_TO")
    for key, goals in (("A", ("O-3",)), ("B", ("O-2",)), ("C", ("O-3", "O-2")), ("D", ())):
        graph.add_node(key, remaining=1, owner="Ann" if key in "AD" else None)
        graph.add_edges_from(((key, goal) for goal in goals), kind="CONTRIBUTES_TO")
    found = queue(graph)
    assert [(item.key, item.value) for item in found] == [("C", 9), ("B", 5), ("A", 4), ("D", 0)]
    assert found.items[2].to_dict() | {"goals": ["O-1", "O-3"], "owner": "Ann", "value": 4.0} == (
        found.items[2].to_dict()
    )
    assert found.explain().sentence == "4 items can start now; first C, for which O-1, O-2, O-3 wait, worth 9."
    assert [item.key for item in queue(graph, "Ann")] == ["A", "D"]


def test_a_team_gets_what_its_members_answer_for() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("Team", kind="Team", status=None)
    graph.add_node("Ann", kind="Person", status=None)
    graph.add_node("A", remaining=1)
    graph.add_node("B", remaining=1)
    graph.add_edge("Ann", "Team", kind="MEMBER_OF")
    graph.add_edge("A", "Ann", kind="ASSIGNED_TO")
    assert [item.key for item in queue(graph, "Team")] == ["A"]


def test_limits_and_hidden_items_are_said() -> None:
    graph: Any = nx.DiGraph()
    graph.add_nodes_from("ABC")
    limited = queue(graph, limit=2)
    assert (len(limited), limited.total, limited.completeness.limited) == (2, 3, ("the first 2 of 3 ready items",))
    hidden = queue(graph, hidden=np.array([True, False, False]))
    assert ([item.key for item in hidden], hidden.completeness.hidden) == (["B", "C"], 1)


def test_an_empty_workspace_has_an_empty_queue() -> None:
    found = queue(nx.DiGraph())
    assert (len(found), found.explain().sentence) == (0, "0 items can start now.")
    assert list(found.to_dataframe().columns)[:5] == ["key", "title", "owner", "goals", "value"]


def test_more_goals_than_a_block_of_bits_holds() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("A", remaining=1)
    for number in range(700):
        graph.add_node(f"O-{number}", kind="Objective", value=number)
        graph.add_edge("A", f"O-{number}", kind="CONTRIBUTES_TO")
    (item,) = queue(graph)
    assert (item.value, len(item.goals)) == (sum(range(700)), 700)
