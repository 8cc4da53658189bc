from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import conflicts
from graph.snapshots.snapshot import Snapshot

MONDAY = date(2026, 11, 23)


def two(first: dict[str, Any], last: dict[str, Any], **edge: Any) -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("A", **({"remaining": 0} | first))
    graph.add_node("B", **({"remaining": 0} | last))
    graph.add_edge("A", "B", **edge)
    return graph


def kinds(graph: Any, today: date | None = None) -> dict[str, int]:
    return conflicts(Snapshot.from_networkx(graph), today=today).counts


@pytest.mark.parametrize(
    ("first", "last", "edge", "violated"),
    [
        ({"due": "2026-12-02"}, {"start": "2026-12-01"}, {}, True),
        ({"due": "2026-12-02"}, {"start": "2026-12-02"}, {}, False),
        ({"due": "2026-12-02"}, {"start": "2026-12-02"}, {"lag": 8}, True),
        ({"due": "2026-12-02"}, {"start": "2026-12-01"}, {"lag": -8}, False),
        ({"due": "2026-12-02"}, {"due": "2026-12-01"}, {}, True),
        ({"start": "2026-12-02"}, {"start": "2026-12-01"}, {"type": "SS"}, True),
        ({"due": "2026-12-02"}, {"start": "2026-12-01"}, {"type": "SS"}, False),
        ({"due": "2026-12-02"}, {"due": "2026-12-01"}, {"type": "FF"}, True),
        ({"start": "2026-12-02"}, {"due": "2026-12-01"}, {"type": "SF"}, True),
        ({"due": "2026-12-02"}, {"due": "2026-12-01", "kind": "Project"}, {"kind": "PART_OF"}, True),
        ({"due": "2026-12-02", "status": "DONE"}, {"start": "2026-12-01"}, {}, False),
    ],
)
def test_dates_that_no_order_of_work_keeps(
    first: dict[str, Any], last: dict[str, Any], edge: dict[str, Any], violated: bool
) -> None:
    assert kinds(two(first, last, **edge)).get("DATES_VIOLATE_EDGE", 0) == int(violated)


@pytest.mark.parametrize(
    ("first", "last", "kind", "found"),
    [
        ("PLANNED", "DONE", "BLOCKS", "FINISHED_WHILE_BLOCKED"),
        ("PLANNED", "STARTED", "BLOCKS", "STARTED_WHILE_WAITING"),
        ("CANCELLED", "PLANNED", "BLOCKS", "CANCELLED_PREDECESSOR"),
        ("PLANNED", "DONE", "PART_OF", "OPEN_PART_OF_DONE_WHOLE"),
        ("PLANNED", "CANCELLED", "PART_OF", "OPEN_PART_OF_CANCELLED_WHOLE"),
        ("DONE", "STARTED", "BLOCKS", None),
        ("DONE", "DONE", "PART_OF", None),
    ],
)
def test_statuses_that_contradict_an_edge(first: str, last: str, kind: str, found: str | None) -> None:
    assert kinds(two({"status": first}, {"status": last}, kind=kind)) == ({found: 1} if found else {})


def test_a_cancelled_child_keeps_its_share() -> None:
    graph = two({"status": "CANCELLED"}, {"kind": "Objective"}, kind="CONTRIBUTES_TO")
    (conflict,) = conflicts(Snapshot.from_networkx(graph))
    assert conflict.sentence == "A was cancelled, but still holds 100 % of B."


def test_a_due_date_before_the_earliest_finish() -> None:
    graph = two({"remaining": 16}, {"remaining": 8, "due": "2026-11-24"})
    (conflict,) = conflicts(Snapshot.from_networkx(graph), today=MONDAY)
    assert conflict.sentence == "B is due on 2026-11-24, but cannot be finished before 2026-11-25."
    graph.nodes["B"]["due"] = "2026-11-25"
    assert kinds(graph, MONDAY) == {}


def test_cycles_self_references_and_budgets() -> None:
    graph = two({}, {})
    graph.add_edge("B", "A", confidence=0.7)
    graph.add_edge("B", "B")
    graph.add_node("P", kind="Project", budget=10, spent_budget=12)
    found = {conflict.kind: conflict for conflict in conflicts(Snapshot.from_networkx(graph))}
    assert found.keys() == {"CYCLE", "SELF_REFERENCE", "OVER_BUDGET"}
    assert found["CYCLE"].sentence == "A, B wait for each other; cut it where B leads to A."
    assert found["OVER_BUDGET"].sentence == "P has spent 12 of a budget of 10."


