"""Moments in compiled code: far from today too, where hours cannot be told apart as finely."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.expansion.calendar import Calendar
from analytics.expansion.moments import FAR, earliest, hours_at, latest, table
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
