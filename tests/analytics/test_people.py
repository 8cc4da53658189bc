from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import PeopleRisk, people_risk
from analytics.people.losses import fewest_losses
from analytics.people.team_waits import feedback_cut
from graph.snapshots.snapshot import Snapshot

MONDAY = date(2026, 11, 23)


def risk(graph: Any, *goals: str, **options: Any) -> PeopleRisk:
    return people_risk(Snapshot.from_networkx(graph), goals or None, today=MONDAY, **options)


def people(graph: Any, **teams: str) -> None:
    """Add teams of people: ``Core="Ann Bob"``."""
    for team, members in teams.items():
        graph.add_node(team, kind="Team", status=None)
        for person in members.split():
            graph.add_node(person, kind="Person", status=None)
            graph.add_edge(person, team, kind="MEMBER_OF")


# People as small numbers, and for each set of them the weight of what they alone hold.
WEIGHTS = st.dictionaries(
    st.frozensets(st.integers(0, 5), max_size=4), st.integers(0, 20).map(float), min_size=1, max_size=8
)


def fewest(weights: dict[frozenset[int], float]) -> int:
    """The answer by trying every set of people."""
    total = sum(weights.values())
    everybody = sorted(frozenset().union(*weights))
    for size in range(len(everybody) + 1):
        for lost in itertools.combinations(everybody, size):
            if sum(weight for held, weight in weights.items() if held <= set(lost)) >= total / 2:
                return size
    raise AssertionError("losing everybody loses everything")


@settings(max_examples=300, deadline=None)
@given(WEIGHTS)
def test_the_fewest_losses_are_those_of_all_sets_of_people(weights: dict[frozenset[int], float]) -> None:
    found = fewest_losses(weights)
    assert found.exact
    assert len(found.people) == fewest(weights)
    assert found.orphaned == sum(weight for held, weight in weights.items() if held <= set(found.people))
    assert found.orphaned >= found.total / 2


@settings(max_examples=100, deadline=None)
@given(WEIGHTS)
def test_without_a_budget_the_greedy_choice_is_enough_and_never_claims_what_it_did_not_prove(
    weights: dict[frozenset[int], float],
) -> None:
    found = fewest_losses(weights, budget=0)
    assert found.orphaned >= found.total / 2
    assert len(found.people) >= fewest(weights)
    assert not found.exact or len(found.people) == fewest(weights)


def test_the_greedy_choice_is_improved() -> None:
    """Three people share most, yet the two who hold the rest in pairs are enough."""
    weights = {frozenset({0, 1, 2}): 9.0, frozenset({3, 4}): 10.0}
    assert len(fewest_losses(weights, budget=0).people) >= 2
    assert fewest_losses(weights).people == (3, 4)


def served() -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective")
    graph.add_node("P", kind="Project")
    graph.add_edge("P", "O-1", kind="CONTRIBUTES_TO")
    people(graph, Core="Ann Bob", Web="Cid")
    return graph


def task(graph: Any, key: str, hours: float, *holders: str, **data: Any) -> None:
    graph.add_node(key, remaining=hours, **data)
    graph.add_edge(key, "P", kind="PART_OF")
    for holder in holders:
        graph.add_edge(key, holder, kind="ASSIGNED_TO")


def test_a_goal_depends_on_who_holds_half_of_its_open_work() -> None:
    graph = served()
    task(graph, "A", 30, "Ann")
    task(graph, "B", 20, "Bob")
    task(graph, "C", 5, "Cid")
    task(graph, "D", 500, "Cid", status="DONE")
    (goal,) = risk(graph).goals
    assert (goal.key, goal.factor, goal.people, goal.exact) == ("O-1", 1, ("Ann",), True)
    assert (goal.open_hours, goal.unheld_hours, goal.leaves, goal.holders) == (55, 0, 3, 3)
    assert goal.lost_share == pytest.approx(30 / 55)
    assert goal.explain().sentence == "O-1 depends on 1 person: without Ann nobody has 55 % of 3 open pieces of work."


def test_a_team_stands_for_its_members_and_wholes_for_parts_that_nobody_holds() -> None:
    graph = served()
    task(graph, "A", 30, "Core")
    task(graph, "B", 20)
    graph.add_edge("Cid", "P", kind="OWNS")
    goal = risk(graph).goals[0]
    assert (goal.factor, goal.people) == (2, ("Ann", "Bob"))
    graph.nodes["B"]["remaining"] = 31
    assert risk(graph).goals[0].people == ("Cid",)


def test_work_that_nobody_has_is_lost_already() -> None:
    graph = served()
    task(graph, "A", 10)
    task(graph, "B", 10, "Ann")
    goal = risk(graph).goals[0]
    assert (goal.factor, goal.people, goal.unheld_hours, goal.lost_share) == (0, (), 10, 0.5)
    assert goal.explain().sentence.startswith("Nobody has 50 % of 2 open pieces of work (20 hours in all) for O-1")


