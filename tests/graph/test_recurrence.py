from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rules.recurrence import Recurrence

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def series(text: str, zone: str = NEW_YORK) -> Recurrence:
    return Recurrence.parse(text, zone, created=0)


def local(rule: Recurrence, number: int = 100, since: datetime = LONG_AGO) -> list[str]:
    """The first instants of a series as its zone's clocks show them, with their offset in hours."""
    moments = islice(rule.between(since), number)
    return [one.astimezone(rule.zone).strftime("%Y-%m-%d %H:%M %z")[:-2] for one in moments]


# What RFC 5545 itself says its examples mean (section 3.8.5.3, all in New York) -----------------------------------

RFC = (
    (
        "DTSTART:19970902T090000\nRRULE:FREQ=DAILY;COUNT=10",
        [f"1997-09-{day:02} 09:00 -04" for day in range(2, 12)],
    ),
    (
        "DTSTART:19970901T090000\nRRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        [
            *(f"1997-09-{day:02} 09:00 -04" for day in (1, 3, 5, 15, 17, 19, 29)),
            *(f"1997-10-{day:02} 09:00 -04" for day in (1, 3, 13, 15, 17)),
            *(f"1997-10-{day:02} 09:00 -05" for day in (27, 29, 31)),
            *(f"1997-11-{day:02} 09:00 -05" for day in (10, 12, 14, 24, 26, 28)),
            *(f"1997-12-{day:02} 09:00 -05" for day in (8, 10, 12, 22)),
        ],
    ),
    (
        "DTSTART:19970922T090000\nRRULE:FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        ["1997-09-22 09:00 -04", "1997-10-20 09:00 -04", "1997-11-17 09:00 -05", "1997-12-22 09:00 -05",
         "1998-01-19 09:00 -05", "1998-02-16 09:00 -05"],
    ),
    (
        "DTSTART:19970902T090000\nEXDATE:19970902T090000\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5",
        ["1998-02-13 09:00 -05", "1998-03-13 09:00 -05", "1998-11-13 09:00 -05", "1999-08-13 09:00 -04",
         "2000-10-13 09:00 -04"],
    ),
    (
        "DTSTART:19961105T090000\n"
        "RRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
        ["1996-11-05 09:00 -05", "2000-11-07 09:00 -05", "2004-11-02 09:00 -05"],
    ),
    (
        "DTSTART:19970929T090000\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4",
        ["1997-09-29 09:00 -04", "1997-10-30 09:00 -05", "1997-11-27 09:00 -05", "1997-12-30 09:00 -05"],
    ),
    (
        "DTSTART:20070115T090000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        ["2007-01-15 09:00 -05", "2007-01-30 09:00 -05", "2007-02-15 09:00 -05", "2007-03-15 09:00 -04",
         "2007-03-30 09:00 -04"],
    ),
    (
        "DTSTART:19970512T090000\nRRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3",
        ["1997-05-12 09:00 -04", "1998-05-11 09:00 -04", "1999-05-17 09:00 -04"],
    ),
    (
        "DTSTART:19970902T090000\nRRULE:FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z",
        ["1997-09-02 09:00 -04", "1997-09-02 12:00 -04", "1997-09-02 15:00 -04"],
    ),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), RFC)
def test_the_examples_of_the_specification_come_out_as_it_says(text: str, expected: list[str]) -> None:
    assert local(series(text)) == expected


# Days when the clocks change --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        (
            BERLIN,
            "DTSTART:20260328T023000\nRRULE:FREQ=DAILY;COUNT=3",
            ["2026-03-28 02:30 +01", "2026-03-29 03:30 +02", "2026-03-30 02:30 +02"],
        ),
        (
            NEW_YORK,
            "DTSTART:20260307T023000\nRRULE:FREQ=DAILY;COUNT=3",
            ["2026-03-07 02:30 -05", "2026-03-08 03:30 -04", "2026-03-09 02:30 -04"],
        ),
        (
            BERLIN,
            "DTSTART:20261024T023000\nRRULE:FREQ=DAILY;COUNT=3",
            ["2026-10-24 02:30 +02", "2026-10-25 02:30 +02", "2026-10-26 02:30 +01"],
        ),
        (
            NEW_YORK,
            "DTSTART:20261031T013000\nRRULE:FREQ=DAILY;COUNT=3",
            ["2026-10-31 01:30 -04", "2026-11-01 01:30 -04", "2026-11-02 01:30 -05"],
        ),
    ],
)
def test_a_time_that_does_not_exist_is_an_hour_later_and_one_that_comes_twice_is_its_first(
    zone: str, text: str, expected: list[str]
) -> None:
    assert local(series(text, zone)) == expected


