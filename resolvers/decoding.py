"""Makes the function that turns a selection's rows into its answer.

The function is generated as Python for each selection, so that a row becomes an item in one expression instead of a
call for each of its fields; that is half of the time of a large answer. Its text is made of response keys (which
GraphQL limits to letters, digits and underscores, and which are quoted all the same) and of places in rows; everything
else stands in its namespace.

It answers what graphql-core would have answered, or raises ``OddValueError`` where it would have reported an error:
where a value is not one that the schema promises. Then ``resolvers.completion`` finds out which.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from graph.model import Property
from graph.reading.snippets import matches
from graph.values import Type, millis_to_instant
from resolvers.arguments import Bound
from resolvers.connection import encoded
from resolvers.projection import (
    Category,
    Computed,
    Connection,
    Cursor,
    EdgePart,
    Edges,
    Field,
    Info,
    Items,
    Matched,
    Nested,
    Node,
    Nodes,
    Part,
    Total,
    TypeName,
    Value,
)
from resolvers.scalars import coarse

Decoder = Callable[[Any, Sequence[Bound], Mapping[str, str], Sequence[Mapping[str, Any]]], Any]
"""Takes a connection's rows (and number) or a list of rows, the bound lists, the categories of statuses, and the values
of the computed fields by their numbers and the items' ids.
"""


class OddValueError(Exception):
    """A stored value is not one that the schema promises."""


def connection_decoder(connection: Connection) -> Decoder:
    """Return what makes a connection's answer of its hop, as it stands in a row."""
    writer = _Writer()
    return writer.finished(f"return {writer.connection(connection)}(rows)")


def items_decoder(items: Items) -> Decoder:
    """Return what makes a list of items of a list of rows."""
    writer = _Writer()
    return writer.finished(f"return [{writer.item(items, 'r')} for r in rows]")