def test_who_is_inactive_holds_nothing() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O", kind="Objective")
    graph.add_node("Ann", kind="Person", status=None, inactive=True)
    graph.add_node("A", remaining=8)
    graph.add_edge("A", "O", kind="CONTRIBUTES_TO")
    graph.add_edge("Ann", "A", kind="OWNS")
    (factor,) = people_risk(Snapshot.from_networkx(graph)).goals
    assert (factor.factor, factor.unheld_hours, factor.holders) == (0, 8, 0)


def test_work_without_hours_counts_by_number() -> None:
    graph = served()
    for key, holder in (("A", "Ann"), ("B", "Ann"), ("C", "Bob")):
        task(graph, key, 0, holder)
    goal = risk(graph).goals[0]
    assert goal.people == ("Ann",)
    assert goal.lost_share == pytest.approx(2 / 3)


def test_a_team_counts_its_members_alone_those_of_inner_teams_too() -> None:
    graph = served()
    graph.add_node("All", kind="Team", status=None)
    graph.add_node("Empty", kind="Team", status=None)
    graph.add_edges_from([("Core", "All"), ("Web", "All"), ("All", "Core")], kind="PART_OF")  # in a circle, too
    task(graph, "A", 30, "Ann", "Cid")
    task(graph, "B", 20, "Cid")
    task(graph, "E", 1, "Empty")
    found = {team.key: (team.factor, team.people, team.leaves) for team in risk(graph).teams}
    assert found == {"Empty": (0, (), 1), "Web": (1, ("Cid",), 2), "All": (2, ("Ann", "Cid"), 2),
                     "Core": (2, ("Ann", "Cid"), 2)}  # fmt: skip


def test_who_stands_alone_on_the_worst_chain_and_where_it_changes_hands() -> None:
    graph = served()
    for key, hours, holders in (
        ("A", 8, ("Ann",)), ("B", 16, ("Ann",)), ("C", 8, ("Bob", "Cid")), ("D", 8, ()), ("E", 8, ("Cid",)),
    ):  # fmt: skip
        task(graph, key, hours, *holders)
    graph.add_edge("Bob", "C", kind="OWNS")
    graph.add_edges_from(itertools.pairwise("ABCDE"), kind="BLOCKS")
    task(graph, "X", 1, "Cid")  # on no worst chain
    found = risk(graph)
    assert [(one.key, one.items, one.hours, one.goals, one.value) for one in found.single_owners] == [
        ("Ann", ("B", "A"), 24, ("O-1",), 1),
        ("Cid", ("E",), 8, ("O-1",), 1),
    ]
    assert [(one.item, one.successor, one.owner, one.successor_owner) for one in found.handoffs] == [
        ("B", "C", "Ann", "Bob")  # D has no owner: nothing says that it is handed over
    ]
    assert found.handoffs[0].explain().sentence == "B passes from Ann to Bob in C, for O-1."


@st.composite
def teamwork(draw: st.DrawFn) -> Any:
    """Tasks of three teams, some inside two projects, waits among all of them."""
    graph: Any = nx.MultiDiGraph()
    people(graph, X="x", Y="y", Z="z")
    graph.add_nodes_from(["P", "Q"], kind="Project", status="STARTED")
    names = [f"T{number}" for number in range(draw(st.integers(1, 6)))]
    for name in names:
        status = draw(st.sampled_from(["PLANNED", "PLANNED", "STARTED", "DONE"]))
        graph.add_node(name, status=status, remaining=float(draw(st.integers(0, 9))))
        holder = draw(st.sampled_from(["x", "y", "z", "Z", None]))
        if holder:
            graph.add_edge(holder, name, kind="OWNS")
        whole = draw(st.sampled_from(["P", "Q", None]))
        if whole:
            graph.add_edge(name, whole, kind="PART_OF")
    pairs = st.tuples(st.sampled_from([*names, "P", "Q"]), st.sampled_from([*names, "P", "Q"]))
    for start, end in draw(st.lists(pairs, max_size=8, unique=True)):
        graph.add_edge(start, end, kind="BLOCKS")
    return graph


def naive_waits(graph: Any) -> dict[tuple[str, str], tuple[float, set[str]]]:
    team = {"x": "X", "y": "Y", "z": "Z", "Z": "Z"}
    edges = list(graph.edges(data="kind"))
    owner = {end: team[start] for start, end, kind in edges if kind == "OWNS"}
    parts = {whole: [start for start, end, kind in edges if kind == "PART_OF" and end == whole] for whole in "PQ"}
    is_open = {name: data.get("status") != "DONE" for name, data in graph.nodes(data=True)}
    found: dict[tuple[str, str], set[str]] = {}
    for start, end, kind in edges:
        if kind == "BLOCKS" and start != end and is_open[start] and is_open[end]:
            for before in parts.get(start) or [start]:
                for after in parts.get(end) or [end]:
                    pair = (owner.get(after, ""), owner.get(before, ""))
                    if is_open[before] and is_open[after] and "" not in pair and pair[0] != pair[1]:
                        found.setdefault(pair, set()).add(before)
    return {pair: (sum(graph.nodes[row]["remaining"] for row in rows), rows) for pair, rows in found.items()}


