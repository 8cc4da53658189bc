"""Cascades of dates: against working days moved one by one, and by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import Cascade, Place, Redate, reschedule
from graph.calendars import Leave, WorkingCalendar
from graph.snapshots.snapshot import Snapshot

MONDAY = date(2026, 1, 5)


def workday(index: int) -> date:
    """Return a working day by its number from ``MONDAY`` on."""
    return MONDAY + timedelta(days=7 * (index // 5) + index % 5)


def number(day: date | None) -> int | None:
    if day is None:
        return None
    weeks, rest = divmod((day - MONDAY).days, 7)
    assert rest < 5, f"{day} is no working day"
    return 5 * weeks + rest


@dataclass
class Slow:
    """A plan in whole working days, read as the docstring says, and moved one day at a time.

    A task is (first day, end, length): what it lacks is ``None``, ``end`` is the day after its last one.
    """

    tasks: dict[str, tuple[int | None, int | None, int]]
    waits: list[tuple[str, str, str, int]]
    wholes: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    stays: set[str] = field(default_factory=set)

    def dated(self, name: str) -> bool:
        return self.tasks[name][:2] != (None, None)

    def begin(self, name: str) -> int:
        """Return the first day of a task, or of a whole: by recursion over what it waits for."""
        if name in self.wholes:
            return max([-(10**6), *self.known(self.wholes[name][0]), *self.bounds(name, "S")])
        start, end, length = self.tasks[name]
        if start is not None:
            return start
        if end is not None:
            return end - length
        return max([0, *self.bounds(name, "S"), *(bound - length for bound in self.bounds(name, "F"))])

    def end(self, name: str) -> int:
        """Return the day after the last one."""
        if name in self.wholes:
            ends = [self.end(part) for part, whole in self.parts.items() if whole == name]
            return max([*ends, *self.known(self.wholes[name][1]), *self.bounds(name, "F")])
        _, end, length = self.tasks[name]
        return self.begin(name) + length if end is None else end

    def known(self, day: int | None) -> list[int]:
        return [] if day is None else [day]

    def bounds(self, name: str, port: str) -> Iterable[int]:
        """Yield what lets a task or whole not begin (S) or end (F) sooner."""
        for _, bound in self.named_bounds(name, port):
            yield bound

    def named_bounds(self, name: str, port: str) -> Iterable[tuple[Any, int]]:
        for wait in self.waits:
            tail, head, kind, lag = wait
            if head == name and kind[1] == port:
                yield wait, (self.begin(tail) if kind[0] == "S" else self.end(tail)) + lag
        if port == "S" and name in self.parts:
            yield self.parts[name], self.begin(self.parts[name])

    def contradictions(self) -> dict[Any, int]:
        """Return by how many days each wait of a task with dates is contradicted."""
        found: dict[Any, int] = {}
        for name in self.tasks:
            if self.dated(name):
                for own, at in (("S", self.begin(name)), ("F", self.end(name))):
                    for wait, bound in self.named_bounds(name, own):
                        found[name, own, wait] = max(0, bound - at)
        return found

    def settle(self, allowed: dict[Any, int]) -> None:
        """Move what may move, a day at a time, until nothing is contradicted by more than is allowed."""
        while True:
            worse = {key[0] for key, days in self.contradictions().items() if days > allowed[key]} - self.stays
            if not worse:
                return
            for name in worse:
                start, end, length = self.tasks[name]
                self.tasks[name] = (start if start is None else start + 1, end if end is None else end + 1, length)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Slow, Any]:
    """Tasks with both dates, one or none, in or out of projects, with waits of all types."""
    graph: Any = nx.MultiDiGraph()
    tasks: dict[str, tuple[int | None, int | None, int]] = {}
    for at in range(draw(st.integers(2, 6))):
        name, length, first = f"T-{at}", draw(st.integers(1, 4)), draw(st.integers(0, 12))
        shape = draw(st.sampled_from(["both", "both", "start", "due", "none"]))
        start = first if shape in {"both", "start"} else None
        end = first + length if shape in {"both", "due"} else None
        tasks[name] = start, end, length
        dates = {"start": None if start is None else workday(start), "due": None if end is None else workday(end - 1)}
        graph.add_node(name, remaining=8.0 * length, **dates)
    slow = Slow(tasks, [])
    for whole in ("P-0", "P-1"):
        first, last = draw(st.integers(0, 8)), draw(st.integers(8, 20))
        start = draw(st.sampled_from([None, first]))
        due = draw(st.sampled_from([None, last]))
        inside = [name for name in tasks if name not in slow.parts and draw(st.integers(0, 3)) == 0]
        if inside:
            slow.wholes[whole] = start, due
            slow.parts |= dict.fromkeys(inside, whole)
            dates = {
                "start": None if start is None else workday(start),
                "due": None if due is None else workday(due - 1),
            }
            graph.add_node(whole, kind="Project", **dates)
            for name in inside:
                graph.add_edge(name, whole, kind="PART_OF")
    ranks = {name: at for at, name in enumerate(tasks)}
    lowest = {whole: min(ranks[one] for one, of in slow.parts.items() if of == whole) for whole in slow.wholes}
    highest = {whole: max(ranks[one] for one, of in slow.parts.items() if of == whole) for whole in slow.wholes}
    names = [*tasks, *slow.wholes]
    pairs = [
        (tail, head)
        for tail in names
        for head in names
        if highest.get(tail, ranks.get(tail, 0)) < lowest.get(head, ranks.get(head, 0))
    ]
    for tail, head in draw(st.lists(st.sampled_from(pairs), max_size=7, unique=True)) if pairs else []:
        kind, lag = draw(st.sampled_from(["FS", "FS", "SS", "FF", "SF"])), draw(st.sampled_from([0, 0, 1, 2, -1]))
        if head in slow.wholes and kind[1] == "F":
            continue
        slow.waits.append((tail, head, kind, lag))
        graph.add_edge(tail, head, type=kind, lag=8.0 * lag)
    return slow, graph


@settings(max_examples=250, deadline=None)
@given(plans(), st.data())
def test_dates_move_as_far_as_days_moved_one_by_one(plan: tuple[Slow, Any], data: st.DataObject) -> None:
    slow, graph = plan
    names = [name for name in slow.tasks if slow.dated(name)]
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    keep = data.draw(st.sets(st.sampled_from(names), max_size=1)) - {name}
    start, end, length = slow.tasks[name]
    by = data.draw(st.integers(-4, 8))
    change = Redate(name, due=workday(end + by - 1)) if start is None and end is not None else None
    change = change or Redate(name, start=workday((start or 0) + by))
    if end is not None and start is not None and data.draw(st.booleans()):
        change = Redate(name, start=workday(start + by), due=workday(end + by - 1))
    found = reschedule(Snapshot.from_networkx(graph), [change], keep=keep, today=MONDAY)
    allowed = slow.contradictions()
    before = dict(slow.tasks)
    slow.tasks[name] = (None if start is None else start + by, None if end is None else end + by, length)
    slow.stays = {name, *keep}
    slow.settle(allowed)
    moved = {one.key: (number(one.new_start), number(one.new_due)) for one in found.moved}
    assert moved == {
        one: (first, None if end is None else end - 1)
        for one, (first, end, _) in slow.tasks.items()
        if (first, end) != before[one][:2]
    }
    worse = {key[0] for key, days in slow.contradictions().items() if days > allowed[key]}
    assert {one.key for one in found.stuck if one.kind == "Task"} == worse
    assert {one.key: one.reason for one in found.stuck if one.kind == "Task"} == {
        one: "ASKED" if one == name else "KEPT" for one in worse
    }
    check_paths(graph, found, name)


def check_paths(graph: Any, found: Cascade, name: str) -> None:
    """Each path leads from the change to its item over edges, or down into a whole's parts."""
    joined = {(tail, head) for tail, head, _ in graph.edges} | {
        (whole, part) for part, whole, data in graph.edges(data=True) if data.get("kind") == "PART_OF"
    }
    ways = [(one.key, one.path) for one in found.moved if not one.asked]
    ways += [(one.key, one.path) for one in found.stuck if one.key != name] + [
        (one.key, one.path) for one in found.late
    ]
    for key, path in ways:
        assert (path[0], path[-1]) == (name, key)
        assert set(itertools.pairwise(path)) <= joined
    resting = set(found.rests_on())
    assert {one.id for one in found.moved} <= resting


