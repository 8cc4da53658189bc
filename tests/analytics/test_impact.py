from __future__ import annotations

from datetime import date
from typing import Any

import networkx as nx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import Draft, Expanded, impact, triage_queue
from analytics.errors import ChangeRefusedError
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import work_graphs
from tests.analytics.test_chains import numbers_and_keys, only, written

MONDAY = date(2026, 11, 23)


def plan() -> Any:
    """A goal of 24 hours, another of 8, and what came in since."""
    graph: Any = nx.MultiDiGraph()
    for key, hours in (("T-1", 16), ("T-2", 8), ("T-3", 8)):
        graph.add_node(key, remaining=hours)
    graph.add_node("O-1", kind="Objective", due="2026-11-26", value=3)
    graph.add_node("O-2", kind="Objective", value=1)
    graph.add_edge("T-1", "T-2", kind="BLOCKS")
    graph.add_edge("T-2", "O-1", kind="CONTRIBUTES_TO")
    graph.add_edge("T-3", "O-2", kind="CONTRIBUTES_TO")
    return graph


def issue(graph: Any, key: str, hours: float, severity: str | None, *affects: str, **values: Any) -> None:
    values = {"kind": "Issue", "status": "TRIAGE", "severity": severity, "remaining": hours} | values
    graph.add_node(key, **values)
    graph.add_edges_from((key, end, {"kind": "AFFECTS"}) for end in affects)


def test_an_issue_delays_by_what_it_adds_and_says_along_which_path() -> None:
    graph = plan()
    issue(graph, "I-1", 40, "CRITICAL", "T-2")
    found = impact(Snapshot.from_networkx(graph), "I-1", today=MONDAY)
    (goal,) = found.goals
    # An issue ties the end of what it affects: 40 hours against 24.
    assert (goal.goal, goal.later_hours, goal.later_days, goal.delay_days) == ("O-1", 16, 2, 1)
    assert [step.key for step in goal.path] == ["I-1", "T-2"]
    assert goal.reasons == ("AFFECTS",)
    assert (found.severity, found.assumed_severity, found.value, found.value_at_risk) == ("CRITICAL", False, 3, 3)
    assert found.explain().sentence == "I-1 delays 1 goal; O-1 by 2 working days, along 2 steps."


def test_what_the_plan_absorbs_is_value_at_risk_and_not_delay() -> None:
    graph = plan()
    issue(graph, "I-1", 4, "HIGH", "T-2")
    found = impact(Snapshot.from_networkx(graph), "I-1")
    assert [(goal.later_hours, goal.later_days) for goal in found.goals] == [(0, None)]
    assert (found.value, found.value_at_risk) == (0, 3)
    assert found.explain().sentence == "I-1 leads to 1 open goal and delays none."


def test_an_issue_without_severity_is_taken_at_the_threshold_and_that_is_said() -> None:
    graph = plan()
    issue(graph, "I-1", 40, None, "T-2")
    issue(graph, "I-2", 40, "LOW", "T-2")
    snapshot = Snapshot.from_networkx(graph)
    found = impact(snapshot, "I-1")
    assert (found.severity, found.assumed_severity, found.goals[0].later_hours) == ("HIGH", True, 16)
    assert found.explain().sentence.endswith("it has no severity, so HIGH is assumed.")
    assert impact(snapshot, "I-2").goals == ()  # too mild to delay what it affects


def test_a_draft_does_what_the_stored_issue_does() -> None:
    graph = plan()
    drafted = impact(Snapshot.from_networkx(graph), Draft(affects=("T-2",), estimate=40), today=MONDAY)
    issue(graph, "DRAFT", float("nan"), None, "T-2", estimate=40.0)
    stored = impact(Snapshot.from_networkx(graph), "DRAFT", today=MONDAY)
    assert drafted.to_dict() == stored.to_dict()


def test_a_draft_that_blocks_holds_all_that_follows_and_names_its_guess() -> None:
    found = impact(Snapshot.from_networkx(plan()), Draft(blocks=("T-1", "T-3")), today=MONDAY)
    assert [(goal.goal, goal.later_hours) for goal in found.goals] == [("O-1", 8), ("O-2", 8)]
    assert found.goals[0].reasons == ("WAIT", "UNSIZED")
    assert [step.key for step in found.goals[0].path] == ["DRAFT", "T-1", "T-2"]
    with pytest.raises(ChangeRefusedError, match="no item 'T-9'"):
        impact(Snapshot.from_networkx(plan()), Draft(blocks=("T-9",)))


def test_what_cannot_delay_anything_is_refused() -> None:
    graph = plan()
    issue(graph, "I-1", 40, "HIGH", "T-2", status="DONE")
    snapshot = Snapshot.from_networkx(graph)
    for name in ("I-1", "O-1"):
        with pytest.raises(ValueError, match="is no open task"):
            impact(snapshot, name)
    with pytest.raises(KeyError, match="no item 'I-9'"):
        impact(snapshot, "I-9")
    with pytest.raises(ValueError, match="at least 1 item"):
        triage_queue(snapshot, limit=0)


