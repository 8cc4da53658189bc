"""What a GraphQL request over HTTP brings, read strictly; and what it is refused with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from resolvers.bounds import Bounds

_DIGITS: Final = 15
MAX_NESTING: Final = 64
"""Deepest JSON body; variables never need more."""

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
PREFLIGHT_HEADERS: Final = ("graphql-require-preflight", "x-requested-with")
"""A GET must carry one of these: a foreign web page cannot send them without asking first."""


class RequestRefused(Exception):  # noqa: N818 - it is an answer
    """The request is answered with an HTTP error; the message is for its author."""

    def __init__(self, message: str, status: int = 400, code: str = "BAD_REQUEST", **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


_TEXTS: Final = ("query", "operationName", "documentId")


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation to execute; the document is given whole, or named by an identifier, or both.

    ``name`` is what its client calls it on an event stream that it shares with others.
    """

    query: str | None
    document: str | None
    variables: dict[str, Any] | None
    operation: str | None
    name: str | None = None


def media_type(headers: Headers) -> str:
    """Choose the answer's media type: the newer one only for clients that name it.

    Raises:
        RequestRefused: The client accepts neither.

    """
    accepted = {}
    for part in headers.get("accept", "*/*").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        accepted[name] = next((piece[2:].strip() for piece in parameters if piece.startswith("q=")), "1")
    wanted = {name: weight for name, weight in accepted.items() if weight.strip("0.")}
    if GRAPHQL in wanted and _weight(wanted[GRAPHQL]) >= _weight(wanted.get(JSON, "0")):
        return GRAPHQL
    if EVENT_STREAM in wanted and not wanted.keys() & {JSON, GRAPHQL}:
        return EVENT_STREAM
    if not wanted.keys() & {JSON, "*/*", "application/*"}:
        raise RequestRefused(f"answers come as {GRAPHQL} or {JSON}: accept one of them", 406)
    return JSON


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def bearer(headers: Headers) -> str | None:
    """Return the token of an ``Authorization`` header, ``None`` where there is no such header.

    Raises:
        RequestRefused: The header is there and holds something else.

    """
    return token_in(headers.get("authorization"))


def token_in(given: object) -> str | None:
    """Return the token of what stands in an ``Authorization`` header, or in its place.

    Raises:
        RequestRefused: It is something else.

    """
    if given is None:
        return None
    scheme, _, token = given.partition(" ") if isinstance(given, str) else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise RequestRefused(
            "the Authorization header must be: Bearer, a space, and the key", 401, "UNAUTHENTICATED", **CHALLENGE
        )
    return token.strip()


CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


async def read_body(request: Request, bounds: Bounds) -> bytes:
    """Return the body of a POST.

    Raises:
        RequestRefused: It is not JSON, too long, too slow, or did not arrive whole.

    """
    name, parameters = _content_type(request)
    if name != JSON:
        raise RequestRefused(f"the body must be {JSON}", 415)
    if parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
        raise RequestRefused("the body must be in UTF-8", 415)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > _DIGITS or int(declared) > bounds.body):
        raise _too_long(bounds)
    body = bytearray()
    try:
        async with asyncio.timeout(bounds.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bounds.body:
                    raise _too_long(bounds)
    except ClientDisconnect:
        raise RequestRefused("the body did not arrive whole") from None
    except TimeoutError:
        raise RequestRefused(
            f"the body did not arrive within {bounds.body_seconds} s", 408, Connection="close"
        ) from None
    return bytes(body)


def _too_long(bounds: Bounds) -> RequestRefused:
    return RequestRefused(f"the body is longer than {bounds.body} bytes", 413, Connection="close")


def asked_by_body(body: bytes) -> Asked:
    """Return the operation that a body holds.

    Raises:
        RequestRefused: It is not one JSON object with a query.

    """
    return asked_of(_json(body))


def asked_by_address(request: Request) -> Asked:
    """Return the operation that a GET holds in its address.

    Raises:
        RequestRefused: The request could come from a foreign page, or its parameters are not those of a request.

    """
    if not any(name in request.headers for name in PREFLIGHT_HEADERS) and JSON not in _content_type(request):
        raise RequestRefused("a GET needs the header GraphQL-Require-Preflight with any value, or use POST")
    parameters = request.query_params
    given: dict[str, Any] = {name: parameters[name] for name in _TEXTS if name in parameters}
    for name in ("variables", "extensions"):
        if parameters.get(name):
            given[name] = _json(parameters[name].encode("utf-8", "surrogatepass"))
    return asked_of(given)


def _content_type(request: Request) -> tuple[str, dict[str, str]]:
    name, *parameters = (piece.strip() for piece in request.headers.get("content-type", "").lower().split(";"))
    pairs = (piece.partition("=") for piece in parameters if piece)
    return name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _json(text: bytes) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestRefused("this is not JSON in UTF-8") from None
    _check_nesting(value)
    return value


def _check_nesting(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_NESTING):
        level = [
            part
            for one in level
            for part in (one.values() if isinstance(one, dict) else one)
            if isinstance(part, dict | list)
        ]
        if not level:
            return
    raise RequestRefused(f"the JSON is nested deeper than {MAX_NESTING} levels")


def asked_of(given: Any) -> Asked:
    """Return the operation that a request's parameters ask for.

    Raises:
        RequestRefused: They are not those of a request.

    """
    if not isinstance(given, dict):
        raise RequestRefused("the body must be one JSON object with a query")
    extensions = given.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise RequestRefused("extensions must be a JSON object")
    persisted = (extensions or {}).get("persistedQuery")
    document = given.get("documentId")
    if document is None and isinstance(persisted, dict):
        document = persisted.get("sha256Hash")
    query, variables, operation = given.get("query"), given.get("variables"), given.get("operationName")
    if document is not None and not isinstance(document, str):
        raise RequestRefused("documentId must be a text")
    if not document and (not isinstance(query, str) or not query.strip()):
        raise RequestRefused("query must be a GraphQL document")
    if query is not None and not isinstance(query, str):
        raise RequestRefused("query must be a GraphQL document")
    if variables is not None and not isinstance(variables, dict):
        raise RequestRefused("variables must be a JSON object")
    if operation is not None and not isinstance(operation, str):
        raise RequestRefused("operationName must be a text")
    name = (extensions or {}).get("operationId")
    if name is not None and not isinstance(name, str):
        raise RequestRefused("extensions.operationId must be a text")
    return Asked(query or None, document or None, variables, operation or None, name or None)