@settings(max_examples=60, deadline=None)
@given(plans())
def test_changing_nothing_moves_nothing(plan: tuple[Slow, Any]) -> None:
    slow, graph = plan
    changes = [
        Redate(name, start=None if start is None else workday(start), due=None if end is None else workday(end - 1))
        for name, (start, end, _) in slow.tasks.items()
        if (start, end) != (None, None)
    ]
    found = reschedule(Snapshot.from_networkx(graph), changes, today=MONDAY)
    assert (found.moved, found.stuck, found.late) == ((), (), ())
    assert found.explain().sentence == "Nothing else has to move."


# By hand ----------------------------------------------------------------------------------------------------------

NEXT = date(2026, 1, 12)


def plan_of(**items: dict[str, Any]) -> Any:
    """Return a graph; ``after`` names what an item waits for, ``serves`` its goal, ``part`` its whole."""
    graph: Any = nx.MultiDiGraph()
    for name, row in items.items():
        data = {key: value for key, value in row.items() if key not in {"after", "serves", "part", "lag", "type"}}
        graph.add_node(name, **{"remaining": 8.0, **data})
    for name, row in items.items():
        for before in row.get("after", ()):
            graph.add_edge(before, name, type=row.get("type", "FS"), lag=row.get("lag", 0.0))
        if "serves" in row:
            graph.add_edge(name, row["serves"], kind="CONTRIBUTES_TO")
        if "part" in row:
            graph.add_edge(name, row["part"], kind="PART_OF")
    return graph


