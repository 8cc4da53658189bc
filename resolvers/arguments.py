"""Binds the arguments of fields for one request: page, cursor, filter and order become a shape and its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    NameNode,
    Node,
    VariableNode,
    Visitor,
    is_non_null_type,
    is_required_argument,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values

from graph.errors import UnreadableSearchError
from graph.reading.conditions import OfKind
from graph.reading.selection import RANK, Listing, Order, Page
from graph.reading.words import Words
from resolvers.conditions import Facts, Filtering, meant, read_order
from resolvers.connection import decoded, order_name, page_size
from resolvers.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Bound:
    """One list with its values; ``order`` is the order's name in cursors.

    ``timeless``: other requests may use it too. ``categories``: its filter depends on what statuses mean. ``words`` is
    what is searched for, in a search. ``unfit``: a variable has a value that an argument does not take, so that there
    is no such list.
    """

    listing: Listing
    page: Page
    limit: int
    continued: bool
    order: str
    timeless: bool
    categories: bool
    words: Words | None = None
    unfit: bool = False


UNFIT: Final = Bound(Listing(cursor=()), Page(1, ("",)), 0, False, "", timeless=False, categories=False, unfit=True)
"""Stands for a list that cannot be bound, until the error is told of each item that it is asked of."""


def bound_list(target: str, arguments: Mapping[str, Any], facts: Facts) -> Bound:
    """Return a list of items of a type with its page, filter and order.

    Raises:
        RefusedError: An argument is out of range.

    """
    limit, after = page_size(arguments["first"]), arguments.get("after")
    order = read_order(target, arguments.get("orderBy"))
    filtering = Filtering(facts)
    where = arguments.get("where")
    condition = filtering.read(target, where) if where else None
    nulls: tuple[bool, ...] | None
    place: tuple[Any, ...]
    if after:
        cursor = decoded(after, order)
        nulls, place = tuple(value is None for value in cursor.values), (*cursor.values, cursor.id)
    elif order:
        nulls, place = None, ()
    else:
        # Without an order a page always begins after an id, the first one after the empty one: one text, one plan.
        nulls, place = (), ("",)
    page = Page(limit + 1, place, tuple(filtering.values))
    return Bound(
        Listing(condition, order, nulls),
        page,
        limit,
        bool(after),
        order_name(order),
        filtering.timeless,
        filtering.categories,
    )


def bound_search(arguments: Mapping[str, Any]) -> Bound:
    """Return a page of what a search finds.

    Raises:
        RefusedError: An argument is out of range, or the mode is not there.

    """
    limit, after, mode = page_size(arguments["first"]), arguments.get("after"), meant(arguments["mode"])
    if mode != "KEYWORD":
        message = f"the mode {mode} needs the extra workatlas[semantic], which is not installed: search by KEYWORD"
        raise RefusedError("BAD_USER_INPUT", message)
    try:
        words = Words.read(arguments["text"])
    except UnreadableSearchError as error:
        raise RefusedError("BAD_USER_INPUT", str(error)) from error
    order, kinds = (Order(RANK, descending=True),), arguments.get("kinds")
    cursor = decoded(after, order) if after else None
    place: tuple[Any, ...] = (*cursor.values, cursor.id) if cursor else ()
    return Bound(
        Listing(None if kinds is None else OfKind(), order, (False,) if cursor else None),
        Page(limit + 1, place, () if kinds is None else ([meant(kind) for kind in kinds],)),
        limit,
        cursor is not None,
        order_name(order),
        timeless=True,
        categories=False,
        words=words,
    )


class Arguments:
    """The arguments of one field node. What holds no variable is read once, and a plain variable just looked up.

    Literals that hold variables are read once too, with places for their values, which are filled in for each request
    that gives all of them; the library reads them anew where a value is missing or null, for then defaults count.
    """

    __slots__ = ("_declared", "_direct", "_fixed", "_nested", "_node", "_template", "_within")

    def __init__(self, declared: GraphQLField, node: FieldNode) -> None:
        given = {one.name.value: one.value for one in node.arguments or ()}
        direct = {name: value.name.value for name, value in given.items() if isinstance(value, VariableNode)}
        nested = [name for name, value in given.items() if name not in direct and _variables(value)]
        self._declared = declared
        self._node = node
        self._fixed = get_argument_values(_only(declared, declared.args.keys() - direct.keys() - set(nested)), node)
        self._nested = _only(declared, nested) if nested else None
        self._within = {name: _Place(name) for one in nested for name in _variables(given[one])}
        self._template = _template(self._nested, node, self._within) if self._nested else None
        bare = FieldNode(name=NameNode(value=node.name.value))
        self._direct: list[tuple[str, str, Any, bool]] = []
        for name, variable in direct.items():
            argument = declared.args[name]
            omitted = {} if is_required_argument(argument) else get_argument_values(_only(declared, [name]), bare)
            self._direct.append((name, variable, omitted.get(name), is_non_null_type(argument.type)))

    @property
    def fixed(self) -> bool:
        """Whether they are the same in every request."""
        return not self._direct and self._nested is None

    def values(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments' values.

        Raises:
            GraphQLError: A variable's value is not one that its argument takes.

        """
        if not self._direct and self._nested is None:
            return self._fixed
        found = dict(self._fixed)
        for name, variable, default, required in self._direct:
            value = found[name] = variables.get(variable, default)
            if value is None and required:
                # Null where it must not be: the library has the words for it.
                return get_argument_values(self._declared, self._node, VariableValues({}, dict(variables)))
        if self._template is not None and all(variables.get(name) is not None for name in self._within):
            found |= _filled(self._template, variables)
        elif self._nested is not None:
            found |= get_argument_values(self._nested, self._node, VariableValues({}, dict(variables)))
        return found


def _only(declared: GraphQLField, names: Any) -> GraphQLField:
    return GraphQLField(declared.type, {name: one for name, one in declared.args.items() if name in names})


@dataclass(frozen=True, slots=True)
class _Place:
    """Stands for the value of a variable in a literal that was read without it."""

    name: str


def _template(declared: GraphQLField, node: FieldNode, within: Mapping[str, _Place]) -> Mapping[str, Any] | None:
    """Return arguments with places for their variables, ``None`` where a scalar reads the variable by itself."""
    try:
        return get_argument_values(declared, node, VariableValues({}, dict(within)))
    except GraphQLError:
        return None


def _filled(part: Any, variables: Mapping[str, Any]) -> Any:
    match part:
        case _Place():
            return variables[part.name]
        case dict():
            return {name: _filled(one, variables) for name, one in part.items()}
        case list():
            return [_filled(one, variables) for one in part]
        case _:
            return part


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.found.append(node.name.value)


def _variables(node: Node) -> list[str]:
    """Return the names of the variables in a literal."""
    visitor = _Variables()
    visit(node, visitor)
    return visitor.found
