from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.expansion.calendar import Calendar
from analytics.expansion.calendars import Calendars
from graph.calendars import Leave, WorkingCalendar
from graph.policy import Policy
from graph.snapshots.snapshot import Snapshot
from tests.graph.test_calendars import calendars

TODAY = date(2026, 1, 5)  # a Monday
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31))  # noqa: DTZ001 - read as UTC below
NEAR = st.dates(date(2025, 1, 1), date(2026, 12, 31))


def days(*values: date) -> np.typing.NDArray[np.datetime64]:
    return np.array(values, dtype="datetime64[D]")


def near(hours: float) -> object:
    return pytest.approx(hours, abs=1e-6)  # hours of 7.6 are no binary fractions


def day_by_day(working: WorkingCalendar) -> Callable[[date], float]:
    off = set(working.days_off())
    return lambda day: 0.0 if day in off else working.hours[day.weekday()]


@settings(max_examples=40, deadline=None)
@given(calendars(), NEAR, st.just(0.0) | st.floats(0.01, 400))  # what is next to nothing is rounded to nothing
def test_work_ends_on_the_day_that_counting_day_by_day_gives(
    working: WorkingCalendar, today: date, hours: float
) -> None:
    hours_on, left = day_by_day(working), hours
    day = today
    while (left := left - hours_on(day)) > 1e-7:
        day += timedelta(days=1)
    calendar = Calendar.of(working)
    assert calendar.finish_day(today, hours) == (day if hours else today)
    began = calendar.start_days(today, np.array([hours]))[0].item()
    assert calendar.is_working(days(began)).all()
    assert began >= day or not hours


@settings(max_examples=40, deadline=None)
@given(calendars(), NEAR, NEAR)
def test_hours_between_two_days_are_the_sum_of_their_days(working: WorkingCalendar, first: date, last: date) -> None:
    calendar, hours_on = Calendar.of(working), day_by_day(working)
    span = [first + timedelta(days=after) for after in range((last - first).days + 1)]
    assert calendar.capacity(days(first), days(last))[0] == near(sum(hours_on(day) for day in span))
    assert calendar.hours_until(first, days(last))[0] == near(sum(hours_on(day) for day in span[:-1]))
    wanted = sum(hours_on(day) > 0 for day in span[1:])
    if last >= first:
        assert calendar.days_after(first, last) == wanted
        assert calendar.days_after(last, first) == -wanted


@given(
    st.text("01", min_size=7, max_size=7).filter(lambda mask: "1" in mask),
    st.sets(NEAR, max_size=5),
    NEAR,
    st.lists(st.integers(-300, 300), min_size=1, max_size=5),
)
def test_a_policy_is_counted_as_numpy_counts_business_days(
    mask: str, holidays: set[date], day: date, moves: list[int]
) -> None:
    calendar = Calendar.of_policy(Policy(weekmask=mask, holidays=tuple(holidays), hours_per_day=7.6))
    peer = np.busdaycalendar(weekmask=mask, holidays=days(*holidays))
    by = np.array([move for move in moves if move], dtype=np.int64)
    begin = np.full(len(by), np.datetime64(day))
    shifted = np.busday_offset(begin, by, roll="backward", busdaycal=peer)
    assert (calendar.shifted(begin, by.astype(float)) == shifted).all()
    assert calendar.shifted(begin[:1], np.zeros(1)).tolist() == [day][: len(by)]
    worked = np.abs(by)
    finish = np.busday_offset(np.datetime64(day), worked - 1, roll="forward", busdaycal=peer)
    assert (calendar.finish_days(day, worked * 7.6) == finish).all()


def test_amounts_without_end_are_never_finished_and_far_ones_on_the_last_day() -> None:
    calendar = Calendar.of_policy(Policy())
    found = calendar.finish_days(TODAY, np.array([np.nan, np.inf, 1e300, 1e9, 0.0]))
    assert np.isnat(found[:2]).all()
    assert found[2:].tolist() == [date(9999, 12, 31), date(9999, 12, 31), TODAY]
    assert np.isnat(calendar.start_days(TODAY, np.array([np.nan]))).all()


def test_a_year_of_leave_is_waited_for() -> None:
    away = WorkingCalendar("away", leave=(Leave(date(2026, 1, 6), date(2027, 1, 5)),))
    calendar = Calendar.of(away)
    assert calendar.finish_day(TODAY, 8) == TODAY
    assert calendar.finish_day(TODAY, 9) == date(2027, 1, 6)
    assert calendar.start_days(TODAY, np.array([8.0]))[0].item() == date(2027, 1, 6)