def cascade(graph: Any, *changes: Redate, **more: Any) -> Cascade:
    return reschedule(Snapshot.from_networkx(graph, calendars=more.pop("calendars", ())), changes, today=MONDAY, **more)


def moves(found: Cascade) -> dict[str, tuple[date | None, date | None]]:
    return {one.key: (one.new_start, one.new_due) for one in found.moved if not one.asked}


def test_a_chain_moves_through_work_without_dates_and_makes_its_goal_late() -> None:
    graph = plan_of(
        A={"start": MONDAY, "due": MONDAY},
        U={"after": ["A"], "remaining": 20.0},
        B={"after": ["U"], "start": workday(4), "due": workday(5), "serves": "O"},
        O={"kind": "Objective", "due": workday(5)},
    )
    found = cascade(graph, Redate("A", due=workday(1)))
    # U is over in the middle of Friday: the hour inside the day does not matter.
    assert (moves(found), found.late) == ({}, ())
    found = cascade(graph, Redate("A", due=workday(2)))
    assert moves(found) == {"B": (workday(5), workday(6))}
    (late,) = found.late
    assert (late.key, late.due, late.before, late.after, late.late_days) == ("O", workday(5), workday(5), workday(6), 1)
    assert late.path == ("A", "U", "B", "O")
    assert found.moved[1].days == 1
    assert found.explain().sentence == "1 more item would have to move: B; late would be O, by 1 working day."
    assert list(found.to_dataframe()["key"]) == ["A", "B"]
    assert found.to_dict()["moved"][1]["newStart"] == "2026-01-12"


def test_dates_move_in_the_calendar_of_who_does_the_work() -> None:
    away = WorkingCalendar("away", hours=(8.0,) * 4 + (0.0,) * 3, leave=(Leave(NEXT, NEXT + timedelta(days=1)),))
    graph = plan_of(
        A={"start": MONDAY, "due": workday(1)},
        B={"after": ["A"], "start": workday(2), "due": workday(3), "calendar": "away"},
        C={"after": ["B"], "due": workday(8)},
    )
    # B works neither on Friday nor on the first days of the next week, and takes two of its own days.
    found = cascade(graph, Redate("A", due=workday(2)), calendars=[away])
    assert moves(found) == {"B": (workday(3), workday(7))}
    found = cascade(graph, Redate("A", due=workday(3)), calendars=[away])
    assert moves(found) == {"B": (workday(7), workday(8)), "C": (None, workday(9))}


