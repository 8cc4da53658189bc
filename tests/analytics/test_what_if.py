from __future__ import annotations

from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import (
    AddEdge,
    AddPeople,
    CutEdge,
    Delay,
    Draft,
    Expanded,
    Finish,
    Reassign,
    Remove,
    Rescope,
    WhatIf,
    forecast,
    overlay,
    what_if,
)
from analytics.errors import ChangeRefusedError
from analytics.scheduling.criticality import critical_work
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import Naive, work_graphs
from tests.analytics.test_chains import numbers_and_keys, only, written

MONDAY = date(2026, 11, 23)


def plan() -> Any:
    """Two ways to a goal: a long one by T-1 and T-2, a short one by T-3."""
    graph: Any = nx.MultiDiGraph()
    for key, hours in (("T-1", 16), ("T-2", 16), ("T-3", 8)):
        graph.add_node(key, remaining=hours)
    graph.add_node("O-1", kind="Objective", due="2026-11-26", value=2)
    graph.add_node("O-2", kind="Objective")
    for person in ("Ann", "Bob"):
        graph.add_node(person, kind="Person", status=None)
    graph.add_edge("T-1", "T-2", kind="BLOCKS")
    graph.add_edge("T-2", "O-1", kind="CONTRIBUTES_TO")
    graph.add_edge("T-3", "O-1", kind="CONTRIBUTES_TO")
    graph.add_edge("T-3", "O-2", kind="CONTRIBUTES_TO")
    for task in ("T-1", "T-2"):
        graph.add_edge(task, "Ann", kind="ASSIGNED_TO", share=1.0)
    return graph


def tried(*changes: Any, goals: Any = ("O-1",), **options: Any) -> WhatIf:
    return what_if(Snapshot.from_networkx(plan()), changes, goals, today=MONDAY, **options)


def test_a_delay_of_what_is_critical_delays_the_goal() -> None:
    (goal,) = tried(Delay("T-1", 16)).goals
    assert (goal.before.finish, goal.before.delay_days) == (date(2026, 11, 26), 0)
    assert goal.after is not None
    assert (goal.after.finish, goal.after.delay_days) == (date(2026, 11, 30), 2)
    assert (goal.later_hours, goal.later_days) == (16, 2)
    assert (goal.entering, goal.leaving) == (("T-1+delay",), ())


def test_what_is_not_critical_may_slip_until_it_is() -> None:
    assert not tried(Delay("T-3", 23)).goals[0].changed
    (goal,) = tried(Delay("T-3", 32)).goals
    assert (goal.later_hours, goal.later_days) == (8, 1)
    assert (goal.entering, goal.leaving) == (("T-3", "T-3+delay"), ("T-1", "T-2"))


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        (Finish("T-1"), -16),
        (Remove("T-1"), -16),
        (CutEdge("T-1", "T-2"), -16),
        (AddEdge("T-3", "T-1"), 8),
        (AddEdge("T-3", "T-1", lag=4), 12),
        (AddPeople("T-1", (("Bob", 1.0),)), -8),
        (Reassign("T-1", (("Bob", 0.5),)), 16),
        (Rescope("T-2", remaining=40), 24),
        (Rescope("T-2", estimate=8), -8),
        (Draft("D-1", kind="Task", estimate=12, blocks=("T-1",)), 12),
        (Draft("D-1", severity="HIGH", estimate=80, affects=("O-1",)), 48),
        (Draft("D-1", severity="LOW", estimate=80, affects=("O-1",)), 0),
    ],
    ids=lambda one: getattr(one, "text", ""),
)
def test_each_change_does_to_a_goal_what_arithmetic_says(change: Any, hours: float) -> None:
    assert tried(change).goals[0].later_hours == hours


def test_by_default_only_goals_that_differ_are_listed() -> None:
    found = tried(Delay("T-3", 8), goals=None)
    assert [goal.goal for goal in found.goals] == ["O-2"]
    assert found.unchanged == 1
    assert "1 goal differs; O-2 is finished 8 working hours later, on 2026-11-24." in found.explain().sentence


