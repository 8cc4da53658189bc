"""GraphQL types of items and their connections, made from the model table: a new kind or edge there appears here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Final

import strawberry

from graph.model import NODES
from resolvers.access import METADATA, Access
from resolvers.computed import GoalArgument, computed_of
from resolvers.connection import DEFAULT_PAGE, After, First, PageInfo
from resolvers.filters import FILTERS, ORDERS
from resolvers.matches import SearchMatch
from resolvers.naming import (
    ABSTRACT,
    SEARCH,
    description_of,
    edge_fields,
    edge_fields_of,
    has_status,
    properties_of,
)
from resolvers.scalars import StatusCategory, type_of

Made = type[Any]


def listed(target: str, resolver: Callable[..., Any]) -> Callable[..., Any]:
    """Give a resolver of a list of items of a type its arguments: page, filter and order."""
    filtered: Any = FILTERS[target] | None
    ordered: Any = many(ORDERS[target]) | None
    where = Annotated[filtered, strawberry.argument(description="Which items to list; all when absent.")]
    order = Annotated[
        ordered,
        strawberry.argument(description="What to order by, the most important first; by age when absent."),
    ]
    arguments: dict[str, tuple[Any, Any]] = {
        "first": (First, DEFAULT_PAGE),
        "after": (After, None),
        "where": (where, strawberry.UNSET),
        "order_by": (order, strawberry.UNSET),
    }
    before = [one for one in signature(resolver).parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    after = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in arguments.items()
    ]
    resolver.__signature__ = Signature([*before, *after], return_annotation=Any)  # type: ignore[attr-defined]
    return resolver


def _nested(target: str) -> Callable[..., Any]:
    def nested(**_: Any) -> Any:
        raise NotImplementedError("nested connections are read with their root field")

    return listed(target, nested)


def _worked_out(*, goal: bool) -> Callable[..., Any]:
    def plain() -> Any:
        raise NotImplementedError("computed fields are filled with their root field")

    def towards(goal: GoalArgument = None) -> Any:
        return plain()

    return towards if goal else plain


def field(annotation: Any, description: str, *, access: Access | None = None, **options: Any) -> Any:
    """Return a field whose type is known only when all types are made; root fields must name an ``access``."""
    metadata = {METADATA: access} if access else {}
    return strawberry.field(graphql_type=annotation, description=description, metadata=metadata, **options)


def many(inner: Any) -> Any:
    """Return the annotation of a list of a type that is known at run time only."""
    return list[inner]


def declare(made: Made, fields: Mapping[str, Any]) -> None:
    """Give a bare class its fields."""
    made.__annotations__ = {}
    for name, one in fields.items():
        one.graphql_name = name
        setattr(made, name, one)


def _bare(name: str, *bases: Made) -> Made:
    return type(name, bases or (object,), {"__module__": __name__})


def _make_types() -> dict[str, Made]:
    # All classes first, so that fields can refer to each other's types; then their fields, interfaces before kinds.
    types: dict[str, Made] = {"Node": _bare("Node")}
    types["Item"] = _bare("Item", types["Node"])
    for group in ("Work", "Goal"):
        types[group] = _bare(group, types["Item"])
    for label, kind in NODES.items():
        types[label] = _bare(label, types[kind.group or "Item"])
    for stem in (
        *(name for name in types if name != "Node"),
        SEARCH,
        *(one.type_name for one in edge_fields().values()),
    ):
        types[f"{stem}Connection"] = _bare(f"{stem}Connection")
        types[f"{stem}Edge"] = _bare(f"{stem}Edge")
    for name in (*ABSTRACT, *NODES):
        declare(types[name], _fields_of(name, types))
        decorate = strawberry.interface if name in ABSTRACT else strawberry.type
        decorate(types[name], name=name, description=description_of(name))
    for name in (*(one for one in ABSTRACT if one != "Node"), *NODES):
        _declare_connection(types, name, name, f"items of type {name}", {})
    _declare_connection(types, SEARCH, "Item", "what a search found", _SEARCHED)
    for one in edge_fields().values():
        owner = one.kind.name.title().replace("_", "")
        own = {column.name: field(type_of(owner, column), column.description) for column in one.kind.properties}
        _declare_connection(types, one.type_name, one.target, f"{one.kind.name} edges", own)
    return types


def _fields_of(name: str, types: Mapping[str, Made]) -> dict[str, Any]:
    fields = {column.name: field(type_of(name, column), column.description) for column in properties_of(name).values()}
    if has_status(name):
        fields["category"] = field(StatusCategory | None, "What the status means: the category of its name.")
    if name in {"Person", "Team"}:
        fields["name"] = field(str, "What it is called: the same as its title.")
    for own in computed_of(name).values():
        fields[own.name] = field(own.annotation, own.description, resolver=_worked_out(goal=own.goal))
    for one in edge_fields_of(name).values():
        fields[one.name] = field(types[f"{one.type_name}Connection"], one.description, resolver=_nested(one.target))
    return fields


def _declare_connection(types: Mapping[str, Made], stem: str, target: str, what: str, own: Mapping[str, Any]) -> None:
    connection, link, node = types[f"{stem}Connection"], types[f"{stem}Edge"], types[target]
    fields = {"cursor": field(str, "Where the item stands in this list."), "node": field(node, "The item.")}
    declare(link, fields | dict(own))
    strawberry.type(link, name=f"{stem}Edge", description=f"One of a page of {what}.")
    declare(
        connection,
        {
            "edges": field(many(link), "The page, with cursors and the edges' own properties."),
            "nodes": field(many(node), "The page's items, without their edges."),
            "pageInfo": field(PageInfo, "Where the page stands."),
            "totalCount": field(int, "Number of all items, whatever the page; counted only when it is asked."),
        },
    )
    strawberry.type(connection, name=f"{stem}Connection", description=f"A page of {what}.")


_SEARCHED: Final = {
    "score": field(
        float, "How well the item fits, 0 to 1: 1 where the text is its key; it depends on the item and the text alone."
    ),
    "matches": field(many(SearchMatch), "The item's texts in which the words stand."),
}

TYPES: Final = _make_types()
"""Every type made from the model table, by its GraphQL name."""
