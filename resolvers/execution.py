"""How operations are executed: finished answers pass through, and no operation is larger than the limits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, Visitor, visit
from strawberry.extensions import ValidationCache
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.reading import Shaped

MAX_TOKENS: Final = 4_000
MAX_ALIASES: Final = 100
_DOCUMENTS: Final = 500


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Lets an answer that was shaped from rows through as it is, instead of resolving each of its fields again."""

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """Complete a value as the specification says, unless it is complete."""
        if type(result) is Shaped:
            return result.value
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


class Limits(ValidationCache):
    """Refuses documents that are too long to be looked at, before they cost anything, and remembers valid ones."""

    def __init__(self) -> None:
        super().__init__(maxsize=_DOCUMENTS)

    def on_operation(self) -> Iterator[None]:
        """Bound the parser."""
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        """Count aliases before validating: validation compares fields of one response key pairwise."""
        document = self.execution_context.graphql_document
        number = _aliases(document) if document is not None else 0
        if number > MAX_ALIASES:
            message = f"the document has {number} aliases, more than {MAX_ALIASES}: send several operations"
            self.execution_context.pre_execution_errors = [GraphQLError(message)]
            yield
        elif (
            document is not None
            and self.execution_context._provided_operation_name is None
            and _operations(document) > 1
        ):
            # Strawberry would run the first one; the specification refuses to guess.
            message = "the document has several operations: name the one to run in operationName"
            self.execution_context.pre_execution_errors = [GraphQLError(message)]
            yield
        else:
            yield from super().on_validate()


def _operations(document: DocumentNode) -> int:
    return sum(isinstance(one, OperationDefinitionNode) for one in document.definitions)


class _Aliases(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.number += node.alias is not None


@lru_cache(maxsize=_DOCUMENTS)
def _aliases(document: DocumentNode) -> int:
    counter = _Aliases()
    visit(document, counter)
    return counter.number
