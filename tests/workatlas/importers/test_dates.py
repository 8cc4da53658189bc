from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workatlas.importers.dates import DateReader


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11/abr/26 8:56 AM", "2026-04-11T08:56:00.000Z"),
        ("13/Jan/25 9:01 PM", "2025-01-13T21:01:00.000Z"),
        ("30/Sep/21 17:20", "2021-09-30T17:20:00.000Z"),
        ("03/Dez/24 10:00", "2024-12-03T10:00:00.000Z"),
        ("7 août 2025", "2025-08-07T00:00:00.000Z"),
        ("15/ago./25 4:03 p. m.", "2025-08-15T16:03:00.000Z"),
        ("24.12.2025 18:30", "2025-12-24T18:30:00.000Z"),
        ("Mon Apr 21 2025 10:17:06 GMT+0200 (CEST)", "2025-04-21T08:17:06.000Z"),
        ("2025-12-14T11:21:13.878680387-07:00", "2025-12-14T18:21:13.878Z"),
        ("2026-05-01T10:00:00.000+0200", "2026-05-01T08:00:00.000Z"),
        ("2026-05-01 10:00", "2026-05-01T10:00:00.000Z"),
        ("Mar 5, 2026", "2026-03-05T00:00:00.000Z"),
    ],
)
def test_instants(text: str, expected: str) -> None:
    assert DateReader().instant(text) == expected


@pytest.mark.parametrize("text", ["2025-30-01", "v1.30", "01/02/2025", "", "0001-01-01", "31/Feb/25 9:00 AM", "soon"])
def test_what_is_no_date_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"is (not a date|outside)"):
        DateReader().instant(text)


def test_a_day_is_the_day_that_was_written() -> None:
    assert DateReader().day("2026-05-01T00:30:00+05:00") == "2026-05-01"
    assert DateReader().day("2026-Q4") == "2026-Q4"


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_a_value_error(text: str) -> None:
    for convert in (DateReader().instant, DateReader().day):
        with contextlib.suppress(ValueError):
            assert convert(text)
