from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.batch import NodeRow
from graph.errors import BatchRefusedError
from graph.values import instant_to_millis
from graph.writing.operations import MAX_OCCURRENCES, Spawned, spawn
from graph.writing.writer import Mode
from tests.graph.conftest import Run
from tests.graph.space import Space, edge, gone, item, keys, patch

MONDAY = instant_to_millis("2026-03-02T00:00:00Z")
DAY = 86_400_000
RULE = "DTSTART:20260302T090000\nRRULE:FREQ=WEEKLY"
BERLIN = "Europe/Berlin"


def weekly(rrule: str = RULE, timezone: str = BERLIN, **properties: Any) -> NodeRow:
    return item("Operation", "OP-1", rrule=rrule, timezone=timezone, **properties)


async def spawned(space: Space, days: float, now: int = MONDAY, only: str | None = None) -> list[Spawned]:
    return await spawn(space.store, space.id, until=now + round(days * DAY), now=now, only=only)


async def occurrences(space: Space) -> list[str]:
    rows = await space.store.rows(
        "MATCH (:Operation {workspace: $workspace})<-[s:SPAWNED_FROM]-(t:Task) "
        "RETURN toString(s.occurrence), toString(t.due) ORDER BY s.occurrence",
        workspace=space.id,
    )
    assert all(at.startswith(due) for at, due in rows)
    return [at for at, _ in rows]


def test_each_occurrence_becomes_a_task_once_across_a_change_of_clocks(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly(), item("Person", "P-1"), edge("OWNS", "P-1", "OP-1"))
        (first,) = await spawned(space, 30)
        assert len(first.tasks) == 5
        assert await spawned(space, 30) == []
        assert await occurrences(space) == [
            "2026-03-02T08:00:00Z",
            "2026-03-09T08:00:00Z",
            "2026-03-16T08:00:00Z",
            "2026-03-23T08:00:00Z",
            "2026-03-30T07:00:00Z",
        ]
        items, edges = await space.items(), await space.edges()
        assert items["OP-1"]["nextAt"].iso_format().startswith("2026-04-06T07:00:00")
        assert items[first.tasks[0]]["title"] == "Title of OP-1 2026-03-02"
        assert {("OWNS", key) for key in first.tasks} <= {(kind, end) for _, kind, end in edges}
        assert (await space.log())[-1].seq == first.change_seq
        assert await space.violations() == []

    run(scenario)


def test_a_changed_rule_goes_on_with_its_first_occurrence_from_then_on(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly(), now=MONDAY)
        await spawned(space, 8)
        rule = patch("Operation", "OP-1", rrule="DTSTART:20260302T090000\nRRULE:FREQ=DAILY")
        await space.write(rule, now=MONDAY + 5 * DAY)
        await spawned(space, 1.5, now=MONDAY + 5 * DAY)
        assert [one[:10] for one in await occurrences(space)] == [
            "2026-03-02", "2026-03-07", "2026-03-08", "2026-03-09"
        ]  # fmt: skip
        await space.write(patch("Operation", "OP-1", rrule=None), now=MONDAY + 6 * DAY)
        assert "nextAt" not in (await space.items())["OP-1"]

    run(scenario)


def test_what_fell_due_while_nothing_ran_is_spawned_late_and_once(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly())
        await spawned(space, 1)
        (late,) = await spawned(space, 0, now=MONDAY + 50 * DAY)
        assert len(late.tasks) == 7
        assert len(await occurrences(space)) == 8

    run(scenario)


@pytest.mark.parametrize("mode", list(Mode))
def test_an_operation_begins_with_the_first_occurrence_from_when_it_came(run: Run, mode: Mode) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly(), mode=mode, now=MONDAY + 20 * DAY)
        (result,) = await spawned(space, 7, now=MONDAY + 20 * DAY)
        assert len(result.tasks) == 1
        assert await occurrences(space) == ["2026-03-23T08:00:00Z"]

    run(scenario)


def test_many_at_once_spawn_each_occurrence_once(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly())
        results = await asyncio.gather(*(spawned(space, 57 + number / 2) for number in range(8)))
        assert not [one for many in results for one in many if one.problems]
        found = await occurrences(space)
        assert len(found) == len(set(found)) == 9
        assert sum(len(one.tasks) for many in results for one in many) == 9
        assert await space.violations() == []

    run(scenario)


