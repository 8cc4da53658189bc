"""The single connection mode of graphql-sse: what each request to a client's one event stream is for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from resolvers.schema import Answer
from workatlas.graphql_request import EVENT_STREAM, RequestRefused, asked_by_body
from workatlas.live.callers import Caller
from workatlas.live.events import shared_stream, stream_token
from workatlas.live.operations import EVENTS, Operation
from workatlas.live.streams import Stream, Streams


async def serve_single(
    request: Request, caller: Caller, request_id: str, media: str, body: bytes
) -> tuple[Response, Answer | None]:
    """Reserve a stream, open it, begin an operation on it, or break one off.

    Returns the response; in its place counts the answer of an operation that is not executed at all, if there is one.

    Raises:
        RequestRefused: There is no such stream, or the request does not fit the protocol.

    """
    streams: Streams | None = request.state.streams
    if streams is None:
        message = "this server has several processes: use an event stream for each operation"
        raise RequestRefused(message, 501, "NOT_IMPLEMENTED")
    if request.method == "PUT":
        _check_text(request.headers.get("accept", "*/*"))
        return PlainTextResponse(streams.reserve(caller).token, 201), None
    stream = streams.of(stream_token(request), caller.viewer)
    if request.method == "DELETE":
        stream.complete(_operation_id(request))
        return Response(), None
    if media == EVENT_STREAM:
        return shared_stream(streams, stream, request_id), None
    if request.method != "POST":
        raise RequestRefused("send the operations of an event stream by POST", 405, Allow="POST, PUT, DELETE")
    return Response(status_code=202), await _begun(stream, Operation(caller, EVENTS, request_id), body)


async def _begun(stream: Stream, operation: Operation, body: bytes) -> Answer | None:
    asked = asked_by_body(body)
    if not asked.name:
        raise RequestRefused("extensions.operationId must name the operation on its event stream")
    return await stream.begin(asked.name, operation, asked)


def _check_text(accept: str) -> None:
    if not {part.partition(";")[0].strip() for part in accept.lower().split(",")} & {"*/*", "text/*", "text/plain"}:
        raise RequestRefused("the token of an event stream comes as text/plain: accept it", 406)


def _operation_id(request: Request) -> str:
    name = request.query_params.get("operationId")
    if not name:
        raise RequestRefused("the address must name an operationId")
    return name
