"""What an operation is checked against before it is executed, the cheapest first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    specified_rules,
    visit,
)
from strawberry.schema.schema import validate_document

from resolvers.access import Access, asked_of, rules_of
from resolvers.bounds import Bounds
from resolvers.context import Context
from resolvers.cost import Weight, weight_of
from resolvers.documents import Document, Parsed
from resolvers.errors import RefusedError, UnfitError

MAX_NESTING: Final = 100
"""Brackets within brackets: parsing calls itself for each of them, so that more would exhaust the stack."""
_DOCUMENTS: Final = 500
_BRACKETS: Final = re.compile(r"[{}()\[\]]")
_RULES: Final = tuple(specified_rules)


def parsed(schema: GraphQLSchema, text: str, bounds: Bounds) -> Parsed:
    """Parse a document; those that were parsed last are remembered.

    Raises:
        RefusedError: It is nested too deeply.
        GraphQLError: It is longer than it may be, or no document.

    """
    return _parsed(schema, text, bounds.tokens, bounds.comments, bounds.length)


@lru_cache(maxsize=_DOCUMENTS)
def _parsed(schema: GraphQLSchema, text: str, tokens: int, comments: int, length: int) -> Parsed:
    if _nesting(text) > MAX_NESTING:
        raise RefusedError("TOO_COMPLEX", f"the document is nested deeper than {MAX_NESTING} levels")
    node = parse(text, max_lexical_tokens=tokens, max_comments=comments, max_source_length=length)
    return Parsed(schema, node)


async def admit(document: Document, variables: Mapping[str, Any], context: Context) -> None:
    """Check an operation in order: size, validity, rights, cost, and the caller's budget.

    Nothing of one that is refused is executed. What is known of a document whatever its variables is remembered.

    Raises:
        RefusedError: It is too large, asks for what the viewer may not do, or costs too much.
        UnfitError: It does not fit the schema.

    """
    _check_size(document, context.bounds)
    known = _known(document)
    if known.faults:
        raise UnfitError(known.faults)
    for name, access in known.asked:
        if not context.viewer.may(access):
            raise RefusedError("FORBIDDEN", f"{name} asks for the right to {access}, which you do not have")
    context.cost, limit = _cost(document, known.weight, variables), context.bounds.nodes
    if context.cost > limit:
        message = f"this operation costs {context.cost:,}, more than {limit:,}: ask for smaller pages or fewer levels"
        raise RefusedError("TOO_COMPLEX", message)
    context.budget = context.spend(context.cost)


def _check_size(document: Document, bounds: Bounds) -> None:
    # Before validating: validation compares fields of one response key pairwise.
    size = _size_of(document)
    for number, limit, what in (
        (size.aliases, bounds.aliases, "aliases"),
        (size.depth, bounds.depth, "levels of fields"),
    ):
        if number > limit:
            message = f"the document has {number} {what}, more than {limit}: send several operations"
            raise RefusedError("TOO_COMPLEX", message)


def _cost(document: Document, weight: Weight, variables: Mapping[str, Any]) -> int:
    sizes = [variables.get(name) for name in weight.sizes]
    key = ("cost", *(len(one) if isinstance(one, list) else one if type(one) is int else None for one in sizes))
    return document.plan(key, lambda: weight.cost(variables))


declared_rules = cache(rules_of)
"""The rules of a schema's root fields, checked once."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an operation, whatever its variables; of one with ``faults`` nothing else."""

    faults: Sequence[GraphQLError]
    asked: Sequence[tuple[str, Access]] = ()
    weight: Weight = field(default_factory=Weight)


@lru_cache(maxsize=_DOCUMENTS)
def _known(document: Document) -> _Known:
    schema, node, operation = document.schema, document.node, document.operation
    faults = validate_document(schema, node, _RULES)
    if faults:
        return _Known(faults)
    return _Known((), asked_of(operation, node, declared_rules(schema)), weight_of(schema, node, operation))


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
def _size_of(document: Document) -> _Size:
    """Measure a document that was parsed and not validated: fragments may be missing or spread themselves."""
    counter, definitions = _Aliases(), document.node.definitions
    visit(document.node, counter)
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
    operations = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
    known: dict[str, int] = {}
    depth = max((_depth(one.selection_set, fragments, known) for one in operations), default=0)
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
