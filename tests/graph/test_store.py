"""A Neo4j that cannot be opened: the message says what, where and what to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from graph.connection import Connection
from graph.errors import StoreError
from graph.store import check_connection, open_store


@pytest.fixture
def deaf() -> Iterator[str]:
    """Return an address at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def refusals(connection: Connection) -> list[str]:
    """Return what is said by each way to open a database."""

    async def read() -> None:
        async with open_store(connection) as store:
            await store.rows("RETURN 1")

    said = []
    for work in (read(), check_connection(connection, 5)):
        with pytest.raises(StoreError) as refused:
            asyncio.run(work)
        said.append(str(refused.value))
    return said


@pytest.mark.parametrize("uri", ["nonsense", "http://127.0.0.1:1", "https://h", "bolt:/h", "file:///etc", ""])
def test_what_is_no_address_is_named_without_trying_it(uri: str) -> None:
    assert set(refusals(Connection(uri, password="x"))) == {
        "this is no address of Neo4j; write it as bolt://HOST:PORT or neo4j+s://HOST."
    }


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_nobody_at_an_address(deaf: str, scheme: str, capfd: pytest.CaptureFixture[str]) -> None:
    expected = f"Neo4j at {scheme}://{deaf} does not answer; check that it runs and that its address is right."
    assert set(refusals(Connection(f"{scheme}://{deaf}", password="x"))) == {expected}
    assert capfd.readouterr() == ("", "")


def test_a_wrong_password(connection: Connection) -> None:
    for said in refusals(replace(connection, password="wrong")):
        assert said.startswith(f"Neo4j at {connection.uri} refused the user name or password; check NEO4J_USERNAME")


def test_a_database_that_is_not_there(connection: Connection) -> None:
    assert set(refusals(replace(connection, database="nowhere"))) <= {
        "Neo4j has no such database; check NEO4J_DATABASE.",
        f"Neo4j at {connection.uri} has no such database; check NEO4J_DATABASE.",
    }