def test_what_has_started_keeps_its_start_and_what_is_left_comes_after_what_it_waits_for() -> None:
    begun = {"status": "STARTED", "start": MONDAY, "due": workday(3), "remaining": 16.0}
    graph = plan_of(A={"due": workday(1)}, B={**begun, "after": ["A"]}, C={"after": ["B"], "start": workday(4)})
    assert moves(cascade(graph, Redate("A", due=workday(2)))) == {"B": (MONDAY, workday(4)), "C": (workday(5), None)}


def test_what_cannot_move_is_named_with_the_day_that_it_would_need() -> None:
    graph = plan_of(
        A={"due": workday(1)},
        D={"after": ["A"], "status": "DONE", "due": workday(2)},
        K={"after": ["A"], "start": workday(2), "due": workday(3)},
        E={"after": ["K"], "start": workday(4)},
        P={"kind": "Project", "after": ["A"], "start": workday(2)},
        Q={"part": "P", "start": workday(2)},
    )
    found = cascade(graph, Redate("A", due=workday(4)), keep=["K"])
    assert {one.key: (one.reason, one.day) for one in found.stuck} == {
        "D": ("CLOSED", workday(4)),
        "K": ("KEPT", workday(5)),
        "P": ("WHOLE", workday(5)),
    }
    assert moves(found) == {"Q": (workday(5), None)}
    assert [one.path for one in found.moved if one.key == "Q"] == [("A", "P", "Q")]
    assert "D, K, P would have to, but cannot" in found.explain().sentence


def test_a_cycle_is_passed_through_and_its_dates_stand() -> None:
    graph = plan_of(
        A={"due": workday(1)},
        X={"after": ["A", "Y"], "due": workday(4)},
        Y={"after": ["X"]},
        Z={"after": ["Y"], "start": workday(4)},
    )
    found = cascade(graph, Redate("A", due=workday(3)))
    assert [(one.key, one.reason) for one in found.stuck] == [("X", "CYCLE")]
    assert moves(found) == {"Z": (workday(6), None)}
    with pytest.raises(ValueError, match="cycle"):
        cascade(graph, Redate("X", due=workday(3)))


def test_a_whole_takes_its_parts_along_and_a_whole_that_ends_too_late_is_named() -> None:
    graph = plan_of(
        P={"kind": "Project", "start": MONDAY, "due": workday(4)},
        A={"part": "P", "start": workday(0), "due": workday(1)},
        B={"part": "P", "after": ["A"], "start": workday(2), "due": workday(3)},
    )
    found = cascade(graph, Redate("P", start=workday(2)))
    assert moves(found) == {"A": (workday(2), workday(3)), "B": (workday(4), workday(5))}
    assert [(one.key, one.after, one.late_days) for one in found.late] == [("P", workday(5), 1)]
    later = cascade(graph, Redate("P", start=workday(2), due=workday(9)))
    assert (moves(later), later.late) == (moves(found), ())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Redate("A", start=workday(5)), (workday(5), workday(7))),
        (Redate("A", due=workday(9)), (workday(1), workday(9))),
        (Redate("A", due=workday(0)), (date(2026, 1, 1), workday(0))),
        (Redate("A", duration=40.0), (workday(1), workday(5))),
        (Redate("A", duration=4.0), (workday(1), workday(1))),
        (Redate("A", start=workday(5), duration=8.0), (workday(5), workday(5))),
        (Redate("A", due=workday(5), duration=16.0), (workday(4), workday(5))),
        (Redate("A", start=workday(3), due=workday(4)), (workday(3), workday(4))),
        (Redate("B", start=workday(6)), (workday(6), None)),
        (Redate("B", due=workday(6)), (workday(2), workday(6))),
        (Redate("C", start=workday(6)), (workday(6), workday(7))),
        (Redate("C", duration=32.0), (None, workday(3))),
        (Redate("U", due=workday(6)), (None, workday(6))),
    ],
)
def test_new_dates_say_what_they_leave_open(change: Redate, expected: tuple[date | None, date | None]) -> None:
    graph = plan_of(
        A={"start": workday(1), "due": workday(3)},
        B={"start": workday(2)},
        C={"due": workday(3), "remaining": 16.0},
        U={},
    )
    (one,) = cascade(graph, change).moved
    assert (one.new_start, one.new_due, one.new_duration) == (*expected, change.duration)


