"""Clients that go away leave nothing behind: no transaction, no task, no connection."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from collections.abc import Callable

import pytest

from graph import cypher
from graph.connection import Connection
from graph.store import open_store
from resolvers.bounds import Bounds
from tests.workatlas.served import address_of, serving
from workatlas.app import AppOptions, create_app
from workatlas.cli.serve import prepare

BODY = json.dumps({"query": "{ changes(after: 0) { lastSeq } }"})
Go = Callable[[socket.socket], None]


def _closes(client: socket.socket) -> None:
    client.close()


def _resets(client: socket.socket) -> None:
    """End a connection as a machine that lost its network would be told to, without a goodbye."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    client.close()


@pytest.mark.parametrize("go", [_closes, _resets])
def test_no_transaction_outlives_its_client(connection: Connection, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten clients ask for what would take minutes, and leave; Neo4j then ends all of it."""
    workspace, mark = f"gone-{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
    asyncio.run(prepare(connection, workspace))
    slow = f"UNWIND range(1, 100000000000) AS n WITH n WHERE n % 7 = 8 RETURN count(n) AS c{mark}"
    monkeypatch.setattr(cypher, "READ_CHANGES", slow)

    async def running() -> int:
        async with open_store(connection) as store:
            text = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS $m RETURN 1"
            return len(await store.rows(text, m=f"AS c{mark}"))

    def until(number: int) -> int:
        end = time.monotonic() + 60
        while (found := asyncio.run(running())) != number and time.monotonic() < end:
            time.sleep(0.1)
        return found

    patient = Bounds(seconds=3600)  # what ends did not run out of time
    with serving(create_app(AppOptions(connection, workspace, bounds=patient))) as server:
        host, _, port = address_of(server).partition(":")
        clients = [socket.create_connection((host, int(port))) for _ in range(10)]
        for client in clients:
            head = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            client.sendall(f"{head}Content-Length: {len(BODY)}\r\n\r\n{BODY}".encode())
        assert until(10) == 10
        for client in clients:
            go(client)
        assert until(0) == 0
        end = time.monotonic() + 60
        while (server.server_state.connections or server.server_state.tasks) and time.monotonic() < end:
            time.sleep(0.05)
        assert not server.server_state.connections
        assert not server.server_state.tasks
