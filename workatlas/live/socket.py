"""GraphQL over websockets by the protocol graphql-transport-ws: any operation, subscriptions above all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from graph.errors import StoreError
from resolvers.errors import RefusedError
from resolvers.schema import Answer
from workatlas.graphql_request import RequestRefused
from workatlas.live.callers import Caller
from workatlas.live.operations import SOCKET, Operation

PROTOCOL: Final = "graphql-transport-ws"
INIT_SECONDS: Final = 3.0
"""How long a client may take to say who it is."""
SEND_SECONDS: Final = 10.0
"""How long a client may take to read a message: a slower one is cut, and resumes by the number that it saw last."""
MOST: Final = 50
"""Operations that one connection may have at a time."""

BAD_REQUEST: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
WRONG_PROTOCOL: Final = 4406
INIT_TIMEOUT: Final = 4408
TAKEN: Final = 4409
INIT_TWICE: Final = 4429
TOO_SLOW: Final = 1013


class _Closed(Exception):  # noqa: N818 - it is an end, not an error
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


async def graphql_socket(socket: WebSocket) -> None:
    """Serve one connection until either side ends it."""
    if not _same_origin(socket):
        await socket.close()  # refused before it is accepted: a foreign page is not to speak for its reader
        return
    await socket.accept(PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
    connection = _Connection(socket)
    try:
        if PROTOCOL not in socket.scope["subprotocols"]:
            raise _Closed(WRONG_PROTOCOL, "Subprotocol not acceptable")
        await connection.serve()
    except _Closed as closed:
        with contextlib.suppress(RuntimeError):
            await socket.close(closed.code, str(closed))
    except WebSocketDisconnect:
        pass
    finally:
        await connection.end()


def _same_origin(socket: WebSocket) -> bool:
    """Tell whether the request comes from a page of this server, or from a program, which sends no origin."""
    origin = socket.headers.get("origin")
    return origin is None or origin.partition("://")[2] == socket.headers.get("host")


@dataclass(eq=False, slots=True)
class _Connection:
    """One client: who it is, once it said so, and its operations by the ids that it gave them."""

    socket: WebSocket
    caller: Caller | None = None
    acknowledged: bool = False
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    ended: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    helpers: list[asyncio.Task[None]] = field(default_factory=list)
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def serve(self) -> None:
        """Read messages until the connection ends."""
        self._help(self._expect_init())
        while True:
            reading = asyncio.ensure_future(self._message())
            both: set[asyncio.Future[Any]] = {reading, self.ended}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self.ended.done():
                reading.cancel()
                self.ended.result()
            await self._handle(reading.result())

    async def end(self) -> None:
        """Break off whatever still runs."""
        tasks = [*self.running.values(), *self.helpers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _help(self, work: Any) -> None:
        self.helpers.append(asyncio.create_task(self._or_end(work)))

    async def _or_end(self, work: Any) -> None:
        """Run some work; what closes the connection there closes it here."""
        try:
            await work
        except (_Closed, WebSocketDisconnect) as closed:
            if not self.ended.done():
                self.ended.set_exception(closed)

    async def _expect_init(self) -> None:
        await asyncio.sleep(INIT_SECONDS)
        if not self.acknowledged:
            raise _Closed(INIT_TIMEOUT, "Connection initialisation timeout")

    async def _message(self) -> dict[str, Any]:
        received = await self.socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1000))
        try:
            message = orjson.loads(received.get("text") or b"")
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Closed(BAD_REQUEST, "Each message must be a JSON object with a type, as text")
        return message

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._init(message.get("payload"))
            case "ping":
                await self._send({"type": "pong"} | _payload(message))
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                task = self.running.pop(_id(message), None)
                if task is not None:
                    task.cancel()
            case other:
                raise _Closed(BAD_REQUEST, f"Invalid message type {other[:40]!r}")

    async def _init(self, payload: object) -> None:
        if self.caller is not None:
            raise _Closed(INIT_TWICE, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise _Closed(BAD_REQUEST, "The payload of connection_init must be an object")
        try:
            self.caller = await Caller.of_socket(self.socket, payload or {})
        except (RefusedError, RequestRefused) as refused:
            raise _Closed(FORBIDDEN, str(refused)[:120]) from None
        except StoreError:
            raise _Closed(1013, "The database does not answer: try again in a moment") from None
        self.acknowledged = True
        self._help(self._watch(self.caller))
        await self._send({"type": "connection_ack"})

    async def _watch(self, caller: Caller) -> None:
        await caller.until_refused()
        raise _Closed(UNAUTHORIZED, "Unauthorized: the key was revoked or has expired")

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if not self.acknowledged or self.caller is None:
            raise _Closed(UNAUTHORIZED, "Unauthorized")
        name = _id(message)
        if name in self.running:
            raise _Closed(TAKEN, f"Subscriber for {name[:60]} already exists")
        if not isinstance(message.get("payload"), dict):
            raise _Closed(BAD_REQUEST, "The payload of subscribe must be an object")
        if len(self.running) >= MOST:
            raise _Closed(BAD_REQUEST, f"One connection may have {MOST} operations at a time")
        work = self._run(name, Operation(self.caller, SOCKET).of_message(message["payload"]))
        self.running[name] = asyncio.create_task(self._or_end(work))

    async def _run(self, name: str, answers: AsyncGenerator[Answer, None]) -> None:
        """Send an operation's answers; a client that completed it hears no more of it."""
        async with contextlib.aclosing(answers) as open_answers:
            async for answer in open_answers:
                if not answer.ran:
                    self.running.pop(name, None)
                    await self._send({"id": name, "type": "error", "payload": answer.body["errors"]})
                    return
                await self._send({"id": name, "type": "next", "payload": answer.body})
        if self.running.pop(name, None) is not None:
            await self._send({"id": name, "type": "complete"})

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            if self.socket.client_state is not WebSocketState.CONNECTED:
                raise WebSocketDisconnect(1006)
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self.socket.send_text(orjson.dumps(message).decode())
            except TimeoutError:
                raise _Closed(TOO_SLOW, "Too slow: resume after the last number that you have seen") from None


def _id(message: dict[str, Any]) -> str:
    name = message.get("id")
    if not isinstance(name, str) or not name:
        raise _Closed(BAD_REQUEST, "The message needs an id")
    return name


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    return {"payload": message["payload"]} if isinstance(message.get("payload"), dict) else {}
