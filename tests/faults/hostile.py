"""Requests that mean harm, or come from somebody who knows no better: each is refused, and hurts nobody else."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from resolvers.bounds import Bounds
from tests.faults.figures import Figure, step
from tests.faults.server import Server, serving

JSON: Final = {"content-type": "application/json"}
BOUNDS: Final = Bounds()
LEAKS: Final = re.compile(
    r"Traceback|File \\?\"|site-packages|\.py\b|\bMATCH \(|\bUNWIND\b|\bRETURN\b|bolt:|neo4j:|127\.0\.0\.1|localhost"
    r"|/(?:home|root|tmp|usr|var|work)/"
)
"""What no answer may hold: a trace, a path, Cypher, an address."""
_GROWTH: Final = 150.0
_INNOCENT: Final = "{ workspace { seq } tasks(first: 1) { nodes { key } } }"


@dataclass(frozen=True, slots=True)
class Attack:
    """One hostile request, as bytes of a POST's body or in a way of its own."""

    name: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    send: Callable[[httpx.AsyncClient, str], Any] | None = None

    async def run(self, client: httpx.AsyncClient, url: str) -> httpx.Response:
        """Send it, and return the answer."""
        if self.send is not None:
            answer: httpx.Response = await self.send(client, url)
            return answer
        return await client.post(f"{url}/graphql", content=self.body, headers=dict(self.headers or JSON))


def _document(text: str, **variables: Any) -> bytes:
    return orjson.dumps({"query": text, "variables": variables})


def _nested(opening: str, inner: str, closing: str, times: int) -> str:
    return opening * times + inner + closing * times


def _doubled(levels: int) -> str:
    parts = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return f"{{ ...F0 }} {' '.join(parts)} fragment F{levels} on Query {{ tasks {{ totalCount }} }}"


def _deep(times: int) -> Any:
    value: Any = {}
    for _ in range(times):
        value = {"not": value}
    return value


