"""Of several processes one leads; when it leaves or dies, another takes over."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack

import pytest

from graph.store import Store
from tests.graph.conftest import Run, migrated, run
from tests.graph.space import Space
from workatlas.keeping import keeping
from workatlas.leadership import Leadership, leading

__all__ = ["migrated", "run"]


async def _until(leadership: Leadership) -> None:
    async with asyncio.timeout(60):
        while not leadership.leads():  # noqa: ASYNC110 - the database has no events
            await asyncio.sleep(0.02)


def test_one_leads_and_the_next_takes_over_at_once(run: Run) -> None:
    async def scenario(space: Space) -> None:
        name = f"lead-{uuid.uuid4().hex}"
        async with leading(space.store, name, 3600.0) as waiting:
            await _until(waiting)
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(leading(space.store, name, 3600.0))
            await _until(first)
            async with leading(space.store, name, 3.0) as second:  # it looks every second
                await asyncio.sleep(1.5)
                assert first.leads()
                assert not second.leads()
                await stack.aclose()
                assert not first.leads()
                await _until(second)  # the first one's lease would have lasted an hour

    run(scenario)


def test_who_cannot_hold_its_lease_leads_no_longer(run: Run) -> None:
    async def scenario(space: Space) -> None:
        name = f"lead-{uuid.uuid4().hex}"
        dead = Leadership(space.store, name, 3.0)
        await dead.renew()
        assert dead.leads()
        async with leading(space.store, name, 3.0) as second:
            await _until(second)
            assert not dead.leads()

    run(scenario)


def test_work_begins_as_soon_as_it_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workatlas.keeping.TURN_SECONDS", 0.05)

    async def scenario() -> None:
        done, ours = asyncio.Event(), False

        async def work() -> None:
            done.set()

        async with keeping("counting", work, 3600, lambda: ours):
            await asyncio.sleep(0.2)
            assert not done.is_set()
            ours = True
            await asyncio.wait_for(done.wait(), 10)

    asyncio.run(scenario())


def test_who_may_lead_does_so_from_the_beginning(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with leading(space.store, f"lead-{uuid.uuid4().hex}") as leadership:
            assert leadership.leads()

    run(scenario)


def test_work_goes_on_after_an_outage_and_only_while_it_is_ours(run: Run) -> None:
    async def scenario(space: Space) -> None:
        done: list[int] = []
        ours = True

        async def work() -> None:
            done.append(len(done))
            if len(done) == 1:
                broken = Store(space.store._driver, "there-is-none")
                await broken.rows("RETURN 1")

        async with keeping("counting", work, 0.01, lambda: ours):
            async with asyncio.timeout(30):
                while len(done) < 5:  # noqa: ASYNC110 - the work has no events
                    await asyncio.sleep(0.01)
            ours = False
            await asyncio.sleep(0.1)
            number = len(done)
            await asyncio.sleep(0.1)
            assert len(done) == number
        async with keeping("nothing", work, 0):
            await asyncio.sleep(0.05)
        assert len(done) == number

    run(scenario)
