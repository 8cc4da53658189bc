"""Whether the server runs, and whether it can answer."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from graph.errors import GraphError
from graph.migrations import SCHEMA_VERSION, probe
from graph.store import Store

KEPT_SECONDS: Final = 1.0
"""How long an answer counts: however many ask, the database is written to once in this time."""
_WAIT_SECONDS: Final = 3.5


class Readiness:
    """Finds out by one small write whether the database answers, can be written, and has this program's schema."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._until = 0.0
        self._problem: str | None = None

    async def problem(self) -> str | None:
        """Return in one sentence why requests cannot be answered, ``None`` if they can.

        What happened to the database is said less than five seconds later: the answer may be one that was kept.
        """
        async with self._lock:
            if time.monotonic() >= self._until:
                self._problem = await self._find()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._problem

    async def _find(self) -> str | None:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                version = await probe(self._store, time.time_ns() // 1_000_000)
        except (GraphError, TimeoutError):
            return "the database does not answer, or cannot be written"
        if version != SCHEMA_VERSION:
            return f"the database has schema version {version}, this program needs {SCHEMA_VERSION}: restart it"
        return None


async def alive(request: Request) -> Response:
    """Answer that the process runs; never touches the database."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> Response:
    """Answer whether requests can be answered."""
    problem = await request.state.readiness.problem()
    if problem is not None:
        return JSONResponse({"status": problem}, 503, {"Retry-After": "2"})
    return JSONResponse({"status": "ready", "schemaVersion": SCHEMA_VERSION})
