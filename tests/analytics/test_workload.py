from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import Load, Workload, workload
from analytics.people.moves import Piece, relief
from graph.calendars import Leave, WorkingCalendar
from graph.policy import Policy
from graph.snapshots.snapshot import Snapshot

MONDAY = date(2026, 11, 23)


def load_of(graph: Any, weeks: int = 3, today: date = MONDAY, **options: Any) -> Workload:
    return workload(Snapshot.from_networkx(graph), weeks, today=today, **options)


def of(found: Workload, key: str) -> Load:
    return next(one for one in found if one.key == key)


def team(**people: float | None) -> Any:
    """A team with people of so many weekly hours: ``Ann=40``."""
    graph: Any = nx.MultiDiGraph()
    graph.add_node("Core", kind="Team", status=None)
    for person, hours in people.items():
        graph.add_node(person, kind="Person", status=None, weekly_hours=hours)
        graph.add_edge(person, "Core", kind="MEMBER_OF")
    return graph


def task(graph: Any, key: str, hours: float, *people: str, shares: Any = None, **data: Any) -> None:
    graph.add_node(key, remaining=hours, **data)
    for person in people:
        more = {} if shares is None else {"share": shares[person]}
        graph.add_edge(key, person, kind="ASSIGNED_TO", **more)


def hours(load: Load) -> list[float]:
    return [round(week.hours, 6) for week in load.weeks]


def test_remaining_hours_are_spread_from_start_to_due_over_working_days() -> None:
    graph = team(Ann=40)
    task(graph, "A", 40, "Ann", start="2026-11-26", due="2026-12-07")  # 2 + 5 + 1 working days
    ann = of(load_of(graph), "Ann")
    assert hours(ann) == [10, 25, 5]
    assert [week.capacity for week in ann.weeks] == [40, 40, 40]
    assert [week.state for week in ann.weeks] == ["UNDER", "FULL", "UNDER"]
    assert ann.team == "Core"


def test_assignees_share_the_hours_and_owners_do_what_nobody_is_assigned_to() -> None:
    graph = team(Ann=40, Bob=40)
    task(graph, "A", 30, "Ann", "Bob", shares={"Ann": 1.0, "Bob": 0.5}, due="2026-11-27")
    task(graph, "B", 8, due="2026-11-27")
    graph.add_edge("Bob", "B", kind="OWNS")
    task(graph, "C", 5, due="2026-11-27")
    found = load_of(graph)
    assert (hours(of(found, "Ann"))[0], hours(of(found, "Bob"))[0]) == (20, 18)
    assert (hours(of(found, "Core"))[0], of(found, "Core").capacity) == (38, 240)
    assert (found.unassigned, found.unassigned_hours) == (1, 5)


def test_what_is_overdue_or_undated_falls_before_its_earliest_finish() -> None:
    graph = team(Ann=40)
    task(graph, "A", 8, "Ann", due="2026-11-02")
    task(graph, "B", 16, "Ann")
    assert hours(of(load_of(graph), "Ann")) == [24, 0, 0]


def test_what_comes_after_the_window_is_told_apart() -> None:
    graph = team(Ann=40)
    task(graph, "A", 100, "Ann", due="2026-12-25")
    ann = of(load_of(graph, weeks=2), "Ann")
    assert ann.hours == pytest.approx(40)
    assert ann.later_hours == pytest.approx(60)


def test_the_rest_of_this_week_has_the_rest_of_its_capacity() -> None:
    graph = team(Ann=40)
    task(graph, "A", 16, "Ann", due="2026-11-27")
    ann = of(load_of(graph, today=date(2026, 11, 26)), "Ann")
    assert (ann.weeks[0].start, ann.weeks[0].capacity, ann.weeks[0].hours) == (date(2026, 11, 26), 16, 16)