def test_goals_that_are_finished_or_gone_say_so() -> None:
    (goal,) = tried(Finish("O-1")).goals
    assert goal.after is not None
    assert (goal.after.hours, goal.after.finish) == (0, None)
    gone = tried(Remove("O-1"))
    assert gone.goals[0].after is None
    assert "O-1 is gone" in gone.explain().sentence


def test_probabilities_before_and_after_are_those_of_two_forecasts() -> None:
    snapshot = Snapshot.from_networkx(plan())
    (goal,) = what_if(snapshot, [Delay("T-2", 4)], ["O-1"], samples=300, seed=5, today=MONDAY).goals
    changed = overlay(snapshot, [Delay("T-2", 4)])
    assert goal.after is not None
    assert goal.before.on_time == forecast(snapshot, "O-1", 300, 5, today=MONDAY).on_time
    assert goal.after.on_time == forecast(changed, "O-1", 300, 5, today=MONDAY).on_time
    assert 0 < (goal.after.on_time or 0) < (goal.before.on_time or 0)
    (unasked,) = tried(Delay("T-2", 4)).goals
    assert unasked.before.on_time is None


def test_load_moves_with_the_work() -> None:
    found = tried(Reassign("T-1", (("Bob", 0.5), ("Ann", 0.5))), Rescope("T-2", remaining=20))
    told = {one.key: (one.before_hours, one.after_hours) for one in found.load}
    assert told == {"Ann": (32, 8 + 20), "Bob": (0, 8)}
    assert {one.key: one.after_hours for one in tried(Finish("T-1")).load} == {"Ann": 16}
    assert {one.key: one.after_hours for one in tried(Remove("Ann")).load} == {"Ann": 0}


def test_what_has_no_effect_is_noted() -> None:
    graph = plan()
    graph.nodes["T-1"]["duration"] = 16.0
    graph.add_edge("T-2", "T-1", kind="BLOCKS")
    snapshot = Snapshot.from_networkx(graph)
    notes = what_if(snapshot, [AddPeople("T-1", (("Bob", 1.0),)), Delay("T-2", 8)]).notes
    assert notes == (
        "T-1 keeps its given duration of 16 h, whatever its effort and its people",
        "T-2 is in a cycle, in which delays do not count: cut the cycle first",
    )


def test_without_a_day_there_are_only_hours() -> None:
    (goal,) = what_if(Snapshot.from_networkx(plan()), [Delay("T-1", 16)], ["O-1"]).goals
    assert (goal.later_hours, goal.later_days, goal.before.finish) == (16, None, None)


def test_a_goal_that_can_no_longer_be_finished() -> None:
    graph = plan()
    graph.nodes["O-1"]["enough"] = 0.5
    graph.nodes["T-2"]["status"] = "CANCELLED"
    snapshot = Snapshot.from_networkx(graph)
    found = what_if(snapshot, [Rescope("T-3", remaining=40)], ["O-1"])
    assert found.goals[0].later_hours == 32
    graph.nodes["O-1"]["enough"] = 0.9
    snapshot = Snapshot.from_networkx(graph)
    (goal,) = what_if(snapshot, [Rescope("T-3", remaining=40)], ["O-1"], today=MONDAY).goals
    assert (goal.before.hours, goal.before.finish, goal.later_hours) == (None, None, None)
    assert goal.before.full_finish == date(2026, 11, 23)


def test_hidden_items_are_omitted_counted_and_cannot_be_changed() -> None:
    snapshot = Snapshot.from_networkx(plan())
    found = what_if(snapshot, [Delay("T-3", 32)], ["O-1"], hidden=only(snapshot, "T-1", "T-2", "O-2"))
    (goal,) = found.goals
    assert goal.leaving == ()
    assert found.completeness.hidden == 2
    assert "T-1" not in str(found.to_dict())
    with pytest.raises(ChangeRefusedError, match="no item 'T-1'"):
        what_if(snapshot, [Finish("T-1")], hidden=only(snapshot, "T-1"))
    moved = what_if(snapshot, [Finish("T-1")], hidden=only(snapshot, "Ann"))
    assert (moved.load, moved.completeness.hidden) == ((), 1)


