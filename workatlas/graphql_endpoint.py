"""GraphQL over HTTP: strict about what comes in, exact about media types and status codes."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from resolvers.access import Viewer
from resolvers.context import Context
from resolvers.schema import Answer, execute

MAX_BODY: Final = 256 * 1024
"""Longest body in bytes."""
TIMEOUT_SECONDS: Final = 10.0
"""Longest time that one operation may take."""
MAX_NESTING: Final = 64
"""Deepest JSON body; variables never need more."""

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
PREFLIGHT_HEADERS: Final = ("graphql-require-preflight", "x-requested-with")
"""A GET must carry one of these: a foreign web page cannot send them without asking first."""


class _BadRequest(Exception):  # noqa: N818 - it is an answer
    def __init__(self, message: str, status: int = 400, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    variables: dict[str, Any] | None
    operation: str | None


async def graphql(request: Request) -> Response:
    """Answer one GraphQL request."""
    request_id = uuid.uuid4().hex[:16]
    media = JSON
    try:
        media = _media_type(request.headers)
        asked = _from_query(request) if request.method in {"GET", "HEAD"} else await _from_body(request)
        answer = await _executed(request, asked, request_id)
    except _BadRequest as refused:
        message = str(refused)
        extensions = {"code": "BAD_REQUEST", "requestId": request_id, "userMessage": message}
        body = {"errors": [{"message": message, "extensions": extensions}]}
        return _response(body, refused.status, media, request_id, refused.headers)
    status = 200 if answer.ran or media == JSON else 400
    return _response(answer.body, status, media, request_id, {})


def _response(body: dict[str, Any], status: int, media: str, request_id: str, headers: dict[str, str]) -> Response:
    return Response(
        orjson.dumps(body),
        status,
        {"Content-Type": f"{media}; charset=utf-8", "X-Request-Id": request_id, "Cache-Control": "no-store", **headers},
    )


async def _executed(request: Request, asked: _Asked, request_id: str) -> Answer:
    state = request.state
    context = Context(state.store, Viewer.local(state.workspace), state.snapshots, state.today, request_id)
    reading = request.method != "POST"
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await execute(asked.query, asked.variables, asked.operation, context, only_queries=reading)
    except TimeoutError:
        message = f"this took longer than {TIMEOUT_SECONDS:.0f} s and was stopped: ask for less"
        raise _BadRequest(message, 504) from None
    if not answer.read_only:
        raise _BadRequest("only queries can be asked for by GET: send this operation by POST", 405, Allow="POST")
    return answer


# What comes in ---------------------------------------------------------------------------------------------------


def _media_type(headers: Headers) -> str:
    """Choose the answer's media type: the newer one only for clients that name it.

    Raises:
        _BadRequest: The client accepts neither.

    """
    accepted = {}
    for part in headers.get("accept", "*/*").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        accepted[name] = next((piece[2:].strip() for piece in parameters if piece.startswith("q=")), "1")
    wanted = {name: weight for name, weight in accepted.items() if weight.strip("0.")}
    if GRAPHQL in wanted and _weight(wanted[GRAPHQL]) >= _weight(wanted.get(JSON, "0")):
        return GRAPHQL
    if not wanted.keys() & {JSON, "*/*", "application/*"}:
        raise _BadRequest(f"answers come as {GRAPHQL} or {JSON}: accept one of them", 406)
    return JSON


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _from_query(request: Request) -> _Asked:
    if not any(name in request.headers for name in PREFLIGHT_HEADERS) and JSON not in _content_type(request):
        raise _BadRequest("a GET needs the header GraphQL-Require-Preflight with any value, or use POST")
    parameters = request.query_params
    given: dict[str, Any] = {name: parameters[name] for name in ("query", "operationName") if name in parameters}
    for name in ("variables", "extensions"):
        if parameters.get(name):
            given[name] = _json(parameters[name].encode("utf-8", "surrogatepass"))
    return _asked(given)


def _content_type(request: Request) -> tuple[str, dict[str, str]]:
    name, *parameters = (piece.strip() for piece in request.headers.get("content-type", "").lower().split(";"))
    pairs = (piece.partition("=") for piece in parameters if piece)
    return name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


async def _from_body(request: Request) -> _Asked:
    name, parameters = _content_type(request)
    if name != JSON:
        raise _BadRequest(f"the body must be {JSON}", 415)
    if parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
        raise _BadRequest("the body must be in UTF-8", 415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise _BadRequest(f"the body is longer than {MAX_BODY // 1024} KiB", 413)
    except ClientDisconnect:
        raise _BadRequest("the body did not arrive whole") from None
    return _asked(_json(bytes(body)))


def _json(text: bytes) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _BadRequest("this is not JSON in UTF-8") from None
    _check_nesting(value)
    return value


def _check_nesting(value: Any) -> None:
    level = [value]
    for _ in range(MAX_NESTING):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise _BadRequest(f"the JSON is nested deeper than {MAX_NESTING} levels")


def _asked(given: Any) -> _Asked:
    if not isinstance(given, dict):
        raise _BadRequest("the body must be one JSON object with a query")
    query, variables, operation = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise _BadRequest("query must be a GraphQL document")
    if variables is not None and not isinstance(variables, dict):
        raise _BadRequest("variables must be a JSON object")
    if operation is not None and not isinstance(operation, str):
        raise _BadRequest("operationName must be a text")
    if given.get("extensions") is not None and not isinstance(given["extensions"], dict):
        raise _BadRequest("extensions must be a JSON object")
    return _Asked(query, variables, operation or None)
