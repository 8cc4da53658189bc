from __future__ import annotations

from graph.records.spans import StatusSpan, changes_of, identity_of, status_spans
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, item, keys, patch

HOUR = 3_600_000


def test_time_in_each_status(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-1", status="Backlog"), item("Person", "P-1"), now=NOW)
        await space.write(patch("Task", "T-1", status="In progress"), now=NOW + HOUR)
        await space.write(patch("Task", "T-1", estimate=3), now=NOW + 2 * HOUR)
        await space.write(archive=keys("T-1"), now=NOW + 3 * HOUR)
        await space.write(restore=keys("T-1"), now=NOW + 5 * HOUR)
        await space.write(patch("Task", "T-1", status="Done"), now=NOW + 6 * HOUR)
        ids = {key: one["id"] for key, one in (await space.items()).items()}
        spans = await status_spans(space.store, space.id, {ids["T-1"]})
        assert [(one.status, one.start, one.end) for one in spans] == [
            ("Backlog", NOW, NOW + HOUR),
            ("In progress", NOW + HOUR, NOW + 3 * HOUR),
            ("In progress", NOW + 5 * HOUR, NOW + 6 * HOUR),
            ("Done", NOW + 6 * HOUR, None),
        ]
        assert [one.hours(NOW + 10 * HOUR) for one in spans] == [1, 2, 1, 4]
        every = await status_spans(space.store, space.id)
        assert StatusSpan(ids["P-1"], None, NOW) in every
        assert len(every) == 5

    run(scenario)


def test_the_changes_of_one_item(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-1"), item("Task", "T-2"))
        await space.write(patch("Task", "T-2", estimate=3))
        await space.write(edge("BLOCKS", "T-2", "T-1"), item("Task", "T-3"))
        await space.write(patch("Task", "T-1", estimate=3), patch("Task", "T-3", estimate=3))
        wanted = (await space.items())["T-1"]["id"]
        assert {await identity_of(space.store, space.id, name) for name in ("T-1", wanted, "workatlas:T-1")} == {wanted}
        assert await identity_of(space.store, space.id, "T-9") is None
        found = [change async for change in changes_of(space.store, space.id, wanted)]
        assert [(one.seq, len(one.nodes), len(one.edges)) for one in found] == [(1, 1, 0), (3, 0, 1), (4, 1, 0)]
        assert {node.id for one in found for node in one.nodes} == {wanted}

    run(scenario)
