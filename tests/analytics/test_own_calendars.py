"""What analyses of goals say where people have calendars of their own, against passes over changed graphs."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import (
    Expanded,
    blocking_chains,
    choke_points,
    critical_path,
    impact,
    k_paths,
    relief,
    risks,
    triage_queue,
    what_if,
)
from analytics.chains.positions import positions
from analytics.changes.changes import Finish
from analytics.expansion.calendar import Calendar
from analytics.expansion.clock import has_own_calendars
from analytics.expansion.finishes import finish_day_of, finish_of
from analytics.expansion.kernels import LANES, UNREACHED, longest_to, longest_to_each
from analytics.expansion.trees import ChainTree
from graph.calendars import Leave, WorkingCalendar
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import CLOSED, work_graphs

MONDAY = date(2026, 11, 23)
SAME = WorkingCalendar("C-0", hours=(8, 8, 8, 8, 8, 0, 0))
Plan = tuple[Any, list[WorkingCalendar]]


@st.composite
def leaves(draw: st.DrawFn, number: int) -> WorkingCalendar:
    """Part-time weeks, weekends among them, with leave of up to a year."""
    week = tuple(draw(st.sampled_from([0.0, 4.0, 8.0])) for _ in range(7))
    first = MONDAY + timedelta(days=draw(st.integers(0, 12)))
    leave = Leave(first, first + timedelta(days=draw(st.sampled_from([0, 3, 10, 365]))))
    return WorkingCalendar(f"C-{number}", hours=week if any(week) else (8.0,) * 7, leave=(leave,))


@st.composite
def staffed(draw: st.DrawFn, cyclic: bool = False) -> Plan:
    """Work graphs in which some tasks are done in calendars of their own."""
    graph = draw(work_graphs(cyclic=cyclic))
    stored = [draw(leaves(number)) for number in range(2)]
    for node in graph:
        if node.startswith("T-"):
            graph.nodes[node]["calendar"] = draw(st.sampled_from([None, "C-0", "C-1"]))
    for goal in ("O-0", "O-1"):
        graph.nodes[goal].update(
            value=float(draw(st.integers(1, 9))), due=(MONDAY + timedelta(days=draw(st.integers(-3, 30)))).isoformat()
        )
    graph.nodes["O-0"]["enough"] = draw(st.sampled_from([None, 0.5]))
    return graph, stored


def snapshot_of(plan: Plan) -> Snapshot:
    graph, stored = plan
    snapshot = Snapshot.from_networkx(graph, calendars=stored)
    assume(has_own_calendars(Expanded.of(snapshot, MONDAY)))
    return snapshot


def finished(plan: Plan, goal: str) -> tuple[float, date | None]:
    """Return when a goal is finished in hours and on which day, as its critical path tells; 0 hours once it is."""
    graph, stored = plan
    snapshot = Snapshot.from_networkx(graph, calendars=stored)
    found = critical_path(snapshot, goal, today=MONDAY)
    return found.length, found.finish


def changed(plan: Plan, name: str, **values: Any) -> Plan:
    graph = plan[0].copy()
    graph.nodes[name].update(values)
    return graph, plan[1]


@settings(max_examples=200, deadline=None)
@given(staffed(cyclic=True), st.data())
def test_drag_and_gain_are_those_of_the_critical_path_after_that_change(plan: Plan, data: st.DataObject) -> None:
    graph, _ = plan
    name = data.draw(st.sampled_from([node for node in graph if not node.startswith("O-")]))
    from_start = [edge for *_, edge in graph.out_edges(name, data=True) if edge.get("type", "FS")[0] == "S"]
    assume(not from_start or graph.nodes[name]["status"] != "STARTED")
    snapshot = snapshot_of(plan)
    assume(math.isfinite(Expanded.of(snapshot, MONDAY).finish_hours(snapshot.row("O-0"))))
    found = relief(snapshot, name, "O-0", today=MONDAY)
    before, day = finished(plan, "O-0")
    timeless, _ = finished(changed(plan, name, remaining=0.0), "O-0")
    assert found.drag_hours == pytest.approx(before - timeless, abs=1e-4)
    assert found.finish == (day or MONDAY)
    if graph.nodes[name]["status"] not in CLOSED:
        moment = "2026-11-23T00:00:00Z"
        done = changed(plan, name, status="DONE", started_at=moment, completed_at=moment)
        hours, day = finished(done, "O-0")
        assert found.gain_hours == pytest.approx(before - hours, abs=1e-4)
        assert found.finish_if_done == (day or MONDAY)


@settings(max_examples=100, deadline=None)
@given(staffed())
def test_choke_points_tell_the_gain_of_what_if(plan: Plan) -> None:
    snapshot = snapshot_of(plan)
    for point in choke_points(snapshot, today=MONDAY):
        assert point.relief is not None or point.members or "O-0" in point.goals
        starts = [edge for *_, edge in plan[0].out_edges(point.key, data=True) if edge.get("type", "FS")[0] == "S"]
        if point.relief is None or starts or point.kind != "Task":
            continue
        tried = what_if(snapshot, [Finish(point.key)], [point.relief.goal], samples=1, today=MONDAY)
        gained = [-(goal.later_hours or 0.0) for goal in tried.goals]
        assert point.relief.gain_hours == pytest.approx(sum(gained), abs=1e-4)


@settings(max_examples=100, deadline=None)
@given(staffed(cyclic=True), st.integers(0, 60), st.sampled_from(["T-0", "P-0", "O-0"]))
def test_impact_is_how_much_later_the_critical_path_ends(plan: Plan, hours: int, harmed: str) -> None:
    snapshot_of(plan)
    troubled = with_issue(plan, hours, harmed)
    found = impact(Snapshot.from_networkx(troubled[0], calendars=plan[1]), "I-1", today=MONDAY)
    for goal in found.goals:
        if goal.later_hours is None:
            continue
        (first, before), (last, after) = finished(plan, goal.goal), finished(troubled, goal.goal)
        assert goal.later_hours == pytest.approx(last - first, abs=1e-4)
        assert goal.finish == after
        assert after is not None
        assert goal.later_days == Calendar.of(SAME).days_after(before or MONDAY, after)


@settings(max_examples=100, deadline=None)
@given(staffed(), st.integers(0, 60), st.sampled_from(["T-0", "P-0", "O-0"]))
def test_the_queue_weighs_a_single_item_as_impact_does(plan: Plan, hours: int, harmed: str) -> None:
    snapshot_of(plan)
    graph, stored = with_issue(plan, hours, harmed, severity=None)
    graph.nodes["O-0"]["enough"] = None
    snapshot = Snapshot.from_networkx(graph, calendars=stored)
    assume(not Expanded.of(snapshot, MONDAY).is_cycle.any())
    (one,) = triage_queue(snapshot, today=MONDAY)
    exact = impact(snapshot, "I-1", today=MONDAY)
    longest = max((goal.later_hours or 0.0 for goal in exact.goals), default=0.0)
    assert one.later_hours == pytest.approx(longest, abs=1e-4)
    assert set(one.goals) == {goal.goal for goal in exact.goals if goal.later_hours}


def with_issue(plan: Plan, hours: int, harmed: str, severity: str | None = "HIGH") -> Plan:
    graph = plan[0].copy()
    graph.add_node("I-1", kind="Issue", estimate=float(hours), severity=severity, calendar="C-1")
    graph.add_edge("I-1", harmed, kind="AFFECTS")
    return graph, plan[1]


@settings(max_examples=200, deadline=None)
@given(staffed(cyclic=True), st.integers(-3, 60))
def test_what_is_late_is_what_ends_after_the_goal_is_due_by_itself(plan: Plan, days: int) -> None:
    graph, _ = plan
    due = MONDAY + timedelta(days=days)
    graph.nodes["O-1"]["due"] = due.isoformat()
    snapshot = snapshot_of(plan)
    expanded = Expanded.of(snapshot, MONDAY)
    tree = ChainTree.to(expanded, snapshot.row("O-1"))
    units = np.flatnonzero(tree.delays).astype(np.int32)
    expected = tree.finish_days(units) > np.datetime64(due, "D")
    assert tree.late()[units].tolist() == expected.tolist()
    assert not tree.late()[~tree.delays].any()
    late = {one.key for one in risks(snapshot, ["O-1"], today=MONDAY) if one.reasons.get("LATE", {}).get("forces")}
    for chain in blocking_chains(snapshot, "O-1", 100, today=MONDAY):
        gate = not chain.root.members and int(expanded.unit[expanded.gate[snapshot.row(chain.root.key or "")]])
        if gate is not False and tree.delays[gate] and gate in tree.roots:
            assert (chain.root.key in late) == ((chain.delay_days or 0) > 0 or (chain.finish or due) > due)


@settings(max_examples=100, deadline=None)
@given(staffed())
def test_slack_is_against_the_day_on_which_the_path_of_most_hours_ends(plan: Plan) -> None:
    graph, _ = plan
    snapshot = snapshot_of(plan)
    assume(not Expanded.of(snapshot, MONDAY).is_cycle.any())
    tasks = [node for node in graph if node.startswith("T-")]
    found = positions(snapshot, [snapshot.row(task) for task in tasks], "O-1", today=MONDAY)
    for task, position in zip(tasks, found, strict=True):
        chains = list(k_paths(snapshot, task, "O-1", 2, today=MONDAY))
        if position is None or (len(chains) > 1 and chains[0].length_hours == chains[1].length_hours):
            continue
        assert position.slack_days == (None if chains[0].delay_days is None else -chains[0].delay_days)


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.sampled_from([None, 0.5]), st.integers(0, 9))
def test_calendars_that_are_all_the_workspaces_change_nothing(graph: Any, enough: float | None, days: int) -> None:
    graph.nodes["O-0"].update(enough=enough, due=(MONDAY + timedelta(days=days)).isoformat())
    graph.nodes["T-0"].update(status="PLANNED", remaining=8.0)
    graph.add_node("I-1", kind="Issue", estimate=24)
    graph.add_edge("I-1", "T-0", kind="AFFECTS")
    plain = Snapshot.from_networkx(graph)
    for node in graph:
        if node.startswith("T-"):
            graph.nodes[node]["calendar"] = "C-0"
    own = Snapshot.from_networkx(graph, calendars=[SAME])
    assume(has_own_calendars(Expanded.of(own, MONDAY)))
    asked: list[Any] = [
        lambda one: risks(one, today=MONDAY),
        lambda one: triage_queue(one, today=MONDAY),
        lambda one: choke_points(one, today=MONDAY),
        lambda one: impact(one, "I-1", today=MONDAY),
        lambda one: blocking_chains(one, "O-0", 50, today=MONDAY),
    ]
    for ask in asked:
        assert rounded(ask(own).to_dict()) == rounded(ask(plain).to_dict())
    rows = np.flatnonzero(plain.is_work).tolist()
    assert positions(own, rows, "O-0", today=MONDAY) == positions(plain, rows, "O-0", today=MONDAY)


def test_a_goal_may_have_enough_sooner_without_what_its_children_wait_for() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", enough=0.5)
    graph.add_nodes_from([("FIRST", {"remaining": 8}), ("A", {"remaining": 0}), ("B", {"remaining": 5})])
    graph.add_edges_from([("FIRST", "A"), ("FIRST", "B")], kind="BLOCKS", lag=1)
    graph.add_node("C", remaining=0)
    graph.add_edge("C", "B", kind="BLOCKS", lag=4)
    graph.add_edges_from([("A", "O-1"), ("B", "O-1")], kind="CONTRIBUTES_TO")
    snapshot = Snapshot.from_networkx(graph)
    assert critical_path(snapshot, "O-1", today=MONDAY).items["FIRST"].drag == 8
    graph.nodes["B"]["remaining"] = 0  # both children are there in the ninth hour, and count
    assert critical_path(Snapshot.from_networkx(graph), "O-1", today=MONDAY).items["FIRST"].drag == 8


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return round(value, 4) + 0.0 if isinstance(value, float) else value


def weekend_work() -> Snapshot:
    """A task of somebody who works at weekends only, for a goal that is due on Friday."""
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", due="2026-11-27")
    graph.add_node("ada", kind="Person", status=None, calendar="weekends")
    graph.add_nodes_from(["T-1", "T-2"], remaining=16)
    graph.add_edge("T-1", "ada", kind="ASSIGNED_TO")
    graph.add_edges_from([("T-1", "O-1"), ("T-2", "O-1")], kind="CONTRIBUTES_TO")
    return Snapshot.from_networkx(graph, calendars=[WorkingCalendar("weekends", hours=(0, 0, 0, 0, 0, 8, 8))])


def test_work_at_weekends_ends_at_the_weekend_in_every_answer() -> None:
    snapshot, sunday = weekend_work(), date(2026, 11, 29)
    chains = blocking_chains(snapshot, "O-1", today=MONDAY)
    assert chains.finish == chains.full_finish == chains[0].finish == sunday
    assert chains[0].delay_days == 0  # the workspace has no working day between Friday and Sunday
    assert finish_day_of(Expanded.of(snapshot, MONDAY), snapshot.row("O-1")) == sunday
    (first, second) = risks(snapshot, today=MONDAY)
    assert [("LATE" in one.reasons) for one in (first, second)] == [True, False]
    gained = relief(snapshot, "T-1", "O-1", today=MONDAY)
    assert (gained.finish, gained.finish_if_done) == (sunday, date(2026, 11, 24))
    assert gained.gain_hours == finish_of(Expanded.of(snapshot, MONDAY), snapshot.row("O-1")) - 16 == 24
    tried = what_if(snapshot, [Finish("T-1")], today=MONDAY)
    found = [one and one.finish for one in (tried.goals[0].before, tried.goals[0].after)]
    assert found == [sunday, date(2026, 11, 24)]


@settings(max_examples=60, deadline=None)
@given(work_graphs(most=7), st.sampled_from([None, 0.5]))
def test_trees_made_together_are_those_made_one_by_one(graph: Any, enough: float | None) -> None:
    graph.nodes["O-0"]["enough"] = enough
    snapshot = Snapshot.from_networkx(graph)
    expanded = Expanded.of(snapshot, MONDAY)
    rows = np.flatnonzero(expanded.finish >= 0).tolist()
    assert len(rows) > 4
    for row, tree in zip(rows, ChainTree.each(expanded, rows), strict=True):
        alone = ChainTree.to(expanded, row)
        for name in ("row", "target", "distance", "delaying", "other", "delays", "roots"):
            np.testing.assert_array_equal(getattr(tree, name), getattr(alone, name))
    targets = expanded.unit[expanded.finish[rows]][:LANES]
    arguments = expanded.pointer, expanded.heads, expanded.weights, expanded.arc_delays
    distance, first = longest_to_each(*arguments, targets, expanded.hours[targets])
    for place, target in enumerate(targets.tolist()):
        lone, arcs = longest_to(*arguments, target, float(expanded.hours[target]))
        np.testing.assert_array_equal(distance[place], lone)
        np.testing.assert_array_equal(first[place], arcs)
        assert lone[target] > UNREACHED


@given(
    st.lists(st.floats(0, 400, width=32), min_size=1),
    st.integers(-10, 30),
    st.integers(0, 6),
    st.sets(st.integers(0, 20)),
)
def test_hours_past_a_day_are_those_that_finish_after_it(
    hours: list[float], days: int, start: int, off: set[int]
) -> None:
    holidays = tuple(MONDAY + timedelta(days=day) for day in sorted(off))
    calendar, today = Calendar.of(WorkingCalendar("C", holidays=holidays)), MONDAY + timedelta(days=start)
    amounts, due = np.array([*hours, 0.0, 8.0, 16.0, np.inf, np.nan]), MONDAY + timedelta(days=days)
    expected = calendar.finish_days(today, amounts) > np.datetime64(due, "D")
    assert calendar.past(today, amounts, due).tolist() == expected.tolist()
