"""What a document is checked against before it is executed, the cheapest first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)
from strawberry.extensions import ValidationCache

from resolvers.access import Access, asked_of, rules_of
from resolvers.bounds import Bounds
from resolvers.cost import Weight, weight_of
from resolvers.errors import RefusedError

MAX_NESTING: Final = 100
"""Brackets within brackets: parsing calls itself for each of them, so that more would exhaust the stack."""
_DOCUMENTS: Final = 500
_BRACKETS: Final = re.compile(r"[{}()\[\]]")


class Limits(ValidationCache):
    """Refuses documents that are too large to be looked at, ask for what the viewer may not do, or cost too much.

    Nothing of a refused document is executed. Valid ones are remembered.
    """

    def __init__(self) -> None:
        super().__init__(maxsize=_DOCUMENTS)

    @property
    def _bounds(self) -> Bounds:
        return cast("Bounds", self.execution_context.context.bounds)

    def on_operation(self) -> Iterator[None]:
        """Bound the parser."""
        bounds, options = self._bounds, cast("dict[str, Any]", self.execution_context.parse_options)
        if _nesting(self.execution_context.query or "") > MAX_NESTING:
            raise _refused("TOO_COMPLEX", f"the document is nested deeper than {MAX_NESTING} levels")
        options["max_lexical_tokens"] = bounds.tokens
        options["max_comments"] = bounds.comments
        options["max_source_length"] = bounds.length
        yield

    async def on_validate(self) -> AsyncIterator[None]:  # type: ignore[override]
        """Check in order: size, validity, rights, cost, and the caller's budget."""
        document = self.execution_context.graphql_document
        assert document is not None  # what cannot be parsed never comes here
        for check in (self._oversized, self._invalid, self._forbidden, self._costly):
            self.execution_context.pre_execution_errors = check(document)
            if self.execution_context.pre_execution_errors:
                break
        else:
            self.execution_context.pre_execution_errors = await self._spent()
        yield

    def _oversized(self, document: DocumentNode) -> list[GraphQLError]:
        # Before validating: validation compares fields of one response key pairwise.
        size, bounds = _size_of(document), self._bounds
        for number, limit, what in (
            (size.aliases, bounds.aliases, "aliases"),
            (size.depth, bounds.depth, "levels of fields"),
        ):
            if number > limit:
                message = f"the document has {number} {what}, more than {limit}: send several operations"
                return [_refused("TOO_COMPLEX", message)]
        if self.execution_context._provided_operation_name is None and len(_operations(document)) > 1:
            # Strawberry would run the first one; the specification refuses to guess.
            return [GraphQLError("the document has several operations: name the one to run in operationName")]
        return []

    def _invalid(self, document: DocumentNode) -> list[GraphQLError]:
        context = self.execution_context
        return list(self.cached_validate_document(context.schema._schema, document, context.validation_rules))

    def _forbidden(self, document: DocumentNode) -> list[GraphQLError]:
        for name, access in self._plan(document).asked:
            if not self.execution_context.context.viewer.may(access):
                return [_refused("FORBIDDEN", f"{name} asks for the right to {access}, which you do not have")]
        return []

    def _costly(self, document: DocumentNode) -> list[GraphQLError]:
        context, limit = self.execution_context, self._bounds.nodes
        cost = self._plan(document).weight.cost(context.variables or {})
        context.context.cost = cost
        if cost > limit:
            message = f"this operation costs {cost:,}, more than {limit:,}: ask for smaller pages or fewer levels"
            return [_refused("TOO_COMPLEX", message)]
        return []

    async def _spent(self) -> list[GraphQLError]:
        context = self.execution_context.context
        try:
            await context.spend(context.cost)
        except RefusedError as refused:
            return [GraphQLError(str(refused), original_error=refused)]
        return []

    def _plan(self, document: DocumentNode) -> _Plan:
        context = self.execution_context
        return _planned(context.schema._schema, document, context.operation_name)


def _refused(code: str, message: str) -> GraphQLError:
    refused = RefusedError(code, message)
    return GraphQLError(message, original_error=refused)


declared_rules = cache(rules_of)
"""The rules of a schema's root fields, checked once."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is known of a valid operation, whatever its variables."""

    asked: list[tuple[str, Access]]
    weight: Weight


@lru_cache(maxsize=_DOCUMENTS)
def _planned(schema: GraphQLSchema, document: DocumentNode, name: str | None) -> _Plan:
    operation = next(one for one in _operations(document) if name is None or (one.name and one.name.value == name))
    return _Plan(asked_of(operation, document, declared_rules(schema)), weight_of(schema, document, operation))


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]


def _nesting(text: str) -> int:
    """Return how deep brackets stand in brackets, those in texts and comments included. O(length)."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "{([" else -1
        deepest = max(deepest, depth)
    return deepest


# How large a document is --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Size:
    aliases: int
    depth: int


@lru_cache(maxsize=_DOCUMENTS)
def _size_of(document: DocumentNode) -> _Size:
    """Measure a document that was parsed and not validated: fragments may be missing or spread themselves."""
    counter = _Aliases()
    visit(document, counter)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    known: dict[str, int] = {}
    depth = max((_depth(one.selection_set, fragments, known) for one in _operations(document)), default=0)
    return _Size(counter.number, depth)


class _Aliases(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.number += node.alias is not None


def _depth(selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]) -> int:
    """Return the number of fields within fields; each fragment is looked at once."""
    deepest = 0
    for one in selection.selections:
        if isinstance(one, FieldNode):
            # `edges` wraps `node` with an edge's properties: as deep as `nodes`, which does without.
            own = one.name.value != "edges"
            inner = _depth(one.selection_set, fragments, known) if one.selection_set else 0
            deepest = max(deepest, own + inner)
        elif isinstance(one, FragmentSpreadNode):
            name = one.name.value
            if name not in known and name in fragments:
                known[name] = 0  # one that spreads itself ends here, and is refused by validation
                known[name] = _depth(fragments[name].selection_set, fragments, known)
            deepest = max(deepest, known.get(name, 0))
        elif isinstance(one, InlineFragmentNode):
            deepest = max(deepest, _depth(one.selection_set, fragments, known))
    return deepest
