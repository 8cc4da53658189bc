"""Reads that are asked for at the same moment are one statement, and each has the answer that it had alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from graph.connection import Connection
from graph.errors import StoreError
from graph.reading.gathering import MAX_JOINED, Gathering, Read
from graph.records.sight import Sight
from graph.store import Store, open_store

SIGHT = Sight("gathered")
TEXT = "RETURN COLLECT { UNWIND $names AS n RETURN n + $w0_0 ORDER BY n LIMIT $f0 }, 100 / $w0_0"
ENDLESS = "RETURN COUNT { UNWIND range(1, 2000000000) AS n WITH n WHERE n % 7 = 7 + size($names) RETURN n }"


def _read(names: list[int], step: int, limit: int = 10) -> Read:
    return Read(TEXT, {"f0": limit}, {"names": names, "w0_0": step})


def _run(connection: Connection, scenario: Callable[[Store, Gathering], Awaitable[None]]) -> int:
    """Run a scenario, and return how many statements it took."""
    statements = []

    async def work() -> None:
        async with open_store(connection, observe=lambda access, _: statements.append(access)) as store:
            await scenario(store, Gathering(store))

    asyncio.run(work())
    return len(statements)


def test_each_read_has_its_own_answer_and_one_statement_answers_many(connection: Connection) -> None:
    async def scenario(_: Store, gathering: Gathering) -> None:
        reads = [_read([3, 1, number], number + 1) for number in range(MAX_JOINED)]
        found = await asyncio.gather(*(gathering.row(SIGHT, one) for one in reads))
        for number, row in enumerate(found):
            step = number + 1
            assert row == [[one + step for one in sorted([3, 1, number])], 100 // step]

    assert _run(connection, scenario) == 1


def test_one_more_than_a_statement_takes_is_in_the_next(connection: Connection) -> None:
    async def scenario(_: Store, gathering: Gathering) -> None:
        reads = [_read([number], 1) for number in range(MAX_JOINED + 1)]
        found = await asyncio.gather(*(gathering.row(SIGHT, one) for one in reads))
        assert [row[0] for row in found] == [[number + 1] for number in range(MAX_JOINED + 1)]

    assert _run(connection, scenario) == 2


def test_what_differs_in_sight_or_limit_or_text_is_not_joined(connection: Connection) -> None:
    async def scenario(_: Store, gathering: Gathering) -> None:
        text = "RETURN COLLECT { RETURN $workspace + size($teams) }, $names"
        teams = frozenset({"one"})
        found = await asyncio.gather(
            gathering.row(SIGHT, _read([1, 2], 1)),
            gathering.row(SIGHT, _read([1, 2], 1, limit=1)),
            gathering.row(SIGHT, Read(text, {}, {"names": 1})),
            gathering.row(Sight("gathered", teams), Read(text, {}, {"names": 2})),
            gathering.row(Sight("another", teams), Read(text, {}, {"names": 3})),
        )
        assert list(found[:2]) == [[[2, 3], 100], [[2], 100]]
        assert list(found[2:]) == [[["gathered0"], 1], [["gathered1"], 2], [["another1"], 3]]

    assert _run(connection, scenario) == 5


def test_a_read_that_fails_does_not_harm_those_beside_it(connection: Connection) -> None:
    async def scenario(_: Store, gathering: Gathering) -> None:
        reads = [_read([1], 1), _read([1], 0), _read([1], 2)]
        found = await asyncio.gather(*(gathering.row(SIGHT, one) for one in reads), return_exceptions=True)
        assert found[0] == [[2], 100]
        assert isinstance(found[1], StoreError)
        assert found[2] == [[3], 50]

    assert _run(connection, scenario) == 4  # together, and then each alone


def test_who_goes_away_takes_nobody_along(connection: Connection) -> None:
    async def scenario(_: Store, gathering: Gathering) -> None:
        asked = [asyncio.create_task(gathering.row(SIGHT, _read([number], 1))) for number in range(3)]
        await asyncio.sleep(0)
        asked[0].cancel()
        assert await asked[1] == [[2], 100]
        assert await asked[2] == [[3], 100]
        with pytest.raises(asyncio.CancelledError):
            await asked[0]

    assert _run(connection, scenario) == 1


@pytest.mark.parametrize("asking", [1, 3])
def test_what_nobody_waits_for_is_ended_in_the_database(connection: Connection, asking: int) -> None:
    async def scenario(store: Store, gathering: Gathering) -> None:
        asked = [
            asyncio.create_task(gathering.row(SIGHT, Read(ENDLESS, {}, {"names": [number]})))
            for number in range(asking)
        ]
        running = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS $part RETURN 1"
        part = "2000000000) AS n WITH"
        async with asyncio.timeout(20):
            while not await store.rows(running, part=part):  # noqa: ASYNC110 - the database tells no one
                await asyncio.sleep(0.02)
            for one in asked:
                one.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*asked)
            while await store.rows(running, part=part):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    _run(connection, scenario)