def test_what_cannot_be_asked_is_refused() -> None:
    snapshot = Snapshot.from_networkx(plan())
    with pytest.raises(KeyError, match="no item 'O-9'"):
        what_if(snapshot, [], ["O-9"])
    with pytest.raises(ValueError, match="'Ann' is a Person"):
        what_if(snapshot, [], ["Ann"])


def test_a_table_has_a_row_for_every_goal() -> None:
    frame = tried(Delay("T-3", 32), goals=None).to_dataframe()
    assert frame["goal"].tolist() == ["O-2", "O-1"]
    assert frame["laterDays"].tolist() == [4, 1]


@settings(max_examples=40, deadline=None)
@given(work_graphs(cyclic=True))
def test_no_change_makes_no_difference(graph: Any) -> None:
    found = what_if(Snapshot.from_networkx(graph), [], today=MONDAY)
    assert (found.goals, found.load, found.unchanged) == ((), (), 2)


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.integers(0, 40))
def test_differences_are_those_of_the_two_graphs_and_sentences_quote_only_facts(graph: Any, late: int) -> None:
    snapshot = Snapshot.from_networkx(graph)
    try:
        changed = overlay(snapshot, [Delay("T-0", late)], today=MONDAY)
    except ChangeRefusedError:
        assume(False)
        raise
    found = what_if(snapshot, [Delay("T-0", late)], ["O-0", "O-1"], today=MONDAY)
    before, after = Expanded.of(snapshot, MONDAY), Expanded.of(changed, MONDAY)
    for goal in found.goals:
        hours = [expanded.finish_hours(snapshot.row(goal.goal)) for expanded in (before, after)]
        if np.isinf(hours).any():  # a cancelled child is missed before and after
            assert (goal.before.hours, goal.later_hours) == (None, None)
        else:
            assert goal.later_hours == pytest.approx(hours[1] - hours[0])
            assert hours[1] >= hours[0]
    told = found.explain()
    assert numbers_and_keys(told.sentence) <= written(told.facts)


@settings(max_examples=100, deadline=None)
@given(work_graphs())
def test_critical_is_what_lies_on_a_longest_of_all_paths(graph: Any) -> None:
    """An oracle by recursion: an item is critical if some path as long as the goal's finish goes through it."""
    naive = Naive(graph)
    assume(nx.is_directed_acyclic_graph(nx.DiGraph([(tail, head) for tail, head, _ in naive.arcs])))
    snapshot = Snapshot.from_networkx(graph)
    expanded = Expanded.of(snapshot)
    row = snapshot.row("O-0")
    finish = expanded.finish_hours(row)
    starts = {node: expanded.starts[expanded.unit[at]] for node, at in ports(naive, snapshot, expanded).items()}
    expected = set()
    for item in graph:
        leaf = item not in naive.wholes and graph.nodes[item].get("kind") != "Objective" and not naive.closed(item)
        beyond = naive.longest(naive.end(item), "O-0") if leaf else None
        if beyond is not None and abs(starts[naive.end(item)] + beyond - finish) < 1e-9:
            expected.add(item)
    assert {snapshot.items.key[at] for at in np.flatnonzero(critical_work(expanded, row)).tolist()} == expected


def ports(naive: Naive, snapshot: Snapshot, expanded: Expanded) -> dict[Any, int]:
    found = {}
    for item in naive.graph:
        row = snapshot.row(item)
        if expanded.gate[row] >= 0:
            found[naive.gate(item)] = int(expanded.gate[row])
            found[naive.end(item)] = int(expanded.finish[row])
    return found
