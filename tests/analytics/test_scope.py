"""What a scope means: what of the answer without one is about it, by a definition that is written out a second time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date
from typing import Any, Final

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analytics
from analytics import Among, Chain, Expanded, Finish, Remove
from analytics.expansion.ownership import Ownership
from graph.snapshots.snapshot import Snapshot
from tests.analytics.test_summary import messes

TODAY: Final = date(2026, 11, 20)
ALL: Final = 10_000
Told = list[tuple[str, tuple[str, ...], Any]]
"""What an answer lists: whether items, goals or people decide that it is in scope, their keys, and the rest of it."""


def chains(found: Iterable[Chain]) -> Told:
    return [
        ("items", tuple(key for step in one.steps for key in (step.key, *step.members) if key), one) for one in found
    ]


def by_key(kind: str, found: Iterable[Any], *names: str) -> Told:
    return [(kind, tuple(getattr(one, name) for name in names or ("key",)), one) for one in found]


def choke_points(found: Any) -> Told:
    told = [("items", (point.key, *point.members), point) for point in found.items]
    return told + by_key("people", (*found.people, *found.teams)) + by_key("goals", found.passages, "goal")


def people_risk(found: Any) -> Told:
    told = by_key("goals", found.goals) + by_key("people", (*found.teams, *found.single_owners))
    told += by_key("items", found.handoffs, "item", "successor") + by_key("people", found.waits, "waiting", "awaited")
    return told + [("people", one.teams, one) for one in found.cycles]


def difference(snapshot: Snapshot, scope: Hashable | None) -> Told:
    works = [row for row in range(len(snapshot)) if snapshot.is_work[row] and snapshot.is_open[row]]
    changes = [Finish(snapshot.items.key[row]) for row in works[:1]] + [
        Remove(snapshot.items.key[r]) for r in works[1:2]
    ]
    after = analytics.overlay(snapshot, changes, today=TODAY)
    found = analytics.difference(snapshot, after, today=TODAY, scope=scope, limit=ALL)
    told = by_key("items", (*found.items, *found.dates)) + by_key("items", found.edges, "start", "end")
    return told + by_key("goals", found.goals)


ASKED: Final[dict[str, Callable[[Snapshot, str, Hashable | None], Told]]] = {
    "blocking_chains": lambda s, goal, scope: chains(
        analytics.blocking_chains(s, goal, ALL, scope=scope, today=TODAY)
    ),
    "budgets": lambda s, goal, scope: by_key("items", analytics.budgets(s, scope=scope)),
    "choke_points": lambda s, goal, scope: choke_points(
        analytics.choke_points(s, scope=scope, limit=ALL, today=TODAY)
    ),
    "conflicts": lambda s, goal, scope: [
        ("items", one.keys, one) for one in analytics.conflicts(s, scope=scope, today=TODAY)
    ],
    "critical_path": lambda s, goal, scope: by_key(
        "items", analytics.critical_path(s, goal, scope=scope, today=TODAY).items.values()
    ),
    "difference": lambda s, goal, scope: difference(s, scope),
    "dominators": lambda s, goal, scope: [
        ("items", mates(s, one.key), one) for one in analytics.dominators(s, goal, scope=scope, today=TODAY, limit=ALL)
    ],
    "exposure": lambda s, goal, scope: (
        by_key("goals", (found := analytics.exposure(s, scope=scope, today=TODAY)).goals) + by_key("items", found.items)
    ),
    "forecast": lambda s, goal, scope: (
        by_key("items", (found := analytics.forecast(s, goal, 50, 3, scope=scope, today=TODAY, limit=ALL)).items)
        + by_key("people", found.people)
    ),
    "impact": lambda s, goal, scope: by_key(
        "goals", analytics.impact(s, leaf(s), scope=scope, today=TODAY).goals, "goal"
    ) if leaf(s) else [],
    "k_paths": lambda s, goal, scope: chains(
        analytics.k_paths(s, leaf(s) or goal, goal, 50, scope=scope, today=TODAY)
    ),
    "okr_rollup": lambda s, goal, scope: by_key("goals", analytics.okr_rollup(s, scope=scope, today=TODAY)),
    "people_risk": lambda s, goal, scope: people_risk(analytics.people_risk(s, scope=scope, today=TODAY, limit=ALL)),
    "ready_queue": lambda s, goal, scope: (
        by_key("items", (found := analytics.ready_queue(s, scope=scope, today=TODAY)).items)
        + by_key("items", found.upcoming)
    ),
    "risks": lambda s, goal, scope: by_key("items", analytics.risks(s, scope=scope, today=TODAY)),
    "schedule": lambda s, goal, scope: by_key("items", analytics.schedule(s, goal, scope=scope, today=TODAY)),
    "teams_waited_for": lambda s, goal, scope: (
        by_key("people", (found := analytics.teams_waited_for(s, scope=scope, today=TODAY)).teams)
        + by_key("people", found.people)
    ),
    "triage_queue": lambda s, goal, scope: by_key("items", analytics.triage_queue(s, scope=scope, today=TODAY)),
    "what_if": lambda s, goal, scope: what_if(s, goal, scope),
    "workload": lambda s, goal, scope: (
        by_key("people", found := analytics.workload(s, scope=scope, today=TODAY))
        + by_key("people", found.moves, "person")
    ),
}  # fmt: skip


def what_if(snapshot: Snapshot, goal: str, scope: Hashable | None) -> Told:
    change = [Finish(leaf(snapshot))] if leaf(snapshot) else []
    every = [snapshot.items.key[row] for row in range(len(snapshot)) if snapshot.is_goal[row]]
    found = analytics.what_if(snapshot, change, [goal, *every], scope=scope, today=TODAY)
    return by_key("goals or items", found.goals, "goal") + by_key("people", found.load)


def leaf(snapshot: Snapshot) -> str | None:
    """An open task or issue, if there is one."""
    rows = [row for row in snapshot.of_kind("Task", "Issue").tolist() if snapshot.is_open[row]]
    return snapshot.items.key[rows[0]] if rows else None


def mates(snapshot: Snapshot, key: str) -> tuple[str, ...]:
    """An item and those with which it makes a cycle: they are told as one."""
    expanded, row = Expanded.of(snapshot, TODAY), snapshot.row(key)
    units = {int(expanded.unit[ends[row]]) for ends in (expanded.gate, expanded.finish)}
    rows = [row, *(at for unit in units if expanded.is_cycle[unit] for at in expanded.members(unit).tolist())]
    return tuple(snapshot.items.key[at] for at in rows)


class Definition:
    """What belongs to a scope, looked up edge by edge."""

    def __init__(self, graph: Any, snapshot: Snapshot, scope: str) -> None:
        self._graph, self._snapshot = graph, snapshot
        kind = graph.nodes[scope].get("kind", "Task")
        crew = {scope}
        if kind == "Team":
            crew |= {person for person, team in self._edges("MEMBER_OF") if team == scope}
        if kind in ("Team", "Person"):
            self.items = crew | {item for item, holders in self._holders().items() if crew & holders}
            self.people = crew
        else:
            parts = self._edges("PART_OF", "SPAWNED_FROM") | self._children()
            below = nx.DiGraph([(whole, part) for part, whole in parts])
            below.add_node(scope)
            self.items = {scope} | nx.descendants(below, scope)
            held = {
                one for item, who in self._holders().items() if item in self.items and self._open(item) for one in who
            }
            self.people = held | {team for person, team in self._edges("MEMBER_OF") if person in held}
        self.goals = {name for name in self.items if self._is_goal(name)}
        self.goals |= {goal for child, goal in self._children() if child in self.items}

    def _children(self) -> set[tuple[str, str]]:
        return {(child, goal) for child, goal in self._edges("PART_OF", "CONTRIBUTES_TO") if self._is_goal(goal)}

    def _edges(self, *kinds: str) -> set[tuple[str, str]]:
        return {(a, b) for a, b, kind in self._graph.edges(data="kind", default="BLOCKS") if kind in kinds and a != b}

    def _is_goal(self, name: str) -> bool:
        return bool(self._snapshot.is_goal[self._snapshot.row(name)])

    def _open(self, name: str) -> bool:
        return bool(self._snapshot.is_open[self._snapshot.row(name)])

    def _holders(self) -> dict[str, set[str]]:
        """Who owns or does each item; of what nobody does, who answers for it."""
        found: dict[str, set[str]] = {}
        for item, who in self._edges("ASSIGNED_TO") | {(b, a) for a, b in self._edges("OWNS")}:
            found.setdefault(item, set()).add(who)
        owners, keys = Ownership.of(self._snapshot), self._snapshot.items.key
        for row in range(len(self._snapshot)):
            if keys[row] not in found and (self._snapshot.is_work[row] or self._snapshot.is_goal[row]):
                found[keys[row]] = {keys[at] for at in owners.named(row)}
        return found

    def holds(self, kind: str, keys: Iterable[str]) -> bool:
        inside = {"items": self.items, "goals": self.goals, "people": self.people,
                  "goals or items": self.goals | self.items}[kind]  # fmt: skip
        return not inside.isdisjoint(keys)


@st.composite
def workspaces(draw: st.DrawFn) -> tuple[Any, str, str]:
    """A graph of any kinds of items, an item to which chains can lead, and a scope."""
    graph = draw(messes().filter(lambda one: len(one) > 3))
    names = [name for name in graph if name.startswith("N")]
    for name in draw(st.lists(st.sampled_from(names), max_size=3)):
        graph.add_edge(draw(st.sampled_from(["Ann", "Bob", "Crew"])), name, kind="OWNS")
    for name in draw(st.lists(st.sampled_from(names), max_size=2)):
        graph.nodes[name].update(budget=10.0, spent_budget=float(draw(st.integers(5, 15))), currency="EUR")
    return graph, draw(st.sampled_from(names)), draw(st.sampled_from(list(graph)))


@settings(max_examples=40, deadline=None)
@given(workspaces())
def test_a_scope_leaves_of_every_answer_what_is_about_it(given_: tuple[Any, str, str]) -> None:
    graph, goal, scope = given_
    snapshot = Snapshot.from_networkx(graph)
    definition = Definition(graph, snapshot, scope)
    for name, ask in ASKED.items():
        whole, part = ask(snapshot, goal, None), ask(snapshot, goal, scope)
        assert part == [one for one in whole if definition.holds(one[0], one[1])], name


@settings(max_examples=40, deadline=None)
@given(workspaces())
def test_analyses_of_the_graph_itself_see_the_induced_part(given_: tuple[Any, str, str]) -> None:
    graph, goal, scope = given_
    snapshot = Snapshot.from_networkx(graph)
    definition = Definition(graph, snapshot, scope)
    whole, part = analytics.degree(snapshot), analytics.degree(snapshot, scope=scope)
    assert set(part) == set(whole) & definition.items
    inner = nx.DiGraph()
    inner.add_nodes_from(part)
    kinds = ("BLOCKS", "PART_OF", "CONTRIBUTES_TO", "AFFECTS")
    inner.add_edges_from((a, b) for a, b, kind in graph.edges(data="kind", default="BLOCKS") if kind in kinds and a != b
                         and a in part and b in part)  # fmt: skip
    assert dict(part) == pytest.approx(nx.degree_centrality(inner) if len(inner) > 1 else dict.fromkeys(inner, 0.0))
    assert dict(analytics.pagerank(snapshot, scope=scope)) == pytest.approx(nx.pagerank(inner), abs=1e-6)
    groups = analytics.communities(snapshot, method=analytics.Grouping.COMPONENTS, scope=scope)
    assert groups.count == nx.number_weakly_connected_components(inner)
    assert set(analytics.degree(snapshot, among=Among.PEOPLE, scope=scope)) == definition.people & {"Ann", "Bob"}
    drawn = analytics.layout(snapshot, goal, scope=scope, today=TODAY)
    every = analytics.layout(snapshot, goal, today=TODAY)
    told = {node.id for node in every.nodes if definition.holds("items", [str(node.step.key), *node.step.members])}
    assert {node.id for node in drawn.nodes} == told | {every.nodes[-1].id}
    assert {(edge.start, edge.end) for edge in drawn.edges} <= {(a.id, b.id) for a in drawn.nodes for b in drawn.nodes}


@settings(max_examples=40, deadline=None)
@given(workspaces(), st.data())
def test_routes_run_inside_a_scope_between_ends_anywhere(given_: tuple[Any, str, str], data: st.DataObject) -> None:
    graph, start, scope = given_
    end = data.draw(st.sampled_from(list(graph)))
    snapshot = Snapshot.from_networkx(graph)
    inside = Definition(graph, snapshot, scope).items | {start, end}
    plain = nx.Graph((a, b) for a, b in graph.subgraph(inside).edges() if a != b)
    plain.add_nodes_from(inside)
    found = analytics.paths(snapshot, start, end, scope=scope)
    joined = nx.has_path(plain, start, end)
    assert found.length == (nx.shortest_path_length(plain, start, end) if joined else None)
    if joined:
        assert set(found.items) == {name for route in nx.all_shortest_paths(plain, start, end) for name in route}


@pytest.mark.parametrize("name", [*ASKED, "layout", "centrality", "communities", "paths", "summary"])
def test_a_scope_that_is_not_there_is_refused(name: str) -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("T-1")
    graph.add_node("O-1", kind="Objective")
    graph.add_edge("T-1", "O-1", kind="CONTRIBUTES_TO")
    snapshot = Snapshot.from_networkx(graph)
    others: dict[str, Callable[[str], object]] = {
        "layout": lambda scope: analytics.layout(snapshot, "O-1", scope=scope),
        "centrality": lambda scope: analytics.centrality(snapshot, scope=scope),
        "communities": lambda scope: analytics.communities(snapshot, scope=scope),
        "paths": lambda scope: analytics.paths(snapshot, "T-1", "O-1", scope=scope),
        "summary": lambda scope: analytics.summary(snapshot, scope, today=TODAY),
    }
    with pytest.raises(KeyError, match="no item 'nobody'"):
        others[name]("nobody") if name in others else ASKED[name](snapshot, "O-1", "nobody")


def test_an_answer_says_to_what_it_was_confined() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("T-1", remaining=8)
    graph.add_node("T-2", remaining=16)
    graph.add_node("O-1", kind="Objective")
    graph.add_edges_from([("T-1", "O-1"), ("T-2", "O-1")], kind="CONTRIBUTES_TO")
    snapshot = Snapshot.from_networkx(graph)
    found = analytics.blocking_chains(snapshot, "O-1", scope="T-1")
    assert [chain.root.key for chain in found] == ["T-1"]
    assert found.completeness.scope == found.explain().facts["scope"] == "T-1"
    assert found.explain().sentence.startswith("In T-1: 1 chain leads to O-1.")
    path = analytics.critical_path(snapshot, "O-1", scope="T-1")
    assert (list(path.items), path.length, path.items["T-1"].total_float) == (["T-1"], 16, 8)
    assert path.explain_item("T-2").sentence == analytics.critical_path(snapshot, "O-1").explain_item("T-2").sentence
