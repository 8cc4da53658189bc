"""Somebody who listens: who they are, for as long as they are, and the operations that run for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import State
from starlette.websockets import WebSocket

from graph.errors import StoreError
from resolvers.access import Viewer
from resolvers.context import Context
from resolvers.errors import RefusedError, refusal
from resolvers.schema import Answer, stream
from workatlas.budgets import Standing
from workatlas.graphql_request import Asked, RequestRefused, asked_of, token_in

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


async def counted(caller: Caller, payload: object, request_id: str) -> AsyncGenerator[Answer, None]:
    """Count a request that came by a message, execute its operation, and yield the answers."""
    try:
        standing = await caller.state.budgets.request(caller.viewer)
        if standing is not None and standing.exhausted:
            raise RequestRefused(standing.sentence("this caller's requests"), 429, "RATE_LIMITED")
        asked = asked_of(payload)
    except RequestRefused as refused:
        yield Answer(refusal(refused.code, str(refused), request_id), False)
        return
    async with contextlib.aclosing(operation(caller, asked, request_id)) as answers:
        async for answer in answers:
            yield answer


async def operation(caller: Caller, asked: Asked, request_id: str) -> AsyncGenerator[Answer, None]:
    """Execute one operation for a caller, and yield its answers."""
    state = caller.state
    try:
        document = state.documents.resolve(asked)
    except RequestRefused as refused:
        yield Answer(refusal(refused.code, str(refused), request_id), False)
        return

    async def spend(cost: int) -> Standing | None:
        budget: Standing | None = await state.budgets.cost(caller.viewer, cost)
        if budget is not None and budget.exhausted:
            raise RefusedError("RATE_LIMITED", budget.sentence("the cost of this caller's operations"))
        return budget

    workspace = caller.viewer.workspace
    context = Context(
        state.store,
        caller.viewer,
        state.keepers.of(workspace),
        state.today,
        request_id,
        bounds=state.bounds,
        spend=spend,
        committer=state.committer,
        courier=state.courier,
        tail=state.tails.of(workspace),
        renewed=lambda: caller.viewer,
    )
    async with contextlib.aclosing(stream(document, asked.variables, asked.operation, context)) as answers:
        async for answer in answers:
            yield answer
            # A long log is at hand at once, and what takes it may never wait: others get their turn all the same.
            await asyncio.sleep(0)