def test_limits_hidden_items_and_nothing() -> None:
    graph = two({"status": "CANCELLED"}, {})
    graph.add_edge("A", graph.add_node("C", remaining=0) or "C")
    snapshot = Snapshot.from_networkx(graph)
    found = conflicts(snapshot, limit=1)
    assert (len(found), found.counts) == (1, {"CANCELLED_PREDECESSOR": 2})
    assert found.completeness.limited == ("the first 1 of 2 CANCELLED_PREDECESSOR",)
    hidden = snapshot.is_work.copy()
    assert conflicts(snapshot, hidden=hidden).completeness.hidden == 2
    assert conflicts(Snapshot.from_networkx(nx.DiGraph())).explain().sentence == "Nothing contradicts anything else."


def test_who_is_inactive_holds_nothing_open() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("Ann", kind="Person", status=None, inactive=True)
    graph.add_node("Bob", kind="Person", status=None)
    graph.add_nodes_from(["A", "B", "C"], remaining=8)
    graph.add_node("Old", status="DONE")
    graph.add_edges_from([("Ann", "A"), ("Bob", "C"), ("Ann", "Old")], kind="OWNS")
    graph.add_edges_from([("B", "Ann"), ("B", "Bob")], kind="ASSIGNED_TO")
    found = conflicts(Snapshot.from_networkx(graph))
    assert [one.sentence for one in found] == [
        "A is owned by Ann, who is inactive.", "B is assigned to Ann, who is inactive.",
    ]  # fmt: skip
    assert found.counts == {"INACTIVE_HOLDER": 2}


DAYS = st.none() | st.integers(1, 20).map(lambda day: date(2026, 12, day))


@settings(max_examples=300, deadline=None)
@given(st.tuples(DAYS, DAYS), st.tuples(DAYS, DAYS), st.sampled_from(["FS", "SS", "FF", "SF"]), st.integers(-2, 2))
def test_planned_dates_violate_a_wait_of_any_type(
    first: tuple[date | None, date | None], last: tuple[date | None, date | None], kind: str, days: int
) -> None:
    """Every event has a planned day: what it is due or starts on; no end comes before the start of the same item."""
    (begun, ended), (begins, ends) = first, last
    before = [day for day in ([begun, ended] if kind[0] == "F" else [begun]) if day]
    after = [day for day in ([begins, ends] if kind[1] == "S" else [ends]) if day]

    def moved(day: date) -> date:
        """A day and some working days, counted one by one; a lag of none moves nothing."""
        while days and day.weekday() > 4:
            day -= timedelta(1)
        for _ in range(abs(days)):
            day += timedelta(1 if days > 0 else -1)
            while day.weekday() > 4:
                day += timedelta(1 if days > 0 else -1)
        return day

    violated = any(moved(one) > other for one in before for other in after)
    graph = two({"start": begun, "due": ended}, {"start": begins, "due": ends}, type=kind, lag=8 * days)
    assert kinds(graph).get("DATES_VIOLATE_EDGE", 0) == int(violated)


STATES = ["PLANNED", "STARTED", "DONE", "CANCELLED"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(STATES), min_size=2, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["FS", "SS", "FF", "SF"])), max_size=6),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=3),
)
def test_statuses_are_held_against_every_edge(
    states: list[str], waits: list[tuple[int, int, str]], parts: list[tuple[int, int]]
) -> None:
    graph: Any = nx.MultiDiGraph()
    names = [f"N{number}" for number in range(len(states))]
    graph.add_nodes_from((name, {"status": state, "remaining": 8}) for name, state in zip(names, states, strict=True))
    expected: Counter[tuple[str, tuple[str, ...]]] = Counter()
    status = dict(zip(names, states, strict=True))
    for low, high, kind in waits:
        if max(low, high) < len(names) and low < high:
            before, after = names[low], names[high]
            graph.add_edge(before, after, type=kind)
            is_open = status[before] in ("PLANNED", "STARTED")
            pending = is_open and not (kind[0] == "S" and status[before] == "STARTED")
            expected["FINISHED_WHILE_BLOCKED", (before, after)] += pending and status[after] == "DONE"
            waiting = status[after] in ("PLANNED", "STARTED")
            expected["CANCELLED_PREDECESSOR", (before, after)] += status[before] == "CANCELLED" and waiting
    for low, high in parts:
        if max(low, high) < len(names) and low > high:
            part, whole = names[low], names[high]
            graph.add_edge(part, whole, kind="PART_OF")
            for state in ("DONE", "CANCELLED"):
                open_part = status[part] in ("PLANNED", "STARTED") and status[whole] == state
                expected[f"OPEN_PART_OF_{state}_WHOLE", (part, whole)] += open_part
    found = Counter((one.kind, one.keys) for one in conflicts(Snapshot.from_networkx(graph)))
    known = {name for name, _ in expected} | {"FINISHED_WHILE_BLOCKED"}
    assert {name: number for name, number in found.items() if name[0] in known} == +expected
