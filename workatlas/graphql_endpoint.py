"""GraphQL over HTTP: the gates in their order, the cheapest first, and exact media types and status codes."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson
import structlog
from opentelemetry import trace
from starlette.requests import Request
from starlette.responses import Response

from graph.errors import StoreError
from resolvers.access import Viewer
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.schema import Answer, execute
from workatlas.budgets import Standing
from workatlas.graphql_request import (
    CHALLENGE,
    EVENT_STREAM,
    JSON,
    Asked,
    RequestRefused,
    asked_by_address,
    asked_by_body,
    bearer,
    media_type,
    read_body,
)
from workatlas.live.callers import Caller
from workatlas.live.events import event_stream, stream_token
from workatlas.live.single import serve_single

WORKSPACE_HEADER: Final = "x-workatlas-workspace"
"""Names the workspace to see, for callers who have a role in several."""

_STATUS: Final = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "UNAVAILABLE": 503, "BUSY": 503, "TIMEOUT": 504}
_RETRY: Final = {"Retry-After": "2"}
_GONE: Final = 499
_UNWATCHED_SECONDS: Final = 0.05
"""How long an operation runs before it is looked whether the client still waits for it."""
_LOG: Final = logging.getLogger("workatlas.graphql")
_REQUESTS: Final = logging.getLogger("workatlas.requests")
_TRACER: Final = trace.get_tracer("workatlas")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Exchange:
    """One request and what becomes known of it on its way through the gates."""

    request: Request
    id: str = field(default_factory=lambda: os.urandom(8).hex())
    media: str = JSON
    viewer: Viewer | None = None
    rate: Standing | None = None
    budget: Standing | None = None
    exhausted: Standing | None = None
    cost: int = 0
    code: str = ""

    def within(self, standing: Standing | None) -> Standing | None:
        """Return a budget of which something was spent.

        Raises:
            RefusedError: There was not enough of it.

        """
        if standing is not None and standing.exhausted:
            self.exhausted = standing
            raise standing.refusal
        return standing


async def graphql(request: Request) -> Response:
    """Answer one GraphQL request."""
    exchange = _Exchange(request)
    structlog.contextvars.bind_contextvars(request_id=exchange.id)
    begin = time.perf_counter()
    with _TRACER.start_as_current_span("graphql", attributes={"workatlas.request_id": exchange.id}) as span:
        try:
            response = await _answered(exchange)
        except RequestRefused as refused:
            exchange.code, message = refused.code, str(refused)
            extensions = {"code": refused.code, "requestId": exchange.id, "userMessage": message}
            body = {"errors": [{"message": message, "extensions": extensions}]}
            response = _response(exchange, body, refused.status, refused.headers)
        span.set_attributes({"http.response.status_code": response.status_code, "workatlas.cost": exchange.cost})
    _record(exchange, response, time.perf_counter() - begin)
    return response


async def _answered(exchange: _Exchange) -> Response:
    """Take a request through the gates, the cheapest first: size and time of the body, key, rate, form, turn."""
    request, state = exchange.request, exchange.request.state
    single = request.method in {"PUT", "DELETE"} or stream_token(request) is not None
    exchange.media = JSON if request.method in {"PUT", "DELETE"} else media_type(request.headers)
    reading = request.method in {"GET", "HEAD"}
    body = await read_body(request, state.bounds) if request.method == "POST" else b""
    exchange.viewer = await viewer_of(request, exchange.id)
    exchange.rate = state.budgets.request(exchange.viewer)
    if exchange.rate is not None and exchange.rate.exhausted:
        seconds = str(exchange.rate.seconds)
        raise RequestRefused(str(exchange.rate.refusal), 429, "RATE_LIMITED", Retry_After=seconds)
    if single:
        response, answer = await serve_single(request, _caller(exchange), exchange.id, exchange.media, body)
        return response if answer is None else _shown(exchange, answer, always=True)
    asked = asked_by_address(request) if reading else asked_by_body(body)
    if exchange.media == EVENT_STREAM:
        return event_stream(_caller(exchange), asked, exchange.id)
    document = state.documents.resolve(asked)
    try:
        async with state.turns.turn():
            return _shown(exchange, await _unless_gone(request, _executed(exchange, document, asked, reading)))
    except RefusedError as busy:
        raise RequestRefused(str(busy), _STATUS[busy.code], busy.code, Retry_After="1") from None


def _caller(exchange: _Exchange) -> Caller:
    request = exchange.request
    assert exchange.viewer is not None
    return Caller(request.state, bearer(request.headers), request.headers.get(WORKSPACE_HEADER), exchange.viewer)


async def viewer_of(request: Request, request_id: str) -> Viewer:
    """Return who asks.

    Raises:
        RequestRefused: Nobody who may, or it cannot be found out now.

    """
    state = request.state
    address = request.client.host if request.client else ""
    try:
        state.budgets.check_failures(address)
        viewer: Viewer = await state.gate.viewer(bearer(request.headers), request.headers.get(WORKSPACE_HEADER))
    except RefusedError as refused:
        if refused.code == "UNAUTHENTICATED":
            state.budgets.failure(address)
        headers = {"UNAUTHENTICATED": CHALLENGE, "UNAVAILABLE": _RETRY}.get(refused.code, {})
        raise RequestRefused(str(refused), _STATUS[refused.code], refused.code, **headers) from None
    except StoreError as error:
        _LOG.error("request %s: %s", request_id, error, exc_info=error)
        message = "The database does not answer as it should: try again in a moment."
        raise RequestRefused(message, 503, "UNAVAILABLE", **_RETRY) from None
    return viewer


async def _executed(exchange: _Exchange, document: str, asked: Asked, reading: bool) -> Answer:
    state, viewer = exchange.request.state, exchange.viewer
    assert viewer is not None

    def spend(cost: int) -> Standing | None:
        exchange.cost = cost
        exchange.budget = state.budgets.cost(viewer, cost)
        return exchange.within(exchange.budget)

    def planning(lists: int) -> None:
        exchange.within(state.budgets.plans(viewer, lists))

    keeper = state.keepers.of(viewer.workspace)
    context = Context(
        state.store,
        viewer,
        keeper,
        state.today,
        exchange.id,
        bounds=state.bounds,
        spend=spend,
        planning=planning,
        committer=state.committer,
        gathering=state.gathering,
        courier=state.courier,
    )
    try:
        async with asyncio.timeout(state.bounds.seconds):
            answer = await execute(document, asked.variables, asked.operation, context, only_queries=reading)
    except TimeoutError:
        message = f"this took longer than {state.bounds.seconds} s and was stopped: ask for less"
        raise RequestRefused(message, 504, "TIMEOUT") from None
    if not answer.read_only:
        raise RequestRefused("only queries can be asked for by GET: send this operation by POST", 405, Allow="POST")
    return answer


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Wait for the work, and break it off when the client goes away: nobody would read its answer.

    Most work ends before anybody could notice: only what takes longer is watched, by a task of its own.

    Raises:
        RequestRefused: The client went away.

    """
    loop, working, gone = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert working is not None  # this is a coroutine
    watching: list[asyncio.Task[None]] = []

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()
        working.cancel()

    timer = loop.call_later(_UNWATCHED_SECONDS, lambda: watching.append(loop.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if gone.is_set() and working.uncancel() == 0:
            raise RequestRefused("the client went away", _GONE, "CLIENT_GONE") from None
        raise
    finally:
        timer.cancel()
        for one in watching:
            one.cancel()


# What goes out ----------------------------------------------------------------------------------------------------


def _shown(exchange: _Exchange, answer: Answer, *, always: bool = False) -> Response:
    """Return the response with an answer; ``always`` tells by the status that a document cannot run."""
    status, body = 200, answer.body
    headers: dict[str, str] = {}
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    exchange.code = codes[0] if codes else ""
    if exchange.exhausted and not any((body.get("data") or {}).values()):
        status, headers = 429, {"Retry-After": str(exchange.exhausted.seconds)}
    elif not answer.ran:
        # Older clients take anything but 200 for a failure of the way and not of the document.
        status = 200 if exchange.media == JSON and not always else _STATUS.get(exchange.code, 400)
    elif not body["data"] and codes and set(codes) <= {"UNAVAILABLE", "BUSY", "TIMEOUT"}:
        status, headers = _STATUS[exchange.code], _RETRY
    if exchange.cost:
        body = body | {"extensions": {"cost": _cost(exchange)}}
    return _response(exchange, body, status, headers)


def _cost(exchange: _Exchange) -> dict[str, int]:
    """Return what the operation costs, and the budget of the caller's minute, or else of the operation."""
    budget, limit = exchange.budget, exchange.request.state.bounds.nodes
    if budget is None:
        return {"requested": exchange.cost, "limit": limit, "remaining": max(limit - exchange.cost, 0)}
    return {"requested": exchange.cost, "limit": budget.limit, "remaining": budget.remaining}


def _response(exchange: _Exchange, body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    own = {
        "Content-Type": f"{JSON if exchange.media == EVENT_STREAM else exchange.media}; charset=utf-8",
        "X-Request-Id": exchange.id,
        "Cache-Control": "no-store",
    }
    rate = exchange.rate.headers() if exchange.rate else {}
    return Response(orjson.dumps(body), status, own | rate | headers)


def _record(exchange: _Exchange, response: Response, seconds: float) -> None:
    """Count the request and write its line to the log."""
    metrics = exchange.request.state.metrics
    metrics.requests.labels(str(response.status_code), exchange.code).inc()
    metrics.seconds.observe(seconds)
    if exchange.cost:
        metrics.cost.observe(exchange.cost)
    if not _REQUESTS.isEnabledFor(logging.INFO):
        return
    viewer = exchange.viewer
    facts = {
        "method": exchange.request.method,
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
        "cost": exchange.cost,
        "code": exchange.code,
        "subject": viewer.subject if viewer else None,
        "workspace": viewer.workspace if viewer else None,
    }
    _REQUESTS.info("request", extra=facts)
