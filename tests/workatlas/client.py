"""A client of an application in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Started:
    """An application that runs: its state, and a client that speaks to it without a network."""

    state: dict[str, Any]
    client: httpx.AsyncClient
    app: Starlette

    async def ask(self, query: str, **headers: str) -> httpx.Response:
        return await self.client.post("/graphql", json={"query": query}, headers=headers)


@asynccontextmanager
async def started(app: Starlette) -> AsyncIterator[Started]:
    async with app.router.lifespan_context(app) as opened:
        state: dict[str, Any] = dict(opened or {})

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(with_state)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield Started(state, client, app)


@dataclass(frozen=True, slots=True)
class Client:
    """Sends each request to an application that starts before it and stops after it, as a server would run it."""

    app: Starlette
    outage: bool = False

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            async with started(self.app) as running:
                if self.outage:
                    await running.state["store"]._driver.close()
                return await running.client.request(method, path, **options)

        return asyncio.run(run())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)
