from __future__ import annotations

from datetime import date
from typing import Any

import networkx as nx
import pytest

from analytics import conflicts
from graph.snapshot import Snapshot

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
