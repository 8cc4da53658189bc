"""A receiver of webhooks: a real HTTP server that behaves as it is told, well or badly."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

Behaviour = int | str
"""A status to answer with, or ``close``, ``hang``, ``redirect``, ``endless`` or ``rubbish``."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    @property
    def seqs(self) -> list[int]:
        """Numbers of the changes that it tells of."""
        return [one["seq"] for one in self.payload["data"]["changes"]]


@dataclass(slots=True)
class Receiver:
    """Answers each request as the next of ``behaviours`` says, and with 204 when there are no more."""

    behaviours: list[Behaviour] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    headers: str = ""
    url: str = ""
    serving: set[asyncio.Task[None]] = field(default_factory=set)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, number: int) -> list[Received]:
        """Return what was received, once it is so many requests."""
        async with asyncio.timeout(60):
            while len(self.received) < number:
                self._arrived.clear()
                await self._arrived.wait()
        return self.received

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            writer.close()
            self.serving.discard(task)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        behaviour = self.behaviours.pop(0) if self.behaviours else 204
        self.received.append(Received(head[0].split()[1], headers, body))
        self._arrived.set()
        if behaviour == "hang":
            await reader.read()
        if behaviour == "rubbish":
            writer.write(b"this is not HTTP\r\n\r\n")
        if behaviour in ("close", "hang", "rubbish"):
            return False
        if behaviour == "redirect":
            writer.write(f"HTTP/1.1 307 X\r\nLocation: {self.url}/elsewhere\r\nContent-Length: 0\r\n\r\n".encode())
        elif behaviour == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                writer.write(bytes(65536))
                await writer.drain()
        else:
            content = b"" if behaviour == 204 else b"Content-Length: 0\r\n"
            writer.write(f"HTTP/1.1 {behaviour} X\r\n{self.headers}".encode() + content + b"\r\n")
        await writer.drain()
        return True


@contextlib.asynccontextmanager
async def receiving(*behaviours: Behaviour, headers: str = "") -> AsyncIterator[Receiver]:
    """Serve on a free port of this machine."""
    receiver = Receiver(list(behaviours), headers=headers)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.close()
        # A connection that is left to the end of the loop complains in a test that has nothing to do with it.
        for task in list(receiver.serving):
            task.cancel()
        await asyncio.gather(*receiver.serving, return_exceptions=True)
