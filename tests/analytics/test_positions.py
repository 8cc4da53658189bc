"""Positions of single items, each figure compared with the analysis that it comes from."""

from __future__ import annotations

from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from analytics import blocking_chains, critical_path, ready_queue, risks
from analytics.chains.positions import goal_threats, positions, states
from analytics.expansion.calendar import Calendar
from analytics.expansion.expanded import OPERATION, Expanded
from graph.policy import Policy
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import work_graphs

MONDAY = date(2026, 11, 23)
_MOST = 100_000


def in_graph(snapshot: Snapshot) -> list[int]:
    return np.flatnonzero(snapshot.is_work | snapshot.is_goal).tolist()


def same_as_the_ready_queue(snapshot: Snapshot, today: date) -> None:
    rows, queue = in_graph(snapshot), ready_queue(snapshot, limit=_MOST, today=today)
    found = dict(zip((snapshot.items.key[row] for row in rows), states(snapshot, rows, today=today), strict=True))
    assert {key for key, state in found.items() if state.ready} == {item.key for item in queue}
    assert {key: state.ready_from for key, state in found.items() if state.ready_from} == {
        item.key: item.ready_from for item in queue.upcoming
    }
    for item in (*queue.items, *queue.upcoming):
        assert found[item.key].cannot_finish_yet == item.cannot_finish_yet
        assert not found[item.key].blocked
    assert all(snapshot.is_open[snapshot.row(key)] for key, state in found.items() if state.blocked)


def same_as_the_risks(snapshot: Snapshot, today: date, hidden: Any = None) -> None:
    rows = in_graph(snapshot)
    rows = rows if hidden is None else [row for row in rows if not hidden[row]]
    found = goal_threats(snapshot, rows, today=today, hidden=hidden)
    listed = {one.key: one for one in risks(snapshot, limit=_MOST, today=today, hidden=hidden)}
    threats = dict(zip((snapshot.items.key[row] for row in rows), found, strict=True))
    assert {key for key, goals in threats.items() if goals} == listed.keys()
    for key, threat in listed.items():
        assert [one.goal for one in threats[key]] == list(threat.goals)
        assert {reason for one in threats[key] for reason in one.reasons} == threat.reasons.keys()
        assert all(snapshot.items.title[snapshot.row(one.goal)] == one.goal_title for one in threats[key])
    assert found[::7] == goal_threats(snapshot, rows[::7], today=today, hidden=hidden)


def same_as_the_critical_path_and_the_chains(snapshot: Snapshot, today: date, goal: str) -> None:
    rows, expanded = in_graph(snapshot), Expanded.of(snapshot, today)
    found = dict(zip(rows, positions(snapshot, rows, goal, today=today), strict=True))
    path = critical_path(snapshot, goal, today=today)
    for row in rows:
        position, item = found[row], path.items.row(snapshot.names[row])
        if item is None:
            assert position is None or (position.total_float is None and position.drag is None)
            continue
        figures = path.items.of_row(item)
        assert position is not None
        assert (position.goal, position.total_float, position.drag) == (goal, figures.total_float, figures.drag)
    for chain in blocking_chains(snapshot, goal, _MOST, today=today):
        if chain.root.key is not None and not chain.root.members:
            row = snapshot.row(chain.root.key)
            if snapshot.items.kind[row] == OPERATION or expanded.is_container[row]:
                continue
            position = found[row]
            assert position is not None
            assert position.slack_days == (None if chain.delay_days is None else -chain.delay_days)
            assert position.due == chain.due


def own_goal_is_the_most_delayed(snapshot: Snapshot, today: date) -> None:
    """Compare with all goals asked one by one."""
    rows, expanded = in_graph(snapshot), Expanded.of(snapshot, today)
    found = positions(snapshot, rows, today=today)
    goals = np.flatnonzero(snapshot.is_goal & expanded.is_open & (expanded.finish >= 0)).tolist()
    each = {goal: positions(snapshot, rows, snapshot.items.key[goal], today=today) for goal in goals}
    for place, row in enumerate(rows):
        others = [each[goal][place] for goal in goals if goal != expanded.canon[row]]
        reached = [one for one in others if one is not None]
        mine = found[place]
        assert (mine is None) == (not reached)
        if mine is not None:
            slacks = [one.slack_days for one in reached if one.slack_days is not None]
            assert mine.slack_days == min(slacks, default=None)
            assert mine in reached


