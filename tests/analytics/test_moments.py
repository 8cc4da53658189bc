"""Moments in compiled code: far from today too, where hours cannot be told apart as finely."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.expansion.calendar import Calendar
from analytics.expansion.moments import FAR, carried_out, earliest, hours_at, latest, table, worked
from graph.policy import Policy

TODAY = date(2026, 11, 25)
HOURS = st.floats(-1e9, 1e9) | st.integers(-(10**8), 10**8).map(lambda days: days * 8.0)
BEYOND = st.floats(FAR, 1e308)


@settings(deadline=None)
@given(hours=HOURS, weekly=st.sampled_from([40.0, 7.3, 0.1]))
def test_any_number_of_hours_is_over_at_some_moment(hours: float, weekly: float) -> None:
    rulers = table([Calendar.of_policy(Policy()).scaled(weekly)], TODAY)
    first, last = earliest(rulers, 0, hours), latest(rulers, 0, hours)
    assert first <= last
    for moment in (first, last):
        coarse = 24 * np.spacing(abs(moment)) + 1e-9 * abs(hours)
        assert hours_at(rulers, 0, moment) == pytest.approx(hours, abs=coarse + 1e-5)


@settings(deadline=None)
@given(hours=BEYOND, weekly=st.sampled_from([40.0, 7.3, 0.1]))
def test_what_is_beyond_all_counting_is_as_far_as_can_be_counted(hours: float, weekly: float) -> None:
    rulers = table([Calendar.of_policy(Policy()).scaled(weekly)], TODAY)
    for find in (earliest, latest):
        assert find(rulers, 0, hours) == find(rulers, 0, FAR) > 0
        assert find(rulers, 0, -hours) == find(rulers, 0, -FAR) < 0


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = np.array([draw(st.sampled_from([0.0, 4.0, 7.5, 8.0])) for _ in range(7)])
    off = draw(st.lists(st.integers(-40, 400), max_size=5))
    days = [day + part for day in off for part in range(draw(st.sampled_from([1, 3, 90])))]
    return Calendar(
        week if week.any() else week + 8, np.datetime64(TODAY, "D") + np.array(sorted(set(days)), dtype=int)
    )


@settings(deadline=None, max_examples=200)
@given(calendars(), st.integers(-100, 600), st.sampled_from([2, 20, 300]), st.integers(0, 7))
def test_what_is_laid_out_is_what_the_ruler_says(calendar: Calendar, day: int, laid: int, part: int) -> None:
    some, many = table([calendar], TODAY, laid), table([calendar], TODAY)
    begun = np.datetime64(TODAY, "D")
    there = float(calendar.ruler.before(begun + day) - calendar.ruler.before(begun))
    moment = day + part / 8
    assert hours_at(some, 0, float(day)) == hours_at(many, 0, float(day)) == pytest.approx(there)
    assert hours_at(some, 0, moment) == pytest.approx(hours_at(many, 0, moment))
    for find in (earliest, latest):
        assert find(some, 0, there + part) == pytest.approx(find(many, 0, there + part), abs=1e-6)
    if there > 0:
        ended = begun + int(np.ceil(earliest(some, 0, there))) - 1
        assert ended == calendar.ruler.reached(calendar.ruler.before(begun) + np.array([there]))[0]
    for hours in (1.0, 8.0, 100.0):
        start, end = carried_out(some, 0, moment, hours)
        assert start == pytest.approx(max(moment, latest(many, 0, hours_at(many, 0, moment))), abs=1e-6)
        assert end == pytest.approx(worked(many, 0, moment, hours), abs=1e-6)
