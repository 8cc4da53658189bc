"""More load than a server can bear, and a load that it bears for long: with subscribers, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from graph.store import open_store
from tests.faults.figures import Figure, step
from tests.faults.server import Server, serving
from tests.faults.wire import Reply, Wire, request
from workatlas.exporters.jsonl import lines
from workatlas.generator import records

TODAY: Final = date(2026, 1, 5)
_ITEMS: Final = 2_000
_READS: Final = (
    "{ workspace { seq } }",
    "{ tasks(first: 20, where: {estimate: {gt: 1}}) { nodes { key title status owners(first: 2) { nodes { id } } } } }",
    "{ goals(first: 10) { nodes { id } } }",
    "{ readyQueue(first: 10) { items { key } } }",
    "{ okr(first: 10) { goals { key score } } }",
)
_WRITE: Final = "mutation ($i: CreateTaskInput!) { createTask(input: $i) { changeSeq userErrors { code } } }"
_CLIENTS: Final = (1, 2, 4, 8, 16, 32, 64)
_GOOD: Final = 200
_REFUSED: Final = (429, 503)


@dataclass(slots=True)
class Tally:
    """What answers came, and how long good ones took."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def take(self, reply: Reply, seconds: float) -> None:
        """Count an answer."""
        self.statuses[str(reply.status)] += 1
        if reply.status == _GOOD and b'"errors"' not in reply.body and b'"code"' not in reply.body:
            self.seconds.append(seconds)
        elif reply.status not in _REFUSED:
            self.faults.append(f"{reply.status}: {reply.body[:200].decode(errors='replace')}")
        elif "retry-after" not in reply.headers:
            self.faults.append(f"{reply.status} without Retry-After")

    def percentile(self, percent: float) -> float:
        """Return a percentile of the times, in milliseconds."""
        return float(np.percentile(self.seconds, percent)) * 1000 if self.seconds else float("inf")


