"""Kill the server, or the database under it, again and again while clients write; then look at what is there."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from graph.connection import Connection
from graph.errors import StoreError
from graph.store import check_connection
from tests.faults.figures import Figure, step
from tests.faults.server import Server, serving

WRITERS: Final = 16
_PAUSE: Final = 0.05
_CREATE: Final = """mutation ($input: CreateTaskInput!) { createTask(input: $input) {
    item { id } changeSeq userErrors { code message } } }"""
_TASKS: Final = """query ($after: String) { tasks(first: 100, after: $after) { pageInfo { hasNextPage endCursor }
    nodes { id title partOf { totalCount } owners { totalCount } } } }"""


@dataclass(slots=True)
class Ledger:
    """What clients know of their writes: the answer to each key, and how often it was sent."""

    answers: dict[str, tuple[str, int]] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def acknowledge(self, key: str, item: str, seq: int) -> None:
        """Note an answer; the same key has to be answered alike for ever."""
        known = self.answers.setdefault(key, (item, seq))
        if known != (item, seq):
            self.changed.append(f"{key}: {known} and then {(item, seq)}")


class Writers:
    """Clients that write until they are told to stop; what is not answered is sent again under the same key."""

    def __init__(self, server: Server, ledger: Ledger) -> None:
        self._url = f"{server.url}/graphql"
        self._ledger = ledger
        self._stopped = False

    @asynccontextmanager
    async def writing(self, number: int) -> AsyncIterator[None]:
        """Let so many of them write during the block; in the end each waits for its last answer."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            tasks = [asyncio.create_task(self._write(client)) for _ in range(number)]
            try:
                yield
            finally:
                self._stopped = True
                await asyncio.gather(*tasks)

    async def _write(self, client: httpx.AsyncClient) -> None:
        while not self._stopped:
            key = str(uuid.uuid4())
            while not await self.send(client, key):  # noqa: ASYNC110 - it waits for a server, not for this program
                await asyncio.sleep(_PAUSE)

    async def send(self, client: httpx.AsyncClient, key: str) -> bool:
        """Send a write, and return whether it was answered."""
        self._ledger.sent[key] += 1
        given = {"title": key, "partOf": ["PRJ-KILL"], "owners": ["P-KILL"], "idempotencyKey": key}
        begin = time.perf_counter()
        try:
            answer = await client.post(self._url, json={"query": _CREATE, "variables": {"input": given}})
        except httpx.TransportError:
            return False
        finally:
            self._ledger.slowest = max(self._ledger.slowest, time.perf_counter() - begin)
        body = orjson.loads(answer.content)
        made = (body.get("data") or {}).get("createTask")
        codes = {one["extensions"]["code"] for one in body.get("errors", ())}
        if not made:
            if not codes <= {"UNAVAILABLE", "BUSY", "TIMEOUT"}:
                self._ledger.refused.append(str(body)[:300])
            return False
        if made["userErrors"]:
            self._ledger.refused.append(str(made["userErrors"])[:300])
        else:
            self._ledger.acknowledge(key, made["item"]["id"], made["changeSeq"])
        return True


def kill_the_server(kills: int, seed: int) -> Iterator[Figure]:
    """W1: ``kill -9`` of the server under writers."""
    with serving() as server:
        _prepare(server)
        ledger, dice = Ledger(), random.Random(seed)
        starts = asyncio.run(_while_writing(server, ledger, lambda: _one_kill(server, ledger, dice), kills))
        yield Figure("kills of the server", kills)
        yield Figure("slowest start after a kill", max(starts, default=0.0), "s")
        yield from _verdict(server, ledger)


def kill_the_database(kills: int, seed: int) -> Iterator[Figure]:
    """W2: ``kill -9`` of Neo4j under the server and writers."""
    with serving() as server:
        _prepare(server)
        ledger, dice = Ledger(), random.Random(seed)
        connection = server.open_database()
        times = asyncio.run(
            _while_writing(server, ledger, lambda: _one_outage(server, connection, ledger, dice), kills)
        )
        yield Figure("kills of Neo4j", kills)
        yield Figure("the server runs throughout", float(server.runs), least=1)
        yield Figure("/readyz says so after", max((one[0] for one in times), default=0.0), "s", most=5)
        yield Figure("Neo4j was brought back within", max((one[1] for one in times), default=0.0), "s", most=60)
        yield Figure("serving after Neo4j is, by", max((one[2] for one in times), default=0.0), "s", most=10)
        yield Figure("longest that a request waited", ledger.slowest, "s", most=15)
        yield from _verdict(server, ledger)


