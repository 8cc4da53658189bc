"""Parsed documents, their operations, and what is remembered of each between requests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLID,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    Visitor,
    coerce_input_value,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    type_from_ast,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_variable_values

Made = TypeVar("Made")

_MAX_PLANS: Final = 64
"""Plans kept for one document: it has one for each way in which its ``@skip`` and ``@include`` come out."""
_MAX_ERRORS: Final = 50
"""Errors of variables that are told; the library's own limit."""


class Parsed:
    """A document as it was parsed, and its operations."""

    def __init__(self, schema: GraphQLSchema, node: DocumentNode) -> None:
        self.node = node
        fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
        self._operations = [
            Document(schema, node, one, fragments)
            for one in node.definitions
            if isinstance(one, OperationDefinitionNode)
        ]

    def __len__(self) -> int:
        """Return the number of operations."""
        return len(self._operations)

    def operation(self, name: str | None) -> Document | None:
        """Return the operation of a name, or the first one where none is named."""
        return next((one for one in self._operations if name is None or one.name == name), None)


class Document:
    """An operation with its fragments, and what was made for it."""

    def __init__(
        self,
        schema: GraphQLSchema,
        node: DocumentNode,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self.schema = schema
        self.node = node
        self.operation = operation
        self.name = operation.name.value if operation.name else None
        self._declared = operation.variable_definitions or ()
        self._definitions = fragments
        self._plans: OrderedDict[Hashable, Any] = OrderedDict()

    @cached_property
    def _fragments(self) -> dict[str, FragmentDetails]:
        return {name: FragmentDetails(one) for name, one in self._definitions.items()}

    @cached_property
    def _switches(self) -> tuple[str, ...]:
        return _switches(self.operation, self._definitions)

    def coerced(self, variables: Mapping[str, Any]) -> Mapping[str, Any] | list[GraphQLError]:
        """Return the variables' values as resolvers see them, or what is wrong with those that were given."""
        plain = {}
        for name, kind, texts in self._plain_variables:
            value = variables.get(name, Undefined)
            if value is Undefined:
                break
            if not (texts and type(value) is list and set(map(type, value)) <= {str}):
                value = coerce_input_value(value, kind)
            if value is Undefined:
                break  # it has a default, or is wrong
            plain[name] = value
        if len(plain) == len(self._declared):
            return plain
        found = get_variable_values(self.schema, self._declared, dict(variables), max_errors=_MAX_ERRORS)
        return found if isinstance(found, list) else found.coerced

    @cached_property
    def _plain_variables(self) -> list[tuple[str, Any, bool]]:
        """The variables that are no input objects, with their types, and whether a list of texts is taken as it is.

        These need no looking up in every request.
        """
        declared = [(one.variable.name.value, type_from_ast(self.schema, one.type)) for one in self._declared]
        return [(name, kind, _takes_texts(kind)) for name, kind in declared if is_leaf_type(get_named_type(kind))]

    def skips(self, variables: Mapping[str, Any]) -> dict[str, bool]:
        """Return the variables that decide which fields are there at all."""
        return {name: variables[name] for name in self._switches if name in variables}

    def plan(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` returned when it was first asked for ``key``."""
        made: Made = remembered(self._plans, key, _MAX_PLANS, make)
        return made

    def root_fields(self, skips: Mapping[str, bool]) -> list[tuple[str, str, list[FieldNode]]]:
        """Return the operation's root fields: response key, field name, the field's nodes."""
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None
        found = collect_fields(self.schema, self._fragments, _values(skips), root, self.operation)
        return _named(found.grouped_field_set)

    def fields(
        self, nodes: Sequence[FieldNode], type_name: str, skips: Mapping[str, bool]
    ) -> list[tuple[str, str, list[FieldNode]]]:
        """Return what is selected of an object of one type: response key, field name, the field's nodes."""
        details = [FieldDetails(node, None, None) for node in nodes]
        found = collect_subfields(
            self.schema, self._fragments, _values(skips), self.operation, self.object(type_name), details
        )
        return _named(found.grouped_field_set)

    def object(self, name: str) -> GraphQLObjectType:
        """Return an object type of the schema."""
        found = self.schema.get_type(name)
        assert isinstance(found, GraphQLObjectType)
        return found


def remembered(kept: OrderedDict[Any, Made], key: Hashable, size: int, make: Callable[[], Made]) -> Made:
    """Return what is kept under a key, made if it is not there; of too many, the least recently used goes."""
    found = kept.get(key)
    if found is None:
        found = kept[key] = make()
        if len(kept) > size:
            kept.popitem(last=False)
    else:
        kept.move_to_end(key)
    return found


def _takes_texts(kind: Any) -> bool:
    """Tell whether a type is a list of ids or texts."""
    outer = get_nullable_type(kind)
    return is_list_type(outer) and get_nullable_type(outer.of_type) in (GraphQLID, GraphQLString)


def _values(coerced: Mapping[str, Any]) -> VariableValues:
    return VariableValues({}, dict(coerced))


def _named(grouped: Mapping[str, list[FieldDetails]]) -> list[tuple[str, str, list[FieldNode]]]:
    return [(key, details[0].node.name.value, [one.node for one in details]) for key, details in grouped.items()]


class _Switches(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: Any, *_: object) -> None:
        if node.name.value in {"skip", "include"}:
            self.names |= {one.value.name.value for one in node.arguments or () if isinstance(one.value, VariableNode)}


def _switches(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    found = _Switches()
    for node in (operation, *fragments.values()):
        visit(node, found)
    return tuple(sorted(found.names))