def test_a_spawn_that_died_half_way_leaves_nothing_or_all(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly(template={"tasks": [{"name": "a"}, {"name": "b", "after": ["a"]}]}))
        running = asyncio.create_task(spawned(space, 30))
        await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await spawned(space, 30)
        found = await occurrences(space)
        assert len(found) == len(set(found)) == 5
        edges = await space.edges()
        assert sum(kind == "PART_OF" for _, kind, _ in edges) == 10
        assert sum(kind == "BLOCKS" for _, kind, _ in edges) == 5

    run(scenario)


def test_occurrences_that_an_import_brought_are_not_spawned_again(run: Run) -> None:
    async def scenario(space: Space) -> None:
        link = edge("SPAWNED_FROM", "T-1", "OP-1", occurrence="2026-03-09T08:00:00Z")
        await space.write(weekly(), item("Task", "T-1", due="2026-03-09"), link)
        (result,) = await spawned(space, 15)
        assert len(result.tasks) == 2
        assert len(await occurrences(space)) == 3

    run(scenario)


def test_a_task_that_was_unlinked_or_archived_is_not_spawned_again(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly())
        (first,) = await spawned(space, 8)
        await space.write(gone("SPAWNED_FROM", first.tasks[0], "OP-1"), archive=keys(first.tasks[1]))
        await space.write(patch("Operation", "OP-1", nextAt="2026-03-02T08:00:00Z"))
        (again,) = await spawned(space, 15)
        assert len(again.tasks) == 1

    run(scenario)


def test_a_series_ends_and_costs_nothing_afterwards(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly(rrule=f"{RULE};COUNT=2"))
        (result,) = await spawned(space, 100)
        assert (len(result.tasks), result.next_at, result.more) == (2, None, False)
        before = len(await space.log())
        assert await spawned(space, 200) == []
        assert len(await space.log()) == before

    run(scenario)


def test_long_catch_up_goes_on_where_it_stopped(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(weekly(rrule="DTSTART:20260302T090000\nRRULE:FREQ=DAILY"))
        (first,) = await spawned(space, MAX_OCCURRENCES + 20)
        assert first.more
        assert len(first.tasks) == MAX_OCCURRENCES
        (rest,) = await spawned(space, MAX_OCCURRENCES + 20)
        assert not rest.more
        assert len(await occurrences(space)) == MAX_OCCURRENCES + 20

    run(scenario)


def test_what_is_wrong_with_one_operation_does_not_keep_the_others(run: Run) -> None:
    async def scenario(space: Space) -> None:
        broken = item("Operation", "OP-0", rrule=RULE, template={"owners": ["P-404"]})
        await space.write(broken, weekly(), item("Operation", "OP-2", rrule=RULE))
        await space.write(archive=keys("OP-2"))
        bad, good = await spawned(space, 1)
        assert [one.code for one in bad.problems] == ["NOT_FOUND"]
        assert "P-404" in bad.to_dict()["problems"][0]
        assert len(good.tasks) == 1
        (only,) = await spawned(space, 8, only="OP-1")
        assert only.operation == "OP-1"

    run(scenario)


def test_occurrences_of_private_work_are_private(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Team", "TEAM-1"))
        team = (await space.items())["TEAM-1"]["id"]
        await space.write(weekly(visibility="TEAM", team=team, template={"tasks": [{"name": "a"}]}))
        await spawned(space, 1)
        tasks = [one for one in (await space.items()).values() if one["label"] == "Task"]
        assert [(one["visibility"], one["team"]) for one in tasks] == [("TEAM", team)] * 2

    run(scenario)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"rrule": "FREQ=NEVER"}, "rrule: 'NEVER'"),
        ({"timezone": "Mars/Base"}, "timezone: 'Mars/Base'"),
        ({"template": {"tasks": 3}}, "template: tasks"),
        ({"template": {"colour": "red"}}, "template: Task has no property 'colour'"),
        ({"template": {"tasks": [{"name": "a", "status": "Nope"}]}}, "template: a: status: 'Nope'"),
    ],
)
def test_the_write_path_refuses_what_could_never_be_spawned(run: Run, properties: dict[str, Any], said: str) -> None:
    async def scenario(space: Space) -> None:
        with pytest.raises(BatchRefusedError, match=said):
            await space.write(weekly(**properties))

    run(scenario)
