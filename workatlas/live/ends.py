"""When an event stream ends though its client still listens: its key counts no longer, or the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, Final, TypeVar

import anyio
import orjson
from sse_starlette.event import ServerSentEvent

from workatlas.live.callers import Caller

REVOKED: Final = "this key was revoked or has expired"
Value = TypeVar("Value")


class Ends:
    """Watches over one stream, as a context manager. ``stopping`` is set by the server when it stops."""

    def __init__(self, caller: Caller) -> None:
        self.stopping = anyio.Event()
        self._caller = caller
        self._watches: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> Ends:
        self._watches = [
            asyncio.create_task(self._caller.until_refused()),
            asyncio.create_task(self.stopping.wait()),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    @property
    def refused(self) -> bool:
        """Whether the caller's key counts no longer."""
        return self._watches[0].done()

    @property
    def stopped(self) -> bool:
        """Whether the server stops: the client is to come back."""
        return self._watches[1].done()

    async def unless(self, work: Awaitable[Value]) -> Value | None:
        """Wait for the work, and break it off, answering ``None``, when the stream has to end."""
        coming = asyncio.ensure_future(work)
        try:
            await asyncio.wait({coming, *self._watches}, return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else None
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)


def event_of(name: str, data: dict[str, Any] | None = None) -> ServerSentEvent:
    """Return an event; without ``data`` an empty one."""
    return ServerSentEvent("" if data is None else orjson.dumps(data).decode(), event=name)
