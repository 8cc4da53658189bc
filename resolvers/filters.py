"""GraphQL input types of filters and orders, made from the model table: one filter and one order for each kind.

What a comparator can do depends on the property's type only, so comparators are shared by all kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import strawberry

from graph.model import NODES, Property
from graph.records.sight import MAX_CONTAINMENT
from graph.values import Type
from resolvers.moments import Moment
from resolvers.naming import ABSTRACT, filterable_edges_of, filterable_of, sortable_of
from resolvers.scalars import StatusCategory, enum_of, named_type_of

Made = type[Any]

TARGETS: Final = (*(name for name in ABSTRACT if name != "Node"), *NODES)
"""Types that lists hold, and that can be filtered and ordered."""

ItemKind: Final = enum_of(
    "ItemKind",
    "A kind of item.",
    {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", label).upper(): kind.description for label, kind in NODES.items()},
    lambda name: next(label for label in NODES if label.upper() == name.replace("_", "")),
)
OrderDirection: Final = enum_of(
    "OrderDirection",
    "Which way an order goes; items without the value come last either way.",
    {"ASC": "The smallest, earliest first.", "DESC": "The largest, latest first."},
)

_EQUAL: Final = {
    "eq": "It is this.",
    "neq": "It is there and is not this.",
    "in": "It is one of these.",
    "nin": "It is there and is none of these.",
}
_ORDERED: Final = {
    "lt": "It comes before this.",
    "lte": "It comes before this or is this.",
    "gt": "It comes after this.",
    "gte": "It comes after this or is this.",
}
_ABSENT: Final = {"isNull": "Whether it is absent."}
_TEXT: Final = {"contains": "This is a part of it.", "startsWith": "It begins with this."}
_FOLD: Final = {"ignoreCase": "Whether upper and lower case are alike in all comparisons beside this."}
_LIST: Final = {
    "has": "It holds this.",
    "hasAny": "It holds at least one of these.",
    "hasAll": "It holds each of these.",
    "isEmpty": "Whether it holds nothing.",
}
_MANY: Final = frozenset({"in", "nin", "hasAny", "hasAll"})
_FLAGS: Final = frozenset({"isNull", "isEmpty", "ignoreCase"})


def _input(made: Made, name: str, description: str, fields: Mapping[str, tuple[Any, str]]) -> Made:
    """Give a bare class its input fields; each may be left out, and null says the same."""
    made.__annotations__ = {}
    for one, (annotation, meaning) in fields.items():
        declared: Any = strawberry.field(
            graphql_type=annotation | None, description=meaning, default=strawberry.UNSET, name=one
        )
        setattr(made, f"{one}_" if one in {"in", "and", "or", "not"} else one, declared)
    decorated: Made = strawberry.input(made, name=name, description=description)
    return decorated


def _bare(name: str) -> Made:
    return type(name, (), {"__module__": __name__})


def _comparator(name: str, what: str, inner: Any, operators: Mapping[str, str]) -> Made:
    fields = {
        one: (bool if one in _FLAGS else _list(inner) if one in _MANY else inner, meaning)
        for one, meaning in operators.items()
    }
    return _input(_bare(name), name, f"Conditions on {what}; all that are given must hold.", fields)


def _list(inner: Any) -> Any:
    return list[inner]


_COMPARATORS: Final = {
    Type.TEXT: _comparator("TextFilter", "a text", str, {**_EQUAL, **_ORDERED, **_ABSENT, **_TEXT, **_FOLD}),
    Type.INTEGER: _comparator("IntFilter", "a whole number", int, {**_EQUAL, **_ORDERED, **_ABSENT}),
    Type.NUMBER: _comparator("FloatFilter", "a number", float, {**_EQUAL, **_ORDERED, **_ABSENT}),
    Type.BOOLEAN: _comparator("BooleanFilter", "a truth value", bool, {"eq": "It is this.", **_ABSENT}),
    Type.INSTANT: _comparator("MomentFilter", "a date or an instant", Moment, {**_EQUAL, **_ORDERED, **_ABSENT}),
    Type.TEXTS: _comparator("TextListFilter", "a list of texts", str, _LIST),
}
_COMPARATORS[Type.DATE] = _COMPARATORS[Type.INSTANT]
_IDENTITY: Final = _comparator("IdFilter", "an identity", strawberry.ID, _EQUAL)
_CATEGORY: Final = _comparator(
    "StatusCategoryFilter", "what a status means", StatusCategory, {**_EQUAL, **_ORDERED, **_ABSENT}
)
_KIND: Final = _comparator("ItemKindFilter", "the kind of an item", ItemKind, _EQUAL)
_CHOICES: Final[dict[Any, Made]] = {}


def _comparator_of(owner: str, column: Property) -> Made:
    inner = named_type_of(owner, column)
    if column.name == "id":
        return _IDENTITY
    if not column.choices:
        return _COMPARATORS[column.type]
    if inner not in _CHOICES:
        name = inner.__strawberry_definition__.name
        what = f"one of the values of {name}, in the order in which they are listed there"
        _CHOICES[inner] = _comparator(f"{name}Filter", what, inner, {**_EQUAL, **_ORDERED, **_ABSENT})
    return _CHOICES[inner]


def _make_filters() -> tuple[dict[str, Made], dict[str, Made]]:
    filters = {name: _bare(f"{name}Filter") for name in TARGETS}
    lists = {name: _bare(f"{name}ListFilter") for name in TARGETS}
    for name in TARGETS:
        _input(
            filters[name],
            f"{name}Filter",
            f"Conditions on items of type {name}; all that are given must hold.",
            _conditions_on(name, filters, lists),
        )
        inner = filters[name]
        quantified = {
            "some": (inner, "At least one fulfils this."),
            "every": (inner, "Each fulfils this; so it is where there are none."),
            "none": (inner, "None fulfils this."),
        }
        what = f"Conditions on the items of type {name} at the other end of an edge."
        _input(lists[name], f"{name}ListFilter", what, quantified)
    return filters, lists


def _conditions_on(name: str, filters: Mapping[str, Made], lists: Mapping[str, Made]) -> dict[str, tuple[Any, str]]:
    own = filters[name]
    fields: dict[str, tuple[Any, str]] = {
        "and": (_list(own), "Each of these holds."),
        "or": (_list(own), "At least one of these holds."),
        "not": (own, "This does not hold."),
        "under": (_list(strawberry.ID), f"It is a part, up to {MAX_CONTAINMENT} deep, of one of these (keys or ids)."),
        "above": (_list(strawberry.ID), f"One of these (keys or ids) is a part of it, up to {MAX_CONTAINMENT} deep."),
    }
    if name in ABSTRACT:
        fields["kind"] = (_KIND, "Of which kind it is.")
    for column in filterable_of(name).values():
        fields[column.name] = (_comparator_of(name, column), column.description)
    if "status" in fields:
        fields["category"] = (_CATEGORY, "What its status means.")
    if name in {"Person", "Team"}:
        fields["name"] = (_COMPARATORS[Type.TEXT], "What it is called: the same as its title.")
    for edge in filterable_edges_of(name).values():
        fields[edge.name] = (lists[edge.target], edge.description)
    return fields


def _make_orders() -> dict[str, Made]:
    orders = {}
    for name in TARGETS:
        names = {constant(column): f"By {column.name}: {column.description}" for column in sortable_of(name).values()}
        places = {constant(column): column.name for column in sortable_of(name).values()}
        choice = enum_of(
            f"{name}OrderField", f"What items of type {name} can be ordered by.", names, places.__getitem__
        )
        made = _bare(f"{name}Order")
        made.__annotations__ = {}
        made.field = strawberry.field(graphql_type=choice, description="What to order by.")
        made.direction = strawberry.field(
            graphql_type=OrderDirection, description="Which way.", default=OrderDirection("ASC")
        )
        orders[name] = strawberry.input(
            made, name=f"{name}Order", description=f"One criterion of an order of items of type {name}."
        )
    return orders


def constant(column: Property) -> str:
    """Return a property's name as an enum value is written."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name).upper()


FILTERS, _LISTS = _make_filters()
"""Filter inputs by the name of the type that they filter."""
ORDERS: Final = _make_orders()
"""Order inputs by the name of the type that they order."""