class Load:
    """Requests to one server over as many connections as it takes."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        self._free: list[Wire] = []

    async def send(self, body: bytes, tally: Tally) -> None:
        """Send a request over a free connection, or a new one where that was ended while nobody used it."""
        begin = time.perf_counter()
        try:
            reply = await self._sent(body)
        except OSError as error:
            tally.faults.append(f"{type(error).__name__}: {error}")
        else:
            tally.take(reply, time.perf_counter() - begin)

    async def _sent(self, body: bytes) -> Reply:
        while self._free:
            wire = self._free.pop()
            with contextlib.suppress(ConnectionError):
                return await self._over(wire, body)
        return await self._over(await Wire.to(self._port), body)

    async def _over(self, wire: Wire, body: bytes) -> Reply:
        reply = await wire.send(body)
        self._free.append(wire)
        return reply

    async def closed(self, clients: int, seconds: float) -> Tally:
        """Let clients send one request after the other."""
        tally, end = Tally(), time.perf_counter() + seconds

        async def client() -> None:
            while time.perf_counter() < end:
                await self.send(_body(_READS[1]), tally)

        await asyncio.gather(*(client() for _ in range(clients)))
        return tally

    async def opened(self, rate: float, seconds: float, body: Callable[[], tuple[bytes, Tally]]) -> None:
        """Send requests at a rate, whether or not the ones before are answered."""
        begin = time.perf_counter()
        tasks = set()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(begin + number / rate - time.perf_counter(), 0))
            task = asyncio.create_task(self.send(*body()))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    def close(self) -> None:
        """Hang up."""
        for wire in self._free:
            wire.close()


_bodies: dict[str, bytes] = {}


def _body(query: str) -> bytes:
    return _bodies.setdefault(query, request(query))


@contextlib.contextmanager
def _filled(**extra: str) -> Iterator[Server]:
    """Serve a made-up organization."""
    with serving(**extra) as server:
        path = Path(server.home) / "organization.jsonl"
        with path.open("wb") as file:
            file.writelines(lines(records(_ITEMS, 1, TODAY)))
        done = server.command("import", "jsonl", str(path))
        assert done.returncode == 0, done.stdout + done.stderr
        for query in _READS:
            server.data(query)
        yield server


def overload(seconds: float) -> Iterator[Figure]:
    """R2: three times the knee; what is not answered is refused in good manners."""
    with _filled() as server:
        yield from asyncio.run(_overload(server, seconds))
        yield from _left(server)


async def _overload(server: Server, seconds: float) -> list[Figure]:
    load = Load(server)
    await load.closed(8, seconds / 3)
    rates = {}
    for clients in _CLIENTS:
        rates[clients] = len((await load.closed(clients, seconds / 3)).seconds) / (seconds / 3)
        step(f"{clients} clients: {rates[clients]:,.0f} requests/s")
    knee = max(rates.values())
    tally = Tally()
    begin = time.perf_counter()
    await load.opened(3 * knee, seconds, lambda: (_body(_READS[1]), tally))
    good = len(tally.seconds) / (time.perf_counter() - begin)
    after = Tally()
    await load.send(_body(_READS[1]), after)
    load.close()
    return [
        Figure("the knee", knee, "requests/s", least=1),
        Figure("offered", 3 * knee, "requests/s"),
        Figure("answered", good, "requests/s"),
        Figure("of the knee", good / knee * 100, "%", least=80),
        Figure("refused with Retry-After", sum(tally.statuses[str(one)] for one in _REFUSED)),
        Figure("anything else", len(tally.faults), most=0, examples=tuple(dict.fromkeys(tally.faults))),
        Figure("the next request is answered", len(after.seconds), least=1),
    ]


def soak(minutes: float, rate: float, subscribers: int) -> Iterator[Figure]:
    """R1: reads and writes with subscribers, for long."""
    with _filled() as server:
        yield from asyncio.run(_soak(server, minutes * 60, rate, subscribers))
        yield from _left(server)


async def _soak(server: Server, seconds: float, rate: float, subscribers: int) -> list[Figure]:
    load, reads, writes, dice, numbers = Load(server), Tally(), Tally(), random.Random(1), itertools.count()

    def body() -> tuple[bytes, Tally]:
        if dice.random() < 0.9:
            return _body(dice.choice(_READS)), reads
        number = next(numbers)
        return request(_WRITE, i={"title": f"Soak {number}", "idempotencyKey": f"soak-{number}"}), writes

    async def tell() -> None:
        while True:
            await asyncio.sleep(60)
            step(
                f"{len(reads.seconds):,} reads, 99 % within {reads.percentile(99):.0f} ms; "
                f"{len(writes.seconds):,} writes, {writes.percentile(99):.0f} ms"
            )

    followers = [_Follower(server, number) for number in range(subscribers)]
    telling = asyncio.create_task(tell())
    async with _following(followers):
        warm = min(60.0, seconds / 4)
        await load.opened(rate, warm, body)
        reads.seconds.clear()
        writes.seconds.clear()
        before = server.memory
        await load.opened(rate, seconds - warm, body)
        grown = server.memory - before
        last = server.data("{ workspace { seq } }")["workspace"]["seq"]
        await _wait_for(followers, last)
    telling.cancel()
    load.close()
    faults = [*reads.faults, *writes.faults]
    refused = sum(tally.statuses[str(one)] for tally in (reads, writes) for one in _REFUSED)
    behind = [one.fault or f"{one.seen} of {last}" for one in followers if one.fault or one.seen < last]
    return [
        Figure("reads answered", len(reads.seconds), least=1),
        Figure("writes answered", len(writes.seconds), least=1),
        Figure("errors", len(faults), most=0, examples=tuple(dict.fromkeys(faults))),
        Figure("refused", refused, most=0),
        Figure("99 % of reads within", reads.percentile(99), "ms", most=150),
        Figure("99 % of writes within", writes.percentile(99), "ms", most=300),
        Figure("subscribers", subscribers),
        Figure("that missed something", len(behind), most=0, examples=tuple(behind)),
        Figure("memory grown by", grown, "MB", most=50),
    ]


@dataclass(slots=True)
class _Follower:
    """A subscriber to the change log, who counts that no number is left out."""

    server: Server
    number: int
    seen: int = 0
    fault: str | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        """Follow until cancelled; one that is cut goes on after what it saw last."""
        first = True
        while True:
            with contextlib.suppress(ConnectionClosed, OSError):
                if first:
                    self.seen = await asyncio.to_thread(_newest, self.server)
                first = False
                async for seq in followed(self.server.port, self.seen, self.ready):
                    if seq != self.seen + 1:
                        self.fault = self.fault or f"{seq} came after {self.seen}"
                    self.seen = seq


def _newest(server: Server) -> int:
    seq: int = server.data("{ workspace { seq } }")["workspace"]["seq"]
    return seq


async def followed(port: int, after: int, ready: asyncio.Event | None = None) -> AsyncIterator[int]:
    """Yield the numbers of changes after one, as a subscriber over a websocket hears of them."""
    subprotocols: Any = ["graphql-transport-ws"]
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=subprotocols, open_timeout=60) as socket:
        await socket.send('{"type": "connection_init"}')
        assert orjson.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": "subscription ($n: Int) { changes(after: $n) { seq } }", "variables": {"n": after}}
        await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}).decode())
        if ready is not None:
            ready.set()
        async for text in socket:
            message = orjson.loads(text)
            if message["type"] == "next":
                yield message["payload"]["data"]["changes"]["seq"]


@contextlib.asynccontextmanager
async def _following(followers: list[_Follower]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.follow()) for one in followers]
    try:
        async with asyncio.timeout(120):
            await asyncio.gather(*(one.ready.wait() for one in followers))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _wait_for(followers: list[_Follower], last: int) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(30):
            while any(one.seen < last for one in followers):  # noqa: ASYNC110 - they hear of it over the network
                await asyncio.sleep(0.1)


def _left(server: Server) -> Iterator[Figure]:
    """Count the transactions that are left five seconds later."""
    time.sleep(5)

    async def count() -> list[Any]:
        async with open_store(server.open_database()) as store:
            return await store.rows(
                "SHOW TRANSACTIONS YIELD currentQuery, elapsedTime WHERE elapsedTime > duration('PT5S') "
                "RETURN currentQuery"
            )

    rows = [str(row[0]) for row in asyncio.run(count())]
    yield Figure("transactions left after 5 s", len(rows), most=0, examples=tuple(rows))
    log = server.log.read_text(encoding="utf-8")
    yield Figure("failures in the log", log.count('"exception"'), most=0, examples=(log[-2000:],))
