from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import GoalScore, OkrRollup, okr_rollup
from graph.policy import Policy
from graph.snapshots.snapshot import Snapshot

DAY = date(2026, 11, 16)
PERIOD = {"period_start": "2026-10-01", "period_end": "2026-12-31"}


def rollup(graph: Any, *goals: str, **options: Any) -> OkrRollup:
    return okr_rollup(Snapshot.from_networkx(graph), goals or None, today=DAY, **options)


def standing(graph: Any, key: str) -> GoalScore:
    return next(goal for goal in rollup(graph) if goal.key == key)


def result(**data: Any) -> GoalScore:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("KR", **({"kind": "KeyResult"} | data))
    return standing(graph, "KR")


@pytest.mark.parametrize(
    ("kind", "start", "target", "value", "expected"),
    [
        ("increase", 10, 20, 15, 0.5),
        ("increase", 10, 20, 5, -0.5),
        ("increase", 10, 20, 30, 2.0),
        ("increase", None, 20, 5, 0.25),
        ("increase", 20, 20, 19, 0.0),
        ("increase", 20, 20, 20, 1.0),
        ("increase", 30, 20, 25, 1.0),
        ("increase", None, -2, -3, 0.0),
        ("decrease", 20, 10, 15, 0.5),
        ("decrease", 20, 10, 5, 1.5),
        ("decrease", 10, 10, 11, 0.0),
        ("decrease", 10, 10, 10, 1.0),
        ("decrease", None, 10, 11, None),
        ("decrease", None, 10, 10, 1.0),
        ("stayAbove", 50, 99, 98.9, 0.0),
        ("stayAbove", None, 99, 99, 1.0),
        ("stayBelow", 0, 5, 5.1, 0.0),
        ("stayBelow", None, 5, 5, 1.0),
        ("milestone", None, None, 1, 1.0),
        ("milestone", None, None, 0.9, 0.0),
        ("milestone", 0, 4, 3, 0.0),
        (None, 0, 4, 3, 0.75),
        ("increase", 0, 4, None, None),
        ("increase", 0, None, 4, None),
        ("stayBelow", 0, None, 4, None),
        ("milestone", 0, 4, None, None),
    ],
)
def test_a_key_result_is_scored_by_its_kind(
    kind: str | None, start: float | None, target: float | None, value: float | None, expected: float | None
) -> None:
    found = result(result_kind=kind, start_value=start, target_value=target, latest_value=value)
    assert found.attainment == (None if expected is None else pytest.approx(expected))
    assert found.score == (None if expected is None else min(1.0, max(0.0, expected)))
    assert found.basis == (None if expected is None else "MEASURED")


def test_a_milestone_without_a_value_is_reached_when_it_is_done() -> None:
    assert result(result_kind="milestone", status="DONE").score == 1
    assert result(result_kind="increase", start_value=0, target_value=5, status="DONE").score is None


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 20))
def test_more_of_what_is_wanted_never_lowers_a_score(start: float, target: float, value: float, more: float) -> None:
    for kind, sign in (("increase", 1), ("decrease", -1), ("stayAbove", 1), ("stayBelow", -1), ("milestone", 1)):
        scores = [
            result(result_kind=kind, start_value=start, target_value=target, latest_value=at).score
            for at in (value, value + sign * more)
        ]
        assert None not in scores
        assert 0 <= scores[0] <= scores[1] <= 1  # type: ignore[operator]


def objective(**children: tuple[str, dict[str, Any], float | None]) -> Any:
    """Key results and work under O-1: name → (kind of edge, node, weight)."""
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", **PERIOD)
    for key, (kind, data, weight) in children.items():
        graph.add_node(key, **data)
        graph.add_edge(key, "O-1", kind=kind, **({} if weight is None else {"weight": weight}))
    return graph


def measured(value: float | None, **data: Any) -> dict[str, Any]:
    """A key result from 0 to 100."""
    return {"kind": "KeyResult", "start_value": 0, "target_value": 100, "latest_value": value} | data


