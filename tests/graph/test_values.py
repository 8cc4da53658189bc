from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.values import MAX_TEXT, CoarseDate, Precision, Type, check, instant_to_millis, millis_to_instant

DAYS = st.dates(min_value=date(1000, 1, 8), max_value=date(9998, 12, 20))
MOMENTS = st.integers(min_value=-62_000_000_000_000, max_value=250_000_000_000_000)


@settings(deadline=None)
@given(DAYS, st.sampled_from(Precision))
def test_a_coarse_date_holds_its_day_and_reads_back(day: date, precision: Precision) -> None:
    coarse = CoarseDate.of(day, precision)
    assert coarse.first <= day <= coarse.last
    assert CoarseDate.parse(str(coarse)) == coarse
    assert CoarseDate.of(coarse.first, precision) == coarse == CoarseDate.of(coarse.last, precision)


@settings(deadline=None)
@given(DAYS, st.sampled_from(Precision))
def test_periods_follow_each_other_without_gap(day: date, precision: Precision) -> None:
    coarse = CoarseDate.of(day, precision)
    following = CoarseDate.of(coarse.last + timedelta(days=1), precision)
    assert following.first == coarse.last + timedelta(days=1)
    assert following != coarse


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-12-01", date(2026, 12, 1), date(2026, 12, 1)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026-H1", date(2026, 1, 1), date(2026, 6, 30)),
        (" 2026 ", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_what_coarse_dates_mean(text: str, first: date, last: date) -> None:
    coarse = CoarseDate.parse(text)
    assert (coarse.first, coarse.last, str(coarse)) == (first, last, text.strip())


@pytest.mark.parametrize(
    "text",
    ["", "2025-30-01", "2026-02-29", "2026-W54", "2021-W53", "2026-Q5", "2026-H0", "2026-13", "v1.30", "0000", "26"],
)
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        check(Type.DATE, text)


@settings(deadline=None)
@given(MOMENTS)
@example(instant_to_millis("0001-01-01T00:00:00Z"))
@example(instant_to_millis("9999-12-31T23:59:59.999Z"))
def test_an_instant_reads_back(millis: int) -> None:
    assert instant_to_millis(millis_to_instant(millis)) == millis


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9998, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_an_offset_moves_the_instant_and_none_means_utc(moment: datetime, hours: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    exact = moment.replace(tzinfo=UTC) - timedelta(hours=hours)
    assert instant_to_millis(there.isoformat()) == instant_to_millis(exact) == check(Type.INSTANT, there)
    assert instant_to_millis(moment.isoformat()) == instant_to_millis(moment.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Type.TEXT, 7),
        (Type.TEXT, None),
        (Type.TEXT, "x" * (MAX_TEXT + 1)),
        (Type.TEXT, "\ud800"),
        (Type.TEXTS, "one"),
        (Type.TEXTS, ["one", 2]),
        (Type.INTEGER, True),
        (Type.INTEGER, 1.0),
        (Type.INTEGER, 2**63),
        (Type.NUMBER, False),
        (Type.NUMBER, "3"),
        (Type.NUMBER, float("nan")),
        (Type.NUMBER, float("-inf")),
        (Type.BOOLEAN, 1),
        (Type.BOOLEAN, "true"),
        (Type.INSTANT, "yesterday"),
        (Type.INSTANT, "2026-02-30T00:00:00Z"),
        (Type.INSTANT, 1_700_000_000),
        (Type.INSTANT, "9999-12-31T23:59:59.999-00:01"),
        (Type.INSTANT, "0001-01-01T00:00:00+00:01"),
        (Type.DATE, 20261201),
        (Type.DATE, "9999-W52"),
        (Type.JSON, [1]),
        (Type.JSON, '{"a": 1}'),
        (Type.JSON, {"a": object()}),
        (Type.JSON, {"a": "\ud800"}),
        (Type.JSON, {1: "a"}),
    ],
)
def test_values_of_another_type_are_refused(kind: Type, value: object) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        check(kind, value)


def test_a_number_too_large_for_a_float_is_refused() -> None:
    with pytest.raises(ValueError, match="number"):
        check(Type.NUMBER, 10**400)


def test_choices_are_named_when_refused() -> None:
    assert check(Type.TEXT, "LOW", ("LOW", "HIGH")) == "LOW"
    with pytest.raises(ValueError, match="'low' is not one of LOW, HIGH"):
        check(Type.TEXT, "low", ("LOW", "HIGH"))


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.integers(-1000, 1000), max_size=5))
def test_objects_are_stored_alike_whatever_their_order(value: dict[str, int]) -> None:
    assert check(Type.JSON, value) == check(Type.JSON, dict(reversed(value.items())))
