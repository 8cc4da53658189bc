"""Subscriptions by other people's clients, over websockets and server-sent events; and all ends of the protocol."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets
from gql import Client, GraphQLRequest
from gql.transport.websockets import WebsocketsTransport
from httpx_sse import aconnect_sse

from graph.batch import Batch, EdgeRow, NodeRow, Ref
from graph.connection import Connection
from graph.records import api_keys
from graph.records.api_keys import ApiKey
from graph.store import Store, open_store
from graph.writing.writer import Mode, write
from resolvers.access import Access
from resolvers.bounds import Bounds
from tests.workatlas.served import served
from workatlas.app import AppOptions, create_app
from workatlas.auth.keys import digest_of, new_token
from workatlas.budgets import Turns
from workatlas.cli.serve import prepare
from workatlas.live import callers, socket

CHANGES = "subscription ($after: Int) { changes(after: $after) { seq items { operation } } }"


@pytest.fixture
def workspace(connection: Connection) -> str:
    name = f"live-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, name))
    return name


@pytest.fixture
def address(connection: Connection, workspace: str) -> Iterator[str]:
    with served(create_app(AppOptions(connection, workspace))) as address:
        yield address


@pytest.fixture
def guarded(connection: Connection, workspace: str) -> Iterator[str]:
    """An address that wants keys."""
    with served(create_app(AppOptions(connection, workspace, tokens=True))) as address:
        yield address


Run = Callable[[Callable[[Store], Awaitable[None]]], None]


@pytest.fixture
def run(connection: Connection) -> Run:
    def work(scenario: Callable[[Store], Awaitable[None]]) -> None:
        async def scene() -> None:
            async with open_store(connection) as store:
                await asyncio.wait_for(scenario(store), 60)

        asyncio.run(scene())

    return work


async def _write(store: Store, workspace: str, *keys: str, **properties: object) -> None:
    for key in keys:
        row = NodeRow("Task", "test", key, {"title": key, **properties}, key=key)
        await write(store, workspace, Batch([row]), mode=Mode.EDIT, now=time.time_ns() // 1_000_000)


async def _key(store: Store, workspace: str, seconds: float | None = None) -> tuple[str, str]:
    """Make a key that works until it is revoked, or for some seconds."""
    key_id, token = new_token()
    now = time.time_ns() // 1_000_000
    until = None if seconds is None else now + round(seconds * 1000)
    await api_keys.create(
        store, ApiKey(key_id, digest_of(token), "test", "viewer", tuple(Access), workspace, None, now, until)
    )
    return key_id, token


def _asked(text: str, **variables: Any) -> GraphQLRequest:
    return GraphQLRequest(text, variable_values=variables)


# Over websockets --------------------------------------------------------------------------------------------------


def test_changes_arrive_in_order_and_are_resumed_after_a_number(run: Run, workspace: str, address: str) -> None:
    async def scenario(store: Store) -> None:
        transport = WebsocketsTransport(f"ws://{address}/graphql", subprotocols=["graphql-transport-ws"])
        await _write(store, workspace, "A-1", "A-2")
        async with Client(transport=transport) as session:
            seen: list[int] = []
            async for answer in session.subscribe(_asked(CHANGES, after=0)):
                seen.append(answer["changes"]["seq"])
                if len(seen) == 2:
                    await _write(store, workspace, "A-3", "A-4")
                if len(seen) == 4:
                    break
            assert seen == [1, 2, 3, 4]
        again = WebsocketsTransport(f"ws://{address}/graphql", subprotocols=["graphql-transport-ws"])
        async with Client(transport=again) as session:
            async for answer in session.subscribe(_asked(CHANGES, after=3)):
                assert answer["changes"] == {"seq": 4, "items": [{"operation": "create"}]}
                break
            assert (await session.execute(_asked("{ tasks { totalCount } }")))["tasks"] == {"totalCount": 4}

    run(scenario)


def test_an_item_and_a_goals_chains_are_told_again_when_they_change(run: Run, workspace: str, address: str) -> None:
    async def scenario(store: Store) -> None:
        rows = [
            NodeRow("Objective", "test", "O-1", {"title": "Goal", "status": "In progress"}, key="O-1"),
            NodeRow("Task", "test", "T-1", {"title": "First", "remaining": 8.0, "status": "Planned"}, key="T-1"),
        ]
        edges = [EdgeRow("CONTRIBUTES_TO", Ref("key", "T-1"), Ref("key", "O-1"), {})]
        now = time.time_ns() // 1_000_000
        await write(store, workspace, Batch(rows, edges), mode=Mode.EDIT, now=now)
        ((item_id,),) = await store.rows("MATCH (n:Item {workspace: $w, key: 'T-1'}) RETURN n.id", w=workspace)
        transport = WebsocketsTransport(f"ws://{address}/graphql", subprotocols=["graphql-transport-ws"])
        async with Client(transport=transport) as session:
            item = session.subscribe(_asked("subscription ($id: ID!) { item(id: $id) { key title } }", id=item_id))
            chains = session.subscribe(_asked('subscription { blockingChains(goal: "O-1") { lengthHours } }'))
            assert (await anext(item))["item"] == {"key": "T-1", "title": "First"}
            assert (await anext(chains))["blockingChains"] == [{"lengthHours": 8.0}]
            await _write(store, workspace, "OTHER")
            await write(
                store, workspace, Batch([NodeRow("Task", "test", "T-1", {"title": "Second", "remaining": 16.0})]),
                mode=Mode.EDIT, now=time.time_ns() // 1_000_000,
            )  # fmt: skip
            assert (await anext(item))["item"] == {"key": "T-1", "title": "Second"}
            assert (await anext(chains))["blockingChains"] == [{"lengthHours": 16.0}]

    run(scenario)


@asynccontextmanager
async def _socket(address: str, *, init: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Any]:
    given = {"subprotocols": ["graphql-transport-ws"]} | options
    async with websockets.connect(f"ws://{address}/graphql", **given) as connection:
        if init is not None:
            await connection.send(json.dumps({"type": "connection_init", "payload": init}))
            assert json.loads(await connection.recv()) == {"type": "connection_ack"}
        yield connection


async def _close_code(connection: Any) -> int:
    await asyncio.wait_for(connection.wait_closed(), 30)
    return int(connection.close_code)


SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "subscription { changes { seq } }"}}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400), (["[]"], 4400), ([{}], 4400), ([{"type": 7}], 4400), ([{"type": "start"}], 4400),
        ([{"type": "connection_init"}, {"type": "subscribe", "payload": {}}], 4400),
        ([{"type": "connection_init"}, {"id": "", "type": "subscribe", "payload": {}}], 4400),
        ([{"type": "connection_init"}, {"id": "1", "type": "subscribe", "payload": []}], 4400),
        ([{"type": "connection_init"}, {"type": "complete"}], 4400),
        ([{"type": "connection_init", "payload": []}], 4400),
        ([SUBSCRIBE], 4401),
        ([{"type": "connection_init"}, SUBSCRIBE, SUBSCRIBE], 4409),
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
    ],
)  # fmt: skip
def test_what_breaks_the_protocol_ends_with_its_code(run: Run, address: str, messages: list[Any], code: int) -> None:
    async def scenario(store: Store) -> None:
        async with _socket(address) as connection:
            for message in messages:
                await connection.send(message if isinstance(message, str) else json.dumps(message))
            assert await _close_code(connection) == code

    run(scenario)


def test_other_ends(run: Run, address: str, guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "INIT_SECONDS", 0.2)

    async def scenario(store: Store) -> None:
        async with _socket(address) as connection:
            assert await _close_code(connection) == 4408
        async with _socket(address, subprotocols=["graphql-ws"]) as connection:
            assert await _close_code(connection) == 4406
        async with _socket(guarded) as connection:
            await connection.send(json.dumps({"type": "connection_init", "payload": {"Authorization": "Bearer wa_1"}}))
            assert await _close_code(connection) == 4403
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with _socket(address, origin="https://evil.example"):
                pass
        assert refused.value.response.status_code == 403
        async with _socket(address, origin=f"http://{address}", init={}):
            pass

    run(scenario)


def test_errors_pings_and_completion(run: Run, workspace: str, address: str) -> None:
    async def scenario(store: Store) -> None:
        async with _socket(address, init={}) as connection:

            async def tell(**message: Any) -> None:
                await connection.send(json.dumps(message))

            async def hear() -> Any:
                return json.loads(await asyncio.wait_for(connection.recv(), 20))

            await tell(type="ping", payload={"n": 1})
            assert await hear() == {"type": "pong", "payload": {"n": 1}}
            for query, code in (
                ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
                ("subscription { changes { seq } tasks }", "GRAPHQL_VALIDATION_FAILED"),
                ("{", "GRAPHQL_VALIDATION_FAILED"),
                ("", "BAD_REQUEST"),
            ):
                await tell(id="e", type="subscribe", payload={"query": query})
                heard = await hear()
                assert (heard["id"], heard["type"]) == ("e", "error"), heard
                assert heard["payload"][0]["extensions"]["code"] == code
            await tell(
                id="n", type="subscribe", payload={"query": 'subscription { blockingChains(goal: "X") { goal } }'}
            )
            heard = await hear()
            assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")
            await tell(id="q", type="subscribe", payload={"query": "{ tasks { totalCount } }"})
            assert await hear() == {"id": "q", "type": "next", "payload": {"data": {"tasks": {"totalCount": 0}}}}
            assert await hear() == {"id": "q", "type": "complete"}
            await tell(id="c", type="subscribe", payload={"query": "subscription { changes(after: 0) { seq } }"})
            await _write(store, workspace, "A-1")
            assert (await hear())["payload"] == {"data": {"changes": {"seq": 1}}}
            await tell(id="c", type="complete")
            await tell(id="c", type="subscribe", payload={"query": "subscription { changes(after: 0) { seq } }"})
            assert (await hear())["payload"] == {"data": {"changes": {"seq": 1}}}

    run(scenario)


def test_a_revoked_key_ends_its_connection(
    run: Run, workspace: str, guarded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callers.WATCH_SECONDS + 10.0 <= 30.0
    monkeypatch.setattr(callers, "WATCH_SECONDS", 0.2)
    monkeypatch.setattr("workatlas.auth.gate.KEPT_SECONDS", 0.2)

    async def scenario(store: Store) -> None:
        key_id, token = await _key(store, workspace)
        async with _socket(guarded, init={"authorization": f"Bearer {token}"}) as connection:
            await connection.send(json.dumps(SUBSCRIBE))
            await api_keys.revoke(store, key_id, time.time_ns() // 1_000_000)
            assert await _close_code(connection) == 4401

    run(scenario)


def test_a_key_that_expires_ends_its_connection(
    run: Run, workspace: str, guarded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "WATCH_SECONDS", 0.2)

    async def scenario(store: Store) -> None:
        _, token = await _key(store, workspace, 3.0)
        begin = time.monotonic()
        async with _socket(guarded, init={"authorization": f"Bearer {token}"}) as connection:
            await connection.send(json.dumps(SUBSCRIBE))
            assert await _close_code(connection) == 4401
            assert time.monotonic() - begin > 1.5

    run(scenario)


def test_operations_over_websockets_are_counted_and_logged(
    run: Run, workspace: str, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "workatlas.requests")

    async def scenario(store: Store) -> None:
        async with _socket(address, init={}) as connection, httpx.AsyncClient() as client:

            async def ask(name: str, query: str) -> None:
                await connection.send(json.dumps({"id": name, "type": "subscribe", "payload": {"query": query}}))

            await ask("bad", "{ nothing }")
            assert json.loads(await connection.recv())["type"] == "error"
            await ask("q", "{ tasks { totalCount } }")
            assert [json.loads(await connection.recv())["type"] for _ in range(2)] == ["next", "complete"]
            await ask("s", "subscription { changes(after: 0) { seq } }")
            await _write(store, workspace, "A-1", "A-2")
            assert [json.loads(await connection.recv())["type"] for _ in range(2)] == ["next", "next"]
            text = (await client.get(f"http://{address}/metrics")).text
            assert 'workatlas_live_running{transport="websocket"} 1.0' in text
            assert 'workatlas_live_operations_total{code="",transport="websocket"} 1.0' in text
            refused = 'workatlas_live_operations_total{code="GRAPHQL_VALIDATION_FAILED",transport="websocket"} 1.0'
            assert refused in text
            await connection.send(json.dumps({"id": "s", "type": "complete"}))
            ended = 'running{transport="websocket"} 0.0'
            async with asyncio.timeout(60):
                while ended not in (await client.get(f"http://{address}/metrics")).text:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    run(scenario)
    facts = [one.__dict__ for one in caplog.records if one.getMessage() == "operation"]
    assert [(one["code"], one["answers"]) for one in facts] == [("GRAPHQL_VALIDATION_FAILED", 1), ("", 1), ("", 2)]
    assert {one["transport"] for one in facts} == {"websocket"}
    assert facts[1]["cost"] > 0


def test_operations_over_long_connections_wait_for_their_turn(
    connection: Connection, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workatlas.budgets.WAIT_SECONDS", 0.5)

    async def scenario(address: str, turns: Turns) -> None:
        async with _socket(address, init={}) as connection, httpx.AsyncClient(timeout=30) as client:

            async def ask(name: str, query: str) -> None:
                await connection.send(json.dumps({"id": name, "type": "subscribe", "payload": {"query": query}}))

            async def hear() -> Any:
                return json.loads(await asyncio.wait_for(connection.recv(), 20))

            async with turns.turn():
                await ask("s", "subscription { changes { seq } }")  # lasts, and takes no turn
                for name, query in (
                    ("q", "{ __typename }"),
                    ("m", "mutation { undo(input: {changeSeq: 1}) { changeSeq } }"),
                ):
                    await ask(name, query)
                    heard = await hear()
                    assert (heard["id"], heard["type"]) == (name, "error")
                    assert heard["payload"][0]["extensions"]["code"] == "BUSY"
                url = f"http://{address}/graphql"
                async with aconnect_sse(client, "POST", url, json={"query": "{ __typename }"}) as source:
                    events = [json.loads(event.data) async for event in source.aiter_sse() if event.event == "next"]
                assert [one["extensions"]["code"] for one in events[0]["errors"]] == ["BUSY"]
                token = (await client.put(url)).text
                body = {"query": "{ __typename }", "extensions": {"operationId": "x"}}
                refused = await client.post(url, json=body, headers={"x-graphql-event-stream-token": token})
                assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "BUSY")
                monkeypatch.setattr("workatlas.budgets.WAIT_SECONDS", 60)
                await ask("late", "{ __typename }")
                await asyncio.sleep(0.2)
            assert await hear() == {"id": "late", "type": "next", "payload": {"data": {"__typename": "Query"}}}
            assert await hear() == {"id": "late", "type": "complete"}

    app = create_app(AppOptions(connection, workspace, bounds=Bounds(running=1)))
    kept: list[Turns] = []

    def keep(bounds: Bounds) -> Turns:
        kept.append(Turns(bounds))
        return kept[0]

    monkeypatch.setattr("workatlas.app.Turns", keep)
    with served(app) as address:
        asyncio.run(asyncio.wait_for(scenario(address, kept[0]), 60))


# Over server-sent events ------------------------------------------------------------------------------------------


def test_events_follow_changes_until_the_client_leaves(run: Run, workspace: str, address: str) -> None:
    async def scenario(store: Store) -> None:
        await _write(store, workspace, "A-1")
        body = {"query": CHANGES, "variables": {"after": 0}}
        async with (
            httpx.AsyncClient(timeout=30) as client,
            aconnect_sse(client, "POST", f"http://{address}/graphql", json=body) as source,
        ):
            assert source.response.headers["content-type"].startswith("text/event-stream")
            seen = []
            async for event in source.aiter_sse():
                assert event.event == "next"
                seen.append(json.loads(event.data)["data"]["changes"]["seq"])
                if len(seen) == 3:
                    break
                await _write(store, workspace, f"B-{len(seen)}")
            assert seen == [1, 2, 3]

    run(scenario)


def test_an_operation_that_ends_is_completed(run: Run, address: str) -> None:
    async def scenario(store: Store) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            for query in ("{ tasks { totalCount } }", "{ nothing }"):
                async with aconnect_sse(client, "POST", f"http://{address}/graphql", json={"query": query}) as source:
                    events = [event async for event in source.aiter_sse()]
                assert [event.event for event in events] == ["next", "complete"]
                assert ("errors" in json.loads(events[0].data)) == (query == "{ nothing }")
            refused = await client.post(f"http://{address}/graphql", json={"query": CHANGES})
            assert "accept text/event-stream" in refused.json()["errors"][0]["message"]

    run(scenario)


def test_a_revoked_key_ends_its_events(run: Run, workspace: str, guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "WATCH_SECONDS", 0.2)
    monkeypatch.setattr("workatlas.auth.gate.KEPT_SECONDS", 0.2)

    async def scenario(store: Store) -> None:
        key_id, token = await _key(store, workspace)
        async with httpx.AsyncClient(timeout=30) as client:
            url, headers = f"http://{guarded}/graphql", {"authorization": f"Bearer {token}"}
            refused = await client.post(url, json={"query": CHANGES}, headers={"accept": "text/event-stream"})
            assert refused.status_code == 401
            async with aconnect_sse(client, "POST", url, json={"query": CHANGES}, headers=headers) as source:
                await api_keys.revoke(store, key_id, time.time_ns() // 1_000_000)
                events = [event async for event in source.aiter_sse()]
            assert [event.event for event in events] == ["next", "complete"]
            assert json.loads(events[0].data)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

    run(scenario)
