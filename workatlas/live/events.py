"""GraphQL over server-sent events: each operation a stream of its own, or all of a client by one (graphql-sse)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from resolvers.errors import refusal
from resolvers.schema import Answer
from workatlas.graphql_request import Asked, RequestRefused
from workatlas.live.callers import Caller
from workatlas.live.ends import REVOKED, Ends, event_of
from workatlas.live.operations import EVENTS, Operation
from workatlas.live.streams import Stream, Streams

PING_SECONDS: Final = 15
TOKEN_HEADER: Final = "x-graphql-event-stream-token"
_GRACE_SECONDS: Final = 2.0
"""How long a stream may take to end in order when the server stops."""


def stream_token(request: Request) -> str | None:
    """Return the token of a client's single stream, which browsers can send in the address only."""
    return request.headers.get(TOKEN_HEADER) or request.query_params.get("token")


def event_stream(caller: Caller, asked: Asked, request_id: str) -> Response:
    """Answer with an operation's results as events ``next``, and ``complete`` when there are no more."""
    ends = Ends(caller)
    return _response(_distinct(Operation(caller, EVENTS, request_id), asked, ends), ends, request_id)


async def _distinct(operation: Operation, asked: Asked, ends: Ends) -> AsyncIterator[ServerSentEvent]:
    answers: AsyncGenerator[Answer, None] = operation.run(asked)
    async with contextlib.aclosing(answers), ends:
        while (answer := await ends.unless(anext(answers, None))) is not None:
            yield event_of("next", answer.body)
        if ends.refused:
            yield event_of("next", refusal("UNAUTHENTICATED", REVOKED, operation.id))
        if not ends.stopped:
            yield event_of("complete")


def shared_stream(streams: Streams, stream: Stream, request_id: str) -> Response:
    """Answer with the events of a stream that was reserved.

    Raises:
        RequestRefused: It is open already.

    """
    if stream.open:
        raise RequestRefused("this event stream is open already", 409, "CONFLICT")
    stream.open = True
    ends = Ends(stream.caller)
    return _response(streams.told(stream, ends, request_id), ends, request_id)


def _response(events: AsyncIterator[ServerSentEvent], ends: Ends, request_id: str) -> EventSourceResponse:
    return EventSourceResponse(
        events,
        ping=PING_SECONDS,
        headers={"X-Request-Id": request_id, "Cache-Control": "no-store"},
        shutdown_event=ends.stopping,
        shutdown_grace_period=_GRACE_SECONDS,
    )
