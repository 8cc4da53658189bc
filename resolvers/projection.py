"""Translates a GraphQL selection into the neutral tree of ``graph.traversal``, and its rows back into the answer.

Fields are merged as the specification says (fragments, aliases, ``@skip``, ``@include``), once for each kind of item
that may come; what several kinds ask alike is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from graphql import FieldNode, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from graph.model import Property
from graph.traversal import MAX_DEPTH, MAX_HOPS, Hop, Level, Page
from graph.values import Type
from resolvers.connection import decoded, encoded, page_size
from resolvers.errors import RefusedError
from resolvers.naming import ABSTRACT, EdgeField, edge_fields_of, labels_of, plain, properties_of
from resolvers.scalars import answered

Row = list[Any]
Reader = Callable[[Row], Any]

_STATUS: Final = Property("status", Type.TEXT, "")
_TITLE: Final = Property("title", Type.TEXT, "")


@dataclass(slots=True)
class Layout:
    """What each row of one level holds, as it becomes known while the selection is read."""

    target: str
    columns: dict[Property, int] = field(default_factory=dict)
    edge_columns: dict[Property, int] = field(default_factory=dict)
    hops: list[PlannedHop] = field(default_factory=list)
    by_selection: dict[tuple[object, ...], Reader] = field(default_factory=dict)

    @property
    def labelled(self) -> bool:
        """Whether rows tell their label: only where several kinds may come."""
        return self.target in ABSTRACT

    def column(self, column: Property) -> int:
        """Return the place of a property in the rows."""
        place = self.columns.setdefault(plain(column), len(self.columns))
        return 1 + self.labelled + place

    def edge_column(self, column: Property) -> int:
        """Return the place of a property of the edge among those of the edge."""
        return self.edge_columns.setdefault(plain(column), len(self.edge_columns))

    @property
    def edges_at(self) -> int:
        """Where the edge's properties begin, once all columns are known."""
        return 1 + self.labelled + len(self.columns)

    @property
    def hops_at(self) -> int:
        """Where the hops begin, once all columns are known."""
        return self.edges_at + len(self.edge_columns)

    def level(self) -> Level:
        """Return what the traversal is to read."""
        return Level(tuple(self.columns), self.labelled, tuple(one.hop() for one in self.hops))

    def pages(self) -> list[Page]:
        """Return the pages of all hops below, in preorder."""
        return [page for one in self.hops for page in one.pages()]


