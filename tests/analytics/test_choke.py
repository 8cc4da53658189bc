from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import Expanded, blocking_chains, choke_points, relief
from analytics.expansion.ownership import Ownership
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import work_graphs
from tests.analytics.test_chains import numbers_and_keys, written

MONDAY = date(2026, 11, 23)
GOALS = ["O-0", "O-1"]


@st.composite
def staffed(draw: st.DrawFn, cyclic: bool = False) -> Any:
    """Work graphs with values, shares, what is enough, and people and teams that own and do the work."""
    graph = draw(work_graphs(cyclic=cyclic))
    for goal in GOALS:
        graph.nodes[goal].update(value=float(draw(st.integers(1, 9))), enough=draw(st.sampled_from([None, 0.5])))
    for _, _, data in graph.edges(data=True):
        if data["kind"] == "CONTRIBUTES_TO":
            data["weight"] = draw(st.sampled_from([None, 1.0, 3.0]))
    work = [name for name, data in graph.nodes(data=True) if data.get("kind") != "Objective"]
    for person in ("Ann", "Bob"):
        graph.add_node(person, kind="Person", status=None)
        for team in draw(st.sets(st.sampled_from(["A", "B"]))):
            graph.add_node(team, kind="Team", status=None)
            graph.add_edge(person, team, kind="MEMBER_OF")
        for item in draw(st.sets(st.sampled_from(work), max_size=3)):
            graph.add_edge(person, item, kind="OWNS")
        for item in draw(st.sets(st.sampled_from(work), max_size=2)):
            graph.add_edge(item, person, kind="ASSIGNED_TO")
    return graph


class Chain:
    """A chain to a goal as the oracle sees it: what it carries, and everybody and everything on it."""

    def __init__(self, snapshot: Snapshot, graph: Any, steps: list[str], carried: float) -> None:
        self.carried = carried
        people = {who for key in steps for who in self._people(snapshot, graph, key)}
        teams = {
            team for who in people for _, team, data in graph.out_edges(who, data=True) if data["kind"] == "MEMBER_OF"
        }
        self.on = {*steps, *people, *teams}

    def _people(self, snapshot: Snapshot, graph: Any, key: str) -> Iterator[str]:
        yield from (who for who, _, data in graph.in_edges(key, data=True) if data["kind"] == "OWNS")
        yield from (who for _, who, data in graph.out_edges(key, data=True) if data["kind"] == "ASSIGNED_TO")
        answering = int(Ownership.of(snapshot).owner[snapshot.row(key)])
        if answering >= 0:
            yield snapshot.items.key[answering]


def every_chain(snapshot: Snapshot, graph: Any, goals: list[str]) -> list[Chain]:
    return [
        Chain(
            snapshot,
            graph,
            [key for step in chain.steps for key in (step.members or (step.key or "",))],
            chain.value_at_risk,
        )
        for goal in goals
        for chain in blocking_chains(snapshot, goal, 1000)
    ]


@settings(max_examples=80, deadline=None)
@given(staffed(), st.sampled_from([["O-0"], GOALS]))
def test_values_are_what_all_chains_through_a_point_carry(graph: Any, goals: list[str]) -> None:
    snapshot = Snapshot.from_networkx(graph)
    assume(not Expanded.of(snapshot).is_cycle.any())
    chains = every_chain(snapshot, graph, goals)
    found = choke_points(snapshot, goals, limit=100)
    total = sum(chain.carried for chain in chains)
    assert found.chains == len(chains)
    assert found.total == pytest.approx(total)
    points = [*found.items, *found.people, *found.teams]
    work = {name for name, data in graph.nodes(data=True) if data.get("kind") != "Objective"}
    assert {point.key for point in points} == set().union(*(chain.on for chain in chains)) & work
    for point in points:
        through = [chain for chain in chains if point.key in chain.on]
        assert point.chains == len(through)
        assert point.value == pytest.approx(sum(chain.carried for chain in through))
        assert point.share == pytest.approx(point.value / total if total else 0)


