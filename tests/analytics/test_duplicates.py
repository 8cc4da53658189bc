"""Duplicates: the pairs that comparing all titles would find, and none that people know to be two."""

from __future__ import annotations

from math import fsum, log
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import duplicates
from graph.snapshots.snapshot import Snapshot


def with_titles(*titles: str, **kinds: str) -> Any:
    graph: Any = nx.MultiDiGraph()
    for number, title in enumerate(titles):
        key = f"T-{number}"
        graph.add_node(key, title=title, kind=kinds.get(key.replace("-", ""), "Task"))
    return graph


FILLERS = tuple(f"Errand {number} about {number * 7}" for number in range(40))


def pairs(graph: Any, **options: Any) -> list[tuple[str, str]]:
    return [(one.key, one.other) for one in duplicates(Snapshot.from_networkx(graph), **options)]


def test_titles_that_say_nearly_the_same_are_found_whatever_their_case_accents_and_order() -> None:
    graph = with_titles(
        "Login crashes on Safari", "login CRASHES on Safári!", "Safari login crashes", "Dark mode", *FILLERS
    )
    found = duplicates(Snapshot.from_networkx(graph))
    assert [(one.key, one.other) for one in found] == [("T-0", "T-1"), ("T-0", "T-2"), ("T-1", "T-2")]
    first, second, _ = found
    assert first.similarity == pytest.approx(1)
    assert 0.6 < second.similarity < 1
    assert set(second.shared) == {"login", "crashes", "safari"}
    assert found.explain().sentence == (
        "3 pairs of open items say nearly the same. T-1 'login CRASHES on Safári!' says nearly the same as T-0 'Login "
        "crashes on Safari': 100 % of their words by weight (on, crashes, login, safari)."
    )


def test_what_many_titles_share_is_a_pattern() -> None:
    graph = with_titles(*["Write the docs"] * 11, *["Book the room"] * 10, *FILLERS)
    found = pairs(graph)
    assert len(found) == 45
    assert {int(key.removeprefix("T-")) for pair in found for key in pair} == set(range(11, 21))


def test_planned_parts_of_different_wholes_may_be_called_alike_but_issues_are_compared() -> None:
    graph = with_titles(*["Author the proposal"] * 4, *FILLERS)
    for number, project in enumerate(("P-0", "P-1", "P-1")):
        graph.add_node(project, kind="Project", title=project)
        graph.add_edge(f"T-{number}", project, kind="PART_OF")
    assert pairs(graph) == [("T-0", "T-3"), ("T-1", "T-2"), ("T-1", "T-3"), ("T-2", "T-3")]
    graph.nodes["T-0"]["kind"] = "Issue"
    assert ("T-0", "T-1") in pairs(graph)


def test_what_an_edge_joins_or_is_closed_or_of_another_group_is_no_duplicate() -> None:
    graph = with_titles(*["Move the office to Zurich"] * 5, *FILLERS, T4="Objective")
    graph.nodes["T-3"]["status"] = "DONE"
    graph.add_edge("T-1", "T-0", kind="DUPLICATES")
    assert pairs(graph) == [("T-0", "T-2"), ("T-1", "T-2")]
    graph.add_edge("T-2", "T-1", kind="BLOCKS")
    assert pairs(graph) == [("T-0", "T-2")]


def test_hidden_items_are_omitted_counted_and_weigh_nothing() -> None:
    graph = with_titles(*["Move the office to Zurich"] * 3, *FILLERS)
    snapshot = Snapshot.from_networkx(graph)
    hidden = np.zeros(len(snapshot), dtype=np.bool_)
    hidden[snapshot.row("T-1")] = True
    found = duplicates(snapshot, hidden=hidden)
    assert [(one.key, one.other) for one in found] == [("T-0", "T-2")]
    assert found.completeness.hidden == 1
    graph.remove_node("T-1")
    alone = duplicates(Snapshot.from_networkx(graph))
    assert [one.to_dict() for one in alone] == [one.to_dict() for one in found]


def test_a_scope_holds_at_least_one_of_each_pair() -> None:
    graph = with_titles(*["Move the office to Zurich"] * 3, *FILLERS)
    graph.add_node("P-0", kind="Project", title="P")
    graph.add_edge("T-0", "P-0", kind="PART_OF")
    assert pairs(graph, scope="P-0") == [("T-0", "T-1"), ("T-0", "T-2")]


def test_bounds_are_kept_and_told() -> None:
    graph = with_titles(*["Move the office to Zurich"] * 4, *FILLERS)
    found = duplicates(Snapshot.from_networkx(graph), limit=2)
    assert (len(found), found.total, found.completeness.limited) == (2, 6, ("the first 2 of 6 pairs",))
    snapshot = Snapshot.from_networkx(nx.MultiDiGraph())
    assert duplicates(snapshot).explain().sentence == "0 pairs of open items say nearly the same."
    for wrong in ({"least": 0.0}, {"least": 1.1}, {"limit": 0}):
        with pytest.raises(ValueError, match=r"least|limit"):
            duplicates(snapshot, **wrong)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=5).map(" ".join), max_size=20),
    st.sampled_from([0.2, 0.5, 0.6, 0.8, 1.0]),
)
def test_no_pair_is_lost_that_comparing_all_titles_finds(titles: list[str], least: float) -> None:
    graph = with_titles(*titles)
    words = {f"T-{number}": set(title.split()) for number, title in enumerate(titles)}
    often = {word: sum(word in own for own in words.values()) for own in words.values() for word in own}
    weight = {word: log(1 + len(words) / number) for word, number in often.items()}
    expected = {}
    for first in words:
        for last in words:
            both, either = words[first] & words[last], words[first] | words[last]
            if first < last and both and sum(both <= own for own in words.values()) <= 10:
                alike = fsum(weight[word] for word in both) / fsum(weight[word] for word in either)
                if alike >= least:
                    expected[frozenset((first, last))] = alike
    found = {
        frozenset((one.key, one.other)): one.similarity
        for one in duplicates(Snapshot.from_networkx(graph), least=least)
    }
    near = {pair for pair, alike in expected.items() if abs(alike - least) < 1e-9}  # either way by rounding
    assert found.keys() - near == expected.keys() - near
    for pair, alike in found.items():
        assert alike == pytest.approx(expected[pair])