@dataclass(slots=True)
class PlannedHop:
    """A hop with its own page."""

    edge: EdgeField
    layout: Layout
    page: Page
    rows: bool = False
    total: bool = False

    def hop(self) -> Hop:
        """Return what the traversal is to follow."""
        level = self.layout.level() if self.rows else None
        columns = tuple(self.layout.edge_columns)
        return Hop(self.edge.kind.name, self.edge.forward, level, columns, self.total or level is None)

    def pages(self) -> list[Page]:
        """Return its page and those below, as the traversal numbers them."""
        return [self.page, *(self.layout.pages() if self.rows else ())]


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows of one connection, one more than its page holds if there are more."""

    rows: Sequence[Row]
    total: int
    limit: int
    continued: bool


class Projection:
    """Reads the selection of one root field."""

    def __init__(self, info: GraphQLResolveInfo[Any]) -> None:
        self.info = info
        self.statuses: Mapping[str, str] = {}
        self.needs_statuses = False
        self._variables = VariableValues({}, dict(cast("Any", info.variable_values)))
        self._fragments = {name: FragmentDetails(one) for name, one in info.fragments.items()}
        self._hops = 0

    def fields(self, nodes: Sequence[FieldNode], type_name: str) -> list[tuple[str, str, list[FieldNode]]]:
        """Return what is selected of an object of one type: response key, field name, the field's nodes."""
        collected = collect_subfields(
            self.info.schema,
            self._fragments,
            self._variables,
            self.info.operation,
            self._object(type_name),
            [FieldDetails(node, None, None) for node in nodes],
        )
        return [
            (key, details[0].node.name.value, [one.node for one in details])
            for key, details in collected.grouped_field_set.items()
        ]

    def _object(self, name: str) -> GraphQLObjectType:
        found = self.info.schema.get_type(name)
        assert isinstance(found, GraphQLObjectType)
        return found

    # Items --------------------------------------------------------------------------------------------------------

    def item(self, nodes: Sequence[FieldNode], layout: Layout, depth: int) -> Reader:
        """Return what makes an item's answer of its row."""
        shapes = {label: self._shape(nodes, label, layout, depth) for label in labels_of(layout.target)}
        if layout.labelled:
            return lambda row: {key: read(row) for key, read in shapes[row[1]]}
        shape = shapes[layout.target]
        return lambda row: {key: read(row) for key, read in shape}

    def _shape(self, nodes: Sequence[FieldNode], label: str, layout: Layout, depth: int) -> list[tuple[str, Reader]]:
        return [(key, self._field(label, name, own, layout, depth)) for key, name, own in self.fields(nodes, label)]

    def _field(self, label: str, name: str, nodes: list[FieldNode], layout: Layout, depth: int) -> Reader:
        properties = properties_of(label)
        edges = edge_fields_of(label)
        if name == "__typename":
            return lambda row: label
        if name == "id":
            return lambda row: row[0]
        if name == "category":
            self.needs_statuses = True
            place = layout.column(_STATUS)
            return lambda row: self.statuses.get(row[place])
        if name == "name":
            return _value(_TITLE, layout.column(_TITLE))
        if name in properties:
            return _value(properties[name], layout.column(properties[name]))
        return self._hop(label, edges[name], nodes, layout, depth)

    # Edges --------------------------------------------------------------------------------------------------------

    def _hop(self, label: str, edge: EdgeField, nodes: list[FieldNode], layout: Layout, depth: int) -> Reader:
        selection = (edge.name, *(id(node) for node in nodes))
        if selection not in layout.by_selection:
            layout.by_selection[selection] = self._new_hop(label, edge, nodes, layout, depth + 1)
        return layout.by_selection[selection]

    def _new_hop(self, label: str, edge: EdgeField, nodes: list[FieldNode], layout: Layout, depth: int) -> Reader:
        self._hops += 1
        if depth > MAX_DEPTH:
            raise RefusedError(
                "TOO_COMPLEX", f"edges are followed at most {MAX_DEPTH} deep: ask for {edge.name} of an item by its id"
            )
        if self._hops > MAX_HOPS:
            raise RefusedError("TOO_COMPLEX", f"one root field may follow at most {MAX_HOPS} edges: ask in two parts")
        arguments = get_argument_values(self._object(label).fields[edge.name], nodes[0], self._variables)
        limit, after = page_size(arguments["first"]), arguments.get("after")
        page = Page(limit + 1, decoded(after, ()).id if after else "")
        planned = PlannedHop(edge, Layout(edge.target), page)
        read, planned.rows, planned.total = self.connection(nodes, edge.type_name, planned.layout, depth, edge)
        place = len(layout.hops)
        layout.hops.append(planned)
        both = planned.rows and planned.total

        def hop(row: Row) -> Any:
            value = row[layout.hops_at + place]
            if both:
                rows, total = value
            else:
                rows, total = (value, 0) if planned.rows else ((), value)
            return read(Slice(rows, total, limit, bool(after)))

        return hop

    # Connections --------------------------------------------------------------------------------------------------

    def connection(
        self,
        nodes: Sequence[FieldNode],
        stem: str,
        layout: Layout,
        depth: int,
        edge: EdgeField | None = None,
        order: Sequence[Property] = (),
    ) -> tuple[Callable[[Slice], dict[str, Any]], bool, bool]:
        """Return what makes a connection's answer of its rows, whether it needs rows, and whether their number."""
        cursor = self._cursor(layout, order)
        parts: list[tuple[str, Callable[[Slice], Any]]] = []
        rows = total = False
        for key, name, own in self.fields(nodes, f"{stem}Connection"):
            match name:
                case "__typename":
                    parts.append((key, lambda page: f"{stem}Connection"))
                case "totalCount":
                    total = True
                    parts.append((key, lambda page: page.total))
                case "pageInfo":
                    rows = True
                    parts.append((key, self._page_info(own, cursor)))
                case _:
                    rows = True
                    read = (
                        self.item(own, layout, depth)
                        if name == "nodes"
                        else self._edge(own, stem, layout, depth, edge, cursor)
                    )
                    parts.append((key, _each(read)))
        return (lambda page: {key: read(page) for key, read in parts}), rows, total

    def _cursor(self, layout: Layout, order: Sequence[Property]) -> Reader:
        places = [(layout.column(one), one.type is Type.DATE) for one in order]
        return lambda row: encoded(tuple(row[at][0] if is_day else row[at] for at, is_day in places), row[0])

    def _edge(
        self, nodes: Sequence[FieldNode], stem: str, layout: Layout, depth: int, edge: EdgeField | None, cursor: Reader
    ) -> Reader:
        own = {one.name: one for one in edge.kind.properties} if edge else {}
        parts: list[tuple[str, Reader]] = []
        for key, name, selected in self.fields(nodes, f"{stem}Edge"):
            match name:
                case "__typename":
                    parts.append((key, lambda row: f"{stem}Edge"))
                case "cursor":
                    parts.append((key, cursor))
                case "node":
                    parts.append((key, self.item(selected, layout, depth)))
                case _:
                    parts.append((key, _edge_value(own[name], layout)))
        return lambda row: {key: read(row) for key, read in parts}

    def _page_info(self, nodes: Sequence[FieldNode], cursor: Reader) -> Callable[[Slice], dict[str, Any]]:
        readers: dict[str, Callable[[Slice], Any]] = {
            "__typename": lambda page: "PageInfo",
            "hasNextPage": lambda page: len(page.rows) > page.limit,
            "hasPreviousPage": lambda page: page.continued,
            "startCursor": lambda page: cursor(page.rows[0]) if page.rows else None,
            "endCursor": lambda page: cursor(page.rows[: page.limit][-1]) if page.rows else None,
        }
        parts = [(key, readers[name]) for key, name, _ in self.fields(nodes, "PageInfo")]
        return lambda page: {key: read(page) for key, read in parts}


def _each(read: Reader) -> Callable[[Slice], list[Any]]:
    return lambda page: [read(row) for row in page.rows[: page.limit]]


def _value(column: Property, place: int) -> Reader:
    kind, required = column.type, column.required

    def value(row: Row) -> Any:
        found = answered(kind, row[place])
        if found is None and required:
            # Handing on a null that the schema rules out would break typed clients far from its cause.
            raise ValueError(f"item {row[0]} has no {column.name}")
        return found

    return value


def _edge_value(column: Property, layout: Layout) -> Reader:
    place = layout.edge_column(column)
    return lambda row: answered(column.type, row[layout.edges_at + place])
