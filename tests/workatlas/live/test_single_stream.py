"""All operations of a client by one event stream, as graphql-sse's single connection mode has it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource

from graph.batch import Batch, NodeRow
from graph.connection import Connection
from graph.records import api_keys
from graph.records.api_keys import ApiKey
from graph.store import Store, open_store
from graph.writing.writer import Mode, write
from resolvers.access import Access
from tests.workatlas.served import served
from workatlas.app import AppOptions, create_app
from workatlas.auth.keys import digest_of, new_token
from workatlas.cli.serve import prepare
from workatlas.live import callers, streams

TOKEN = "x-graphql-event-stream-token"
CHANGES = "subscription ($after: Int) { changes(after: $after) { seq } }"


@pytest.fixture
def workspace(connection: Connection) -> str:
    name = f"single-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, name))
    return name


@pytest.fixture
def address(connection: Connection, workspace: str) -> Iterator[str]:
    with served(create_app(AppOptions(connection, workspace))) as address:
        yield f"http://{address}"


async def _written(connection: Connection, workspace: str, *keys: str) -> None:
    async with open_store(connection) as store:
        for key in keys:
            row = NodeRow("Task", "test", key, {"title": key}, key=key)
            await write(store, workspace, Batch([row]), mode=Mode.EDIT, now=time.time_ns() // 1_000_000)


async def _begin(client: httpx.AsyncClient, token: str, name: str, query: str, **variables: Any) -> httpx.Response:
    body = {"query": query, "variables": variables, "extensions": {"operationId": name}}
    return await client.post("/graphql", json=body, headers={TOKEN: token})


@asynccontextmanager
async def _stream(client: httpx.AsyncClient, token: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    async def events(source: EventSource) -> AsyncIterator[tuple[str, Any]]:
        async for event in source.aiter_sse():
            yield event.event, json.loads(event.data)

    headers = {TOKEN: token, "accept": "text/event-stream"}
    async with client.stream("GET", "/graphql", headers=headers) as response:
        assert response.status_code == 200
        yield events(EventSource(response))


@asynccontextmanager
async def _client(address: str, **headers: str) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Yield a client with a stream that it has reserved."""
    async with httpx.AsyncClient(base_url=address, timeout=30, headers=headers) as client:
        reserved = await client.put("/graphql")
        assert reserved.status_code == 201
        assert reserved.headers["content-type"] == "text/plain; charset=utf-8"
        yield client, reserved.text


async def _next(events: AsyncIterator[tuple[str, Any]]) -> tuple[str, Any]:
    return await asyncio.wait_for(anext(events), 20)


def test_operations_share_a_stream_and_end_one_by_one(connection: Connection, workspace: str, address: str) -> None:
    async def scenario() -> None:
        async with _client(address) as (client, token):
            # What begins before the stream is open waits for it.
            assert (await _begin(client, token, "q", "{ tasks { totalCount } }")).status_code == 202
            async with _stream(client, token) as events:
                assert await _next(events) == ("next", {"id": "q", "payload": {"data": {"tasks": {"totalCount": 0}}}})
                assert await _next(events) == ("complete", {"id": "q"})
                for name in ("a", "b"):
                    assert (await _begin(client, token, name, CHANGES, after=0)).status_code == 202
                await _written(connection, workspace, "A-1")
                told = [await _next(events), await _next(events)]
                assert sorted(told, key=str) == [
                    ("next", {"id": name, "payload": {"data": {"changes": {"seq": 1}}}}) for name in ("a", "b")
                ]
                assert (
                    await client.delete("/graphql", params={"operationId": "a"}, headers={TOKEN: token})
                ).status_code == 200
                await _written(connection, workspace, "A-2", "A-3")
                for seq in (2, 3):
                    payload = {"data": {"changes": {"seq": seq}}}
                    assert await _next(events) == ("next", {"id": "b", "payload": payload})
                assert (await _begin(client, token, "a", CHANGES, after=2)).status_code == 202
                assert await _next(events) == ("next", {"id": "a", "payload": {"data": {"changes": {"seq": 3}}}})

    asyncio.run(scenario())


