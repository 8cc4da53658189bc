"""The application on a socket, served by the real server in a thread of the test process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from workatlas.serving import server_config


@contextmanager
def serving(app: ASGIApp) -> Iterator[uvicorn.Server]:
    """Yield the server that serves the application."""
    server = uvicorn.Server(server_config(app, "127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the application did not start"
        time.sleep(0.02)
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def address_of(server: uvicorn.Server) -> str:
    """Return host and port at which a server answers."""
    return f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Yield the address, host and port, at which the application answers."""
    with serving(app) as server:
        yield address_of(server)