def test_a_year_long_leave_leaves_no_capacity_and_all_of_the_work() -> None:
    graph = team(Ann=None)
    graph.nodes["Ann"]["calendar"] = "leave"
    task(graph, "A", 14, "Ann", due="2026-12-06")
    away = WorkingCalendar("leave", leave=(Leave(MONDAY, date(2027, 12, 31)),))
    snapshot = Snapshot.from_networkx(graph, calendars=(away,))
    ann = of(workload(snapshot, 3, today=MONDAY), "Ann")
    assert (ann.capacity, hours(ann), ann.over_hours) == (0, [7, 7, 0], 14)
    assert [week.state for week in ann.weeks] == ["OVER", "OVER", "FREE"]


def test_unestimated_work_stands_apart_and_counts_no_hours() -> None:
    graph = team(Ann=40)
    graph.add_node("A", remaining=None)
    graph.add_edge("A", "Ann", kind="ASSIGNED_TO")
    graph.add_node("B", remaining=None)
    ann = of(load_of(graph), "Ann")
    assert (ann.hours, ann.items, ann.unestimated) == (0, 0, 1)
    assert (
        ann.explain().sentence
        == "Ann has 0 hours to do and 120 to do them in; 1 more piece of work without an estimate."
    )
    assert (load_of(graph).unassigned, load_of(graph).unassigned_hours) == (1, 0)


@st.composite
def plans(draw: st.DrawFn) -> Any:
    """Two people and a team with dated tasks, of one or of two."""
    graph = team(Ann=40, Bob=20)
    day = st.integers(-10, 40).map(lambda days: (MONDAY + timedelta(days=days)).isoformat())
    for number in range(draw(st.integers(0, 5))):
        people = draw(st.sampled_from([("Ann",), ("Bob",), ("Ann", "Bob"), ("Core",)]))
        start, due = draw(st.none() | day), draw(day)
        task(graph, f"T{number}", float(draw(st.integers(0, 60))), *people, start=start, due=due)
    return graph


def naive(graph: Any, person: str, weekly: float, weeks: int) -> list[float] | None:
    """Hours a week by going through the days one by one; ``None`` where a task is overdue or has no working day."""
    found = [0.0] * weeks
    for key, data in graph.nodes(data=True):
        doers = [end for _, end, edge in graph.out_edges(key, data=True) if edge["kind"] == "ASSIGNED_TO"]
        if person not in doers:
            continue
        begin = max(MONDAY, date.fromisoformat(data["start"] or "2026-01-01"))
        end = date.fromisoformat(data["due"])
        days = [begin + timedelta(days=step) for step in range((end - begin).days + 1)]
        days = [one for one in days if one.weekday() < 5]
        if not days:
            return None
        for one in days:
            week = (one - MONDAY).days // 7
            if week < weeks:
                found[week] += data["remaining"] / len(doers) / len(days)
    return found


@settings(max_examples=100, deadline=None)
@given(plans())
def test_weeks_are_those_of_going_through_the_days(graph: Any) -> None:
    found = load_of(graph, weeks=4)
    for person, weekly in (("Ann", 40), ("Bob", 20)):
        one = of(found, person)
        assert one.capacity == 4 * weekly
        expected = naive(graph, person, weekly, 4)
        if expected is not None:
            assert hours(one) == pytest.approx(expected, abs=1e-5)
        assert one.over_hours == pytest.approx(sum(max(0.0, week.hours - week.capacity) for week in one.weeks))
    total = sum(data["remaining"] for key, data in graph.nodes(data=True) if key.startswith("T"))
    core = of(found, "Core")
    assert core.hours + core.later_hours == pytest.approx(total)
    people = sum(of(found, person).hours for person in ("Ann", "Bob"))
    assert core.hours >= people - 1e-9


def relieved(graph: Any, found: Workload) -> dict[str, list[float]]:
    """Hours a week of each person after the moves, worked out anew from a graph on which they were made."""
    changed = graph.copy()
    for move in found.moves:
        changed.remove_edge(move.item, move.person)
        if move.to is not None and not changed.has_edge(move.item, move.to):
            changed.add_node(f"{move.item}→{move.to}", **changed.nodes[move.item])
            changed.nodes[f"{move.item}→{move.to}"]["remaining"] = move.hours
            changed.add_edge(f"{move.item}→{move.to}", move.to, kind="ASSIGNED_TO")
    return {person: hours(of(load_of(changed, weeks=4), person)) for person in ("Ann", "Bob")}