def test_the_local_time_stays_while_the_offset_changes() -> None:
    moments = list(series("DTSTART:20260301T090000\nRRULE:FREQ=WEEKLY;COUNT=40", BERLIN).between(LONG_AGO))
    assert {one.astimezone(ZoneInfo(BERLIN)).hour for one in moments} == {9}
    assert {one.hour for one in moments} == {7, 8}


def test_two_local_times_that_are_one_instant_count_once_and_come_in_order() -> None:
    # 02:00 and 02:30 do not exist on that day; read with the offset before, they are 03:00 and 03:30.
    rule = series("DTSTART:20260329T013000\nRRULE:FREQ=HOURLY;BYMINUTE=0,30;UNTIL=20260329T020000Z", BERLIN)
    assert local(rule) == [
        "2026-03-29 01:30 +01", "2026-03-29 03:00 +02", "2026-03-29 03:30 +02", "2026-03-29 04:00 +02"
    ]  # fmt: skip


def test_a_day_that_a_zone_left_out_has_no_occurrence_of_its_own() -> None:
    # Samoa went from 29 to 31 December 2011.
    rule = series("DTSTART:20111228T100000\nRRULE:FREQ=DAILY;COUNT=5", "Pacific/Apia")
    assert [one[:10] for one in local(rule)] == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]


# Exceptions, ends -------------------------------------------------------------------------------------------------


def test_exceptions_take_away_and_single_dates_add() -> None:
    rule = series(
        "DTSTART:20260105T090000\nRRULE:FREQ=WEEKLY;COUNT=4\n"
        "EXDATE:20260112T090000\nEXDATE;VALUE=DATE:20260119\n"
        "RDATE:20260120T100000,20260105T090000\nRDATE:20260121T140000Z\nRDATE;VALUE=DATE:20260110",
        BERLIN,
    )
    assert local(rule) == [
        "2026-01-05 09:00 +01",
        "2026-01-10 09:00 +01",
        "2026-01-20 10:00 +01",
        "2026-01-21 15:00 +01",
        "2026-01-26 09:00 +01",
    ]


def test_the_last_day_belongs_to_the_series_whole() -> None:
    assert len(local(series("DTSTART:20260101T230000\nRRULE:FREQ=DAILY;UNTIL=20260103"))) == 3
    assert len(local(series("DTSTART:20260101T230000\nRRULE:FREQ=DAILY;UNTIL=20260103T225959"))) == 2
    assert len(local(series("DTSTART:20260101T230000\nRRULE:FREQ=DAILY;UNTIL=20260104T040000Z"))) == 3


def test_single_dates_need_no_rule() -> None:
    assert local(series("RDATE:20260202T090000,20260101T090000")) == ["2026-01-01 09:00 -05", "2026-02-02 09:00 -05"]


def test_without_a_first_day_a_series_begins_on_the_day_its_operation_was_created() -> None:
    created = round(datetime(2026, 11, 3, 23, 30, tzinfo=UTC).timestamp() * 1000)
    rule = Recurrence.parse("FREQ=WEEKLY;COUNT=2", BERLIN, created)
    assert local(rule) == ["2026-11-04 00:00 +01", "2026-11-11 00:00 +01"]


def test_a_series_that_ended_has_no_first() -> None:
    rule = series("DTSTART:20260101T090000\nRRULE:FREQ=DAILY;COUNT=3")
    assert rule.first(datetime(2026, 1, 3, 14, tzinfo=UTC)) == datetime(2026, 1, 3, 14, tzinfo=UTC)
    assert rule.first(datetime(2026, 1, 3, 14, 0, 1, tzinfo=UTC)) is None


