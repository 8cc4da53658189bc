"""Leases: one holder at a time, by the database's clock."""

from __future__ import annotations

import asyncio
import uuid

from graph.records import leases
from tests.graph.conftest import Run
from tests.graph.space import Space


def test_one_has_it_until_it_ends_or_is_given_back(run: Run) -> None:
    async def scenario(space: Space) -> None:
        name = f"lease-{uuid.uuid4().hex}"
        assert await leases.take(space.store, name, "a", 60)
        assert await leases.take(space.store, name, "a", 60)
        assert not await leases.take(space.store, name, "b", 60)
        await leases.leave(space.store, name, "b")
        assert not await leases.take(space.store, name, "b", 60)
        await leases.leave(space.store, name, "a")
        assert await leases.take(space.store, name, "b", 0.2)
        await asyncio.sleep(0.3)
        assert await leases.take(space.store, name, "a", 60)
        await leases.leave(space.store, name, "b")
        assert not await leases.take(space.store, name, "b", 60)
        await leases.leave(space.store, name, "a")

    run(scenario)


def test_of_many_at_once_one_gets_it(run: Run) -> None:
    async def scenario(space: Space) -> None:
        name = f"lease-{uuid.uuid4().hex}"
        taken = await asyncio.gather(*(leases.take(space.store, name, str(one), 60) for one in range(20)))
        assert sum(taken) == 1
        await leases.leave(space.store, name, str(taken.index(True)))

    run(scenario)