@settings(max_examples=80, deadline=None)
@given(staffed(cyclic=True))
def test_cycles_are_one_point_and_nothing_on_chains_is_missed(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(graph)
    found = choke_points(snapshot, GOALS, limit=100)
    chains = [chain for goal in GOALS for chain in blocking_chains(snapshot, goal, 1000)]
    for members in {step.members for chain in chains for step in chain.steps if step.members}:
        (point,) = [point for point in found.items if point.members == members]
        through = [chain for chain in chains if members in {step.members for step in chain.steps}]
        assert (point.chains, point.relief) == (len(through), None)
        assert point.value == pytest.approx(sum(chain.value_at_risk for chain in through))


@settings(max_examples=80, deadline=None)
@given(staffed(), st.integers(1, 3))
def test_the_greedy_cover_keeps_its_bound_against_the_best_of_all(graph: Any, k: int) -> None:
    snapshot = Snapshot.from_networkx(graph)
    assume(not Expanded.of(snapshot).is_cycle.any())
    chains = every_chain(snapshot, graph, GOALS)
    total = sum(chain.carried for chain in chains)
    assume(total > 0)
    found = choke_points(snapshot, GOALS, limit=100)
    cover = found.cover(k)

    def covered(items: tuple[str, ...]) -> float:
        return sum(chain.carried for chain in chains if chain.on & set(items)) / total

    best = max(
        covered(items) for items in itertools.combinations([point.key for point in found.items], min(k, len(found)))
    )
    assert covered(cover.items) == pytest.approx(cover.share)
    assert sum(cover.adds) == pytest.approx(cover.share)
    assert list(cover.adds) == sorted(cover.adds, reverse=True)
    assert best * (1 - 1 / np.e) - 1e-9 <= cover.share <= best + 1e-9 <= cover.best_possible + 2e-9
    assert found.cover(1).share == pytest.approx(best if k == 1 else found.cover(1).best_possible)


@settings(max_examples=60, deadline=None)
@given(staffed())
def test_every_path_passes_what_cuts_all_of_them(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(graph)
    expanded: Expanded = Expanded.of(snapshot)
    chains = blocking_chains(snapshot, "O-0", 1000)
    rows = [snapshot.row(chain.root.key) for chain in chains]
    assume(not expanded.is_cycle.any() and not expanded.is_container[rows].any())
    (passage,) = choke_points(snapshot, ["O-0"]).passages
    target, *roots = (int(expanded.unit[expanded.finish[row]]) for row in (snapshot.row("O-0"), *rows))
    plain: Any = nx.DiGraph(zip(expanded.tails.tolist(), expanded.heads.tolist(), strict=True))
    plain.add_nodes_from([*roots, target])

    def cuts(unit: int) -> bool:
        rest = plain.subgraph(set(plain) - {unit})
        return all(root == unit or not nx.has_path(rest, root, target) for root in roots)

    units = {int(expanded.unit[expanded.finish[row]]): row for row in np.flatnonzero(expanded.finish >= 0).tolist()}
    expected = [units[unit] for unit in sorted(units) if unit != target and roots and cuts(unit)]
    assert passage.items == tuple(snapshot.items.key[row] for row in expected)


@settings(max_examples=200, deadline=None)
@given(work_graphs(cyclic=True), st.data())
def test_drag_and_gain_are_what_the_goal_gains_in_a_graph_with_that_change(graph: Any, data: st.DataObject) -> None:
    graph.nodes["O-0"]["enough"] = data.draw(st.sampled_from([None, 0.5]))
    name = data.draw(st.sampled_from([node for node in graph if not node.startswith("O-")]))
    from_start = [edge for *_, edge in graph.out_edges(name, data=True) if edge.get("type", "FS")[0] == "S"]
    assume(not from_start or graph.nodes[name]["status"] != "STARTED")
    snapshot = Snapshot.from_networkx(graph)
    assume(math.isfinite(Expanded.of(snapshot, MONDAY).finish_hours(snapshot.row("O-0"))))
    found = relief(snapshot, name, "O-0", today=MONDAY)
    before = Expanded.of(snapshot, MONDAY).finish_hours(snapshot.row("O-0"))

    def after(**changes: Any) -> float:
        changed = graph.copy()
        changed.nodes[name].update(changes)
        other = Snapshot.from_networkx(changed)
        return Expanded.of(other, MONDAY).finish_hours(other.row("O-0"))

    assert found.drag_hours == pytest.approx(before - after(remaining=0.0))
    if graph.nodes[name]["status"] not in ("DONE", "CANCELLED"):
        done = after(status="DONE", started_at="2026-11-23T00:00:00Z", completed_at="2026-11-23T00:00:00Z")
        assert found.gain_hours == pytest.approx(before - done)
    if not Expanded.of(snapshot, MONDAY).is_cycle.any():  # in a cycle lags do not count, and do when it is opened
        assert 0 <= found.drag_hours <= found.gain_hours + 1e-9


def bridge() -> Any:
    """Two ways to a goal through one contract, and a second goal that does without it."""
    graph: Any = nx.DiGraph()
    graph.add_node("Legal", kind="Team", status=None)
    graph.add_node("Ann", kind="Person", status=None)
    graph.add_edge("Ann", "Legal", kind="MEMBER_OF")
    graph.add_node("O-1", kind="Objective", title="Launch", value=3)
    graph.add_node("O-2", kind="Objective", value=1)
    for key, hours in (("A", 8), ("B", 16), ("C-1", 24), ("D", 8), ("E", 4)):
        graph.add_node(key, remaining=hours)
    graph.nodes["C-1"]["title"] = "Contract"
    graph.add_edge("Ann", "C-1", kind="OWNS")
    graph.add_edges_from([("A", "C-1"), ("B", "C-1"), ("C-1", "D")])
    graph.add_edges_from([("D", "O-1"), ("E", "O-2")], kind="CONTRIBUTES_TO")
    return graph


def test_the_point_that_everything_passes_comes_first_with_what_it_costs() -> None:
    found = choke_points(Snapshot.from_networkx(bridge()), today=MONDAY)
    assert [(point.key, point.chains, point.value) for point in found] == [
        ("C-1", 2, 6), ("D", 2, 6), ("A", 1, 3), ("B", 1, 3), ("E", 1, 1),
    ]  # fmt: skip
    first = found[0]
    assert (first.owner, first.goals) == ("Ann", ("O-1",))
    assert first.share == pytest.approx(6 / 7)
    assert first.relief is not None
    # Done today, the contract leaves D alone before the goal; with no time of its own it still waits for B.
    assert (first.relief.drag_hours, first.relief.gain_hours) == (24, 40)
    assert (first.relief.finish, first.relief.finish_if_done) == (date(2026, 11, 30), date(2026, 11, 23))
    assert [(point.key, point.value) for point in (*found.people, *found.teams)] == [("Ann", 6), ("Legal", 6)]
    assert [passage.to_dict() for passage in found.passages] == [
        {"goal": "O-1", "items": ["C-1", "D"]},
        {"goal": "O-2", "items": ["E"]},
    ]
    assert found.covering.items == ("C-1", "E")
    assert found.covering.share == pytest.approx(1)
    assert found.explain().sentence == (
        "C-1 'Contract' is on 2 chains to O-1: 86 % of all that the chains carry. Finishing C-1 brings O-1 forward by "
        "40 working hours, from 2026-11-30 to 2026-11-23; its own work takes 24 of them. Together C-1, E are on chains "
        "that carry 100 % of it."
    )


@settings(max_examples=40, deadline=None)
@given(staffed(cyclic=True))
def test_sentences_quote_only_their_facts(graph: Any) -> None:
    found = choke_points(Snapshot.from_networkx(graph), today=MONDAY)
    for told in (found.explain(), *(point.explain() for point in (*found.items, *found.people, *found.teams))):
        assert numbers_and_keys(told.sentence) <= written(told.facts)


def test_goals_under_another_are_part_of_it_unless_asked_for() -> None:
    graph = bridge()
    graph.add_edge("O-2", "O-1", kind="CONTRIBUTES_TO")
    snapshot = Snapshot.from_networkx(graph)
    assert choke_points(snapshot).goals == ("O-1",)
    assert choke_points(snapshot, ["O-2", "O-1"]).goals == ("O-1", "O-2")


def test_limits_and_what_the_viewer_may_not_see_are_said() -> None:
    snapshot = Snapshot.from_networkx(bridge())
    hidden = np.array([name in ("C-1", "Ann") for name in snapshot.names])
    found = choke_points(snapshot, limit=2, hidden=hidden)
    assert [point.key for point in found] == ["D", "A"]
    assert found.completeness.limited == ("the first 2 of 4 items",)
    assert (found.completeness.hidden, found.people, found.covering.items) == (2, (), ("D", "E"))
    assert found.passages[0].items == ("hidden Task", "D")
    assert not [word for word in ("C-1", "Contract", "Ann") if word in str(found.to_dict())]


def test_nothing_to_do_and_what_cannot_be_asked() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node("O-1", kind="Objective", status="DONE")
    empty = choke_points(Snapshot.from_networkx(graph))
    assert (len(empty), empty.total, empty.covering.share, empty.cover(2).items) == (0, 0, 0, ())
    assert empty.explain().sentence == "No open work leads to any of 0 goals."
    snapshot = Snapshot.from_networkx(bridge())
    for ask, words in (
        (lambda: choke_points(snapshot, limit=0), "at least 1 choke point"),
        (lambda: choke_points(snapshot, ["D"]), "'D' is a Task; ask for goals"),
        (lambda: choke_points(snapshot).cover(0), "at least 1 item"),
        (lambda: relief(snapshot, "Ann", "O-1"), "'Ann' is a Person"),
    ):
        with pytest.raises(ValueError, match=words):
            ask()


def test_a_goal_that_can_never_have_enough_gains_nothing() -> None:
    graph = bridge()
    graph.add_node("X", status="CANCELLED")
    graph.add_edge("X", "O-1", kind="CONTRIBUTES_TO")
    snapshot = Snapshot.from_networkx(graph)
    with pytest.raises(ValueError, match="'O-1' cannot have enough"):
        relief(snapshot, "C-1", "O-1")
    assert choke_points(snapshot, ["O-1"])[0].relief is None


def test_a_table_has_a_row_for_every_point() -> None:
    frame = choke_points(Snapshot.from_networkx(bridge()), today=MONDAY).to_dataframe()
    assert frame["key"].tolist() == ["C-1", "D", "A", "B", "E", "Ann", "Legal"]
    assert frame["gainHours"].tolist()[:2] == [40, 48]
