from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import blocking_chains, critical_path, floats, k_paths
from analytics.expansion.clock import Clock, has_own_calendars
from analytics.expansion.expanded import Expanded
from analytics.expansion.finishes import finish_of
from analytics.expansion.passes import early_moments, late_bounds
from analytics.expansion.timing import ends_of
from graph.calendars import Leave, WorkingCalendar
from graph.policy import Policy
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import Naive, work_graphs
from tests.analytics.slots import SLOTS, Slots
from tests.analytics.test_chains import numbers_and_keys, written

MONDAY = date(2026, 1, 5)


def snapshot_of(graph: Any, **more: Any) -> Snapshot:
    return Snapshot.from_networkx(graph, **more)


class Longest:
    """The naive graph's earliest starts and longest ways, by recursion over all paths."""

    def __init__(self, graph: Any) -> None:
        self.naive = Naive(graph)

    def start(self, node: Any) -> float:
        if node == "now":
            return 0.0
        return max([0.0, *(self.start(tail) + hours for tail, head, hours in self.naive.arcs if head == node)])

    def length(self, target: str) -> float:
        return self.start(self.naive.end(target)) + self.naive.hours(target)

    def float_of(self, item: str, target: str) -> float | None:
        end = self.naive.end(target)
        ways = {node: self.naive.longest(node, end) for node in {self.naive.gate(item), self.naive.end(item)}}
        if ways[self.naive.end(item)] is None:
            return None
        slacks = [self.start(end) - self.start(node) - way for node, way in ways.items() if way is not None]
        return min(slacks, default=None)


@settings(max_examples=150, deadline=None)
@given(work_graphs())
def test_times_floats_and_drag_agree_with_every_path_tried(graph: Any) -> None:
    slow = Longest(graph)
    assume(nx.is_directed_acyclic_graph(nx.DiGraph([(tail, head) for tail, head, _ in slow.naive.arcs])))
    found = critical_path(snapshot_of(graph), "O-0")
    assert found.length == pytest.approx(slow.length("O-0"))
    wanted = {name: slow.float_of(name, "O-0") for name in graph if not slow.naive.closed(name)}
    assert set(found.items) == {name for name, slack in wanted.items() if slack is not None}
    for name, item in found.items.items():
        assert item.total_float == pytest.approx(wanted[str(name)], abs=1e-6)
        assert item.critical == (item.total_float == 0)
        assert item.free_float <= item.total_float + 1e-6
        if name not in slow.naive.wholes:
            assert item.late_start - item.early_start == pytest.approx(item.total_float, abs=1e-6)
            assert item.late_finish - item.early_finish == pytest.approx(item.total_float, abs=1e-6)
            assert item.early_start == pytest.approx(slow.start(name))
            assert item.early_finish == pytest.approx(item.early_start + slow.naive.hours(str(name)))
            shorter = graph.copy()
            shorter.nodes[name]["remaining"] = 0.0
            drag = found.length - Longest(shorter).length("O-0") if item.critical else 0.0
            assert item.drag == pytest.approx(drag, abs=1e-6), name


