"""The GraphQL schema, and one operation executed on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import strawberry
from graphql import GraphQLError, OperationType
from strawberry.schema.config import StrawberryConfig

from resolvers.context import Context
from resolvers.documents import Document
from resolvers.errors import INVALID, UnfitError, presented, refusal
from resolvers.execution import executed, subscribed
from resolvers.items import TYPES
from resolvers.limits import admit, declared_rules, parsed
from resolvers.live import Subscription
from resolvers.mutations import Mutation
from resolvers.query import Query
from resolvers.scalars import SCALARS

SCHEMA: Final = strawberry.Schema(
    Query,
    Mutation,
    subscription=Subscription,
    types=list(TYPES.values()),
    config=StrawberryConfig(scalar_map=SCALARS),
)
declared_rules(SCHEMA._schema)  # a root field without a rule ends here, when the schema is built


@dataclass(frozen=True, slots=True)
class Answer:
    """What one operation answered. ``ran`` is false when the document could not be executed at all."""

    body: dict[str, Any]
    ran: bool
    read_only: bool = True


def printed() -> str:
    """Return the schema in the schema definition language, as ``schema.graphql`` holds it."""
    return SCHEMA.as_str().rstrip() + "\n"


async def execute(
    query: str,
    variables: Mapping[str, Any] | None,
    operation: str | None,
    context: Context,
    *,
    only_queries: bool = False,
) -> Answer:
    """Execute one operation; nothing that happens in it is raised. ``only_queries`` refuses mutations."""
    try:
        document = _chosen(query, operation, context)
        match document.operation.operation:
            case OperationType.SUBSCRIPTION:
                message = "subscriptions need a websocket or an event stream: accept text/event-stream"
                return Answer(_refusal(message, context), False)
            case OperationType.MUTATION if only_queries:
                message = "this operation cannot be asked for in this way: send it by POST"
                return Answer(_refusal(message, context), False, read_only=False)
        return await _executed(document, variables or {}, context)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is shown like any other error
        return _failed(error, context)


async def stream(
    query: str, variables: Mapping[str, Any] | None, operation: str | None, context: Context
) -> AsyncGenerator[Answer, None]:
    """Execute one operation of any type, and yield each of its answers; nothing that happens in it is raised."""
    try:
        document = _chosen(query, operation, context)
        if document.operation.operation is not OperationType.SUBSCRIPTION:
            async with context.turn(), asyncio.timeout(context.bounds.seconds):
                answer = await _executed(document, variables or {}, context)
            yield answer
            return
        await admit(document, variables or {}, context)
        last: Answer | None = None
        async with aclosing(subscribed(document, variables or {}, context)) as results:
            async for result in results:
                answer = _answer(result.data, result.errors, context)
                if not (context.distinct and answer == last):
                    yield answer
                last = answer
    except TimeoutError:
        message = f"this took longer than {context.bounds.seconds} s and was stopped: ask for less"
        yield Answer(refusal("TIMEOUT", message, context.request_id), False)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is shown like any other error
        yield _failed(error, context)


def _chosen(query: str, operation: str | None, context: Context) -> Document:
    """Return the operation that is meant.

    Raises:
        RefusedError: The document is nested too deeply.
        GraphQLError: It is no document, too large, or has no such operation.

    """
    document = parsed(SCHEMA._schema, query, context.bounds)
    if operation is None and len(document) > 1:
        raise GraphQLError("the document has several operations: name the one to run in operationName")
    found = document.operation(operation)
    if found is None:
        raise GraphQLError("the document has no such operation: name one that it holds in operationName")
    return found


async def _executed(document: Document, variables: Mapping[str, Any], context: Context) -> Answer:
    await admit(document, variables, context)
    result = await executed(document, variables, context)
    return _answer(result.data, result.errors, context)


def _failed(error: Exception, context: Context) -> Answer:
    match error:
        case UnfitError():
            return _answer(None, error.errors, context)
        case GraphQLError():
            return _answer(None, [error], context)
        case _:
            return _answer(None, [GraphQLError(str(error), original_error=error)], context)


def _answer(data: Any, found: Sequence[GraphQLError] | None, context: Context) -> Answer:
    errors = [presented(error, context.request_id) for error in found or ()]
    ran = data is not None or not errors or any("path" in error for error in errors)
    body: dict[str, Any] = {"errors": errors} if errors else {}
    if ran:
        body["data"] = data
    return Answer(body, ran)


def _refusal(message: str, context: Context) -> dict[str, Any]:
    return {"errors": [presented(GraphQLError(message), context.request_id)]}


__all__ = ["INVALID", "SCHEMA", "Answer", "execute", "printed", "stream"]
