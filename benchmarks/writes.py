"""Small writes on one workspace: committed one by one, those that wait together, and the same through the whole server.

Run ``scripts/bench writes`` (numbers of writers as arguments: ``scripts/bench writes 8 32``). Each writer sends one
request after the other: half are changes of an item of its own, a quarter are new tasks in a project that hold back a
milestone, a quarter are edges. The first two ways call the write path in this process; the other two send mutations
over HTTP to ``workatlas serve``, and one of them has each item read back in the answer (``benchmarks/graphql/load.mjs``
sends: node is needed). Every figure is from one run on one machine, the database beside the program; CPU is
milliseconds a write, of Python and of Neo4j apart.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import psutil

from benchmarks.graphql.servers import (
    PROGRAM,
    computed,
    database_process,
    environment,
    key_for,
    loaded,
    started,
)
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
from workatlas.errors import WorkatlasError
from workatlas.settings import Settings

WRITERS: Final = (1, 8, 32)
WARM_UP_SECONDS: Final = 5.0
SECONDS: Final = 10.0
TURNS: Final = 64
"""Different requests of each writer over HTTP; then it begins again: nothing is as it was stated then."""
NAME: Final = "bench-writes"

Send = Callable[[Batch], Awaitable[object]]


@dataclass(slots=True)
class _Clock:
    """What this program's processes and Neo4j computed between two moments."""

    own: psutil.Process
    database: psutil.Process | None
    before: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        self.before = self._now()

    def spent(self, writes: int) -> str:
        """Return the milliseconds a write of both, as a part of a table's row."""
        own, neo4j = (1000 * (now - then) / writes for now, then in zip(self._now(), self.before, strict=True))
        return f"{own:.2f} | {neo4j:.2f}" if self.database else f"{own:.2f} | –"

    def _now(self) -> tuple[float, float]:
        return computed(self.own), computed(self.database) if self.database else 0.0


def main() -> None:
    writers = [int(text) for text in sys.argv[1:]] or list(WRITERS)
    settings = Settings.from_environ(os.environ)
    if settings.neo4j_uri is not None:
        _all(Connection(settings.neo4j_uri, settings.neo4j_username, settings.neo4j_password), writers)
        return
    with ensure_running(settings) as database:
        _all(database.connection, writers)


def _all(connection: Connection, writers: list[int]) -> None:
    print("way | writers | writes/s | p50 ms | p99 ms | Python ms/write | Neo4j ms/write")
    asyncio.run(_direct(connection, writers))
    for number in writers:
        asyncio.run(_prepare(connection, number))
        _over_http(connection, number)
    asyncio.run(_finish(connection))


async def _direct(connection: Connection, writers: list[int]) -> None:
    await _migrated(connection)
    for number in writers:
        for together in (False, True):
            await _prepare(connection, number)
            async with open_store(connection) as store:
                await _measure(store, number, database_process(connection), together=together)


async def _migrated(connection: Connection) -> None:
    async with open_store(connection) as store:
        await migrations.migrate(store)


async def _prepare(connection: Connection, writers: int) -> None:
    """Make the workspace anew: a person, and a project with a milestone and an item of each writer's own."""
    async with open_store(connection) as store:
        await workspace.purge(store, NAME)
        await workspace.ensure(store, NAME, _millis())
        names = [_own(number) for number in range(writers)]
        items = [NodeRow("Task", BORN_HERE, key, {"title": key}, key=key) for key in names]
        items += [
            NodeRow(kind, BORN_HERE, kind, {"title": kind}, key=kind[:2]) for kind in ("Person", "Project", "Milestone")
        ]
        edges = [EdgeRow("PART_OF", Ref("key", key), Ref("key", "Pr")) for key in ("Mi", *names)]
        await write(store, NAME, Batch(items, edges), now=_millis())


async def _finish(connection: Connection) -> None:
    async with open_store(connection) as store:
        print(f"violations afterwards: {len(await examine(store, NAME))}")
        await workspace.purge(store, NAME)


