"""What a request can be refused for, and how any error is shown to a client.

::

    RefusedError        the request cannot be answered as it is; the message is for its author
    UnfitError          the document or its variables do not fit the schema
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from graphql import GraphQLError

from graph.errors import GraphError, StoreBusyError, StoreError, StoreTimeoutError, UnknownWorkspaceError

_LOG = logging.getLogger("workatlas.graphql")

INVALID: Final = "GRAPHQL_VALIDATION_FAILED"
"""Code of documents and variables that do not fit the schema."""


class RefusedError(Exception):
    """The request cannot be answered as it is; ``code`` is for programs, the message for its author."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnfitError(Exception):
    """The document or its variables do not fit the schema, for these reasons."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(*errors)
        self.errors = errors


def refusal(code: str, message: str, request_id: str) -> dict[str, Any]:
    """Return the answer to an operation that is refused as a whole."""
    return {
        "errors": [{"message": message, "extensions": {"code": code, "requestId": request_id, "userMessage": message}}]
    }


def presented(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """Return the error as a client may see it; what was not foreseen is logged in full and masked."""
    code, message = _translated(error, request_id)
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = list(error.path)
    shown["extensions"] = {"code": code, "requestId": request_id, "userMessage": message}
    return shown


def _translated(error: GraphQLError, request_id: str) -> tuple[str, str]:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    match cause:
        case None | GraphQLError():
            return INVALID, error.message
        case RefusedError():
            return cause.code, str(cause)
        case StoreTimeoutError():
            return "TIMEOUT", "This ran longer than it may and was ended: ask for less."
        case StoreBusyError():
            _LOG.warning("request %s: %s", request_id, cause)
            return "BUSY", "The database has too much to do: try again in a moment."
        case StoreError():
            _LOG.error("request %s: %s", request_id, cause, exc_info=cause)
            return "UNAVAILABLE", "The database does not answer as it should: try again in a moment."
        case UnknownWorkspaceError():
            return "NOT_FOUND", "This workspace does not exist (yet): import something into it first."
        case GraphError():
            return "BAD_REQUEST", str(cause)
        case _:
            _LOG.error("request %s failed", request_id, exc_info=cause)
            return "INTERNAL", f"Something went wrong here; it is in the log under request {request_id}."
