"""Stated percentiles come true as often as they say: a back-test, whose table stands in the documentation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibration import STATED, cycle_times, generated, told

ROOT = Path(__file__).parents[2]
REAL = Path("shared", "data", "jira-csv-rueedlinger", "data", "jira.csv")


def test_forecasts_of_generated_histories_come_true_as_often_as_they_say() -> None:
    shares, count = generated()
    assert count > 500
    assert 0.75 <= shares[STATED.index(80)] <= 0.85
    assert (np.diff(shares) > 0).all()
    assert told("generated histories", shares, count) in (ROOT / "docs" / "analytics.md").read_text(encoding="utf-8")


def test_the_p80_of_real_cycle_times_comes_true_as_often_as_it_says() -> None:
    found = [folder / REAL for folder in ROOT.parents if (folder / REAL).exists()]
    if not found:
        pytest.skip("the cycle times are not here")
    shares, count = cycle_times(found[0])
    assert count > 2000
    assert 0.75 <= shares[STATED.index(80)] <= 0.85


def test_cycle_times_are_forecast_from_earlier_ones_only(tmp_path: Path) -> None:
    """Items take 4 days until the last month, in which they take 400: no forecast may know."""
    rows = [f"P,{2020 + month // 12}-{month % 12 + 1:02d}-{day:02d},4" for month in range(12) for day in range(1, 21)]
    rows += [f"P,2021-01-{day:02d},400" for day in range(1, 21)]
    file = tmp_path / "items.csv"
    file.write_text("project,created_date,cycle_time_days\n" + "\n".join(rows) + "\n", encoding="utf-8")
    shares, count = cycle_times(file)
    assert count == 9 * 20 + 20  # the first three months are history only
    assert shares[STATED.index(95)] == pytest.approx(9 / 10)
