"""Running the application on a socket until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import threading
from collections.abc import Callable
from typing import Final

import httpx
import uvicorn
from starlette.types import ASGIApp

from workatlas.connections import HttpConnection, SocketConnection
from workatlas.errors import WorkatlasError

STOP_SECONDS: Final = 8
"""How long running requests may go on after the server was told to stop."""
MAX_MESSAGE: Final = 256 * 1024
"""Longest message of a websocket, in bytes."""
_COLLECTED: Final = (10_000, 20, 50)
"""Objects made before the youngest garbage is looked for, and how many of those times before older garbage is."""
_POLL_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 5.0


def serve_app(app: ASGIApp, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``on_ready`` is given the address once ``/readyz`` answers 200.

    Port 0 takes a free one.

    Raises:
        WorkatlasError: The address cannot be listened on.

    """
    config = server_config(app, host, port)
    with bound(host.strip("[]"), port) as listening, contextlib.suppress(KeyboardInterrupt):
        _Server(config, on_ready).run(sockets=[listening])


def server_config(app: ASGIApp | Callable[[], ASGIApp], host: str, port: int) -> uvicorn.Config:
    """Return how the application is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="on",
        log_level="warning",
        log_config=None,
        access_log=False,
        server_header=False,
        http=HttpConnection,
        ws=SocketConnection,
        ws_max_size=MAX_MESSAGE,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def collect_seldom() -> None:
    """Look for garbage less often from now on, and never again among what this process has made so far.

    The schema, the plans and the modules are some hundred thousand objects that stay; with many requests at once Python
    went through all of them so often that a request took twice the processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._announcement: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        collect_seldom()
        if self.started and sockets:
            announcing = _announce(self.config.host, sockets[0].getsockname()[1], self._on_ready)
            self._announcement = asyncio.create_task(announcing)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._announcement is not None:
            self._announcement.cancel()
        await super().shutdown(sockets)


def announced(host: str, port: int, on_ready: Callable[[str], None], stopped: threading.Event) -> None:
    """Wait until an address answers that it is ready, or ``stopped``, and tell ``on_ready``."""

    async def wait() -> None:
        announcing = asyncio.create_task(_announce(host, port, on_ready))
        while not announcing.done() and not stopped.is_set():
            await asyncio.wait({announcing}, timeout=_POLL_SECONDS)
        announcing.cancel()

    asyncio.run(wait())


async def _announce(host: str, port: int, on_ready: Callable[[str], None]) -> None:
    host = host.strip("[]")
    shown = f"[{host}]" if ":" in host else host
    # The addresses that mean "all" are not ones that can be asked.
    asked = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, shown)
    async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
        while not await _is_ready(client, f"http://{asked}:{port}/readyz"):  # noqa: ASYNC110 - asks over HTTP
            await asyncio.sleep(_POLL_SECONDS)
    on_ready(f"http://{shown}:{port}")


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def bound(host: str, port: int) -> socket.socket:
    """Return a socket at an address; port 0 takes a free one.

    Raises:
        WorkatlasError: It cannot be listened on.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends without delay (TCP_NODELAY) only what it knows to be TCP; otherwise a body waits up to 40 ms for the
    # client to acknowledge the headers before it.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name != "nt":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise WorkatlasError(
            f"{host}:{port} cannot be listened on ({error.strerror}): choose another with --host and --port."
        ) from error
    return made
