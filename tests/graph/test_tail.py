"""The tail of a log, for listeners that come and go."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from graph.records.tail import POLL_SECONDS, Tail
from tests.graph.conftest import Run
from tests.graph.space import Space, item


async def _heard(tail: Tail, after: int, last: int) -> list[int]:
    seen: list[int] = []
    async with asyncio.timeout(20), aclosing(tail.changes(after)) as pages:
        async for page in pages:
            seen += [one.seq for one in page]
            if seen[-1] >= last:
                break
    return seen


def test_what_was_written_while_nobody_listened_is_no_gap(run: Run) -> None:
    async def scenario(space: Space) -> None:
        tail = Tail(space.store, space.id)
        for key in ("A-1", "A-2"):
            await space.write(item("Task", key))
        first = asyncio.create_task(_heard(tail, 0, 3))
        await asyncio.sleep(3 * POLL_SECONDS)
        await space.write(item("Task", "A-3"))
        assert await first == [1, 2, 3]
        while tail._poller is not None:  # noqa: ASYNC110 - it ends by itself
            await asyncio.sleep(0.05)
        for key in ("A-4", "A-5"):
            await space.write(item("Task", key))
        second = asyncio.create_task(_heard(tail, 5, 6))
        await asyncio.sleep(3 * POLL_SECONDS)
        await space.write(item("Task", "A-6"))
        assert await second == [6]
        for after in range(6):
            assert await _heard(tail, after, 6) == list(range(after + 1, 7))
        await tail.close()

    run(scenario)


def test_a_listener_that_leaves_while_it_reads_breaks_nothing(run: Run) -> None:
    async def scenario(space: Space) -> None:
        tail = Tail(space.store, space.id)
        await space.write(item("Task", "A-1"))
        for wait in range(20):
            leaving = asyncio.create_task(_heard(tail, 0, 2))
            await asyncio.sleep(wait / 2000)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        assert await _heard(tail, 0, 1) == [1]
        await tail.close()
        assert space.store.in_use == 0

    run(scenario)