def test_a_manual_value_beats_the_derived_one_and_says_so() -> None:
    graph = objective(A=("PART_OF", measured(50), None), B=("PART_OF", measured(100), None))
    assert (standing(graph, "O-1").score, standing(graph, "O-1").basis) == (0.75, "DERIVED")
    graph.nodes["O-1"]["latest_value"] = 0.2
    found = standing(graph, "O-1")
    assert (found.score, found.basis, found.derived) == (0.2, "MANUAL", 0.75)
    assert "20 % (stated by hand; its children come to 75 %)" in found.explain().sentence
    graph.nodes["O-1"]["latest_value"] = 20  # no score: who wrote it meant something else
    assert (standing(graph, "O-1").score, standing(graph, "O-1").basis) == (0.75, "DERIVED")


def test_effort_never_raises_a_key_result() -> None:
    graph = objective(A=("PART_OF", measured(10), None), N=("PART_OF", measured(None), None))
    for key in ("A", "N"):
        graph.add_node(f"T{key}", status="DONE", estimate=100)
        graph.add_edge(f"T{key}", key, kind="CONTRIBUTES_TO")
    assert (standing(graph, "A").score, standing(graph, "A").work_done) == (0.1, 1)
    assert (standing(graph, "N").score, standing(graph, "N").work_done) == (None, 1)
    found = standing(graph, "O-1")
    assert (found.score, found.covered) == (0.1, 0.5)


def test_weights_cancelled_children_and_those_for_information() -> None:
    graph = objective(
        A=("PART_OF", measured(40, weight=3), None),
        B=("PART_OF", measured(100, weight=1, status="CANCELLED"), None),
        C=("PART_OF", measured(100, weight=0), None),
    )
    assert standing(graph, "O-1").score == pytest.approx(0.3)
    shares = {child.key: (child.share, child.score) for child in standing(graph, "O-1").children}
    assert shares == {"A": (0.75, pytest.approx(0.4)), "B": (0.25, 0), "C": (0, 1)}
    assert "B" not in [goal.key for goal in rollup(graph)]
    assert "B" in [goal.key for goal in rollup(graph, "O-1")]


def test_contributing_work_counts_by_the_effort_that_is_done() -> None:
    graph = objective(P=("CONTRIBUTES_TO", {"kind": "Project"}, None), T=("CONTRIBUTES_TO", {"status": "DONE"}, None))
    parts = (("X", "DONE", 10, 0), ("Y", "STARTED", 20, 15), ("Z", "PLANNED", 10, 10), ("C", "CANCELLED", 999, 0))
    for key, status, estimate, remaining in parts:
        graph.add_node(key, status=status, estimate=estimate, remaining=remaining)
        graph.add_edge(key, "P", kind="PART_OF")
    assert {child.key: child.score for child in standing(graph, "O-1").children} == {"P": 15 / 40, "T": 1}
    graph.nodes["P"]["status"] = "DONE"
    assert standing(graph, "O-1").score == 1


@pytest.mark.parametrize("count", range(1, 40))
def test_a_goal_whose_children_are_all_done_stands_at_one_and_not_beyond(count: int) -> None:
    work = {f"T{number}": ("CONTRIBUTES_TO", {"status": "DONE"}, None) for number in range(count)}
    score = standing(objective(**work), "O-1").score
    assert score == pytest.approx(1)
    assert score is not None
    assert score <= 1


def test_an_operation_never_finishes_and_has_no_score() -> None:
    graph = objective(OP=("CONTRIBUTES_TO", {"kind": "Operation", "status": None}, None))
    found = rollup(graph)
    assert (found.goals[0].score, found.unserved, found.idle) == (None, (), ())


@st.composite
def goal_trees(draw: st.DrawFn) -> Any:
    """Goals over goals, measured or stated or not, some in circles."""
    graph: Any = nx.MultiDiGraph()
    count = draw(st.integers(1, 6))
    names = [f"G{number}" for number in range(count)]
    for name in names:
        status = draw(st.sampled_from(["STARTED", "STARTED", "DONE", "CANCELLED"]))
        if draw(st.booleans()):
            graph.add_node(name, **measured(draw(st.sampled_from([None, 0, 30, 100, 130])), status=status))
        else:
            stated = draw(st.sampled_from([None, None, 0.25]))
            graph.add_node(name, kind="Objective", status=status, latest_value=stated)
    pairs = [(low, high) for low in names for high in names if low != high]
    for low, high in draw(st.lists(st.sampled_from(pairs), max_size=8, unique=True)) if pairs else []:
        weight = draw(st.sampled_from([None, 0, 1, 2.5]))
        graph.add_edge(low, high, kind="CONTRIBUTES_TO", **({} if weight is None else {"weight": weight}))
    return graph


