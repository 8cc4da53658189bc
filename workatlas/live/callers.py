"""Somebody who listens: who they are, for as long as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import State
from starlette.websockets import WebSocket

from graph.errors import StoreError
from resolvers.access import Viewer
from resolvers.errors import RefusedError
from workatlas.graphql_request import token_in

WATCH_SECONDS: Final = 10.0
"""How often a listener's key is looked at again; the gate may believe it for as long once more."""


@dataclass(eq=False, slots=True)
class Caller:
    """Somebody at the other end of a long connection. ``viewer`` is renewed while it lasts."""

    state: State
    token: str | None
    workspace: str | None
    viewer: Viewer

    @classmethod
    async def of_socket(cls, socket: WebSocket, payload: Mapping[str, Any]) -> Caller:
        """Return who opened a websocket: by its first message, since browsers can't send headers, or by headers.

        Raises:
            RefusedError: The key does not count.
            RequestRefused: What stands in its place is none.
            StoreError: The database failed.

        """
        given = {str(name).lower(): value for name, value in payload.items()}
        token = token_in(given.get("authorization") or socket.headers.get("authorization"))
        wanted = given.get("x-workatlas-workspace") or socket.headers.get("x-workatlas-workspace")
        workspace = wanted if isinstance(wanted, str) else None
        return cls(socket.state, token, workspace, await socket.state.gate.viewer(token, workspace))

    async def until_refused(self) -> None:
        """Return when the key no longer counts; until then keep who it is up to date."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                self.viewer = await self.state.gate.viewer(self.token, self.workspace)
            except RefusedError as refused:
                if refused.code != "UNAVAILABLE":
                    return
            except StoreError:
                continue  # an outage says nothing of the key