@settings(max_examples=100, deadline=None)
@given(plans())
def test_the_moves_remove_every_overload(graph: Any) -> None:
    singles = [key for key in graph if key.startswith("T") and graph.out_degree(key) > 1]
    graph.remove_nodes_from(singles)
    due = {key: data["due"] for key, data in graph.nodes(data=True) if key.startswith("T")}
    graph.remove_nodes_from([key for key, day in due.items() if day < MONDAY.isoformat()])
    found = load_of(graph, weeks=4)
    is_over = any(week.state == "OVER" for one in found.people for week in one.weeks)
    assert bool(found.moves) == is_over
    if all(move.hours == graph.nodes[move.item]["remaining"] for move in found.moves):
        after = relieved(graph, found)
        assert max([after["Ann"][week] - 40 for week in range(4)]) <= 1e-5
        assert max([after["Bob"][week] - 20 for week in range(4)]) <= 1e-5


PIECES = st.lists(st.lists(st.integers(0, 30).map(float), min_size=2, max_size=2), max_size=5)


@settings(max_examples=200, deadline=None)
@given(PIECES, PIECES)
def test_relief_leaves_nobody_overloaded_and_moves_nothing_in_vain(first: Any, second: Any) -> None:
    mine = {0: first, 1: second}
    pieces = {who: [Piece(10 * who + at, np.array(one), 0.0) for at, one in enumerate(all_)]
              for who, all_ in mine.items()}  # fmt: skip
    load = {who: np.array(all_).reshape(-1, 2).sum(axis=0) for who, all_ in mine.items()}
    capacity = {0: np.array([20.0, 20.0]), 1: np.array([10.0, 40.0])}
    moves = relief(load, capacity, pieces, {0: [1], 1: [0]})
    vectors = {piece.item: piece.hours for all_ in pieces.values() for piece in all_}

    def after(chosen: Any) -> Any:
        left = {who: hours.copy() for who, hours in load.items()}
        for move in chosen:
            left[move.person] -= vectors[move.item]
            if move.to >= 0:
                left[move.to] += vectors[move.item]
        return left

    def over(left: Any) -> bool:
        return any((left[who] > capacity[who] + 1e-9).any() for who in left)

    assert not over(after(moves))
    assert bool(moves) == over(load)
    for move in moves:
        assert (load[move.person] > capacity[move.person]).any()


def done(graph: Any, key: str, day: str, estimate: float | None, person: str, **data: Any) -> None:
    graph.add_node(key, status="DONE", estimate=estimate, completed_at=f"{day}T10:00:00Z", remaining=None, **data)
    graph.add_edge(key, person, kind="ASSIGNED_TO")


def test_velocity_weighs_recent_weeks_most_and_commitment_is_measured_by_it() -> None:
    graph = team(Ann=40, Bob=40)
    done(graph, "X1", "2026-11-20", 10, "Ann")
    done(graph, "X2", "2026-11-10", None, "Bob", spent=20)
    done(graph, "X3", "2026-11-02", 40, "Ann")
    done(graph, "Old", "2026-01-05", 999, "Ann")
    done(graph, "Today", "2026-11-23", 999, "Ann")
    task(graph, "A", 90, "Ann", due="2026-12-13")
    found = load_of(graph)
    weights = [0.5 ** (week / 4) for week in range(3)]
    core, ann = of(found, "Core"), of(found, "Ann")
    assert core.velocity_hours == pytest.approx((10 * weights[0] + 20 * weights[1] + 40 * weights[2]) / sum(weights))
    assert ann.velocity_hours == pytest.approx((10 * weights[0] + 40 * weights[2]) / sum(weights))
    assert of(found, "Bob").velocity_hours == pytest.approx(20 * weights[1] / sum(weights[:2]))
    assert core.commitment == pytest.approx(30 / (core.velocity_hours or 0))
    assert core.unit == "hours"
    assert found.explain().sentence == (
        "1 team has committed to more than their velocity, most of all Core: 1.4 times."
    )
    assert "times the velocity of 21.6 hours a week" in core.explain().sentence