# Against a walk through the calendar, day by day ------------------------------------------------------------------

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def walked(
    frequency: str, interval: int, start: datetime, days: frozenset[str], months: frozenset[int]
) -> Iterator[datetime]:
    """Local times of a simple rule, found by looking at each day; oracle for ``Recurrence``."""
    for number in range(366 * 12):
        day = start + timedelta(days=number)
        monday = start.date() - timedelta(days=start.weekday())
        periods = {
            "DAILY": number,
            "WEEKLY": (day.date() - monday).days // 7,
            "MONTHLY": (day.year - start.year) * 12 + day.month - start.month,
            "YEARLY": day.year - start.year,
        }
        wanted = {
            "DAILY": not days or WEEKDAYS[day.weekday()] in days,
            "WEEKLY": WEEKDAYS[day.weekday()] in (days or {WEEKDAYS[start.weekday()]}),
            "MONTHLY": WEEKDAYS[day.weekday()] in days if days else day.day == start.day,
            "YEARLY": WEEKDAYS[day.weekday()] in days
            if days
            else day.day == start.day and (bool(months) or day.month == start.month),
        }
        if periods[frequency] % interval == 0 and wanted[frequency] and (not months or day.month in months):
            yield day


@given(
    frequency=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    interval=st.integers(1, 5),
    start=st.integers(0, 5 * 366 * 86_400).map(
        lambda one: datetime.fromisoformat("2020-01-01") + timedelta(seconds=one)
    ),
    days=st.frozensets(st.sampled_from(WEEKDAYS), max_size=3),
    months=st.frozensets(st.integers(1, 12), max_size=2),
    zone=st.sampled_from([BERLIN, NEW_YORK, "UTC", "Asia/Kolkata", "Australia/Lord_Howe"]),
    after=st.integers(-400, 3000),
    width=st.integers(0, 900),
)
@settings(max_examples=200, deadline=None)
def test_any_window_of_a_series_is_what_a_walk_through_the_calendar_finds(
    frequency: str,
    interval: int,
    start: datetime,
    days: frozenset[str],
    months: frozenset[int],
    zone: str,
    after: int,
    width: int,
) -> None:
    text = f"FREQ={frequency};INTERVAL={interval}"
    text += f";BYDAY={','.join(sorted(days))}" if days else ""
    text += f";BYMONTH={','.join(map(str, sorted(months)))}" if months else ""
    clocks = ZoneInfo(zone)
    expected = sorted({one.replace(tzinfo=clocks).astimezone(UTC) for one in walked(*_case(locals()))})
    since = start.replace(tzinfo=UTC) + timedelta(days=after)
    until = since + timedelta(days=width)
    try:
        rule = series(f"DTSTART:{start:%Y%m%dT%H%M%S}\nRRULE:{text}", zone)
    except ValueError as error:
        # Every second month from February on is never January.
        assert "no day ever matches" in str(error)  # noqa: PT017
        assert not expected
        return
    assert list(rule.between(since, until)) == [one for one in expected if since <= one <= until]


def _case(values: dict[str, object]) -> tuple[str, int, datetime, frozenset[str], frozenset[int]]:
    return tuple(values[name] for name in ("frequency", "interval", "start", "days", "months"))  # type: ignore[return-value]


@pytest.mark.parametrize("start", ["19040229T120000", "19000131T120000", "19000101T000000"])
@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=3", "FREQ=MONTHLY;INTERVAL=7", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1",
        "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=SU,MO", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=-1",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=MO,TU,WE,TH,FR;BYHOUR=0,6,12,18",
    ],
)  # fmt: skip
def test_a_series_that_began_long_ago_goes_on_as_if_it_had_been_followed_since(start: str, text: str) -> None:
    rule = series(f"DTSTART:{start}\nRRULE:{text}")
    followed = list(rule.between(datetime(1900, 1, 1, tzinfo=UTC), datetime(2061, 1, 1, tzinfo=UTC)))
    for year in (2019, 2024, 2025, 2026):
        since, until = (datetime(one, 12, 30, 7, tzinfo=UTC) for one in (year, year + 9))
        assert list(rule.between(since, until)) == [one for one in followed if since <= one <= until]