@dataclass(slots=True)
class _Writer:
    """Collects the functions of one decoder: one for each connection, and one for each kind where kinds differ."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: dict(_NAMESPACE))
    written: dict[int, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def finished(self, last: str) -> Decoder:
        body = "\n".join(f"    {line}" for line in (*self.lines, last))
        text = f"def decode(rows, lists, categories, computed):\n{body}\n"
        exec(compile(text, "<decoder>", "exec"), self.names)
        made: Decoder = self.names["decode"]
        return made

    # Connections --------------------------------------------------------------------------------------------------

    def connection(self, connection: Connection) -> str:
        """Write the function of a connection once, and return its name."""
        name = f"c{connection.number}"
        if connection.number in self.written:
            return name
        self.written[connection.number] = name
        parts = ", ".join(f"{part.key!r}: {self._part(part, connection)}" for part in connection.parts)
        number = connection.number
        lines = [f"def {name}(v):"]
        if connection.rows and connection.total:
            lines += ["    v, t = v"]
        elif not connection.rows:
            lines += ["    t = v"]
        if connection.rows:
            lines += [f"    more = len(v) > l{number}", "    if more:", f"        v = v[:l{number}]"]
        self.lines += [f"b{number} = lists[{number}]", f"l{number} = b{number}.limit"]
        self.lines += [*lines, f"    return {{{parts}}}"]
        return name

    def _part(self, part: Part, connection: Connection) -> str:
        match part:
            case TypeName():
                return repr(part.name)
            case Total():
                return "whole(t)"
            case Info():
                return self._page_info(part, connection)
            case Nodes():
                return f"[{self.item(part.items, 'r')} for r in v]"
            case Edges():
                fields = ", ".join(f"{one.key!r}: {self._edge_field(one, connection)}" for one in part.fields)
                return f"[{{{fields}}} for r in v]"

    def _page_info(self, info: Info, connection: Connection) -> str:
        values = {
            "__typename": "'PageInfo'",
            "hasNextPage": "more",
            "hasPreviousPage": f"b{connection.number}.continued",
            "startCursor": f"({_cursor(connection, 'v[0]')} if v else None)",
            "endCursor": f"({_cursor(connection, 'v[-1]')} if v else None)",
        }
        return "{" + ", ".join(f"{key!r}: {values[name]}" for key, name in info.fields) + "}"

    def _edge_field(self, one: EdgePart, connection: Connection) -> str:
        match one:
            case Cursor():
                return _cursor(connection, "r")
            case Node():
                return self.item(one.items, "r")
            case Matched():
                key, title, description = one.places
                found = f"matches(b{connection.number}.words, r[{key}], r[{title}], r[{description}])"
                return f"{self._named(one.selected.shown)}({found})"
            case _:
                return self.value(one, "r")

    def _named(self, value: Any) -> str:
        """Return a name by which the text reaches a value."""
        name = f"x{next(self.numbers)}"
        self.names[name] = value
        return name

    # Items --------------------------------------------------------------------------------------------------------

    def item(self, items: Items, row: str) -> str:
        """Return the expression of an item."""
        shapes = list(dict.fromkeys(items.shapes.values()))
        if len(shapes) == 1:
            return self._object(shapes[0], row)
        table = f"k{next(self.numbers)}"
        functions = {}
        for place, shape in enumerate(shapes):
            functions[shape] = f"{table}_{place}"
            text = self._object(shape, "r")
            self.lines += [f"def {table}_{place}(r):", f"    return {text}"]
        entries = ", ".join(f"{label!r}: {functions[shape]}" for label, shape in items.shapes.items())
        self.lines.append(f"{table} = Table({{{entries}}})")
        return f"{table}[{row}[{items.place}]]({row})"

    def _object(self, shape: tuple[Field, ...], row: str) -> str:
        return "{" + ", ".join(f"{one.key!r}: {self.value(one, row)}" for one in shape) + "}"

    def value(self, one: Field, row: str) -> str:
        """Return the expression of one field of an item or an edge."""
        match one:
            case TypeName():
                return f"{row}[{one.place}]" if one.place else repr(one.name)
            case Category():
                return f"categories.get({row}[{one.place}])"
            case Nested():
                return f"{self.connection(one.connection)}({row}[{one.place}])"
            case Computed():
                found = f"computed[{one.number}].get({row}[0])"
                return found if one.selected is None else f"{self._named(one.selected.shown)}({found})"
            case Value():
                return self._property(one.column, f"{row}[{one.place}]")

    def _property(self, column: Property, path: str) -> str:
        if column.choices:
            choices = dict.fromkeys(column.choices) if column.required else dict.fromkeys((*column.choices, None))
            return f"{self._named(Table({one: one for one in choices}))}[{path}]"
        if column.required:
            return f"({path} or present({path}))" if column.type is Type.TEXT else f"{_REQUIRED[column.type]}({path})"
        return _OPTIONAL[column.type].format(path)


class Table(dict[Any, Any]):
    """A table in which each value must be found; any other is odd."""

    __slots__ = ()

    def __missing__(self, key: object) -> Any:
        raise OddValueError


def _cursor(connection: Connection, row: str) -> str:
    return f"cursor(b{connection.number}.order, {row}[{connection.place}], {row}[0])"


def present(value: Any) -> Any:
    """Return a value that must be there."""
    if value is None:
        raise OddValueError
    return value


def whole(value: Any) -> int:
    """Return a number as GraphQL's ``Int`` holds it."""
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    raise OddValueError


def number(value: Any) -> float | None:
    """Return a number as GraphQL's ``Float`` holds it."""
    if value is None or (type(value) is float and value - value == 0):
        return value
    if type(value) is int:
        return float(value)
    raise OddValueError


def instant(value: Any) -> str:
    """Return a required instant."""
    if type(value) is int:
        return millis_to_instant(value)
    raise OddValueError


def day(value: Any) -> str | None:
    """Return a stored date, a list of day and precision."""
    return None if value[0] is None else coarse(value[0], value[1])


_NAMESPACE: Final[Mapping[str, Any]] = {
    "Table": Table,
    "cursor": encoded,
    "day": day,
    "instant": instant,
    "json": orjson.loads,
    "matches": matches,
    "number": number,
    "present": present,
    "whole": whole,
}
_REQUIRED: Final = {
    Type.INTEGER: "whole",
    Type.NUMBER: "present",
    Type.BOOLEAN: "present",
    Type.INSTANT: "instant",
    Type.DATE: "present",
    Type.TEXTS: "present",
    Type.JSON: "present",
}
_OPTIONAL: Final = {
    Type.TEXT: "{0}",
    Type.INTEGER: "(None if {0} is None else whole({0}))",
    Type.NUMBER: "number({0})",
    Type.BOOLEAN: "{0}",
    Type.INSTANT: "(None if {0} is None else instant({0}))",
    Type.DATE: "day({0})",
    Type.TEXTS: "({0} or [])",
    Type.JSON: "(None if {0} is None else json({0}))",
}