def test_figures_are_those_of_the_analyses(workspace: tuple[Snapshot, date]) -> None:
    snapshot, today = workspace
    same_as_the_ready_queue(snapshot, today)
    same_as_the_risks(snapshot, today)
    goals = [row for row in snapshot.of_kind("Objective", "KeyResult", "Project").tolist() if snapshot.is_open[row]]
    for row in goals[:: max(1, len(goals) // 5)]:
        same_as_the_critical_path_and_the_chains(snapshot, today, snapshot.items.key[row])


@settings(max_examples=120, deadline=None)
@given(work_graphs(cyclic=True))
def test_figures_are_those_of_the_analyses_on_small_graphs(graph: Any) -> None:
    for goal, due in (("O-0", "2026-11-26"), ("O-1", "2026-11-24")):
        graph.nodes[goal]["due"] = due
    snapshot = Snapshot.from_networkx(graph)
    same_as_the_ready_queue(snapshot, MONDAY)
    same_as_the_risks(snapshot, MONDAY)
    for goal in ("O-0", "O-1", "P-0"):
        same_as_the_critical_path_and_the_chains(snapshot, MONDAY, goal)
    own_goal_is_the_most_delayed(snapshot, MONDAY)


def two_goals() -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", due="2026-11-27")
    graph.add_node("O-2", kind="Objective", due="2026-11-24")
    graph.add_node("O-3", kind="Objective")
    for key in ("T-1", "T-2", "T-3", "T-4"):
        graph.add_node(key, remaining=16, owner="Ann")
    for start, end in (("T-1", "O-1"), ("T-1", "O-2"), ("T-2", "O-1"), ("T-3", "O-3")):
        graph.add_edge(start, end, kind="CONTRIBUTES_TO")
    graph.add_edge("T-2", "T-1", kind="BLOCKS")
    return graph


def test_an_items_own_goal_is_the_one_that_it_delays_most() -> None:
    snapshot = Snapshot.from_networkx(two_goals())
    rows = [snapshot.row(key) for key in ("T-1", "T-2", "T-3", "T-4", "O-1")]
    one, two, three, four, goal = positions(snapshot, rows, today=MONDAY)
    assert one is not None
    assert two is not None
    assert three is not None
    assert (one.goal, one.slack_days, one.total_float, one.drag) == ("O-2", 0, 0.0, 16.0)
    assert (two.goal, two.slack_days) == ("O-2", -2)
    assert (three.goal, three.slack_days, three.due) == ("O-3", None, None)
    assert four is None
    assert goal is None
    (named,) = positions(snapshot, rows[:1], "O-1", drag=False, today=MONDAY)
    assert named is not None
    assert (named.goal, named.slack_days, named.drag) == ("O-1", 3, None)


def test_hidden_goals_are_no_goals() -> None:
    snapshot = Snapshot.from_networkx(two_goals())
    hidden = np.zeros(len(snapshot), dtype=np.bool_)
    hidden[snapshot.row("O-2")] = True
    rows = [snapshot.row("T-1"), snapshot.row("T-2")]
    assert [one.goal for one in positions(snapshot, rows, today=MONDAY, hidden=hidden) if one] == ["O-1", "O-1"]
    assert {one.goal for found in goal_threats(snapshot, rows, today=MONDAY, hidden=hidden) for one in found} == {"O-1"}
    with pytest.raises(KeyError, match="no item 'O-2'"):
        positions(snapshot, rows, "O-2", today=MONDAY, hidden=hidden)
    same_as_the_risks(snapshot, MONDAY, hidden)


def test_a_closed_goal_has_no_positions_and_a_person_is_no_goal() -> None:
    graph = two_goals()
    graph.nodes["O-1"]["status"] = "DONE"
    snapshot = Snapshot.from_networkx(graph)
    assert positions(snapshot, [snapshot.row("T-2")], "O-1", today=MONDAY) == (None,)
    with pytest.raises(ValueError, match="Person"):
        positions(snapshot, [snapshot.row("T-2")], "Ann", today=MONDAY)


def test_nothing_is_asked_of_an_empty_snapshot() -> None:
    snapshot = Snapshot.from_networkx(nx.MultiDiGraph())
    assert (states(snapshot, []), goal_threats(snapshot, []), positions(snapshot, [])) == ((), (), ())


def test_working_days_of_many_days_are_those_of_each() -> None:
    calendar = Calendar.of_policy(Policy())
    days = np.array(
        ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-30", "NaT"], dtype="datetime64[D]"
    )
    assert calendar.days_from(MONDAY, days)[:-1].tolist() == [-1, -1, -1, 0, 5]
    assert [calendar.days_after(MONDAY, day) for day in days[:-1].tolist()] == [-1, -1, -1, 0, 5]
    assert np.isnan(calendar.days_from(MONDAY, days)[-1])
