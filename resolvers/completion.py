"""Completes rows field by field, by graphql-core itself, where a value is not one that the schema promises.

Such an answer has errors with paths, and nulls that reach as far up as the schema makes them. Instead of imitating
that, the rows are handed to the library as objects whose fields it resolves. It happens to damaged data only, so it may
be slow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, parse_type, print_schema, type_from_ast
from graphql.execution import Executor

from graph.reading.snippets import matches
from resolvers.connection import encoded
from resolvers.projection import (
    Category,
    Computed,
    Connection,
    Cursor,
    Edges,
    Info,
    Items,
    Matched,
    Nested,
    Node,
    Nodes,
    Total,
    Value,
)
from resolvers.reading import Found, Shaped
from resolvers.scalars import answered


def completed(executor: Executor[Any], shaped: Shaped, return_type: Any, details: Any, info: Any, path: Any) -> Any:
    """Complete an answer with odd values as a part of the executor's own, to whose errors it adds."""
    assert shaped.odd is not None
    within = copy(executor)
    within.schema = plain_schema(executor.schema)
    within.field_resolver = _resolve
    within.type_resolver = lambda source, *_: source.kind
    within._relevant_sub_fields = {}
    found = source_of(shaped.odd)
    source = found[0] if shaped.alone else found
    declared: Any = type_from_ast(within.schema, parse_type(str(return_type)))
    return within.complete_value(declared, details, info, path, source, None)


@lru_cache(maxsize=2)
def plain_schema(schema: GraphQLSchema) -> GraphQLSchema:
    """Return the same schema without its resolvers."""
    return build_schema(print_schema(schema))


def source_of(found: Found) -> Any:
    """Return what a plan found as objects whose fields can be resolved."""
    content = found.plan.content
    if isinstance(content, Connection):
        return _Connection(found, content, found.rows)
    return [None if row is None else _Item(found, content, row) for row in found.rows]


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **_: Any) -> Any:
    if isinstance(source, Mapping):
        return source[info.path.key]
    return source.value(info.path.key)


@dataclass(frozen=True, slots=True)
class _Item:
    found: Found
    items: Items
    row: Sequence[Any]

    @property
    def kind(self) -> str:
        """The item's kind, or any where all are answered alike."""
        return str(self.row[self.items.place]) if self.items.place else next(iter(self.items.shapes))

    def value(self, key: str) -> Any:
        one = next(one for one in self.items.shapes[self.kind] if one.key == key)
        match one:
            case Category():
                return self.found.categories.get(self.row[one.place])
            case Nested():
                return _Connection(self.found, one.connection, self.row[one.place])
            case Computed():
                value = self.found.computed[one.number].get(self.row[0])
                return value if one.selected is None else one.selected.shown(value)
            case Value():
                return answered(one.column.type, self.row[one.place])


@dataclass(frozen=True, slots=True)
class _Edge:
    found: Found
    edges: Edges
    connection: Connection
    row: Sequence[Any]

    def value(self, key: str) -> Any:
        one = next(one for one in self.edges.fields if one.key == key)
        match one:
            case Cursor():
                return _cursor(self.found, self.connection, self.row)
            case Node():
                return _Item(self.found, one.items, self.row)
            case Matched():
                words = self.found.lists[self.connection.number].words
                assert words is not None  # only searches match
                return one.selected.shown(matches(words, *(self.row[place] for place in one.places)))
            case Value():
                return answered(one.column.type, self.row[one.place])


@dataclass(frozen=True, slots=True)
class _Connection:
    found: Found
    connection: Connection
    hop: Any

    def value(self, key: str) -> Any:
        one = next(one for one in self.connection.parts if one.key == key)
        rows, total = self.hop if self.connection.rows and self.connection.total else (self.hop, self.hop)
        shown = rows[: self.found.lists[self.connection.number].limit] if self.connection.rows else []
        match one:
            case Total():
                return total
            case Nodes():
                return [_Item(self.found, one.items, row) for row in shown]
            case Edges():
                return [_Edge(self.found, one, self.connection, row) for row in shown]
            case Info():
                return self._page(one, rows, shown)

    def _page(self, info: Info, rows: Sequence[Any], shown: Sequence[Any]) -> dict[str, Any]:
        bound = self.found.lists[self.connection.number]
        values: dict[str, Any] = {"hasNextPage": len(rows) > bound.limit, "hasPreviousPage": bound.continued}
        for name, place in (("startCursor", 0), ("endCursor", -1)):
            values[name] = _cursor(self.found, self.connection, shown[place]) if shown else None
        return {key: values.get(name) for key, name in info.fields}


def _cursor(found: Found, connection: Connection, row: Sequence[Any]) -> str:
    return encoded(found.lists[connection.number].order, row[connection.place], row[0])
