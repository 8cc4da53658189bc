"""Findings follow the graph while the server runs, once for each burst of changes, and not for their own."""

from __future__ import annotations

import asyncio
from datetime import date

from graph.records.findings import State, read_findings
from graph.snapshots.snapshot_store import SnapshotKeeper
from tests.graph.conftest import Run, migrated, run
from tests.graph.space import Space, edge, item, patch
from workatlas.examining import Seen, examine_once, examining

__all__ = ["migrated", "run"]
DAY = date(2026, 3, 2)


def test_each_state_is_examined_once(run: Run) -> None:
    async def scenario(space: Space) -> None:
        keeper = SnapshotKeeper(space.store, space.id)
        await space.write(item("Task", "A", status="In progress"), item("Task", "B", status="Done"))
        await space.write(edge("BLOCKS", "A", "B"))
        seen: Seen = await examine_once(space.store, keeper, space.id, DAY, None)
        (first,) = await read_findings(space.store, space.id)
        assert [one.system for one in await space.log()] == [False, False, True]
        assert seen == (3, DAY)
        assert await examine_once(space.store, keeper, space.id, DAY, seen) == seen
        (same,) = await read_findings(space.store, space.id)
        assert same.last_seen == first.last_seen
        await space.write(patch("Task", "A", status="Done"))
        await examine_once(space.store, keeper, space.id, DAY, seen)
        assert [one.state for one in await read_findings(space.store, space.id)] == [State.RESOLVED]

    run(scenario)


def test_a_running_server_examines_by_itself(run: Run) -> None:
    async def scenario(space: Space) -> None:
        keeper = SnapshotKeeper(space.store, space.id)
        async with examining(space.store, keeper, space.id, lambda: DAY, 0.05):
            await space.write(item("Task", "A", status="In progress"), item("Task", "B", status="Done"))
            await space.write(edge("BLOCKS", "A", "B"))
            async with asyncio.timeout(60):
                while not await read_findings(space.store, space.id):  # noqa: ASYNC110 - the database has no events
                    await asyncio.sleep(0.05)

    run(scenario)
