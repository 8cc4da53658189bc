"""Small writes on one workspace: committed one by one, and those that wait together.

Run ``scripts/bench writes`` (numbers of writers as arguments: ``scripts/bench writes 8 32``). Each writer sends one
request after the other: half are changes of an item of its own, a quarter are new items, a quarter are edges. Every
figure is from one run on one machine, the database beside the program.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final

from graph import migrations
from graph.batch import BORN_HERE, Batch, EdgeRow, NodeRow, Ref, new_id
from graph.connection import Connection
from graph.doctor import examine
from graph.records import workspace
from graph.records.history import Author
from graph.store import Store, open_store
from graph.writing.committer import Committer
from graph.writing.writer import Request, write
from workatlas.embedded import ensure_running
from workatlas.settings import Settings

WRITERS: Final = (1, 8, 32)
WARM_UP_SECONDS: Final = 5.0
SECONDS: Final = 10.0
NAME: Final = "bench-writes"

Send = Callable[[Batch], Awaitable[object]]


def main() -> None:
    writers = [int(text) for text in sys.argv[1:]] or list(WRITERS)
    settings = Settings.from_environ(os.environ)
    if settings.neo4j_uri is not None:
        asyncio.run(_all(Connection(settings.neo4j_uri, settings.neo4j_username, settings.neo4j_password), writers))
        return
    with ensure_running(settings) as database:
        asyncio.run(_all(database.connection, writers))


async def _all(connection: Connection, writers: list[int]) -> None:
    print("commits | writers | writes/s | p50 ms | p99 ms")
    async with open_store(connection) as store:
        await migrations.migrate(store)
        for number in writers:
            for together in (False, True):
                await _measure(store, number, together=together)
        violations = await examine(store, NAME)
        print(f"violations afterwards: {len(violations)}")
        await workspace.purge(store, NAME)


async def _measure(store: Store, writers: int, *, together: bool) -> None:
    await workspace.purge(store, NAME)
    await workspace.ensure(store, NAME, _millis())
    items = [NodeRow("Task", BORN_HERE, key, {"title": key}, key=key) for key in map(_own, range(writers))]
    await write(store, NAME, Batch([*items, NodeRow("Person", BORN_HERE, "P", {"title": "P"}, key="P")]), now=_millis())
    committer = Committer(store)

    async def send(batch: Batch) -> object:
        if together:
            return await committer.submit(NAME, Request(batch, Author(request=new_id()), _millis()))
        return await write(store, NAME, batch, now=_millis())

    await _run(send, writers, WARM_UP_SECONDS)
    started = time.perf_counter()
    times = sorted(await _run(send, writers, SECONDS))
    rate = len(times) / (time.perf_counter() - started)
    await committer.close()
    at = [1000 * times[int(share * (len(times) - 1))] for share in (0.5, 0.99)]
    print(
        f"{'together' if together else 'one by one'} | {writers} | {rate:,.0f} | {at[0]:.1f} | {at[1]:.1f}", flush=True
    )


async def _run(send: Send, writers: int, seconds: float) -> list[float]:
    """Let writers write for some seconds; return how long each write took."""
    end = time.perf_counter() + seconds
    times: list[float] = []

    async def writer(number: int) -> None:
        turn = 0
        while time.perf_counter() < end:
            started = time.perf_counter()
            await send(_batch(number, turn))
            times.append(time.perf_counter() - started)
            turn += 1

    await asyncio.gather(*(writer(number) for number in range(writers)))
    return times


def _batch(number: int, turn: int) -> Batch:
    own = Ref("key", _own(number))
    match turn % 4:
        case 0 | 2:
            return Batch([NodeRow("", "", "", {"estimate": float(turn)}, of=own)])
        case 1:
            item = new_id()
            return Batch([NodeRow("Task", BORN_HERE, item, {"title": "Small"}, id=item, expected_version=0)])
        case _:
            return Batch(edges=[EdgeRow("ASSIGNED_TO", own, Ref("key", "P"), {"share": turn / 1e6})])


def _own(number: int) -> str:
    return f"W{number}"


def _millis() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
