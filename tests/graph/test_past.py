from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from graph.errors import BeyondHistoryError, UnknownWorkspaceError
from graph.snapshots.past import as_of, moment, reach
from graph.snapshots.snapshot_store import load_snapshot
from tests.graph.conftest import Run
from tests.graph.space import Space, edge, gone, item, keys, patch
from tests.graph.test_refresh import same

DAY = 86_400_000
NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)


def test_a_moment_is_a_number_an_instant_or_the_end_of_a_day(run: Run) -> None:
    async def scenario(space: Space) -> None:
        for number in range(4):
            await space.write(item("Task", f"T-{number}"), now=NOON + number * DAY)

        async def held(when: date | int) -> int:
            past = await as_of(space.store, space.id, when)
            assert past.seq == len(past)
            return len(past)

        assert [await held(seq) for seq in range(5)] == [0, 1, 2, 3, 4]
        assert [await held(date(2026, 2, 27 + day)) for day in (0, 1)] == [0, 0]
        assert [await held(date(2026, 3, day)) for day in (1, 2, 9)] == [1, 2, 4]
        assert await held(datetime(2026, 3, 2, 11, 59, tzinfo=UTC)) == 1
        assert await held(datetime(2026, 3, 2, 12, tzinfo=UTC)) == 2
        assert [await held(day) for day in (date.min, date.max)] == [0, 4]
        for when in (-1, 5):
            with pytest.raises(BeyondHistoryError, match="changes 0 to 4"):
                await as_of(space.store, space.id, when)

    run(scenario)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "-1", "20261201T", "0001-01-01T00:00:00+01:00"])
def test_what_is_no_moment_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="no moment"):
        moment(text)


def test_moments_are_read_from_text() -> None:
    assert moment("42") == 42
    assert moment("2026-12-01") == date(2026, 12, 1)
    assert moment("2026-12-01T09:30:00Z") == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def test_what_was_archived_cut_and_reported_since_is_as_it_was(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Project", "PRJ-1", due="2026-Q4"), item("Task", "T-1"), item("Task", "T-2"))
        await space.write(edge("PART_OF", "T-1", "PRJ-1"), edge("BLOCKS", "T-1", "T-2", lag=4))
        await space.write(item("Update", "U-1", at="2026-03-01T00:00:00Z", health="AT_RISK"))
        await space.write(edge("REPORTS_ON", "U-1", "PRJ-1"))
        then = await load_snapshot(space.store, space.id)
        await space.write(patch("Update", "U-1", health="ON_TRACK"))
        await space.write(patch("Project", "PRJ-1", due="2027-Q1"))
        await space.write(gone("REPORTS_ON", "U-1", "PRJ-1"), gone("BLOCKS", "T-1", "T-2"))
        await space.write(archive=keys("PRJ-1", "U-1", "T-1"))
        await space.write(item("Task", "T-3"))
        assert set((await load_snapshot(space.store, space.id)).names) == {"T-2", "T-3"}
        same(await as_of(space.store, space.id, then.seq), then)

    run(scenario)


def test_a_log_that_was_cut_says_how_far_back_it_reaches(run: Run) -> None:
    async def scenario(space: Space) -> None:
        for number in range(4):
            await space.write(item("Task", f"T-{number}"), now=NOON + number * DAY)
        await space.raw("MATCH (c:Change {workspace: $workspace}) WHERE c.seq <= 2 DELETE c")
        bounds = await reach(space.store, space.id)
        assert (bounds.first, bounds.last, bounds.since) == (2, 4, NOON + 2 * DAY)
        assert len(await as_of(space.store, space.id, 2)) == 2
        for when in (1, date(2026, 3, 1)):
            with pytest.raises(BeyondHistoryError, match="2026-03-03T12:00:00"):
                await as_of(space.store, space.id, when)
        await space.raw("MATCH (c:Change {workspace: $workspace}) DELETE c")
        assert len(await as_of(space.store, space.id, 4)) == 4

    run(scenario)


def test_a_workspace_that_is_not_there_has_no_past(run: Run) -> None:
    async def scenario(space: Space) -> None:
        with pytest.raises(UnknownWorkspaceError):
            await as_of(space.store, "nowhere", 0)

    run(scenario)
