"""GraphQL over HTTP: the gates in their order, the cheapest first, and exact media types and status codes."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from graph.errors import StoreError
from resolvers.access import Viewer
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.schema import Answer, execute
from workatlas.graphql_request import (
    CHALLENGE,
    JSON,
    Asked,
    RequestRefused,
    asked_by_address,
    asked_by_body,
    bearer,
    media_type,
    read_body,
)

TIMEOUT_SECONDS: Final = 10.0
"""Longest time that one operation may take."""
WORKSPACE_HEADER: Final = "x-workatlas-workspace"
"""Names the workspace to see, for callers who have a role in several."""

_STATUS: Final = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "UNAVAILABLE": 503}
_LOG: Final = logging.getLogger("workatlas.graphql")


async def graphql(request: Request) -> Response:
    """Answer one GraphQL request."""
    request_id = uuid.uuid4().hex[:16]
    media = JSON
    try:
        media = media_type(request.headers)
        reading = request.method in {"GET", "HEAD"}
        body = b"" if reading else await read_body(request)
        viewer = await _viewer(request, request_id)
        asked = asked_by_address(request) if reading else asked_by_body(body)
        answer = await _executed(request, asked, viewer, request_id)
    except RequestRefused as refused:
        message = str(refused)
        extensions = {"code": refused.code, "requestId": request_id, "userMessage": message}
        shown = {"errors": [{"message": message, "extensions": extensions}]}
        return _response(shown, refused.status, media, request_id, refused.headers)
    status = 200 if answer.ran or media == JSON else _STATUS.get(answer.body["errors"][0]["extensions"]["code"], 400)
    return _response(answer.body, status, media, request_id, {})


def _response(body: dict[str, Any], status: int, media: str, request_id: str, headers: dict[str, str]) -> Response:
    return Response(
        orjson.dumps(body),
        status,
        {"Content-Type": f"{media}; charset=utf-8", "X-Request-Id": request_id, "Cache-Control": "no-store", **headers},
    )


async def _viewer(request: Request, request_id: str) -> Viewer:
    try:
        viewer: Viewer = await request.state.gate.viewer(bearer(request.headers), request.headers.get(WORKSPACE_HEADER))
    except RefusedError as refused:
        headers = CHALLENGE if refused.code == "UNAUTHENTICATED" else {}
        raise RequestRefused(str(refused), _STATUS[refused.code], refused.code, **headers) from None
    except StoreError as error:
        _LOG.error("request %s: %s", request_id, error, exc_info=error)
        message = "The database does not answer as it should: try again in a moment."
        raise RequestRefused(message, 503, "UNAVAILABLE", Retry_After="5") from None
    return viewer


async def _executed(request: Request, asked: Asked, viewer: Viewer, request_id: str) -> Answer:
    state = request.state
    context = Context(state.store, viewer, state.keepers.of(viewer.workspace), state.today, request_id)
    reading = request.method != "POST"
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await execute(asked.query, asked.variables, asked.operation, context, only_queries=reading)
    except TimeoutError:
        message = f"this took longer than {TIMEOUT_SECONDS:.0f} s and was stopped: ask for less"
        raise RequestRefused(message, 504, "TIMEOUT") from None
    if not answer.read_only:
        raise RequestRefused("only queries can be asked for by GET: send this operation by POST", 405, Allow="POST")
    return answer
