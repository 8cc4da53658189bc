"""How operations are executed: straight from what was compiled, or field by field, with compiled answers let through.

Where every root field of a query is read by a traversal, the traversals are the whole operation: their answers stand
under the fields' response keys, and nothing is resolved. Any other operation is executed by graphql-core, in which a
compiled answer passes through untouched. Errors are left to graphql-core in both, so that they are located, and nulls
reach as far, as the specification says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final, cast

from graphql import ExecutionResult, FieldNode, GraphQLResolveInfo, OperationType, execute, execute_sync, subscribe
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.completion import completed, plain_schema
from resolvers.context import Context
from resolvers.documents import Document
from resolvers.reading import ROOT_FIELDS, RootField, Shaped, read_root


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Lets an answer that was shaped from rows through as it is, instead of resolving each of its fields again."""

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """Complete a value as the specification says, unless it is complete."""
        if type(result) is Shaped:
            if result.odd is not None:
                return completed(self, result, return_type, field_details_list, info, path)
            return result.value
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


async def executed(document: Document, variables: Mapping[str, Any], context: Context) -> ExecutionResult:
    """Execute a query or mutation that was admitted; ``variables`` are those that were sent."""
    context.document = document
    if document.operation.operation is OperationType.QUERY:
        coerced = document.coerced(variables)
        if isinstance(coerced, list):
            return ExecutionResult(None, coerced)
        roots = _roots(document, document.skips(coerced))
        if roots.compiled:
            return await _straight(document, roots.fields, variables, coerced, context)
    result = execute(
        document.schema,
        document.node,
        context_value=context,
        variable_values=dict(variables),
        operation_name=document.name,
        is_awaitable=cast("Any", optimized_is_awaitable),
        executor_class=Executor,
    )
    return await result if isawaitable(result) else result


async def subscribed(
    document: Document, variables: Mapping[str, Any], context: Context
) -> AsyncGenerator[ExecutionResult, None]:
    """Execute a subscription that was admitted, and yield each of its answers."""
    context.document = document
    events = subscribe(
        document.schema,
        document.node,
        context_value=context,
        variable_values=dict(variables),
        operation_name=document.name,
        executor_class=Executor,
    )
    events = await events if isawaitable(events) else events
    if isinstance(events, ExecutionResult):
        yield events
        return
    async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", events)) as results:
        async for one in results:
            yield one


# Straight from what was compiled ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Root:
    """A root field of a document; without ``field`` it is ``__typename``."""

    key: str
    nodes: Sequence[FieldNode]
    field: RootField | None


@dataclass(frozen=True, slots=True)
class _Roots:
    """The root fields of an operation, and whether each of them is compiled."""

    fields: Sequence[_Root]
    compiled: bool


def _roots(document: Document, skips: Mapping[str, bool]) -> _Roots:
    return document.plan(("root fields", *skips.items()), lambda: _collected(document, skips))


def _collected(document: Document, skips: Mapping[str, bool]) -> _Roots:
    found = document.root_fields(skips)
    compiled = all(name == "__typename" or name in ROOT_FIELDS for _, name, _ in found)
    return _Roots([_Root(key, nodes, ROOT_FIELDS.get(name)) for key, name, nodes in found], compiled)


Outcomes = dict[str, Shaped | Exception]
"""What became of each root field, by response key; one that is not there was not read to the end."""


async def _straight(
    document: Document,
    roots: Sequence[_Root],
    variables: Mapping[str, Any],
    coerced: Mapping[str, Any],
    context: Context,
) -> ExecutionResult:
    outcomes = await _read(roots, coerced, context)
    data = {}
    for root in roots:
        outcome = outcomes.get(root.key)
        if not isinstance(outcome, Shaped) or outcome.odd is not None:
            return _completed(document, variables, outcomes)
        data[root.key] = outcome.value
    return ExecutionResult(data, None)


class _LostError(Exception):
    """A root field failed that must not be null: whatever the others answer, the operation answers null."""


async def _read(roots: Sequence[_Root], variables: Mapping[str, Any], context: Context) -> Outcomes:
    outcomes: Outcomes = {}

    async def attempt(key: str, nodes: Sequence[FieldNode], field: RootField) -> None:
        try:
            outcomes[key] = await read_root(context, field, nodes, variables)
        except Exception as error:  # noqa: BLE001 - it is answered, like any other
            outcomes[key] = error
            if not field.alone:
                raise _LostError from None

    reads = [(root.key, root.nodes, root.field) for root in roots if root.field is not None]
    outcomes.update({root.key: _QUERY for root in roots if root.field is None})
    try:
        if len(reads) == 1:
            await attempt(*reads[0])
        else:
            async with asyncio.TaskGroup() as group:
                for one in reads:
                    group.create_task(attempt(*one))
    except* _LostError:
        pass
    return outcomes


_QUERY: Final = Shaped("Query")


def _completed(document: Document, variables: Mapping[str, Any], outcomes: Outcomes) -> ExecutionResult:
    """Complete an answer in which something is wrong, by graphql-core itself."""
    return execute_sync(
        plain_schema(document.schema),
        document.node,
        outcomes,
        variable_values=dict(variables),
        operation_name=document.name,
        field_resolver=_outcome,
        executor_class=Executor,
    )


def _outcome(outcomes: Outcomes, info: GraphQLResolveInfo[Any], **_: Any) -> Shaped:
    found = outcomes.get(str(info.path.key), _NOTHING)
    if isinstance(found, Exception):
        raise found
    return found


_NOTHING: Final = Shaped()
