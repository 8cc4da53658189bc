"""The GraphQL schema, and one operation executed on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import strawberry
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import ParserCache
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from resolvers.context import Context
from resolvers.errors import INVALID, presented, refusal
from resolvers.execution import Executor
from resolvers.items import TYPES
from resolvers.limits import Limits, declared_rules
from resolvers.live import Subscription
from resolvers.mutations import Mutation
from resolvers.query import Query
from resolvers.scalars import SCALARS


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Leave logging to ``resolvers.errors``, which knows what was foreseen."""


SCHEMA: Final = _Schema(
    Query,
    Mutation,
    subscription=Subscription,
    types=list(TYPES.values()),
    extensions=[Limits, lambda: ParserCache(maxsize=500)],
    execution_context_class=Executor,
    config=StrawberryConfig(scalar_map=SCALARS),
)
declared_rules(SCHEMA._schema)  # a root field without a rule ends here, when the schema is built


@dataclass(frozen=True, slots=True)
class Answer:
    """What one operation answered. ``ran`` is false when the document could not be executed at all.

    ``subscribes``: it is a subscription, which answers again and again and is executed by ``stream``.
    """

    body: dict[str, Any]
    ran: bool
    read_only: bool = True
    subscribes: bool = False


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
    allowed = {OperationType.QUERY} if only_queries else {OperationType.QUERY, OperationType.MUTATION}
    try:
        result = await SCHEMA.execute(
            query,
            variable_values=dict(variables or {}),
            context_value=context,
            operation_name=operation,
            allowed_operation_types=allowed,
        )
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            message = "subscriptions need a websocket or an event stream: accept text/event-stream"
            return Answer(_refusal(message, context), False, subscribes=True)
        return Answer(
            _refusal("this operation cannot be asked for in this way: send it by POST", context), False, False
        )
    except (CannotGetOperationTypeError, MissingQueryError):
        message = "the document has no such operation: name one that it holds in operationName"
        return Answer(_refusal(message, context), False)
    return _answer(result.data, result.errors, context)


async def stream(
    query: str, variables: Mapping[str, Any] | None, operation: str | None, context: Context
) -> AsyncGenerator[Answer, None]:
    """Execute one operation of any type, and yield each of its answers; nothing that happens in it is raised."""
    try:
        async with asyncio.timeout(context.bounds.seconds):
            answer = await execute(query, variables, operation, context)
    except TimeoutError:
        message = f"this took longer than {context.bounds.seconds} s and was stopped: ask for less"
        answer = Answer(refusal("TIMEOUT", message, context.request_id), False)
    if not answer.subscribes:
        yield answer
        return
    results = await SCHEMA.subscribe(
        query, variable_values=dict(variables or {}), context_value=context, operation_name=operation
    )
    last: Answer | None = None
    try:
        async for result in results:
            answer = _answer(result.data, result.errors, context)
            if not (context.distinct and answer == last):
                yield answer
            last = answer
    except Exception as error:  # noqa: BLE001 - the source of events failed: its error is shown like any other
        yield _answer(None, [GraphQLError(str(error), original_error=error)], context)
    finally:
        await results.aclose()


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
