from __future__ import annotations

from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from analytics import difference
from graph.snapshots.snapshot import Snapshot
from tests.graph.test_snapshot import graphs

MONDAY = date(2026, 11, 23)
NAMED = {"kind": "kind", "status": "status", "title": "title", "due": "due", "severity": "severity"}
NAMED |= {
    "estimate": "estimate",
    "remaining": "remaining",
    "duration": "duration",
    "value": "value",
    "weight": "weight",
}


def simple(graph: Any) -> Any:
    """Keep one edge of a kind between two nodes, as the store does."""
    kept: Any = nx.MultiDiGraph()
    kept.add_nodes_from(graph.nodes(data=True))
    for start, end, data in graph.edges(data=True):
        kept.add_edge(start, end, key=data["kind"], **data)
    return kept


def told(edits: Any) -> dict[str, tuple[Any, Any]]:
    return {edit.name: (edit.before, edit.after) for edit in edits}


@settings(deadline=None)
@given(graphs(), graphs())
def test_a_difference_is_what_sets_and_dictionaries_say(one: Any, other: Any) -> None:
    before, after = simple(one), simple(other)
    found = difference(Snapshot.from_networkx(before), Snapshot.from_networkx(after), today=MONDAY)
    changes = {(item.key, item.change) for item in found.items}
    expected = {(name, "added") for name in set(after) - set(before)}
    expected |= {(name, "removed") for name in set(before) - set(after)}
    edits = {}
    for name in set(before) & set(after):
        old, new = before.nodes[name], after.nodes[name]
        values = {text: (old.get(column), new.get(column)) for column, text in NAMED.items()}
        first, last = (str(data.get("title", name)) or None for data in (old, new))
        values["title"] = (first, last)
        edits[name] = {text: pair for text, pair in values.items() if pair[0] != pair[1]}
    expected |= {(name, "changed") for name, some in edits.items() if some}
    assert changes == expected
    assert {item.key: told(item.edits) for item in found.items if item.change == "changed"} == {
        name: some for name, some in edits.items() if some
    }
    ties = [{(start, kind, end) for start, end, kind in graph.edges(keys=True)} for graph in (before, after)]
    assert {(edge.start, edge.kind, edge.end) for edge in found.edges if edge.change == "added"} == ties[1] - ties[0]
    assert {(edge.start, edge.kind, edge.end) for edge in found.edges if edge.change == "removed"} == ties[0] - ties[1]
    assert not found.completeness.limited


@settings(deadline=None)
@given(graphs())
def test_nothing_is_different_from_itself(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(simple(graph))
    found = difference(snapshot, snapshot, today=MONDAY)
    assert set(found.counts.values()) == {0}
    assert found.explain().sentence == "Nothing is different."


def plan(**changes: Any) -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("A", remaining=8, due="2026-11-27")
    graph.add_node("B", remaining=16)
    graph.add_node("G", kind="Objective", status="STARTED", due="2026-12-31")
    graph.add_edge("A", "B", kind="BLOCKS")
    graph.add_edge("B", "G", kind="CONTRIBUTES_TO")
    for name, values in changes.items():
        graph.add_node(name, **values)
    return graph


def test_goals_move_and_chains_come_and_go() -> None:
    later = plan(A={"remaining": 24, "due": "2026-12-01"}, C={"remaining": 80})
    later.add_edge("C", "G", kind="CONTRIBUTES_TO")
    before, after = Snapshot.from_networkx(plan()), Snapshot.from_networkx(later)
    found = difference(before, after, today=MONDAY)
    (goal,) = found.goals
    assert (goal.key, goal.before, goal.after, goal.days) == ("G", date(2026, 11, 25), date(2026, 12, 4), 7)
    (moved,) = found.dates
    assert (moved.key, moved.which, moved.days) == ("A", "due", 2)
    assert [(chain.root, chain.change, chain.length_hours) for chain in found.chains] == [("C", "appeared", 80)]
    assert "G moved most: 7 working days later, to 2026-12-04" in found.explain().sentence
    back = difference(after, before, today=MONDAY)
    assert [(chain.root, chain.change, chain.length_hours) for chain in back.chains] == [("C", "vanished", 80)]
    assert back.goals[0].days == -7
    assert back.counts == found.counts
    assert found.to_dict()["goals"][0]["days"] == 7
    frame = found.to_dataframe()
    assert set(frame["name"]) >= {"A", "C", "C → G"}


def test_what_is_hidden_on_one_side_is_shown_on_neither() -> None:
    before, after = Snapshot.from_networkx(plan()), Snapshot.from_networkx(plan(A={"remaining": 24}))
    mask = np.array([key == "A" for key in after.items.key])
    found = difference(before, after, today=MONDAY, hidden=(None, mask))
    assert found.items == ()
    assert found.completeness.hidden == 1
    assert not any(chain.root == "A" for chain in found.chains)


def test_a_limit_is_told() -> None:
    found = difference(Snapshot.from_networkx(nx.DiGraph()), Snapshot.from_networkx(plan()), limit=1)
    assert len(found.items) == 1
    assert found.counts["items"] == 3
    assert "the first 1 of 3 items" in found.completeness.limited
    with pytest.raises(ValueError, match="limit is 0"):
        difference(Snapshot.from_networkx(plan()), Snapshot.from_networkx(plan()), limit=0)