def _attacks() -> Iterator[Attack]:
    """Yield those that are one body each."""
    floods = {
        "deep selections": "{ tasks { nodes { " + _nested("... on Task { blocks { nodes {", "key", "}}}", 25) + "} } }",
        "brackets": _nested("{ a ", "", "}", 3000),
        "wide": "{ " + "__typename " * 3990 + "nothing }",
        "aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(1300)) + " }",
        "one field in many ways": "{ " + " ".join(f"tasks(first: {n}) {{ totalCount }}" for n in range(390)) + " }",
        "unknown fields": "{ " + " ".join(f"task{n}" for n in range(3900)) + " }",
        "circular fragments": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "doubled fragments": _doubled(90),
        "unused fragments": "{ __typename } " + " ".join(f"fragment F{n} on Task {{ key }}" for n in range(550)),
        "directives": "{ __typename " + "@skip(if: false) " * 600 + "}",
        "unknown directives": "{ __typename " + "@a " * 1900 + "}",
        "tokens": "{ " + "a " * 49_000 + "}",
        "comments": "# a\n" * 20_000 + "{ __typename }",
        "operations": " ".join(f"query Q{n} {{ __typename }}" for n in range(790)),
        "variables": "query (" + " ".join(f"$a{n}: Int" for n in range(900)) + ") { __typename }",
        "a type in lists of lists": f"query ($a: {_nested('[', 'Int', ']', 1900)}) {{ __typename }}",
        "deep introspection": "{ __schema { types { " + _nested("fields { type { ", "name", " } }", 60) + " } } }",
        "circular introspection": "{ __schema { types { " + _nested("fields { type { ", "name", " } }", 9) + " } } }",
        "a filter in a filter": "{ tasks(where: " + _nested("{not: ", "{}", "}", 95) + ") { totalCount } }",
        "a lone surrogate": '{ item(key: "\\uD800") { key } }',
        "a zero": '{ blockingChains(goal: "\\u0000") { explanation } }',
        "control characters": "{ item(key: \"a\x01\x02\x1b\") { key } nothing }",
        "no document": "\u202e{ \ufeff",
    }  # fmt: skip
    for name, text in floods.items():
        yield Attack(name, _document(text))
    cost = "blocks(first: 100) { nodes { ... on Task { blocks(first: 100) { totalCount } } } }"
    yield Attack("what costs too much", _document(f"{{ tasks(first: 100) {{ nodes {{ {cost} }} }} }}"))
    yield Attack("a page too large", _document("{ tasks(first: 2147483647) { totalCount } }"))
    filtered = "query ($w: TaskFilter) { tasks(where: $w) { totalCount } }"
    yield Attack("a filter by variables, deep", _document(filtered, w=_deep(60)))
    yield Attack("a filter by variables, wide", _document(filtered, w={"or": [{"title": {"contains": "a"}}] * 2000}))
    yield Attack("a text to look for", _document(filtered, w={"title": {"contains": "a" * 200_000}}))
    yield Attack("many ids", _document("query ($i: [ID!]!) { nodes(ids: $i) { id } }", i=["x"] * 20_000))
    yield Attack("variables of other types", _document("query ($n: Int!) { tasks(first: $n) { totalCount } }", n=[{}]))
    yield Attack("no variables", _document("query ($n: Int!) { tasks(first: $n) { totalCount } }"))
    yield Attack("half a surrogate in JSON", b'{"query": "{ item(key: \\"\\ud800\\") { key } }"}')
    yield Attack("no UTF-8", b'{"query": "{ \xff\xfe }"}')
    yield Attack("a batch", b"[" + b",".join([_document("{ __typename }")] * 1000) + b"]")
    yield Attack("deep JSON", b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001)
    yield Attack("too long", b" " * (BOUNDS.body + 1))
    yield Attack("far too long", b" " * 20_000_000)
    yield Attack("no JSON", b"query { __typename }")
    yield Attack("another media type", b"<a/>", {"content-type": "text/xml"})
    yield Attack(
        "another character set", _document("{ __typename }"), {"content-type": "application/json; charset=utf-7"}
    )
    yield Attack("an unknown answer", _document("{ __typename }"), JSON | {"accept": "image/png"})
    yield Attack("a key that is none", _document("{ nothing }"), JSON | {"authorization": "Bearer \x7f"})