def test_hidden_goals_and_steps_are_not_told() -> None:
    graph = plan()
    issue(graph, "I-1", 40, "HIGH", "T-1", "T-3")
    snapshot = Snapshot.from_networkx(graph)
    found = impact(snapshot, "I-1", hidden=only(snapshot, "T-1", "O-2"))
    assert [goal.goal for goal in found.goals] == ["O-1"]
    assert found.completeness.hidden == 1
    assert found.goals[0].path[1].hidden
    assert "T-1" not in str(found.to_dict())
    with pytest.raises(KeyError, match="no item 'I-1'"):
        impact(snapshot, "I-1", hidden=only(snapshot, "I-1"))


def test_the_queue_puts_first_what_delays_most_value() -> None:
    graph = plan()
    issue(graph, "I-1", 100, "HIGH", "T-3")  # long, but for a goal worth less
    issue(graph, "I-2", 40, None, "T-2", created_at="2026-11-20T00:00:00Z")
    issue(graph, "I-3", 2, "HIGH", "T-2")  # absorbed
    issue(graph, "I-4", 400, "LOW", "T-2")  # below the threshold
    issue(graph, "I-5", 50, None, "T-3", status="STARTED")  # begun, and still without a severity
    issue(graph, "I-6", 50, "HIGH", "T-3", status="STARTED")
    graph.add_node("T-4", status="TRIAGE", remaining=1)
    found = triage_queue(Snapshot.from_networkx(graph), today=MONDAY)
    assert [one.key for one in found] == ["I-2", "I-1", "I-3", "I-5", "I-4", "T-4"]
    first = found.items[0]
    assert (first.goals, first.value, first.later_hours, first.age_days) == (("O-1",), 3, 16, 3)
    assert (first.severity, first.assumed_severity) == ("HIGH", True)
    # I-6 is part of the plan: it has been triaged, and the goal waits for its 50 hours anyway.
    assert {one.key: one.later_hours for one in found} == {
        "I-1": 50, "I-2": 16, "I-3": 0, "I-4": 0, "I-5": 0, "T-4": 0,
    }  # fmt: skip
    told = found.explain()
    assert told.sentence == ("6 items wait for triage; first I-2, which would delay O-1 by up to 16 hours, worth 3.")
    assert found.to_dataframe()["key"].tolist() == [one.key for one in found]


def test_the_queue_says_what_it_leaves_out() -> None:
    graph = plan()
    for number in range(3):
        issue(graph, f"I-{number}", 40, "HIGH", "T-2")
    snapshot = Snapshot.from_networkx(graph)
    assert triage_queue(snapshot, limit=2).completeness.limited == ("the first 2 of 3 items",)
    veiled = triage_queue(snapshot, hidden=only(snapshot, "I-0", "O-2"))
    assert ([one.key for one in veiled], veiled.completeness.hidden) == (["I-1", "I-2"], 2)
    assert triage_queue(Snapshot.from_networkx(plan())).explain().sentence == "0 items wait for triage."


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.integers(0, 60), st.sampled_from(["T-0", "P-0", "O-0"]))
def test_impact_is_the_difference_that_the_issue_makes(graph: Any, hours: int, harmed: str) -> None:
    plain = Snapshot.from_networkx(graph)
    issue(graph, "I-1", float(hours), None, harmed)
    graph.nodes["I-1"]["severity"] = "HIGH"
    troubled = Snapshot.from_networkx(graph)
    found = impact(troubled, "I-1", today=MONDAY)
    before, after = Expanded.of(plain, MONDAY), Expanded.of(troubled, MONDAY)
    reached = {goal.goal for goal in found.goals}
    for name in ("O-0", "O-1"):
        first, last = before.finish_hours(plain.row(name)), after.finish_hours(troubled.row(name))
        if name in reached and last < float("inf"):
            (goal,) = (goal for goal in found.goals if goal.goal == name)
            assert goal.later_hours == pytest.approx(last - first)
            assert goal.path[0].key == "I-1" or goal.path[0].members
        else:
            assert first == last
    told = found.explain()
    assert numbers_and_keys(told.sentence) <= written(told.facts)


@settings(max_examples=60, deadline=None)
@given(work_graphs(), st.integers(0, 60), st.sampled_from(["T-0", "P-0", "O-0"]))
def test_the_queue_weighs_a_single_item_as_impact_does(graph: Any, hours: int, harmed: str) -> None:
    issue(graph, "I-1", float(hours), None, harmed)
    snapshot = Snapshot.from_networkx(graph)
    assume(not Expanded.of(snapshot).is_cycle.any())
    (one,) = triage_queue(snapshot, today=MONDAY)
    exact = impact(snapshot, "I-1", today=MONDAY)
    assert one.later_hours == pytest.approx(max((goal.later_hours or 0.0 for goal in exact.goals), default=0.0))
    assert set(one.goals) == {goal.goal for goal in exact.goals if goal.later_hours}
    assert (one.value, one.value_at_risk) == pytest.approx((exact.value, exact.value_at_risk))