def test_days_may_differ_in_length() -> None:
    short = Calendar.of(WorkingCalendar("short", hours=(8, 8, 8, 8, 2, 0, 0)))
    assert short.finish_day(TODAY, 34) == date(2026, 1, 9)
    assert short.finish_day(TODAY, 34.5) == date(2026, 1, 12)


@settings(max_examples=40, deadline=None)
@given(calendars(), st.tuples(MOMENTS, MOMENTS))
def test_instants_fall_on_the_days_of_the_time_zone(
    working: WorkingCalendar, moments: tuple[datetime, datetime]
) -> None:
    hours_on = day_by_day(working)

    def reading(moment: datetime) -> float:
        local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(working.timezone or "UTC"))
        day = local.date()
        spent = (datetime.combine(day, local.time()) - datetime.combine(day, datetime.min.time())) / timedelta(days=1)
        past = sum(hours_on(day - timedelta(days=before)) for before in range(1, (day - TODAY).days + 1))
        past -= sum(hours_on(day + timedelta(days=after)) for after in range((TODAY - day).days))
        return past + spent * hours_on(day)

    first, last = (np.array([moment], dtype="datetime64[ms]") for moment in moments)
    found = Calendar.of(working).hours_between(first, last)[0]
    assert found == pytest.approx(reading(moments[1]) - reading(moments[0]), abs=1e-3)
    assert np.isnan(Calendar.of(working).hours_between(first, np.array(["NaT"], dtype="datetime64[ms]")))[0]


def team() -> Snapshot:
    graph = nx.MultiDiGraph()
    graph.add_node("ada", kind="Person", status=None, calendar="office", weekly_hours=20.0)
    graph.add_node("bob", kind="Person", status=None, timezone="Asia/Tokyo")
    graph.add_node("eve", kind="Person", status=None, calendar="gone", timezone="Middle-earth/Shire", weekly_hours=0.0)
    graph.add_node("max", kind="Person", status=None, weekly_hours=5e-324)
    graph.add_node("T-own", calendar="office")
    doers = {"T-ada": "ada", "T-both": "ada bob", "T-own": "ada", "T-lost": "ada", "T-bob": "bob"}
    for task, people in doers.items():
        graph.add_node(task)
        for person in people.split():
            graph.add_edge(task, person, kind="ASSIGNED_TO")
    graph.nodes["T-lost"]["calendar"] = "gone"
    graph.add_edge("T-unsure", "ada", kind="ASSIGNED_TO", confidence=0.1)
    office = WorkingCalendar("office", hours=(10, 10, 10, 10, 0, 0, 0), holidays=(date(2026, 1, 6),))
    return Snapshot.from_networkx(graph, calendars=[office])


def test_items_are_done_in_their_own_calendar_else_their_sole_assignees_else_the_workspaces() -> None:
    snapshot = team()
    found = Calendars.of(snapshot)
    week = {name: found.of_item(snapshot.row(name)).week.sum() for name in snapshot.names}
    assert week == {
        "ada": 20, "bob": 40, "eve": 40, "max": 40, "T-own": 40, "T-ada": 20, "T-both": 40, "T-lost": 20, "T-bob": 40,
        "T-unsure": 40,
    }  # fmt: skip
    assert found.of_item(snapshot.row("T-own")).finish_day(TODAY, 20) == date(2026, 1, 7)
    assert found.of_item(snapshot.row("T-both")) is found.workspace
    assert found.of_item(snapshot.row("T-bob")).timezone == "Asia/Tokyo"
    assert found.of_item(snapshot.row("eve")) is found.workspace
    assert found.of_item(snapshot.row("max")) is found.workspace
    assert Calendars.of(snapshot) is found


def test_a_persons_capacity_counts_weekly_hours_holidays_and_leave() -> None:
    snapshot = team()
    found = Calendars.of(snapshot)
    monday = np.arange(np.datetime64("2026-01-05"), np.datetime64("2026-02-02"), np.timedelta64(7, "D"))
    # Twenty hours on four days make five a day; the first week has a holiday.
    assert found.capacity(snapshot.row("ada"), monday, monday + 6).tolist() == [15, 20, 20, 20]
    assert found.capacity(snapshot.row("bob"), monday, monday + 6).tolist() == [40] * 4
    assert found.capacity(snapshot.row("bob"), monday, monday - 3).tolist() == [0] * 4


def test_a_week_without_hours_is_no_calendar() -> None:
    with pytest.raises(ValueError, match="working hours"):
        Calendar.of_policy(Policy(weekmask="0000000"))
