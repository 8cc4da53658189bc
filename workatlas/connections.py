"""uvicorn's connections, with an end for clients that stop to read.

What such a client was sent waits in a buffer of bounded size, and whoever writes to it waits too. uvicorn itself would
wait for ever: it closes a connection only when everything in the buffer was read.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if sys.platform == "linux":
    import fcntl
    import termios

PATIENCE_SECONDS: Final = 20.0
"""How long a client may read nothing while there is something for it; then its connection is gone."""


class _Patient(asyncio.Protocol):
    """Watches a connection while its buffer is full."""

    transport: Any
    _timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Begin to wait for the client."""
        super().pause_writing()
        self._wait()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        super().resume_writing()
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        self._stop_waiting()

    def _wait(self) -> None:
        left = _unread(self.transport)
        self._timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._look, left)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, left: int) -> None:
        if _unread(self.transport) < left:
            self._wait()  # slow, but it reads
        else:
            self.transport.abort()


def _unread(transport: asyncio.Transport) -> int:
    """Return the bytes that the client has not taken yet, those in the system's buffer included where it tells."""
    waiting = transport.get_write_buffer_size()
    if sys.platform == "linux":
        # The system asks for more only when much of its own buffer is free again: long after the client began to read.
        queued = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        waiting += int.from_bytes(queued, sys.byteorder)
    return waiting


class HttpConnection(_Patient, HttpToolsProtocol):
    """An HTTP connection that ends when its client stops to read."""


class SocketConnection(_Patient, WebSocketsSansIOProtocol):
    """A websocket that ends when its client stops to read."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send; a close goes out behind what the client has not read yet, and its sender does not wait for that."""
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)