async def _while_writing(server: Server, ledger: Ledger, act: Any, times: int) -> list[Any]:
    writers, found = Writers(server, ledger), []
    async with writers.writing(WRITERS):
        for number in range(times):
            before = len(ledger.answers)
            found.append(await act())
            step(
                f"kill {number + 1} of {times}, after {len(ledger.answers) - before} more writes: {_seconds(found[-1])}"
            )
    # What was acknowledged is answered alike when it is sent once more.
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for key in list(ledger.answers)[:: max(len(ledger.answers) // 200, 1)]:
            if not await writers.send(client, key):
                ledger.refused.append(f"{key} was not answered again")
    return found


def _seconds(found: Any) -> str:
    return ", ".join(f"{one:.1f} s" for one in (found if isinstance(found, tuple) else [found]))


async def _one_kill(server: Server, ledger: Ledger, dice: random.Random) -> float:
    await _progress(ledger, dice)
    await asyncio.to_thread(server.kill)
    return await asyncio.to_thread(server.start)


async def _one_outage(
    server: Server, connection: Connection, ledger: Ledger, dice: random.Random
) -> tuple[float, float, float]:
    await _progress(ledger, dice)
    begin = time.perf_counter()
    server.kill_database()
    noticed = await _until(server, httpx.codes.SERVICE_UNAVAILABLE)
    async with asyncio.timeout(180):
        while not await _answers(connection):  # noqa: ASYNC110 - the server brings it back
            await asyncio.sleep(_PAUSE)
    return noticed, time.perf_counter() - begin, await _until(server, httpx.codes.OK)


async def _answers(connection: Connection) -> bool:
    try:
        await check_connection(connection, 2)
    except StoreError:
        return False
    return True


async def _progress(ledger: Ledger, dice: random.Random) -> None:
    """Wait until something was written since, and a moment more."""
    before = len(ledger.answers)
    async with asyncio.timeout(60):
        while len(ledger.answers) < before + WRITERS:  # noqa: ASYNC110 - it waits for a server
            await asyncio.sleep(_PAUSE)
    await asyncio.sleep(dice.uniform(0.0, 0.5))


async def _until(server: Server, code: int) -> float:
    """Return the seconds until ``/readyz`` answers with a code."""
    begin = time.perf_counter()
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client, asyncio.timeout(120):
        while (await client.get(f"{server.url}/readyz")).status_code != code:  # noqa: ASYNC110 - it asks over HTTP
            await asyncio.sleep(_PAUSE)
    return time.perf_counter() - begin


def _prepare(server: Server) -> None:
    for kind, key in (("Project", "PRJ-KILL"), ("Person", "P-KILL")):
        given = {"title": key, "key": key, "idempotencyKey": key}
        server.data(f"mutation ($i: Create{kind}Input!) {{ create{kind}(input: $i) {{ changeSeq }} }}", i=given)


def _verdict(server: Server, ledger: Ledger) -> Iterator[Figure]:
    """Compare what is stored with what clients were told."""
    stored: dict[str, list[dict[str, Any]]] = {}
    after: str | None = None
    while True:
        page = server.data(_TASKS, after=after)["tasks"]
        for one in page["nodes"]:
            stored.setdefault(one["title"], []).append(one)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    lost = [key for key, (item, _) in ledger.answers.items() if item not in {one["id"] for one in stored.get(key, ())}]
    twice = [key for key, items in stored.items() if len(items) > 1]
    halves = [
        key
        for key, items in stored.items()
        if any(one["partOf"]["totalCount"] != 1 or one["owners"]["totalCount"] != 1 for one in items)
    ]
    doctor = orjson.loads(server.command("doctor", "--json").stdout)["violations"]
    yield Figure("writes acknowledged", len(ledger.answers), least=1)
    yield Figure("sent again under their key", sum(1 for number in ledger.sent.values() if number > 1))
    yield Figure("acknowledged writes lost", len(lost), most=0, examples=tuple(lost))
    yield Figure("written twice", len(twice), most=0, examples=tuple(twice))
    yield Figure("written by half", len(halves), most=0, examples=tuple(halves))
    yield Figure("answered differently again", len(ledger.changed), most=0, examples=tuple(ledger.changed))
    yield Figure("refused", len(ledger.refused), most=0, examples=tuple(ledger.refused))
    yield Figure("violations that doctor finds", len(doctor), most=0, examples=tuple(map(str, doctor)))