@settings(max_examples=150, deadline=None)
@given(teamwork())
def test_teams_wait_for_the_distinct_open_leaves_of_other_teams(graph: Any) -> None:
    found = risk(graph)
    shown = {(one.waiting, one.awaited): (one.hours, len(one.items)) for one in found.waits}
    assert shown == {pair: (hours, min(5, len(rows))) for pair, (hours, rows) in naive_waits(graph).items()}
    plain = nx.DiGraph(list(shown))
    circles = {tuple(sorted(ring)) for ring in nx.strongly_connected_components(plain) if len(ring) > 1}
    assert {cycle.teams for cycle in found.cycles} == circles
    for cycle in found.cycles:
        plain.remove_edges_from((one.waiting, one.awaited) for one in cycle.cut)
    assert nx.is_directed_acyclic_graph(plain)


WAITS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda wait: wait[0] != wait[1]),
    st.integers(0, 9).map(float), max_size=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(WAITS)
def test_the_cut_has_the_fewest_hours_of_all_orders(hours: dict[tuple[int, int], float]) -> None:
    cut, exact = feedback_cut(range(5), hours)
    assert exact
    assert nx.is_directed_acyclic_graph(nx.DiGraph([wait for wait in hours if wait not in cut]))
    best = min(
        sum(size for (one, other), size in hours.items() if order.index(one) > order.index(other))
        for order in itertools.permutations(range(5))
    )
    assert sum(hours[wait] for wait in cut) == best


@settings(max_examples=60, deadline=None)
@given(st.integers(11, 14), st.randoms(use_true_random=False))
def test_many_teams_are_cut_apart_too(count: int, chance: Any) -> None:
    pairs = [pair for pair in itertools.permutations(range(count), 2) if chance.random() < 0.3]
    hours = {pair: float(chance.randint(0, 9)) for pair in pairs}
    cut, exact = feedback_cut(range(count), hours)
    assert not exact
    assert nx.is_directed_acyclic_graph(nx.DiGraph([wait for wait in pairs if wait not in cut]))
    assert sum(hours[wait] for wait in cut) <= sum(hours.values()) / 2


def test_two_teams_that_wait_for_each_other_are_named_with_the_smaller_cut() -> None:
    graph = served()
    for key, hours, holder in (("A", 8, "Ann"), ("B", 3, "Cid"), ("C", 5, "Bob")):
        task(graph, key, hours, holder)
    graph.add_edges_from([("A", "B"), ("B", "C")], kind="BLOCKS")
    found = risk(graph)
    assert [(one.waiting, one.awaited, one.hours) for one in found.waits] == [("Web", "Core", 8), ("Core", "Web", 3)]
    (cycle,) = found.cycles
    assert (cycle.teams, cycle.hours, cycle.exact) == (("Core", "Web"), 3, True)
    assert cycle.explain().sentence == (
        "Core, Web wait for each other; 3 hours end it, so that Core no longer waits for Web."
    )
    assert found.explain().sentence == (
        "3 of 3 goals and teams with open work depend on one person or on nobody; Ann alone stands on most goal value; "
        "Core, Web wait for each other."
    )


def test_what_may_not_be_seen_is_not_named() -> None:
    graph = served()
    task(graph, "A", 30, "Ann")
    task(graph, "B", 20, "Cid")
    graph.add_edge("A", "B", kind="BLOCKS")
    hidden = np.array([name == "Ann" for name in graph])
    found = risk(graph, hidden=hidden)
    assert (found.goals[0].factor, found.goals[0].people, found.completeness.hidden) == (1, (), 1)
    assert "without 1 hidden person nobody" in found.goals[0].explain().sentence
    assert [one.key for one in found.single_owners] == ["Cid"]
    assert found.handoffs == ()
    assert "Ann" not in str(found.to_dict())
    assert [one.waiting for one in risk(graph, hidden=np.array([name == "A" for name in graph])).waits] == []


def test_nothing_nobody_and_refusals() -> None:
    graph: Any = nx.MultiDiGraph()
    assert len(risk(graph)) == 0
    assert risk(graph).explain().sentence == "0 of 0 goals and teams with open work depend on one person or on nobody."
    graph.add_node("O-1", kind="Objective")
    graph.add_node("T")
    graph.add_edge("T", "T", kind="BLOCKS")
    assert risk(graph).goals == ()
    assert risk(graph).completeness.self_references == 1
    with pytest.raises(ValueError, match="ask for goals"):
        risk(graph, "T")
    with pytest.raises(ValueError, match="at least 1"):
        risk(graph, limit=0)
    graph = served()
    task(graph, "A", 1, "Ann")
    limited = risk(graph, limit=1)
    assert limited.completeness.complete
    task(graph, "B", 1, "Cid")
    assert risk(graph, limit=1).completeness.limited == ("the first 1 of 2 teams",)
    assert list(risk(graph).to_dataframe()["key"]) == ["O-1", "Core", "Web"]
