"""Clients that stop to read are cut, whatever waits for them, and go on without a gap when they come back."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
import socket as sockets
import struct
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
import websockets

from graph.batch import Batch, NodeRow
from graph.connection import Connection
from graph.records.history import Author
from graph.store import open_store
from graph.writing.committer import open_committer
from graph.writing.writer import Mode, Request, write
from tests.workatlas.served import address_of, serving
from workatlas import connections
from workatlas.app import AppOptions, create_app
from workatlas.cli.serve import prepare
from workatlas.live import socket

CHANGES = "subscription ($after: Int) { changes(after: $after) { seq items { after } } }"
WRITES = int(os.environ.get("WORKATLAS_RESUMED_WRITES", "2000"))
"""Writes while a reader is killed fifty times."""


@pytest.fixture
def workspace(connection: Connection) -> str:
    name = f"slow-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, name))
    return name


@pytest.fixture
def server(connection: Connection, workspace: str) -> Iterator[uvicorn.Server]:
    with serving(create_app(AppOptions(connection, workspace))) as server:
        yield server


def _rows(first: int, last: int, size: int = 0) -> list[NodeRow]:
    return [
        NodeRow("Task", "test", f"T-{n}", {"title": f"T-{n}", "description": "x" * size}, key=f"T-{n}")
        for n in range(first, last)
    ]


def _large(connection: Connection, workspace: str, number: int) -> None:
    """Write changes of some hundred kilobytes each: more than the buffers of both sides hold."""

    async def work() -> None:
        async with open_store(connection) as store:
            for n in range(number):
                batch = Batch(_rows(n * 10, n * 10 + 10, 60_000))
                await write(store, workspace, batch, mode=Mode.EDIT, now=time.time_ns() // 1_000_000)

    asyncio.run(work())


def _connected(address: str) -> sockets.socket:
    client = sockets.socket()
    client.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    host, _, port = address.partition(":")
    client.connect((host, int(port)))
    client.settimeout(30)
    return client


def _frame(message: dict[str, Any]) -> bytes:
    """Return a message as a masked frame of text."""
    text = json.dumps(message).encode()
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack("!H", len(text))
    return b"\x81" + length + bytes(4) + text


def _subscribed(address: str) -> sockets.socket:
    """Return a connection that has subscribed to all changes and will not read unless it is told to."""
    client = _connected(address)
    key = base64.b64encode(bytes(16)).decode()
    client.sendall(
        f"GET /graphql HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )
    assert b" 101 " in client.recv(4096)
    client.sendall(_frame({"type": "connection_init"}))
    assert b"connection_ack" in client.recv(4096)
    payload = {"query": CHANGES, "variables": {"after": 0}}
    client.sendall(_frame({"id": "1", "type": "subscribe", "payload": payload}))
    return client


def _streaming(address: str) -> sockets.socket:
    """Return a connection that has asked for all changes as events and will not read them."""
    client = _connected(address)
    body = json.dumps({"query": CHANGES, "variables": {"after": 0}})
    client.sendall(
        f"POST /graphql HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    assert b" 200 " in client.recv(1024)
    return client


def _gone(server: uvicorn.Server, seconds: float) -> bool:
    """Tell whether the server has let go of all connections within a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not server.server_state.connections and not server.server_state.tasks:
            return True
        time.sleep(0.05)
    return False


def _buffered(server: uvicorn.Server) -> int:
    return sum(one.transport.get_write_buffer_size() for one in list(server.server_state.connections))


@pytest.mark.parametrize("connect", [_subscribed, _streaming])
def test_who_never_reads_is_cut_and_nothing_piles_up(
    connection: Connection, workspace: str, server: uvicorn.Server, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 2.0)
    _large(connection, workspace, 40)
    client = connect(address_of(server))
    end, most = time.monotonic() + 60, 0
    while time.monotonic() < end and server.server_state.connections:
        most = max(most, _buffered(server))
        time.sleep(0.02)
    # One message of 600 kilobytes above the mark at which writing pauses: of forty such, the rest waits in the log.
    assert 64 * 1024 < most < 2_000_000
    assert _gone(server, 20)
    client.close()


def test_who_reads_too_late_learns_why(
    connection: Connection, workspace: str, server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "SEND_SECONDS", 1.0)
    _large(connection, workspace, 20)
    client = _subscribed(address_of(server))
    time.sleep(3)
    received = bytearray()
    with contextlib.suppress(ConnectionError):
        while part := client.recv(1 << 20):
            received += part
    client.close()
    # The last frame is the close: two bytes of head, the code, and the reason.
    reason = b"Too slow: resume after the last number that you have seen"
    assert received.endswith(bytes([0x88, len(reason) + 2]) + struct.pack("!H", 1013) + reason)
    assert _gone(server, 20)


def test_who_reads_in_time_hears_everything(
    connection: Connection, workspace: str, server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "SEND_SECONDS", 8.0)
    _large(connection, workspace, 20)
    client = _subscribed(address_of(server))
    time.sleep(2)  # long enough for everything between the two to be full
    received = bytearray()
    while received.count(b'"seq":') < 20:
        part = client.recv(1 << 20)
        assert part, "cut"
        received += part
    client.close()


def test_who_reads_slowly_but_reads_is_not_cut(
    connection: Connection, workspace: str, server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 1.0)
    _large(connection, workspace, 6)
    client = _streaming(address_of(server))
    received, begin = 0, time.monotonic()
    while received < 3_600_000:
        part = client.recv(50_000)
        assert part, f"cut after {received} bytes"
        received += len(part)
        time.sleep(0.025)
    assert time.monotonic() - begin > 1.5
    client.close()


async def _followed(address: str, after: int, number: int) -> AsyncIterator[int]:
    """Yield the numbers of some changes, and break the connection off without a goodbye."""
    options: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"]}
    client = await websockets.connect(f"ws://{address}/graphql", **options)
    try:
        await client.send(json.dumps({"type": "connection_init"}))
        await client.recv()
        payload = {"query": CHANGES, "variables": {"after": after}}
        await client.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        for _ in range(number):
            message = json.loads(await client.recv())
            yield message["payload"]["data"]["changes"]["seq"]
    finally:
        client.transport.abort()


def test_a_reader_that_is_killed_fifty_times_misses_nothing(
    connection: Connection, workspace: str, server: uvicorn.Server
) -> None:
    dice = random.Random(9)

    async def reader() -> list[int]:
        seen: list[int] = []
        for life in range(51):
            left = WRITES - len(seen)
            number = left if life == 50 else min(dice.randrange(1, WRITES // 26), left)
            async for seq in _followed(address_of(server), seen[-1] if seen else 0, number):
                seen.append(seq)  # noqa: PERF401 - kept also if the connection breaks
        return seen

    async def scenario() -> None:
        async with open_store(connection) as store, open_committer(store) as committer:

            async def writer(first: int) -> None:
                for n in range(first, WRITES, 16):
                    request = Request(Batch(_rows(n, n + 1)), Author("test", "r"), time.time_ns() // 1_000_000)
                    await committer.submit(workspace, request)

            reading = asyncio.create_task(reader())
            await asyncio.gather(*(writer(first) for first in range(16)))
            assert await asyncio.wait_for(reading, 120) == list(range(1, WRITES + 1))

    asyncio.run(scenario())
