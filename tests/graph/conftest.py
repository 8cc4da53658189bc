from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from graph.connection import Connection
from graph.migrations import migrate
from graph.records.workspace import ensure
from graph.store import open_store
from tests.graph.space import NOW, Space

Run = Callable[[Callable[[Space], Awaitable[Any]]], Any]


@pytest.fixture(scope="session")
def migrated(connection: Connection) -> Connection:
    async def work() -> None:
        async with open_store(connection) as store:
            await migrate(store)

    asyncio.run(work())
    return connection


@pytest.fixture
def run(migrated: Connection) -> Run:
    """Run a scenario in a new workspace."""

    async def work(scenario: Callable[[Space], Awaitable[Any]]) -> Any:
        async with open_store(migrated) as store:
            space = Space(store, f"graph-{uuid.uuid4().hex}")
            await ensure(store, space.id, NOW)
            return await scenario(space)

    return lambda scenario: asyncio.run(work(scenario))
