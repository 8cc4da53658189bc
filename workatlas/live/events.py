"""GraphQL over server-sent events, each operation a stream of its own: the distinct mode of graphql-sse."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import orjson
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse

from resolvers.errors import refusal
from resolvers.schema import Answer
from workatlas.live.callers import Caller

PING_SECONDS: Final = 15


def event_stream(caller: Caller, answers: AsyncGenerator[Answer, None], request_id: str) -> EventSourceResponse:
    """Answer with an operation's results as events ``next``, and ``complete`` when there are no more."""
    return EventSourceResponse(
        _events(caller, answers, request_id),
        ping=PING_SECONDS,
        headers={"X-Request-Id": request_id, "Cache-Control": "no-store"},
    )


async def _events(
    caller: Caller, answers: AsyncGenerator[Answer, None], request_id: str
) -> AsyncIterator[ServerSentEvent]:
    refused = asyncio.create_task(caller.until_refused())
    try:
        async with contextlib.aclosing(answers) as open_answers:
            while True:
                coming = asyncio.ensure_future(anext(open_answers, None))
                await asyncio.wait({coming, refused}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
                    body = refusal("UNAUTHENTICATED", "this key was revoked or has expired", request_id)
                    yield ServerSentEvent(orjson.dumps(body).decode(), event="next")
                    break
                answer = coming.result()
                if answer is None:
                    break
                yield ServerSentEvent(orjson.dumps(answer.body).decode(), event="next")
        yield ServerSentEvent("", event="complete")
    finally:
        refused.cancel()
        await asyncio.gather(refused, return_exceptions=True)
