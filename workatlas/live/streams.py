"""One event stream for all operations of a client: the single connection mode of graphql-sse.

A client reserves a stream by ``PUT``, opens it with the token that it got, and sends operations by ``POST``, each under
an id of its own; what they answer comes by the stream. Nothing piles up: an operation waits while the stream is full.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from sse_starlette.event import ServerSentEvent

from resolvers.access import Viewer
from resolvers.errors import refusal
from resolvers.schema import Answer
from workatlas.graphql_request import Asked, RequestRefused
from workatlas.live.callers import Caller
from workatlas.live.ends import REVOKED, Ends, event_of
from workatlas.live.operations import Operation

OPEN_SECONDS: Final = 60.0
"""How long a reservation waits to be opened."""
MOST: Final = 50
"""Operations that one stream may have at a time."""
MOST_STREAMS: Final = 1000
"""Streams of one process, reserved and open ones."""
_ROOM: Final = 16
"""Events that wait for a stream's client."""


@dataclass(eq=False, slots=True)
class Stream:
    """One client's stream and its operations by the ids that the client gave them."""

    token: str
    caller: Caller
    open: bool = False
    operations: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    events: asyncio.Queue[ServerSentEvent] = field(default_factory=lambda: asyncio.Queue(_ROOM))
    expiry: asyncio.TimerHandle | None = None

    async def begin(self, name: str, operation: Operation, asked: Asked) -> Answer | None:
        """Begin an operation; return the answer of one that is not executed at all.

        Raises:
            RequestRefused: Its id is taken, or there are too many.

        """
        if name in self.operations:
            raise RequestRefused(f"there is an operation {name[:60]} on this stream already", 409, "CONFLICT")
        if len(self.operations) >= MOST:
            raise RequestRefused(f"one stream may have {MOST} operations at a time", 429, "BUSY")
        refused: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.operations[name] = asyncio.create_task(self._run(name, operation, asked, refused))
        begun = asyncio.ensure_future(operation.begun.wait())
        both: set[asyncio.Future[Any]] = {refused, begun}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        return refused.result() if refused.done() else None

    async def _run(self, name: str, operation: Operation, asked: Asked, refused: asyncio.Future[Answer | None]) -> None:
        answers = operation.run(asked)
        try:
            async for answer in answers:
                if not answer.ran and not operation.begun.is_set():
                    refused.set_result(answer)
                    return
                await self.tell("next", {"id": name, "payload": answer.body})
            await self.tell("complete", {"id": name})
        finally:
            await answers.aclose()
            if self.operations.get(name) is asyncio.current_task():
                del self.operations[name]
            if not refused.done():
                refused.set_result(None)

    async def tell(self, event: str, data: dict[str, Any]) -> None:
        """Put an event on the stream, when there is room for it."""
        await self.events.put(event_of(event, data))

    async def told(self, ends: Ends, request_id: str) -> AsyncIterator[ServerSentEvent]:
        """Yield what is put on the stream, until its caller's key counts no longer or the server stops."""
        while (event := await ends.unless(self.events.get())) is not None:
            yield event
        if ends.refused:
            body = refusal("UNAUTHENTICATED", REVOKED, request_id)
            for name in list(self.operations):
                yield event_of("next", {"id": name, "payload": body})
                yield event_of("complete", {"id": name})

    def complete(self, name: str) -> None:
        """Break off one operation; its client hears no more of it."""
        task = self.operations.pop(name, None)
        if task is not None:
            task.cancel()

    async def end(self) -> None:
        """Break off whatever runs."""
        tasks = list(self.operations.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Streams:
    """The streams of this process by their tokens."""

    def __init__(self) -> None:
        self._streams: dict[str, Stream] = {}

    def reserve(self, caller: Caller) -> Stream:
        """Return a new stream, which ends by itself if it is not opened in time.

        Raises:
            RequestRefused: There are too many.

        """
        if len(self._streams) >= MOST_STREAMS:
            message = "this server has too many event streams: try again in a moment"
            raise RequestRefused(message, 503, "BUSY", Retry_After="2")
        stream = Stream(secrets.token_urlsafe(24), caller)
        self._streams[stream.token] = stream
        stream.expiry = asyncio.get_running_loop().call_later(OPEN_SECONDS, self._expire, stream)
        return stream

    def of(self, token: str | None, viewer: Viewer | None = None) -> Stream:
        """Return the stream with a token; ``viewer`` must be who reserved it.

        Raises:
            RequestRefused: There is none, or it is somebody else's.

        """
        stream = self._streams.get(token or "")
        if stream is None or (viewer is not None and _who(viewer) != _who(stream.caller.viewer)):
            raise RequestRefused("there is no such event stream: reserve one by PUT", 404, "NOT_FOUND")
        return stream

    async def told(self, stream: Stream, ends: Ends, request_id: str) -> AsyncIterator[ServerSentEvent]:
        """Yield the events of a stream; it ends with its client."""
        try:
            async with ends:
                async for event in stream.told(ends, request_id):
                    yield event
        finally:
            self._streams.pop(stream.token, None)
            await stream.end()

    def _expire(self, stream: Stream) -> None:
        if not stream.open:
            self._streams.pop(stream.token, None)
            for name in list(stream.operations):
                stream.complete(name)


def _who(viewer: Viewer) -> tuple[str, str, str | None]:
    return viewer.subject, viewer.workspace, viewer.key