def test_an_item_is_put_as_early_and_as_late_as_can_be() -> None:
    graph = plan_of(
        A={"start": MONDAY, "due": workday(2)},
        B={"after": ["A"], "start": workday(8), "due": workday(9), "lag": 8.0},
        C={"after": ["B"], "start": workday(20)},
        G={"kind": "Objective", "due": workday(30)},
        D={"serves": "G"},
        E={},
    )
    assert cascade(graph, Redate("B", place=Place.EARLIEST)).moved[0].new_start == workday(4)
    found = cascade(graph, Redate("B", place=Place.LATEST))
    assert [(one.key, one.new_start, one.new_due) for one in found.moved] == [("B", workday(18), workday(19))]
    assert moves(cascade(graph, Redate("B", start=workday(18)))) == {}
    assert moves(cascade(graph, Redate("B", start=workday(19)))) == {"C": (workday(21), None)}
    (last,) = cascade(graph, Redate("D", place=Place.LATEST)).moved
    assert (last.new_start, last.new_due) == (workday(30), workday(30))
    with pytest.raises(ValueError, match="limits how late"):
        cascade(graph, Redate("E", place=Place.LATEST))


def test_hidden_items_do_not_move_and_are_counted() -> None:
    graph = plan_of(A={"due": MONDAY}, H={"after": ["A"], "start": workday(1)}, B={"after": ["U"], "start": workday(2)},
                    U={"after": ["A"]})  # fmt: skip
    hidden = np.array([name in {"H", "U"} for name in graph])
    found = cascade(graph, Redate("A", due=workday(3)), hidden=hidden)
    assert (moves(found), found.completeness.hidden) == ({"B": (workday(5), None)}, 1)
    assert found.moved[1].path == ("A", "a hidden Task", "B")
    assert "H" not in str(found.to_dict())
    with pytest.raises(KeyError, match="'H'"):
        cascade(graph, Redate("H", due=workday(3)), hidden=hidden)


def test_a_token_stands_for_the_dates_and_nothing_else() -> None:
    graph = plan_of(A={"due": MONDAY}, B={"after": ["A"], "start": workday(1)})
    one, same, other = (cascade(graph, Redate("A", due=workday(day))).token for day in (2, 2, 3))
    assert one == same != other
    graph.add_node("C", title="Anything")
    assert cascade(graph, Redate("A", due=workday(2))).token == one


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([Redate("A")], "give one or two"),
        ([Redate("A", start=MONDAY, place=Place.EARLIEST)], "a place instead"),
        ([Redate("A", MONDAY, MONDAY, 8.0)], "give one or two"),
        ([Redate("A", start=workday(2), due=workday(1))], "comes after"),
        ([Redate("A", duration=-1.0)], "from 0 up"),
        ([Redate("A", start=MONDAY), Redate("A", due=MONDAY)], "once"),
        ([Redate("O", due=MONDAY)], "no open work"),
        ([Redate("D", due=MONDAY)], "no open work"),
        ([Redate("P", duration=8.0)], "has parts"),
    ],
)
def test_what_cannot_be_asked_is_said(changes: list[Redate], said: str) -> None:
    graph = plan_of(A={"part": "P"}, P={"kind": "Project"}, O={"kind": "Objective"}, D={"status": "DONE"})
    with pytest.raises(ValueError, match=said):
        cascade(graph, *changes)


def test_an_empty_snapshot_and_an_empty_request_have_no_cascade() -> None:
    assert cascade(nx.MultiDiGraph()).moved == ()
    with pytest.raises(KeyError):
        cascade(nx.MultiDiGraph(), Redate("A", due=MONDAY))