def test_points_count_where_hours_are_not_known() -> None:
    graph = team(Ann=40)
    done(graph, "X", "2026-11-20", None, "Ann", points=5, started_at="2026-11-19T10:00:00Z")
    task(graph, "A", 0, "Ann", points=20, due="2026-11-29")
    ann = of(load_of(graph, weeks=1), "Ann")
    assert (ann.velocity_hours, ann.velocity_points, ann.points) == (None, 5, 20)
    assert (ann.commitment, ann.unit) == (4, "points")


def test_the_most_overloaded_come_first_and_a_mate_with_room_takes_over() -> None:
    graph = team(Ann=40, Bob=40, Cid=40)
    task(graph, "A", 30, "Ann", due="2026-11-27")
    task(graph, "B", 20, "Ann", due="2026-11-27", title="Write it")
    task(graph, "C", 35, "Bob", due="2026-11-27")
    found = load_of(graph)
    assert [one.key for one in found.people] == ["Ann", "Bob", "Cid"]
    assert [move.to_dict() for move in found.moves] == [
        {"item": "B", "title": "Write it", "person": "Ann", "to": "Cid", "hours": pytest.approx(20)}
    ]
    assert found.explain().sentence == "Ann has more to do in some week than time for it; moving 1 item removes it."
    assert "10 too many, first in the week of 2026-11-23" in of(found, "Ann").explain().sentence


def test_who_may_not_be_seen_is_not_named() -> None:
    graph = team(Ann=40, Bob=40)
    task(graph, "A", 60, "Ann", due="2026-11-27")
    hidden = np.array([name == "Ann" for name in graph])
    found = load_of(graph, hidden=hidden)
    assert ([one.key for one in found.people], found.moves, found.completeness.hidden) == (["Bob"], (), 1)
    assert of(found, "Core").hours == pytest.approx(60)
    assert "Ann" not in str(found.to_dict())


def test_nothing_one_week_and_refusals() -> None:
    graph: Any = nx.MultiDiGraph()
    found = load_of(graph)
    assert (len(found), found.explain().sentence) == (0, "Nobody has more to do than time for it.")
    assert found.to_dataframe().empty
    graph = team(Ann=40, Bob=None)
    graph.add_edge("Ann", "Ann", kind="REPORTS_TO")
    found = load_of(graph, weeks=1)
    assert [len(one.weeks) for one in found] == [1, 1, 1]
    assert list(found.to_dataframe()["state"]) == ["UNDER"] * 3
    assert load_of(graph, limit=1).completeness.limited == ("the first 1 of 2 people",)
    for weeks, limit in ((0, 1), (54, 1), (1, 0)):
        with pytest.raises(ValueError, match="ask for"):
            load_of(graph, weeks=weeks, limit=limit)


def test_holidays_of_the_workspace_take_capacity() -> None:
    graph = team(Ann=None)
    snapshot = Snapshot.from_networkx(graph, policy=Policy(holidays=(date(2026, 11, 24),)))
    assert workload(snapshot, 1, today=MONDAY).people[0].capacity == 32


def test_who_is_inactive_has_no_time_and_is_listed_with_what_they_still_have() -> None:
    graph = team(Ann=40, Bob=40, Cem=40)
    graph.nodes["Ann"]["inactive"] = graph.nodes["Cem"]["inactive"] = True
    task(graph, "A", 8, "Ann", due="2026-11-27")
    found = load_of(graph, 1)
    assert [one.key for one in found.people] == ["Ann", "Bob"]
    assert (of(found, "Ann").capacity, of(found, "Ann").over_hours) == (0, 8)
    assert of(found, "Core").capacity == 40
    assert [(move.item, move.person, move.to) for move in found.moves] == [("A", "Ann", "Bob")]
