"""Reads come back as plain rows, also when the connection broke since the last one."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from graph.connection import Connection
from graph.errors import StoreError, StoreTimeoutError
from graph.store import Store, open_store

OWN = "SHOW TRANSACTIONS YIELD connectionId, currentQuery WHERE currentQuery CONTAINS '{0}' RETURN connectionId"


async def _connections(store: Store) -> list[str]:
    """Return the connection that a store reads by, and no other test's."""
    return [name for (name,) in await store.rows(OWN.format(uuid.uuid4().hex))]


def test_a_read_goes_on_when_its_connection_was_cut(connection: Connection) -> None:
    observed: list[str] = []

    async def scenario() -> None:
        async with (
            open_store(connection) as other,
            open_store(connection, observe=lambda access, _: observed.append(access)) as store,
        ):
            assert await store.rows("RETURN $a, [1, null]", a="x") == [["x", [1, None]]]
            mine = await _connections(store)
            assert mine
            await other.alone("CALL dbms.killConnections($mine)", mine=mine)
            assert await store.rows("UNWIND [1, 2] AS n RETURN n") == [[1], [2]]
            assert store.in_use == 0

    asyncio.run(scenario())
    assert observed == ["read", "read", "read"]


def test_a_read_that_takes_too_long_is_ended_in_the_database(connection: Connection) -> None:
    async def scenario() -> None:
        async with open_store(connection, read_seconds=0.5) as store:
            with pytest.raises(StoreTimeoutError):
                await store.rows("UNWIND range(1, 1000000000) AS n WITH n WHERE n % 7 = 8 RETURN count(n)")
            assert store.in_use == 0

    asyncio.run(scenario())


def test_a_statement_that_is_wrong_is_not_tried_again(connection: Connection) -> None:
    async def scenario() -> None:
        async with open_store(connection) as store:
            with pytest.raises(StoreError, match="SyntaxError"):
                await store.rows("RETURN")

    asyncio.run(scenario())


def test_a_read_cannot_write(connection: Connection) -> None:
    async def scenario() -> None:
        async with open_store(connection) as store:
            with pytest.raises(StoreError, match="Neo4j refused"):
                await store.rows("CREATE (n:MustNotBeThere) RETURN 1")

    asyncio.run(scenario())


def test_many_may_make_the_same_index_at_once(connection: Connection) -> None:
    async def scenario() -> None:
        async with open_store(connection) as store:
            for number in range(5):
                made = f"CREATE INDEX same_{number} IF NOT EXISTS FOR (n:SameIndex) ON (n.p{number})"
                try:
                    await asyncio.gather(*(store.alone(made) for _ in range(16)))
                finally:
                    await store.alone(f"DROP INDEX same_{number} IF EXISTS")

    asyncio.run(scenario())


def test_what_others_were_in_the_way_of_is_run_again_outside_transactions(connection: Connection) -> None:
    label = "InTheWay"

    async def scenario() -> None:
        async with open_store(connection) as store:
            await store.alone(f"UNWIND range(1, 400) AS i CREATE (:{label} {{i: i}})")
            try:
                # Each takes the same locks in another order than its neighbour: they cannot all go on.
                ways = [f"MATCH (n:{label}) WITH n ORDER BY n.i {way} SET n.x = 1" for way in ("ASC", "DESC")]
                for _ in range(5):
                    await asyncio.gather(*(store.alone(way) for way in ways * 4))
            finally:
                await store.alone(f"MATCH (n:{label}) DELETE n")

    asyncio.run(scenario())