def naive_score(graph: Any, goal: str) -> float | None:
    """The score by the words of the model: recursion over children, circles cut."""
    data = graph.nodes[goal]
    if data["kind"] == "KeyResult":
        return None if data["latest_value"] is None else min(1.0, data["latest_value"] / 100)
    if data["latest_value"] is not None:
        return float(data["latest_value"])
    plain = nx.DiGraph(graph)
    circle = next(ring for ring in nx.strongly_connected_components(plain) if goal in ring)
    links = {low: edge.get("weight") for low, _, edge in graph.in_edges(goal, data=True)}
    given = [weight for weight in links.values() if weight]
    mean = sum(given) / len(given) if given else 1.0
    top = bottom = 0.0
    for low, weight in links.items():
        amount = mean if weight is None else weight
        score = None if low in circle else naive_score(graph, low)
        if low not in circle and graph.nodes[low]["status"] == "CANCELLED":
            score = 0.0
        if amount and score is not None:
            top, bottom = top + amount * score, bottom + amount
    return top / bottom if bottom else None


@settings(max_examples=150, deadline=None)
@given(goal_trees())
def test_scores_roll_up_as_the_model_says(graph: Any) -> None:
    asked = rollup(graph, *graph.nodes)
    assert {goal.key for goal in asked} == set(graph)
    for goal in asked:
        expected = naive_score(graph, goal.key)
        assert goal.score == (None if expected is None else pytest.approx(expected))
        assert goal.score is None or 0 <= goal.score <= 1


def test_what_is_expected_by_now_is_linear_and_inherited() -> None:
    graph = objective(A=("PART_OF", measured(50), None), K=("PART_OF", measured(50, result_kind="stayAbove"), None))
    graph.add_node("M", **measured(50, result_kind="milestone", due="2026-11-16"))
    graph.add_edge("M", "O-1", kind="PART_OF")
    found = {goal.key: goal for goal in rollup(graph)}
    passed = (DAY - date(2026, 10, 1)).days / (date(2026, 12, 31) - date(2026, 10, 1)).days
    assert found["O-1"].expected == found["A"].expected == pytest.approx(passed)
    assert found["A"].gap == pytest.approx(0.5 - passed)
    assert (found["K"].expected, found["M"].expected) == (1, 1)
    early = okr_rollup(Snapshot.from_networkx(graph), today=date(2026, 9, 1))
    assert {goal.expected for goal in early} == {0}
    late = okr_rollup(Snapshot.from_networkx(graph), today=date(2027, 9, 1))
    assert {goal.expected for goal in late} == {1}
    assert result(latest_value=1, target_value=2).expected is None


@pytest.mark.parametrize(
    ("said", "at", "status", "health"),
    [
        ("AT_RISK", "2026-11-10T09:00:00Z", "STARTED", "AT_RISK"),
        ("ON_TRACK", "2026-11-02T09:00:00Z", "STARTED", "ON_TRACK"),
        ("ON_TRACK", "2026-11-01T09:00:00Z", "STARTED", "OUTDATED"),
        ("ON_TRACK", "2026-01-01T09:00:00Z", "DONE", "ON_TRACK"),
        (None, None, "STARTED", "NO_UPDATE"),
        (None, "2026-11-10T09:00:00Z", "STARTED", "NO_UPDATE"),
        (None, None, "DONE", None),
    ],
)
def test_health_ages(said: str | None, at: str | None, status: str, health: str | None) -> None:
    found = result(latest_health=said, latest_at=at, status=status)
    assert (found.health, found.said) == (health, said)


def test_the_cadence_is_the_workspaces_own() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", latest_health="ON_TRACK", latest_at="2026-10-20T09:00:00Z")
    snapshot = Snapshot.from_networkx(graph, policy=Policy(cadence_days=30))
    assert okr_rollup(snapshot, today=DAY).goals[0].health == "ON_TRACK"
    assert rollup(graph).goals[0].health == "OUTDATED"