async def _long_address(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.get(f"{url}/graphql?query={'a' * 60_000}", headers={"graphql-require-preflight": "1"})


async def _long_header(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.get(f"{url}/graphql", headers={"x-long": "a" * 100_000})


async def _foreign_page(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.get(f"{url}/graphql?query={{__typename}}")


async def _foreign_name(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.post(f"{url}/graphql", content=_document("{ __typename }"), headers=JSON | {"host": "evil"})


async def _mutation_by_get(client: httpx.AsyncClient, url: str) -> httpx.Response:
    query = 'mutation { archiveItem(input: {id: "T-1"}) { changeSeq } }'
    return await client.get(f"{url}/graphql", params={"query": query}, headers={"x-requested-with": "x"})


async def _wrong_method(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.request("PATCH", f"{url}/graphql", content=_document("{ __typename }"))


_OTHERS: Final = (
    ("a long address", _long_address), ("a long header", _long_header), ("a foreign page's GET", _foreign_page),
    ("a foreign name", _foreign_name), ("a mutation by GET", _mutation_by_get), ("another method", _wrong_method),
)  # fmt: skip
ATTACKS: Final = (*_attacks(), *(Attack(name, send=send) for name, send in _OTHERS))


def wrong_with(answer: httpx.Response) -> str | None:
    """Return what is wrong with the answer to a hostile request, ``None`` if nothing is."""
    text = answer.text
    if found := LEAKS.search(text):
        return f"it tells {found[0]!r}: {text[max(0, found.start() - 80) : found.end() + 80]}"
    if 400 <= answer.status_code < 500:
        return None
    try:
        errors = answer.json().get("errors")
    except ValueError:
        errors = None
    if answer.status_code == 200 and errors and all(one["extensions"]["code"] != "INTERNAL" for one in errors):
        return None
    return f"status {answer.status_code}: {text[:200]}"


def hostile_requests(rounds: int, together: int) -> Iterator[Figure]:
    """A2: every attack ``rounds`` times, ``together`` at once, beside an innocent client."""
    with serving() as server:
        asyncio.run(_attack(server, 1, 1))  # what is kept of the schema and of documents is no growth
        before = server.memory
        results, waits = asyncio.run(_attack(server, rounds, together))
        grown = server.memory - before
        yield Figure("hostile requests", len(results))
        wrong = [f"{name}: {fault}" for name, fault, _ in results if fault]
        yield Figure("answered wrongly", len(wrong), most=0, examples=tuple(dict.fromkeys(wrong)))
        slowest = max(results, key=lambda one: one[2])
        yield Figure("slowest answer", slowest[2], "s", most=5, examples=(slowest[0],))
        yield Figure("innocent requests beside them", len(waits), least=1)
        yield Figure("longest wait of an innocent one", max(waits), "s", most=1.5)
        yield Figure("memory grown by", grown, "MB", most=_GROWTH)
        yield from asyncio.run(_slow_bodies(server))
        yield Figure("memory after all", server.memory - before, "MB", most=_GROWTH)
        log = server.log.read_text(encoding="utf-8")
        yield Figure("failures in the log", log.count('"exception"'), most=0, examples=(log[-2000:],))


async def _attack(
    server: Server, rounds: int, together: int
) -> tuple[list[tuple[str, str | None, float]], list[float]]:
    done = asyncio.Event()
    queue = iter(ATTACKS * rounds)
    results: list[tuple[str, str | None, float]] = []

    async def attacker() -> None:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            for one in queue:
                begin = time.perf_counter()
                try:
                    fault = wrong_with(await one.run(client, server.url))
                except (httpx.RemoteProtocolError, httpx.WriteError, httpx.ReadError):
                    fault = None if server.runs else "the server ended"  # it hung up on what is too long
                results.append((one.name, fault, time.perf_counter() - begin))
                if len(results) % 200 == 0:
                    step(f"{len(results):,} of {len(ATTACKS) * rounds:,} hostile requests")

    innocent = asyncio.create_task(_innocent(server, done))
    await asyncio.gather(*(attacker() for _ in range(together)))
    done.set()
    return results, await innocent


async def _innocent(server: Server, done: asyncio.Event) -> list[float]:
    waits = []
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        while not done.is_set():
            begin = time.perf_counter()
            answer = await client.post(f"{server.url}/graphql", json={"query": _INNOCENT})
            waits.append(time.perf_counter() - begin)
            assert "errors" not in answer.json(), answer.text
            await asyncio.sleep(0.05)
    return waits


async def _slow_bodies(server: Server) -> list[Figure]:
    """Send bodies a byte a second, from many connections, beside an innocent client."""
    done = asyncio.Event()
    innocent = asyncio.create_task(_innocent(server, done))
    begin = time.perf_counter()
    answers = await asyncio.gather(*(_trickle(server.port) for _ in range(50)))
    seconds = time.perf_counter() - begin
    done.set()
    refused = sum(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    return [
        Figure("slow bodies refused, of 50", refused, least=50),
        Figure("after", seconds, "s", most=BOUNDS.body_seconds + 3),
        Figure("longest wait of an innocent one beside them", max(await innocent), "s", most=1.5),
    ]


async def _trickle(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode())
    answer = asyncio.ensure_future(reader.readline())
    while not answer.done():
        writer.write(b" ")
        await asyncio.wait({answer}, timeout=1)
    writer.close()
    return await answer
