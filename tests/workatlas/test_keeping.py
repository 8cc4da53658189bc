"""Work that goes on by itself: tried again when it fails, and seldom when it fails again and again."""

from __future__ import annotations

import asyncio

from graph.errors import StoreError
from workatlas.keeping import keeping, pause_after


def test_what_fails_is_tried_again_until_it_is_done() -> None:
    tries = 0
    done = asyncio.Event()

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise StoreError("not now")
        done.set()

    async def scenario() -> None:
        async with keeping("work", work, 0.01, longest=0.05):
            await asyncio.wait_for(done.wait(), 30)

    asyncio.run(scenario())
    assert tries >= 4


def test_the_pauses_double_while_it_goes_on_failing() -> None:
    assert [pause_after(10, failures, 600) for failures in range(8)] == [10, 20, 40, 80, 160, 320, 600, 600]
    assert pause_after(10, 10_000, 600) == 600
    assert [pause_after(10, failures, 0) for failures in (0, 1, 5)] == [10, 10, 10]
    assert pause_after(900, 3, 600) == 900