def test_what_does_not_fit_is_refused(address: str) -> None:
    async def scenario() -> None:
        async with _client(address) as (client, token):
            for query, code in (("{ nothing }", 400), ("{", 400), ("subscription { changes { seq } tasks }", 400)):
                refused = await _begin(client, token, "x", query)
                assert refused.status_code == code
                assert refused.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            assert (await _begin(client, token, "", "{ __typename }")).status_code == 400
            assert (await _begin(client, "unknown", "x", "{ __typename }")).status_code == 404
            assert (await _begin(client, token, "x", CHANGES)).status_code == 202
            assert (await _begin(client, token, "x", CHANGES)).status_code == 409
            other = {TOKEN: "unknown"}
            assert (await client.delete("/graphql", params={"operationId": "x"}, headers=other)).status_code == 404
            assert (await client.delete("/graphql", params={"operationId": "x"})).status_code == 404
            assert (await client.delete("/graphql", headers={TOKEN: token})).status_code == 400
            assert (await client.get("/graphql", headers=other | {"accept": "text/event-stream"})).status_code == 404
            assert (await client.put("/graphql", headers={"accept": "image/png"})).status_code == 406
            async with _stream(client, token):
                twice = await client.get("/graphql", headers={TOKEN: token, "accept": "text/event-stream"})
                assert twice.status_code == 409
            asked = {"headers": {TOKEN: token}, "params": {"query": "{ __typename }"}}
            async with asyncio.timeout(20):
                # Once its client has left, the stream is no more.
                while (await client.get("/graphql", **asked)).status_code != 404:  # type: ignore[arg-type] # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    asyncio.run(scenario())


def test_a_reservation_ends_if_it_is_not_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "OPEN_SECONDS", 1.5)
    monkeypatch.setattr(streams, "MOST_STREAMS", 1)

    async def scenario() -> None:
        async with _client(address) as (client, token):
            assert (await client.put("/graphql")).status_code == 503
            assert (await _begin(client, token, "x", CHANGES)).status_code == 202
            await asyncio.sleep(2)
            assert (await _begin(client, token, "y", CHANGES)).status_code == 404
            assert (await client.put("/graphql")).status_code == 201

    asyncio.run(scenario())


async def _key(store: Store, workspace: str) -> tuple[str, dict[str, str]]:
    key_id, token = new_token()
    key = ApiKey(key_id, digest_of(token), "test", "viewer", tuple(Access), workspace, None, 1)
    await api_keys.create(store, key)
    return key_id, {"authorization": f"Bearer {token}"}


def test_a_stream_is_its_owners_alone_and_ends_with_their_key(
    connection: Connection, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "WATCH_SECONDS", 0.2)
    monkeypatch.setattr("workatlas.auth.gate.KEPT_SECONDS", 0.2)

    async def scenario(address: str) -> None:
        async with open_store(connection) as store, httpx.AsyncClient(base_url=address) as nobody:
            key_id, own = await _key(store, workspace)
            _, others = await _key(store, workspace)
            assert (await nobody.put("/graphql")).status_code == 401
            async with _client(address, **own) as (client, token), _stream(client, token) as events:
                assert (await _begin(client, token, "x", CHANGES)).status_code == 202
                stranger = await nobody.delete("/graphql", params={"operationId": "x"}, headers=others | {TOKEN: token})
                assert stranger.status_code == 404
                await api_keys.revoke(store, key_id, time.time_ns() // 1_000_000)
                event, told = await _next(events)
                assert (event, told["id"]) == ("next", "x")
                assert told["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
                assert await _next(events) == ("complete", {"id": "x"})
                with pytest.raises(StopAsyncIteration):
                    await _next(events)

    with served(create_app(AppOptions(connection, workspace, tokens=True))) as address:
        asyncio.run(scenario(f"http://{address}"))


def test_operations_by_long_connections_are_counted_and_logged(
    connection: Connection, workspace: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "workatlas.requests")

    async def scenario() -> str:
        await _written(connection, workspace, "A-1", "A-2")
        async with _client(address) as (client, token), _stream(client, token) as events:
            await _begin(client, token, "q", "{ tasks { totalCount nodes { key } } }")
            await _next(events)
            await _next(events)
            await _begin(client, token, "s", CHANGES, after=0)
            await _next(events)
            await _next(events)
            assert 'live_running{transport="event-stream"} 1.0' in (await client.get("/metrics")).text
            await client.delete("/graphql", params={"operationId": "s"}, headers={TOKEN: token})
            async with asyncio.timeout(20):
                while "1.0" in _line(text := (await client.get("/metrics")).text, "workatlas_live_running"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            return text

    text = asyncio.run(scenario())
    assert 'workatlas_live_operations_total{code="",transport="event-stream"} 2.0' in text
    assert 'workatlas_live_answers_total{transport="event-stream"} 3.0' in text
    facts = [record.__dict__ for record in caplog.records if record.getMessage() == "operation"]
    query, subscription = facts
    assert (query["transport"], query["answers"], query["code"]) == ("event-stream", 1, "")
    assert query["cost"] > 0
    assert (subscription["answers"], subscription["subject"], subscription["workspace"]) == (2, "local", workspace)
    assert subscription["milliseconds"] > 0


def _line(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{name}{{"))