rules = st.sampled_from(
    [
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU;BYSETPOS=-1;WKST=SU",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;COUNT=30;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;UNTIL=20270101T000000Z",
    ]
)
moments = st.integers(0, 5 * 366 * 86_400).map(lambda one: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=one))


@given(rules, st.sampled_from([BERLIN, NEW_YORK]), moments, moments, moments)
@settings(max_examples=100, deadline=None)
def test_windows_fit_together_and_a_series_ascends(
    text: str, zone: str, one: datetime, two: datetime, three: datetime
) -> None:
    first, middle, last = sorted((one, two, three))
    rule = series(f"DTSTART:20240229T013000\nRRULE:{text}", zone)
    whole = list(rule.between(first, last))
    second = middle + timedelta(microseconds=1)
    assert whole == [*rule.between(first, middle), *rule.between(second, last)]
    assert whole == sorted(set(whole))
    assert rule.first(first) == next(rule.between(first), None)


@given(rules, st.lists(st.dates(date(2024, 1, 1), date(2026, 1, 1)), max_size=5))
@settings(max_examples=50, deadline=None)
def test_an_exception_takes_away_its_day_and_nothing_else(text: str, days: list[date]) -> None:
    start, until = "DTSTART:20240229T013000\nRRULE:" + text, datetime(2026, 1, 1, tzinfo=UTC)
    all_of_them = list(series(start, BERLIN).between(LONG_AGO, until))
    exceptions = f"\nEXDATE;VALUE=DATE:{','.join(f'{one:%Y%m%d}' for one in days)}" if days else ""
    left = list(series(start + exceptions, BERLIN).between(LONG_AGO, until))
    assert left == [one for one in all_of_them if one.astimezone(ZoneInfo(BERLIN)).date() not in days]


# What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither a rule"),
        ("BYDAY=MO", "no FREQ"),
        ("FREQ=SECONDLY", "SECONDLY"),
        ("FREQ=MINUTELY", "one of YEARLY"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "exclude each other"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=70", "BYMINUTE"),
        ("FREQ=DAILY;BYSECOND=1", "BYSECOND"),
        ("FREQ=YEARLY;BYEASTER=0", "BYEASTER"),
        ("FREQ=WEEKLY;BYDAY=1MO", "MONTHLY or YEARLY"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=", "BYDAY"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no day ever matches"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "no day ever matches"),
        ("FREQ=HOURLY;BYSETPOS=2", "no day ever matches"),
        ("FREQ=DAILY;BYHOUR=1,2,2;BYSETPOS=3", "no day ever matches"),
        ("FREQ=HOURLY;BYWEEKNO=53;BYMONTH=6", "no day ever matches"),
        ("FREQ=HOURLY;COUNT=10001", "COUNT is 10001"),
        ("FREQ=HOURLY;BYMINUTE=0,12,24,36,48", "120 times a day"),
        ("FREQ=YEARLY;BYDAY=MO;BYHOUR=1,2;BYMINUTE=" + ",".join(map(str, range(49))), "98 times a day"),
        ("FREQ=DAILY;UNTIL=20260231", "not a date"),
        ("DTSTART:00010101T000000\nRRULE:FREQ=DAILY", "not between 1900 and 2300"),
        ("RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "two RRULE"),
        ("EXRULE:FREQ=DAILY", "EXRULE"),
        ("DTSTART;TZID=Asia/Tokyo:20260101T090000\nRRULE:FREQ=DAILY", "Asia/Tokyo"),
        ("DTSTART;X=1:20260101T090000\nRRULE:FREQ=DAILY", "X of DTSTART"),
        ("FREQ=DAILY;" + "BYHOUR=1," * 5000, "characters"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        series(text)


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../UTC", "Europe", "\0"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="zone"):
        Recurrence.parse("DTSTART;TZID=x:20260101T000000\nRRULE:FREQ=DAILY" if not zone else "FREQ=DAILY", zone, 0)


@given(st.text(max_size=60) | st.from_regex(r"FREQ=(DAILY|WEEKLY)(;[A-Z]{3,8}=[-+A-Z0-9,]{0,6}){0,3}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_any_other_text_is_read_or_refused(text: str) -> None:
    try:
        rule = series(text)
    except ValueError:
        return
    assert local(rule, 3)