@settings(max_examples=60, deadline=None)
@given(work_graphs())
def test_everything_is_finished_when_the_last_of_all_is(graph: Any) -> None:
    slow = Longest(graph)
    assume(nx.is_directed_acyclic_graph(nx.DiGraph([(tail, head) for tail, head, _ in slow.naive.arcs])))
    found = critical_path(snapshot_of(graph))
    every = [item for item in graph if not slow.naive.closed(item)]
    assert found.length == pytest.approx(max(slow.length(item) for item in every))
    assert set(found.items) == set(every)
    for name, item in found.items.items():
        shorter = graph.copy()
        shorter.nodes[name]["remaining"] = 0.0
        after = Longest(shorter)
        drag = found.length - max(after.length(one) for one in every) if item.critical else 0.0
        assert item.drag == pytest.approx(drag, abs=1e-6), name


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_plain_waits_agree_with_networkx(size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    graph: Any = nx.DiGraph()
    for node in range(size):
        graph.add_node(node, remaining=float(random.integers(0, 30)))
    for _ in range(2 * size):
        first, last = sorted(random.choice(size, 2, replace=False).tolist())
        graph.add_edge(first, last)
    weighted = nx.DiGraph()
    for node, data in graph.nodes(data=True):
        weighted.add_edge(("start", node), ("end", node), weight=data["remaining"])
    weighted.add_edges_from(((("end", first), ("start", last)) for first, last in graph.edges), weight=0)
    found = critical_path(snapshot_of(graph))
    assert found.length == nx.dag_longest_path_length(weighted)
    hours = [graph.nodes[int(step.key or -1)]["remaining"] for step in found.path]
    assert sum(hours) == found.length


DAYS = 200


@st.composite
def plans(draw: st.DrawFn) -> tuple[Slots, Any, list[WorkingCalendar]]:
    """Tasks with calendars of their own and waits of all types, as slots and as a graph."""
    stored: list[WorkingCalendar] = []
    for number in range(draw(st.integers(1, 2))):
        # Days of one length keep every time on the edge of a slot.
        length = draw(st.sampled_from([4.0, 8.0]))
        week = tuple(length * draw(st.booleans()) for _ in range(7))
        first = MONDAY + timedelta(days=draw(st.integers(0, 12)))
        leave = Leave(first, first + timedelta(days=draw(st.integers(0, 20))))
        stored.append(WorkingCalendar(f"C-{number}", hours=week if any(week) else (length,) * 7, leave=(leave,)))
    days = [MONDAY + timedelta(days=after) for after in range(DAYS)]
    lengths = [[8.0 if day.weekday() < 5 else 0.0 for day in days]]
    lengths += [[0.0 if day in set(one.days_off()) else one.hours[day.weekday()] for day in days] for one in stored]
    graph: Any = nx.MultiDiGraph()
    tasks: dict[str, tuple[float, int]] = {}
    for number in range(draw(st.integers(2, 5))):
        hours, place = float(draw(st.integers(0, 12))), draw(st.integers(0, len(stored)))
        tasks[f"T-{number}"] = hours, place
        graph.add_node(f"T-{number}", remaining=hours, calendar=stored[place - 1].id if place else None)
    names = list(tasks)
    pairs = [(low, high) for at, high in enumerate(names) for low in names[:at]]
    waits = []
    for low, high in draw(st.lists(st.sampled_from(pairs), max_size=6, unique=True)):
        kind, lag = draw(st.sampled_from(["FS", "SS", "FF", "SF"])), float(draw(st.integers(-8, 8)))
        waits.append((low, high, kind, lag))
        graph.add_edge(low, high, type=kind, lag=lag)
    return Slots(lengths, tasks, waits), graph, stored


@settings(max_examples=40, deadline=None)
@given(plans())
def test_late_times_are_the_last_from_which_a_forward_pass_keeps_the_target(
    plan: tuple[Slots, Any, list[WorkingCalendar]],
) -> None:
    _, graph, stored = plan
    snapshot = snapshot_of(graph, calendars=stored)
    expanded = Expanded.of(snapshot, MONDAY)
    assume(has_own_calendars(expanded))
    clock = Clock(expanded, MONDAY)
    unit = int(expanded.unit[expanded.finish[snapshot.row(list(graph)[-1])]])
    is_end = ends_of(expanded, unit)
    let, _, ends = clock.early(expanded.hours)
    end = float(ends[unit])
    bounds = late_bounds(clock.network, clock.work, clock.rulers, is_end, end)

    def keeps(held: int, moment: float) -> bool:
        not_before = clock.work.not_before.copy()
        not_before[held] = max(not_before[held], moment)
        work = clock.work._replace(not_before=not_before)
        options = expanded.arcs.child, expanded.arc_share, expanded.need, clock.rulers
        return bool(early_moments(clock.network, work, *options)[2][unit] <= end + 1e-6)

    for held in np.flatnonzero(np.isfinite(bounds.start)).tolist():
        last, excluded = float(bounds.start[held]), bool(bounds.before_start[held])
        # On the edges of slots, where everything happens, and between them.
        for moment in np.arange(2 * SLOTS * 40) / (2 * SLOTS):
            if moment >= let[held]:
                allowed = moment < last - 1e-6 if excluded else moment <= last + 1e-6
                assert keeps(held, float(moment)) == allowed, (held, moment, last, excluded)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_ends_without_a_unit_are_those_of_a_whole_forward_pass(plan: tuple[Slots, Any, list[WorkingCalendar]]) -> None:
    _, graph, stored = plan
    expanded = Expanded.of(snapshot_of(graph, calendars=stored), MONDAY)
    clock = Clock(expanded, MONDAY)
    for unit in np.flatnonzero(expanded.hours > 0).tolist():
        hours = expanded.hours.copy()
        hours[unit] = 0.0
        np.testing.assert_array_equal(clock.ends_without(unit), clock.early(hours)[2])


@settings(max_examples=120, deadline=None)
@given(plans())
def test_calendars_agree_with_time_counted_slot_by_slot(plan: tuple[Slots, Any, list[WorkingCalendar]]) -> None:
    slots, graph, stored = plan
    target = list(graph)[-1]
    assume(any(hours and calendar for hours, calendar in slots.tasks.values()))
    found = critical_path(snapshot_of(graph, calendars=stored), target, today=MONDAY)
    times = slots.times()
    assert set(found.items) == slots.leads(target)
    assert found.length == pytest.approx(slots.hours(0, times[target][1]), abs=1e-4)
    for name, item in found.items.items():
        start, end = times[str(name)]
        told = (
            item.early_start,
            item.early_finish,
            item.late_start,
            item.late_finish,
            item.total_float,
            item.free_float,
        )
        assert told == tuple(round(number, 6) for number in told), "no dust of having been parts of days"
        assert item.early_start == pytest.approx(slots.hours(0, start), abs=1e-4), name
        assert item.early_finish == pytest.approx(slots.hours(0, end), abs=1e-4), name
        if slots.tasks[str(name)][0]:
            assert item.early_start_date == MONDAY + timedelta(days=start // SLOTS)
        assert item.early_finish_date == MONDAY + timedelta(days=max(-(-end // SLOTS) - 1, 0))
        last = slots.last_start(str(name), target)
        # It may start in that slot, or (where nobody works afterwards) at any time before the next slot begins.
        calendar = slots.tasks[str(name)][1]
        begins = slots.latest(calendar, slots.hours(calendar, last)) if slots.tasks[str(name)][0] else last
        assert min(abs(item.late_start - slots.hours(0, slot)) for slot in (begins, last + 1)) < 1e-4, name
        assert item.total_float <= item.late_start - item.early_start + 1e-4
        shorter = slots.hours(0, times[target][1]) - slots.hours(0, slots.times(without=str(name))[target][1])
        assert item.drag == pytest.approx(shorter if item.critical else 0.0, abs=1e-4), name


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.booleans(), st.integers(0, 200))
def test_whatever_cycles_there_are_sentences_quote_their_facts_and_floats_are_theirs(
    graph: Any, dated: bool, days: int
) -> None:
    graph.nodes["T-0"]["start"] = MONDAY + timedelta(days=days)
    snapshot, today = snapshot_of(graph), MONDAY if dated else None
    found = critical_path(snapshot, "O-0", today=today)
    by_row = floats(snapshot, "O-0", today=today)
    for told in (found.explain(), *(found.explain_item(name) for name in graph)):
        assert numbers_and_keys(told.sentence) <= written(told.facts), told.sentence
    for name in graph:
        slack = by_row[snapshot.row(name)]
        assert np.isnan(slack) if name not in found.items else slack == found.items[name].total_float
    for one in found.critical:
        assert found.items[one.key].critical
    assert not len(found.items) or found.critical


def project() -> Any:
    """A house: plans before walls and order, walls before roof; a garden whose lawn waits for the paint."""
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", title="Move in", due="2026-02-27")
    graph.add_node("PRJ-1", kind="Project", title="House")
    graph.add_node("PRJ-2", kind="Project", title="Garden")
    for key, hours in (("PLANS", 16), ("WALLS", 24), ("ORDER", 8), ("ROOF", 16), ("PAINT", 8), ("LAWN", 4)):
        graph.add_node(key, remaining=float(hours))
        graph.add_edge(key, "PRJ-2" if key == "LAWN" else "PRJ-1", kind="PART_OF")
    graph.add_edge("PLANS", "WALLS")
    graph.add_edge("PLANS", "ORDER")
    graph.add_edge("ORDER", "ROOF", lag=8.0)
    graph.add_edge("WALLS", "ROOF")
    graph.add_edge("WALLS", "PAINT", type="SS", lag=8.0)
    graph.add_edge("PAINT", "LAWN", type="FF")
    for whole in ("PRJ-1", "PRJ-2"):
        graph.add_edge(whole, "O-1", kind="CONTRIBUTES_TO")
    return graph


def test_a_house_by_hand() -> None:
    found = critical_path(snapshot_of(project()), "O-1", today=MONDAY)
    assert (found.length, found.finish) == (56, date(2026, 1, 13))
    assert [step.key for step in found.path] == ["PLANS", "WALLS", "ROOF", "PRJ-1"]
    figures = {
        name: (item.early_start, item.early_finish, item.late_start, item.late_finish, item.total_float,
               item.free_float, item.drag, item.critical)
        for name, item in found.items.items()
    }  # fmt: skip
    assert figures == {
        "PLANS": (0, 16, 0, 16, 0, 0, 16, True),
        "WALLS": (16, 40, 16, 40, 0, 0, 8, True),  # then the order holds the roof
        "ORDER": (16, 24, 24, 32, 8, 8, 0, False),
        "PAINT": (24, 32, 48, 56, 24, 0, 0, False),
        "LAWN": (28, 32, 52, 56, 24, 24, 0, False),
        "ROOF": (40, 56, 40, 56, 0, 0, 16, True),
        "PRJ-1": (0, 56, 0, 56, 0, 0, 0, True),
        "PRJ-2": (28, 32, 52, 56, 24, 24, 0, False),
        "O-1": (56, 56, 56, 56, 0, 0, 0, True),
    }
    days = {name: (item.early_start_date, item.late_finish_date) for name, item in found.items.items()}
    assert days["ORDER"] == (date(2026, 1, 7), date(2026, 1, 8))
    assert days["PRJ-2"] == (date(2026, 1, 8), date(2026, 1, 13))
    assert found.explain_item("ORDER").sentence == (
        "ORDER is not critical for O-1: it may slip 8 h, until 2026-01-08, before that moves; PLANS drives it (FS)."
    )
    driver: Any = found.explain_item("WALLS").facts["driver"]
    assert driver["key"] == "PLANS"


def test_the_shape_that_scripts_rely_on() -> None:
    told = critical_path(snapshot_of(project()), "O-1", today=MONDAY).to_dict()
    assert {"target", "lengthHours", "start", "finish", "items"} <= told.keys()
    times = {"earlyStart", "earlyFinish", "lateStart", "lateFinish"}
    assert times | {"key", "totalFloat", "freeFloat", "drag", "critical"} <= told["items"][0].keys()
    assert (told["target"], told["start"], told["finish"]) == ("O-1", "2026-01-05", "2026-01-13")
    table = critical_path(snapshot_of(project())).to_dataframe()
    assert len(table) == 9
    assert table.set_index("key").loc["ROOF", "total_float"] == 0


def test_what_blocks_a_whole_drives_its_parts_through_it() -> None:
    graph = project()
    graph.add_node("PERMIT", remaining=40.0)
    graph.add_edge("PERMIT", "PRJ-1")
    found = critical_path(snapshot_of(graph), "O-1")
    assert found.length == 96
    told = found.explain_item("PLANS")
    assert told.facts["driver"] == {
        "reason": "predecessor", "key": "PERMIT", "edge": "BLOCKS", "type": "FS", "lag": 0.0, "via": ["PRJ-1"],
    }  # fmt: skip
    assert "PERMIT drives it (FS via PRJ-1)" in told.sentence


def test_a_planned_start_is_not_anticipated_and_a_due_date_moves_nothing() -> None:
    graph = project()
    graph.nodes["ORDER"]["start"] = date(2026, 1, 15)
    graph.nodes["ROOF"]["due"] = date(2026, 1, 6)
    found = critical_path(snapshot_of(graph), "O-1", today=MONDAY)
    item = found.items["ORDER"]
    assert (item.early_start_date, item.critical) == (date(2026, 1, 15), True)
    assert found.finish == date(2026, 1, 20)
    assert found.explain_item("ORDER").facts["driver"] == {"reason": "startDate", "date": "2026-01-15"}
    assert item.drag == 8
    assert critical_path(snapshot_of(graph), "O-1").length == 56  # no day, no start date


def test_a_milestone_takes_no_time_and_keeps_its_date() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("A", remaining=8.0)
    graph.add_node("M", kind="Milestone", start=date(2026, 1, 9))
    graph.add_node("B", remaining=8.0)
    graph.add_edge("A", "M")
    graph.add_edge("M", "B")
    found = critical_path(snapshot_of(graph), "B", today=MONDAY)
    milestone = found.items["M"]
    assert milestone.early_start == milestone.early_finish == 32
    assert milestone.early_finish_date == date(2026, 1, 9)
    assert found.items["B"].early_start_date == date(2026, 1, 9)
    assert found.items["A"].total_float == 24


def test_started_work_keeps_what_remains() -> None:
    graph = project()
    graph.add_node("PLANS", status="STARTED", estimate=16.0, remaining=4.0, start=date(2026, 1, 20))
    found = critical_path(snapshot_of(graph), "O-1", today=MONDAY)
    assert (found.items["PLANS"].early_start, found.items["PLANS"].early_finish) == (0, 4)
    assert found.length == 44


def test_a_cycle_is_one_unit_whose_members_share_its_figures() -> None:
    graph: Any = nx.MultiDiGraph()
    for key in "ABCD":
        graph.add_node(key, remaining=8.0)
    for pair in ("AB", "BA", "BD", "CD"):
        graph.add_edge(*pair)
    found = critical_path(snapshot_of(graph), "D")
    assert found.length == 24
    first, second = found.items["A"], found.items["B"]
    assert (first.early_finish, first.drag, first.basis, first.assumed) == (16, 8, "cycle", True)
    assert (first.early_start, first.late_finish) == (second.early_start, second.late_finish)
    assert found.items["C"].total_float == 8


def test_a_goal_that_has_enough_waits_for_those_who_bring_it_first() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", enough=0.5)
    for key, hours in (("A", 8), ("B", 24), ("C", 16), ("D", 40)):
        graph.add_node(key, remaining=float(hours))
        graph.add_edge(key, "O-1", kind="CONTRIBUTES_TO")
    found = critical_path(snapshot_of(graph), "O-1")
    assert found.length == 16
    assert {name: item.total_float for name, item in found.items.items()} == {"A": 8, "C": 0, "O-1": 0}
    assert found.items["C"].drag == 8
    assert "D does not hold O-1 up" in found.explain_item("D").sentence
    graph.nodes["A"]["status"] = graph.nodes["B"]["status"] = graph.nodes["C"]["status"] = "CANCELLED"
    hopeless = critical_path(snapshot_of(graph), "O-1", today=MONDAY)
    assert (hopeless.possible, hopeless.finish) == (False, None)
    assert "cancelled" in hopeless.explain().sentence


def test_people_with_calendars_of_their_own() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("ada", kind="Person", status=None, weekly_hours=20.0)
    graph.add_node("bob", kind="Person", status=None, calendar="away")
    for key, hours in (("A", 20), ("B", 8), ("C", 8)):
        graph.add_node(key, remaining=float(hours))
    graph.add_edge("A", "ada", kind="ASSIGNED_TO")
    graph.add_edge("B", "bob", kind="ASSIGNED_TO")
    graph.add_edge("A", "B")
    graph.add_edge("B", "C", lag=8.0)
    away = WorkingCalendar("away", leave=(Leave(date(2026, 1, 7), date(2027, 1, 6)),))
    found = critical_path(snapshot_of(graph, calendars=[away]), "C", today=MONDAY)
    assert found.items["A"].early_finish_date == date(2026, 1, 9)  # half a week's hours take the whole week
    assert found.items["B"].early_start_date == date(2027, 1, 7)
    assert found.finish == date(2027, 1, 11)
    # A year of leave lies between: the first task has no hurry, and still it alone leads to the end.
    assert found.items["A"].critical
    assert found.items["A"].total_float > 2000
    assert found.items["A"].late_finish_date == date(2027, 1, 6)
    # What may end before the leave is over may end on the workday before it.
    assert found.items["B"].late_finish_date == date(2027, 1, 7)
    policy = Policy(holidays=(date(2027, 1, 11),))
    later = critical_path(snapshot_of(graph, calendars=[away], policy=policy), "C", today=MONDAY)
    assert later.finish == date(2027, 1, 12)


def test_what_waits_over_a_weekend_may_end_on_friday_in_any_calendar() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("ada", kind="Person", status=None, calendar="short")
    for key, hours in (("A", 40), ("B", 8), ("C", 16)):
        graph.add_node(key, remaining=float(hours))
    graph.add_edge("A", "B")
    graph.add_edge("C", "B")
    graph.add_edge("C", "ada", kind="ASSIGNED_TO")
    short = WorkingCalendar("short", hours=(8, 8, 8, 8, 0, 0, 0))
    found = critical_path(snapshot_of(graph, calendars=[short]), "B", today=MONDAY)
    days = {name: (item.early_finish_date, item.late_finish_date) for name, item in found.items.items()}
    assert days == {
        "A": (date(2026, 1, 9), date(2026, 1, 9)),
        "C": (date(2026, 1, 6), date(2026, 1, 8)),  # nobody works for Ada on a Friday
        "B": (date(2026, 1, 12), date(2026, 1, 12)),
    }


def test_hidden_items_are_omitted_counted_and_nameless_on_the_path() -> None:
    snapshot = snapshot_of(project())
    hidden = np.zeros(len(snapshot), dtype=np.bool_)
    hidden[snapshot.row("PLANS")] = True
    found = critical_path(snapshot, "O-1", hidden=hidden)
    assert "PLANS" not in found.items
    assert found.length == 56
    assert found.path[0].to_dict()["key"] is None
    assert found.completeness.hidden == 1
    assert "PLANS" not in str(found.to_dict())
    assert "hidden Task drives it" in found.explain_item("WALLS").sentence
    for name in ("PLANS", "NOBODY"):
        with pytest.raises(KeyError):
            found.explain_item(name)
        with pytest.raises(KeyError):
            critical_path(snapshot, name, hidden=hidden)


def test_empty_closed_and_lonely_targets() -> None:
    assert critical_path(snapshot_of(nx.MultiDiGraph())).explain().sentence == "Nothing open leads to everything."
    graph = project()
    graph.nodes["O-1"]["status"] = "DONE"
    found = critical_path(snapshot_of(graph), "O-1", today=MONDAY)
    assert (found.length, found.finish, len(found.items), found.path) == (0, None, 0, ())
    assert np.isnan(floats(snapshot_of(graph), "O-1")).all()
    graph.add_node("ada", kind="Person", status=None)
    with pytest.raises(ValueError, match="Person"):
        critical_path(snapshot_of(graph), "ada")
    graph.add_node("LONE", remaining=3.0)
    lone = critical_path(snapshot_of(graph), "LONE")
    assert (lone.length, [step.key for step in lone.path]) == (3, ["LONE"])


@settings(max_examples=120, deadline=None)
@given(plans())
def test_chains_end_when_everybody_works_in_their_own_calendar(plan: tuple[Slots, Any, list[WorkingCalendar]]) -> None:
    slots, graph, stored = plan
    target = list(graph)[-1]
    assume(any(hours and calendar for hours, calendar in slots.tasks.values()))
    snapshot = snapshot_of(graph, calendars=stored)
    expanded = Expanded.of(snapshot, MONDAY)
    row = snapshot.row(target)
    finish = slots.hours(0, slots.times()[target][1])
    assert finish_of(expanded, row) == finish_of(expanded, row, full=True) == pytest.approx(finish, abs=1e-4)
    found = blocking_chains(snapshot, target, 20, today=MONDAY)
    paths = [(chain, [str(step.key) for step in chain.steps] + [target]) for chain in found]
    paths += [
        (chain, [str(step.key) for step in chain.steps] + [target])
        for name in list(graph)[:-1]
        for chain in k_paths(snapshot, name, target, 5, today=MONDAY)
    ]
    for chain, names in paths:
        walked = [wait for wait in slots.waits if wait[:2] in set(pairwise(names))]
        alone = Slots(slots.calendars, {name: slots.tasks[name] for name in names}, walked)
        last = max(-(-alone.times()[target][1] // SLOTS) - 1, 0)
        assert chain.finish == MONDAY + timedelta(days=last)


def test_an_end_that_is_tied_to_this_morning_drives_nothing_in_any_calendar() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("A", remaining=8, calendar="same")
    graph.add_node("B", remaining=1, calendar="same")
    graph.add_edge("A", "B", kind="BLOCKS", type="SF")
    same = WorkingCalendar("same", hours=(8, 8, 8, 8, 8, 0, 0))
    found = critical_path(snapshot_of(graph, calendars=[same]), "B", today=MONDAY)
    assert [name for name, item in found.items.items() if item.critical] == ["B"]
