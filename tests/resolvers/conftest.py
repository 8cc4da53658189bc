from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graph.connection import Connection
from tests.resolvers.session import Session, opened
from tests.resolvers.world import Asked, World, ask, stored


@pytest.fixture(scope="session")
def world(connection: Connection) -> World:
    return asyncio.run(stored(connection))


@pytest.fixture
def query(connection: Connection, world: World) -> Callable[..., Asked]:
    def run(text: str, **variables: Any) -> Asked:
        return asyncio.run(ask(connection, world.workspace, text, **variables))

    return run


@pytest.fixture(scope="session")
def session(connection: Connection) -> Iterator[Session]:
    with opened(connection) as made:
        yield made
