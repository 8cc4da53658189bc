from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.batch import Batch
from graph.calendars import Leave, WorkingCalendar, WorkingCalendars
from graph.errors import BatchRefusedError
from graph.records import workspace
from graph.records.calendar_store import read_calendars
from graph.records.history import pack, unpack
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.writing.writer import write
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, item

ADA = WorkingCalendar(
    "ada", "Ada", (8, 8, 0, 8.5, 4, 0, 0), (date(2026, 12, 25),), (Leave.parse("2026-08-03/2026-08-21"),), "Asia/Tokyo"
)
DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    hours = draw(st.lists(st.sampled_from([0.0, 4.0, 7.6, 8.0, 24.0]), min_size=7, max_size=7).filter(any))
    spans = draw(st.lists(st.tuples(DAYS, DAYS), max_size=3))
    leave = sorted((Leave(*sorted(span)) for span in spans), key=str)
    return WorkingCalendar(
        draw(st.sampled_from(["a", "b:1", "漢"])),
        draw(st.sampled_from(["", "Ada's", "漢"])),
        tuple(hours),
        tuple(sorted(draw(st.sets(DAYS, max_size=4)))),
        tuple(leave),
        draw(st.sampled_from([None, "Europe/Berlin", "UTC"])),
    )


@given(calendars())
def test_what_is_written_is_read_back(calendar: WorkingCalendar) -> None:
    assert WorkingCalendar.from_dict(calendar.id, calendar.to_dict()) == calendar


def test_days_off_are_holidays_and_leave() -> None:
    assert ADA.days_off() == [date(2026, 8, day) for day in range(3, 22)] + [date(2026, 12, 25)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"hours": [8] * 6}, "seven"),
        ({"hours": [8] * 6 + [25]}, "0 to 24"),
        ({"hours": [8] * 6 + [True]}, "0 to 24"),
        ({"hours": [8] * 6 + [float("nan")]}, "0 to 24"),
        ({"hours": [0] * 7}, "working hours"),
        ({"holidays": "2026-12-25"}, "list"),
        ({"holidays": ["2026-13-25"]}, "month"),
        ({"leave": ["2026-08-21/2026-08-03"]}, "before it begins"),
        ({"leave": ["1026-08-21/2026-08-03"]}, "more than"),
        ({"timezone": "Berlin"}, "IANA"),
        ({"name": 7}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_calendar_that_is_none_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        WorkingCalendar.from_dict("a", values)
    with pytest.raises(ValueError, match="id"):
        WorkingCalendar.from_dict(" ", {})


async def stored(space: Space) -> dict[str, WorkingCalendar]:
    return {one.id: one for one in await read_calendars(space.store, space.id)}


def test_calendars_are_kept_changed_and_taken_away_and_the_log_says_so(run: Run) -> None:
    async def scenario(space: Space) -> None:
        office = WorkingCalendar("office")
        report = await space.load(WorkingCalendars({"ada": ADA, "office": office}), item("Person", "P-1"))
        assert report.anomalies == {}
        assert await stored(space) == {"ada": ADA, "office": office}
        shorter = WorkingCalendar("office", hours=(8, 8, 8, 8, 0, 0, 0))
        assert (await space.write(calendars={"ada": ADA, "office": shorter})).change_seq == 2
        assert (await space.write(calendars={"ada": ADA, "office": shorter})).change_seq is None
        assert (await space.write(calendars={"ada": None, "nobody": None})).change_seq == 3
        assert await stored(space) == {"office": shorter}
        assert [[(one.id, one.operation) for one in change.settings] for change in await space.log()] == [
            [("ada", "create"), ("office", "create")],
            [("office", "update")],
            [("ada", "purge")],
        ]
        _, changed, removed = await space.log()
        assert changed.settings[0].before == office.to_dict()
        assert changed.settings[0].after == shorter.to_dict()
        assert (removed.settings[0].kind, removed.nodes) == ("Calendar", [])

    run(scenario)


def test_a_broken_calendar_refuses_an_edit_and_is_left_out_of_an_import(run: Run) -> None:
    async def scenario(space: Space) -> None:
        broken = WorkingCalendar("odd", hours=(1, 2))
        with pytest.raises(BatchRefusedError, match="'odd': hours"):
            await space.write(calendars={"odd": broken})
        report = await space.load(WorkingCalendars({"odd": broken, "ada": ADA}))
        assert report.anomalies == {"invalidValue": 1}
        assert set(await stored(space)) == {"ada"}

    run(scenario)


def test_calendars_belong_to_one_workspace_and_go_with_it(run: Run) -> None:
    async def scenario(space: Space) -> None:
        other = Space(space.store, f"{space.id}-other")
        await other.load(WorkingCalendars({"ada": ADA}))
        await space.load(WorkingCalendars({"ada": WorkingCalendar("ada")}))
        assert (await stored(other))["ada"] == ADA
        await workspace.purge(other.store, other.id)
        assert await stored(other) == {}
        assert await stored(space) == {"ada": WorkingCalendar("ada")}

    run(scenario)


def test_the_snapshot_carries_calendars_and_is_read_again_when_one_changes(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(
            item("Person", "P-1", calendar="ada", timezone="Europe/Berlin", weeklyHours=30),
            item("Task", "T-1", calendar="office"),
            calendars={"ada": ADA},
        )
        keeper = SnapshotKeeper(space.store, space.id)
        snapshot = await keeper.current()
        assert snapshot.calendars == (ADA,)
        person, task = snapshot.row("P-1"), snapshot.row("T-1")
        assert (snapshot.items.calendar[person], snapshot.items.timezone[person]) == ("ada", "Europe/Berlin")
        assert (snapshot.items.calendar[task], snapshot.items.timezone[task]) == ("office", "")
        batch = Batch(calendars={"ada": None, "office": WorkingCalendar("office")})
        await write(space.store, space.id, batch, now=NOW)
        assert [one.id for one in (await keeper.current()).calendars] == ["office"]

    run(scenario)


def test_changes_of_before_there_were_calendars_are_read() -> None:
    import zlib

    import orjson

    assert unpack(zlib.compress(orjson.dumps(([], [])))) == ([], [], [])
    assert unpack(pack([], [])) == ([], [], [])
