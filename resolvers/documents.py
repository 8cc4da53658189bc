"""One operation of a parsed document, and what is remembered of it between requests."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, TypeVar

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

Made = TypeVar("Made")

MAX_DOCUMENTS: Final = 500
_MAX_PLANS: Final = 64
"""Plans kept for one document: it has one for each way in which its ``@skip`` and ``@include`` come out."""


class Document:
    """An operation with its fragments, and the plans that were made for it."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self.schema = schema
        self.operation = operation
        self._fragments = {name: FragmentDetails(one) for name, one in fragments.items()}
        self._switches = _switches(operation, fragments)
        self._plans: OrderedDict[Hashable, Any] = OrderedDict()

    @classmethod
    def of(cls, info: GraphQLResolveInfo[Any]) -> Document:
        """Return the document that is being executed, the same object as long as it is remembered."""
        # An operation's node is alive while the entry holds it, so that no other can have its id.
        return remembered(
            _DOCUMENTS, id(info.operation), MAX_DOCUMENTS, lambda: cls(info.schema, info.operation, info.fragments)
        )

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


_DOCUMENTS: Final[OrderedDict[int, Document]] = OrderedDict()


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
