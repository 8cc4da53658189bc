"""Many writers after the same few items through two servers at once, and a reader of the log who is cut off again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from websockets.exceptions import ConnectionClosed

from tests.faults.figures import Figure, step
from tests.faults.load import followed
from tests.faults.server import Server, serving
from tests.faults.wire import Wire, request

WRITERS: Final = 32
_ITEMS: Final = 6
_TIES: Final = ("BLOCKS", "RELATES_TO")
_ANSWERS: Final = frozenset({"CYCLE", "CONFLICT"})
"""What the rules of the graph say of two writers at once: no fault of the server's."""
_CREATE: Final = "mutation ($i: CreateTaskInput!) { createTask(input: $i) { changeSeq userErrors { code } } }"
_CHANGE: Final = "mutation ($i: UpdateItemsInput!) { updateItems(input: $i) { changeSeq userErrors { code } } }"
_LINK: Final = "mutation ($i: LinkItemsInput!) { linkItems(input: $i) { changeSeq userErrors { code } } }"
_UNLINK: Final = "mutation ($i: UnlinkItemsInput!) { unlinkItems(input: $i) { changeSeq userErrors { code } } }"


@dataclass(slots=True)
class _Storm:
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0

    async def send(self, wire: Wire, body: bytes) -> None:
        """Send a mutation, and count what was said."""
        begin = time.perf_counter()
        reply = await wire.send(body)
        self.slowest = max(self.slowest, time.perf_counter() - begin)
        answer = orjson.loads(reply.body)
        made = next(iter((answer.get("data") or {}).values()), None)
        codes = {one["code"] for one in made["userErrors"]} if made else {"nothing"}
        if answer.get("errors") or not codes <= _ANSWERS:
            self.faults.append(reply.body.decode(errors="replace")[:300])
        self.answers["refused by a rule" if codes else "done"] += 1


def storm(seconds: float, seed: int) -> Iterator[Figure]:
    """W5: writers after the same items, in every order, through two servers on one database."""
    with serving() as server:
        other = replace(server, port=0, _process=None)
        other.start()
        try:
            for number in range(_ITEMS):
                server.data(_CREATE, i={"title": "x", "key": f"T-{number}", "idempotencyKey": f"T-{number}"})
            found = asyncio.run(_storm((server, other), seconds, seed))
        finally:
            other.stop()
        yield Figure("writes that were done", found.answers["done"], least=1)
        yield Figure("refused by a rule (a cycle, a conflict)", found.answers["refused by a rule"])
        yield Figure("errors that clients saw", len(found.faults), most=0, examples=tuple(dict.fromkeys(found.faults)))
        yield Figure("slowest", found.slowest, "s")
        yield from _examined(server)


async def _storm(servers: tuple[Server, ...], seconds: float, seed: int) -> _Storm:
    found, end = _Storm(), time.perf_counter() + seconds

    async def writer(number: int) -> None:
        dice, wire = random.Random(seed * 1000 + number), await Wire.to(servers[number % len(servers)].port)
        while time.perf_counter() < end:
            await found.send(wire, _mutation(dice))
        wire.close()

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    return found


def _mutation(dice: random.Random) -> bytes:
    one, two = (f"T-{number}" for number in dice.sample(range(_ITEMS), 2))
    ties = [{"kind": dice.choice(_TIES), "from": one, "to": two}]
    match dice.randrange(4):
        case 0:
            both = [{"task": {"id": key, "estimate": float(dice.randrange(100))}} for key in (one, two)]
            return request(_CHANGE, i={"items": both})
        case 1:
            return request(_LINK, i={"links": ties})
        case 2:
            return request(_UNLINK, i={"links": ties, "idempotencyKey": str(uuid.UUID(int=dice.getrandbits(128)))})
        case _:
            return request(_CREATE, i={"title": "y", "blocks": [one], "relatesTo": [two]})


def _examined(server: Server) -> Iterator[Figure]:
    doctor = orjson.loads(server.command("doctor", "--json").stdout)["violations"]
    yield Figure("violations that doctor finds", len(doctor), most=0, examples=tuple(map(str, doctor)))
    log = server.log.read_text(encoding="utf-8")
    yield Figure("failures in the log", log.count('"exception"'), most=0, examples=(log[-2000:],))


def cut_reader(writes: int, cuts: int, seed: int) -> Iterator[Figure]:
    """W7: a reader of the change log who is cut off and resumes while others write."""
    with serving() as server:
        seen, last, times = asyncio.run(_read_on(server, writes, cuts, random.Random(seed)))
        yield Figure("changes written", last, least=writes)
        yield Figure("times that the reader was cut off", times, least=cuts)
        yield Figure("changes that it heard of", len(seen), least=last)
        gaps = [f"{two} came after {one}" for one, two in zip([0, *seen], seen, strict=False) if two != one + 1]
        yield Figure("gaps and repetitions", len(gaps), most=0, examples=tuple(gaps))
        yield from _examined(server)


async def _read_on(server: Server, writes: int, cuts: int, dice: random.Random) -> tuple[list[int], int, int]:
    seen: list[int] = []
    done, turns = asyncio.Event(), 0

    async def write(number: int) -> None:
        wire = await Wire.to(server.port)
        for turn in range(number, writes, WRITERS):
            reply = await wire.send(request(_CREATE, i={"title": f"Write {turn}"}))
            assert reply.status == 200, reply.body
            if turn % max(writes // 10, 1) == 0:
                step(f"write {turn:,} of {writes:,}; the reader was cut off {turns} times and has {len(seen):,}")
        wire.close()

    async def read(limit: float) -> None:
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(limit):
                async for seq in followed(server.port, seen[-1] if seen else 0):
                    seen.append(seq)  # noqa: PERF401 - what was heard before a cut counts

    async def reader() -> None:
        nonlocal turns
        while not done.is_set() or turns < cuts:
            await read(dice.uniform(0.05, 0.6))
            turns += 1

    reading = asyncio.create_task(reader())
    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    done.set()
    await reading
    answer: Any = await asyncio.to_thread(server.data, "{ workspace { seq } }")
    last: int = answer["workspace"]["seq"]
    while seen[-1:] != [last]:
        before = len(seen)
        await read(5)
        if len(seen) == before:
            break
    return seen, last, turns