async def _measure(store: Store, writers: int, database: psutil.Process | None, *, together: bool) -> None:
    committer = Committer(store)

    async def send(batch: Batch) -> object:
        if together:
            return await committer.submit(NAME, Request(batch, Author(request=new_id()), _millis()))
        return await write(store, NAME, batch, now=_millis())

    clock = _Clock(psutil.Process(), database)
    await _run(send, writers, WARM_UP_SECONDS)
    clock.start()
    begun = time.perf_counter()
    times = sorted(await _run(send, writers, SECONDS))
    rate = len(times) / (time.perf_counter() - begun)
    spent = clock.spent(len(times))
    await committer.close()
    at = [1000 * times[int(share * (len(times) - 1))] for share in (0.5, 0.99)]
    print(
        f"{'together' if together else 'one by one'} | {writers} | {rate:,.0f} | {at[0]:.1f} | {at[1]:.1f} | {spent}",
        flush=True,
    )


async def _run(send: Send, writers: int, seconds: float) -> list[float]:
    """Let writers write for some seconds; return how long each write took."""
    end = time.perf_counter() + seconds
    times: list[float] = []

    async def writer(number: int) -> None:
        turn = number  # so that requests of all sorts come at the same moment
        while time.perf_counter() < end:
            begun = time.perf_counter()
            await send(_batch(number, turn))
            times.append(time.perf_counter() - begun)
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
            row = NodeRow("Task", BORN_HERE, item, {"title": "Small"}, id=item, expected_version=0)
            ties = (("PART_OF", "Pr"), ("BLOCKS", "Mi"))
            return Batch([row], [EdgeRow(kind, Ref("id", item), Ref("key", end)) for kind, end in ties])
        case _:
            return Batch(edges=[EdgeRow("ASSIGNED_TO", own, Ref("key", "Pe"), {"share": turn / 1e6})])


def _over_http(connection: Connection, writers: int) -> None:
    """Measure a server with as many clients; nothing but writes is asked of it."""
    environ = environment(connection, NAME) | {"WORKATLAS_FINDINGS_INTERVAL": "0"}
    token = key_for("editor", NAME, environ)
    with started("workatlas", [PROGRAM, "serve", "--port", "0"], environ) as (url, process):
        clock = _Clock(process, database_process(connection))
        for way, answered in (("over HTTP", ""), ("over HTTP, read back", "item { id version } ")):
            job: dict[str, object] = {
                "url": f"{url}/graphql", "token": token, "clients": writers, "failing": ['"errors":', '"code":'],
                "bodies": [_body(number, turn, answered) for number in range(writers) for turn in range(TURNS)],
            }  # fmt: skip
            loaded(job | {"seconds": WARM_UP_SECONDS})
            clock.start()
            found = loaded(job | {"seconds": SECONDS})
            if found["failed"]:
                raise WorkatlasError(f"{found['failed']:.0f} requests failed.")
            writes = int(found["answered"])
            rate, spent = writes / found["seconds"], clock.spent(writes)
            print(
                f"{way} | {writers} | {rate:,.0f} | {found['p50']:.1f} | {found['p99']:.1f} | {spent}",
                flush=True,
            )


def _body(number: int, turn: int, answered: str) -> str:
    """Return the mutation of a turn, as ``_batch`` is for the other ways."""
    own = _own(number)
    match turn % 4:
        case 0 | 2:
            return _asked("updateTask", "UpdateTaskInput", {"id": own, "estimate": turn + 1.0}, answered)
        case 1:
            return _asked(
                "createTask", "CreateTaskInput", {"title": "Small", "partOf": ["Pr"], "blocks": ["Mi"]}, answered
            )
        case _:
            link = {"kind": "ASSIGNED_TO", "from": own, "to": "Pe", "share": turn / 1e6}
            items = answered.replace("item", "items", 1)
            return _asked("linkItems", "LinkItemsInput", {"links": [link]}, items)


def _asked(name: str, taken: str, value: dict[str, Any], answered: str) -> str:
    query = f"mutation($input: {taken}!) {{ {name}(input: $input) {{ {answered}changeSeq userErrors {{ code }} }} }}"
    return orjson.dumps({"query": query, "variables": {"input": value}}).decode()


def _own(number: int) -> str:
    return f"W{number}"


def _millis() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