def test_confidence_is_stated_or_the_childrens() -> None:
    graph = objective(
        A=("PART_OF", measured(1, latest_confidence=0.9, weight=3), None),
        B=("PART_OF", measured(1, latest_confidence=0.5, weight=1), None),
        C=("PART_OF", measured(1), None),
    )
    found = {goal.key: (goal.confidence, goal.confidence_basis) for goal in rollup(graph)}
    assert found == {"O-1": (pytest.approx(0.8), "DERIVED"), "A": (0.9, "STATED"), "B": (0.5, "STATED"),
                     "C": (None, None)}  # fmt: skip


def test_goals_without_work_and_work_without_a_goal() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_nodes_from(["O-1", "O-2", "O-3"], kind="Objective")
    graph.add_node("O-4", kind="Objective", status="DONE")
    graph.add_nodes_from(["P", "Q"], kind="Project", status="STARTED")
    graph.add_node("A", status="STARTED", remaining=8)
    graph.add_nodes_from(["B", "X", "Y"], remaining=4)
    graph.add_nodes_from(["D", "E"], remaining=1)
    graph.add_edges_from([("A", "O-1"), ("P", "O-2"), ("E", "O-4")], kind="CONTRIBUTES_TO")
    graph.add_edges_from([("B", "P"), ("X", "Q"), ("Y", "Q")], kind="PART_OF")
    graph.add_edge("D", "B", kind="BLOCKS")
    found = rollup(graph)
    assert (found.unserved, found.idle) == (("O-3",), ("O-2",))
    assert [(one.key, one.leaves, one.hours) for one in found.unserving] == [("Q", 2, 8), ("E", 1, 1)]


def test_goals_are_outlined_below_their_parents_and_can_be_hidden() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", value=1)
    graph.add_node("O-2", kind="Objective", value=9)
    graph.add_node("KR-1", **measured(70))
    graph.add_edges_from([("KR-1", "O-1", {"kind": "PART_OF"}), ("O-1", "O-2", {"kind": "CONTRIBUTES_TO"})])
    assert [(goal.key, goal.level) for goal in rollup(graph)] == [("O-2", 0), ("O-1", 1), ("KR-1", 2)]
    hidden = np.array([name == "KR-1" for name in graph])
    found = rollup(graph, hidden=hidden)
    assert ([goal.key for goal in found], found.completeness.hidden) == (["O-2", "O-1"], 1)
    assert (found.goals[1].children, found.goals[1].score) == ((), 0.7)
    limited = rollup(graph, limit=1)
    assert (len(limited), limited.completeness.limited) == (1, ("the first 1 of 3 goals",))


def test_nothing_one_goal_and_refusals() -> None:
    graph: Any = nx.MultiDiGraph()
    assert rollup(graph).explain().sentence == "0 of 0 goals have a score."
    graph.add_node("Ann", kind="Person", status=None)
    assert rollup(graph).unserving == ()
    graph.add_node("O-1", kind="Objective", **PERIOD)
    graph.add_edge("O-1", "O-1", kind="CONTRIBUTES_TO")
    found = rollup(graph)
    assert (found.goals[0].score, found.completeness.self_references) == (None, 1)
    assert found.explain().sentence == "0 of 1 goal have a score; nobody has reported on 1 goal of late."
    graph.add_node("T")
    with pytest.raises(ValueError, match="ask for goals"):
        rollup(graph, "T")
    with pytest.raises(KeyError, match="O-9"):
        rollup(graph, "O-9")
    with pytest.raises(ValueError, match="at least 1"):
        rollup(graph, limit=0)


def test_the_furthest_behind_leads_and_tables_have_a_row_per_goal() -> None:
    graph = objective(A=("PART_OF", measured(10), None), B=("PART_OF", measured(90), None))
    found = rollup(graph)
    assert "furthest behind is A: 10 % of 51 % expected" in found.explain().sentence
    assert list(found.to_dataframe()["key"]) == ["O-1", "A", "B"]
    assert found.to_dict()["goals"][0]["children"][0] == {"key": "A", "kind": "KeyResult", "share": 0.5, "score": 0.1}
    assert replace(found.goals[0], score=None).explain().sentence.startswith("O-1 has no score")
