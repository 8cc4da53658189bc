"""The limits of long connections: as much as each allows goes on, one more ends or is refused."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets

from graph.connection import Connection
from tests.workatlas.served import served
from workatlas import serving
from workatlas.app import AppOptions, create_app
from workatlas.cli.serve import prepare
from workatlas.live import socket, streams

TOKEN = "x-graphql-event-stream-token"
CREATE = 'mutation { createTask(input: {title: "x"}) { changeSeq } }'
CHANGES = "subscription { changes(after: 0) { seq } }"


@pytest.fixture(scope="module")
def address(connection: Connection) -> Iterator[str]:
    workspace = f"live-limits-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, workspace))
    with served(create_app(AppOptions(connection, workspace))) as at:
        made = httpx.post(f"http://{at}/graphql", json={"query": CREATE}, timeout=30)
        assert made.json()["data"]["createTask"]["changeSeq"] == 1
        yield at


@asynccontextmanager
async def _socket(address: str, *, init: bool = True) -> AsyncIterator[Any]:
    options: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"]}
    async with websockets.connect(f"ws://{address}/graphql", **options) as client:
        if init:
            await client.send('{"type": "connection_init"}')
            assert json.loads(await client.recv()) == {"type": "connection_ack"}
        yield client


async def _close_code(client: Any) -> int:
    await asyncio.wait_for(client.wait_closed(), 30)
    return int(client.close_code)


async def _pong(client: Any, **payload: Any) -> Any:
    await client.send(json.dumps({"type": "ping", "payload": payload}))
    return json.loads(await asyncio.wait_for(client.recv(), 30))["payload"]


def test_who_says_who_they_are_in_time_is_listened_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "INIT_SECONDS", 1.0)

    async def scenario() -> None:
        async with _socket(address, init=False) as late, _socket(address, init=False) as early:
            await asyncio.sleep(0.3)
            await early.send('{"type": "connection_init"}')
            assert await _close_code(late) == 4408
            assert json.loads(await early.recv()) == {"type": "connection_ack"}
            assert await _pong(early, n=1) == {"n": 1}

    asyncio.run(scenario())


def test_a_message_may_be_as_long_as_the_limit(address: str) -> None:
    async def scenario() -> None:
        around = len(json.dumps({"type": "ping", "payload": {"text": ""}}))
        text = "x" * (serving.MAX_MESSAGE - around)
        async with _socket(address) as client:
            assert await _pong(client, text=text) == {"text": text}
            await client.send(json.dumps({"type": "ping", "payload": {"text": f"{text}x"}}))
            assert await _close_code(client) == 1009

    asyncio.run(scenario())


def test_a_connection_may_have_so_many_operations_at_a_time(address: str) -> None:
    async def scenario() -> None:
        async with _socket(address) as client:

            async def subscribe(name: int) -> None:
                payload = {"query": CHANGES}
                await client.send(json.dumps({"id": str(name), "type": "subscribe", "payload": payload}))

            async def hear() -> tuple[str, str]:
                heard = json.loads(await asyncio.wait_for(client.recv(), 30))
                return heard["type"], heard["id"]

            for name in range(socket.MOST):
                await subscribe(name)
            heard = {await hear() for _ in range(socket.MOST)}
            assert heard == {("next", str(name)) for name in range(socket.MOST)}
            await client.send('{"id": "0", "type": "complete"}')
            await subscribe(socket.MOST)  # in the place of the one that ended
            assert await hear() == ("next", str(socket.MOST))
            await subscribe(socket.MOST + 1)
            assert await _close_code(client) == 4400

    asyncio.run(scenario())


def test_an_event_stream_may_have_so_many_operations_at_a_time(address: str) -> None:
    async def scenario() -> None:
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=30) as client:
            headers = {TOKEN: (await client.put("/graphql")).text}

            async def begin(name: int) -> httpx.Response:
                body = {"query": CHANGES, "extensions": {"operationId": str(name)}}
                return await client.post("/graphql", json=body, headers=headers)

            answers = [await begin(name) for name in range(streams.MOST)]
            assert {one.status_code for one in answers} == {202}
            assert (await begin(streams.MOST)).status_code == 429
            await client.delete("/graphql", params={"operationId": "0"}, headers=headers)
            assert (await begin(streams.MOST)).status_code == 202

    asyncio.run(scenario())
