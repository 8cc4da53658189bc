"""What an operation may cost, worked out from its page sizes before anything is executed.

The cost is about the number of items that it may return: a page counts one and, for each item that it may hold, one
and what is asked of that item. Both branches of a condition and every type of item are counted, so that it is a bound.
A fragment is looked at once however often it is spread: doubling fragments cost no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)


@dataclass(frozen=True, slots=True)
class _Size:
    """How often what stands below a field may come: a number, or a variable's value with its default."""

    number: int = 1
    variable: str = ""

    def of(self, variables: Mapping[str, Any]) -> int:
        given = variables.get(self.variable, self.number) if self.variable else self.number
        if isinstance(given, list):
            return len(given)
        # What is no number is refused later, when variables are checked.
        return max(given, 0) if isinstance(given, int) else self.number


@dataclass(eq=False, slots=True)
class Weight:
    """What one selection set costs, as a function of the variables; shared wherever its fragment is spread.

    ``parts`` are its fields: own cost, how many items may come, cost of each, and what is asked of each. ``sizes`` are,
    in that of an operation, the variables on which it depends.
    """

    parts: list[tuple[int, _Size, int, Weight]] = field(default_factory=list)
    spread: list[Weight] = field(default_factory=list)
    sizes: tuple[str, ...] = ()

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Return the cost with these variables. O(size of the document)."""
        return self._cost(variables, {})

    def _cost(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        if id(self) not in known:
            known[id(self)] = 0  # a fragment that spreads itself, which validation refuses
            known[id(self)] = sum(
                own + size.of(variables) * (each + inner._cost(variables, known))
                for own, size, each, inner in self.parts
            ) + sum(one._cost(variables, known) for one in self.spread)
        return known[id(self)]


def weight_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Weight:
    """Return what a valid operation costs. O(size of the document)."""
    root = schema.get_root_type(operation.operation)
    assert root is not None
    weigher = _Weigher(schema, document, operation)
    weight = weigher.weight(operation.selection_set, root, root=True)
    weight.sizes = tuple(sorted(weigher.sizes))
    return weight


class _Weigher:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._defaults = {one.variable.name.value: one.default_value for one in operation.variable_definitions or ()}
        self._known: dict[tuple[str, bool], Weight] = {}
        self.sizes: set[str] = set()

    def weight(self, selection: SelectionSetNode, parent: Any, *, root: bool = False) -> Weight:
        made = Weight()
        self._fill(made, selection, parent, root)
        return made

    def _fill(self, made: Weight, selection: SelectionSetNode, parent: Any, root: bool) -> None:
        for one in selection.selections:
            if isinstance(one, FragmentSpreadNode):
                made.spread.append(self._fragment(one.name.value, root))
            elif isinstance(one, InlineFragmentNode):
                inner = self._schema.get_type(one.type_condition.name.value) if one.type_condition else parent
                made.spread.append(self.weight(one.selection_set, inner, root=root))
            elif isinstance(one, FieldNode) and one.name.value in getattr(parent, "fields", ()):
                made.parts.append(self._field(one, parent.fields[one.name.value], root))

    def _fragment(self, name: str, root: bool) -> Weight:
        if (name, root) not in self._known:
            made = self._known[name, root] = Weight()
            fragment = self._fragments[name]
            self._fill(made, fragment.selection_set, self._schema.get_type(fragment.type_condition.name.value), root)
        return self._known[name, root]

    def _field(self, node: FieldNode, declared: GraphQLField, root: bool) -> tuple[int, _Size, int, Weight]:
        inner = self.weight(node.selection_set, get_named_type(declared.type)) if node.selection_set else Weight()
        for name in ("first", "ids"):
            if name in declared.args:
                given = next((one.value for one in node.arguments or () if one.name.value == name), None)
                default = declared.args[name].default_value
                return 1, self._size(given, default if isinstance(default, int) else 1), 1, inner
        return int(root), _Size(), 0, inner

    def _size(self, value: ValueNode | None, default: int) -> _Size:
        if isinstance(value, VariableNode):
            self.sizes.add(value.name.value)
            fallback = self._size(self._defaults.get(value.name.value), default)
            return _Size(fallback.number, value.name.value)
        if isinstance(value, IntValueNode):
            return _Size(int(value.value))
        if isinstance(value, ListValueNode):
            return _Size(len(value.values))
        return _Size(default)
