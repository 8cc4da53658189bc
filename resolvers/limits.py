"""What a document is checked against before it is executed, the cheapest first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from graphql import DocumentNode, FieldNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, Visitor, visit
from strawberry.extensions import ValidationCache

from resolvers.access import Access, asked_of, rules_of
from resolvers.errors import RefusedError

MAX_TOKENS: Final = 4_000
MAX_ALIASES: Final = 100
_DOCUMENTS: Final = 500


class Limits(ValidationCache):
    """Refuses documents that are too long to be looked at or ask for what the viewer may not do.

    Nothing of a refused document is executed. Valid ones are remembered.
    """

    def __init__(self) -> None:
        super().__init__(maxsize=_DOCUMENTS)

    def on_operation(self) -> Iterator[None]:
        """Bound the parser."""
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        """Check in order: size, then validity, then rights."""
        document = self.execution_context.graphql_document
        assert document is not None  # what cannot be parsed never comes here
        self.execution_context.pre_execution_errors = self._oversized(document) or self._invalid(document)
        if not self.execution_context.pre_execution_errors:
            self.execution_context.pre_execution_errors = self._forbidden(document)
        yield

    def _oversized(self, document: DocumentNode) -> list[GraphQLError]:
        # Before validating: validation compares fields of one response key pairwise.
        number = _aliases(document)
        if number > MAX_ALIASES:
            message = f"the document has {number} aliases, more than {MAX_ALIASES}: send several operations"
            return [GraphQLError(message)]
        if self.execution_context._provided_operation_name is None and len(_operations(document)) > 1:
            # Strawberry would run the first one; the specification refuses to guess.
            return [GraphQLError("the document has several operations: name the one to run in operationName")]
        return []

    def _invalid(self, document: DocumentNode) -> list[GraphQLError]:
        context = self.execution_context
        return list(self.cached_validate_document(context.schema._schema, document, context.validation_rules))

    def _forbidden(self, document: DocumentNode) -> list[GraphQLError]:
        context = self.execution_context
        for name, access in _asked(context.schema._schema, document, context.operation_name):
            if not context.context.viewer.may(access):
                refused = RefusedError("FORBIDDEN", f"{name} asks for the right to {access}, which you do not have")
                return [GraphQLError(str(refused), original_error=refused)]
        return []


declared_rules = cache(rules_of)
"""The rules of a schema's root fields, checked once."""


@lru_cache(maxsize=_DOCUMENTS)
def _asked(schema: GraphQLSchema, document: DocumentNode, name: str | None) -> list[tuple[str, Access]]:
    operation = next(one for one in _operations(document) if name is None or (one.name and one.name.value == name))
    return asked_of(operation, document, declared_rules(schema))


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]


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
