"""A client of an application in this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Client:
    """Sends each request to an application that starts before it and stops after it, as a server would run it."""

    app: Starlette
    outage: bool = False

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            async with self.app.router.lifespan_context(self.app) as opened:
                state = dict(opened or {})
                if self.outage:
                    await state["store"]._driver.close()

                async def started(scope: Scope, receive: Receive, send: Send) -> None:
                    await self.app({**scope, "state": dict(state)}, receive, send)

                transport = httpx.ASGITransport(started)
                async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                    return await client.request(method, path, **options)

        return asyncio.run(run())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)
