"""Reads what a document selects of items: which values each row must hold, and what is made of them.

Fields are merged as the specification says (fragments, aliases, ``@skip``, ``@include``), once for each kind of item
that may come; what several kinds ask alike is read once. The result knows nothing of arguments' values: those are bound
for each request (``resolvers.arguments``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from graphql import FieldNode, GraphQLObjectType, get_named_type, print_ast

from graph.model import Property
from graph.reading.selection import RANK, Column, EdgeColumn, Hop, Label, Level, Listing, Place
from graph.values import Type
from resolvers.computed import COMPUTED
from resolvers.documents import Document
from resolvers.errors import RefusedError
from resolvers.naming import SEARCH, EdgeField, edge_fields_of, labels_of, plain, properties_of

MAX_HOPS_DEEP: Final = 15
"""Edges that one root field may follow one after another."""
MAX_HOPS_IN_ALL: Final = 200
"""Edges that one root field may follow in all."""

_STATUS: Final = Property("status", Type.TEXT, "")
_TITLE: Final = Property("title", Type.TEXT, "", required=True)
_SEARCHED: Final = tuple(Property(name, Type.TEXT, "") for name in ("key", "title", "description"))


@dataclass(frozen=True, slots=True)
class Value:
    """A property of an item or of its edge; ``place`` is where rows hold it."""

    key: str
    place: int
    column: Property


@dataclass(frozen=True, slots=True)
class TypeName:
    """``__typename``: a name that is known, or the kind that rows tell."""

    key: str
    name: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Category:
    """The category of the status that rows hold."""

    key: str
    place: int


@dataclass(frozen=True, slots=True)
class Nested:
    """A connection of further items."""

    key: str
    place: int
    connection: Connection


@dataclass(frozen=True, slots=True)
class Plain:
    """What is selected of a plain object: response key and attribute of each field, and what is asked of an object."""

    type_name: str
    fields: tuple[tuple[str, str, Plain | None], ...]

    def shown(self, value: Any) -> Any:
        """Return an object, a list of them, or null, as it is selected."""
        if value is None:
            return None
        if isinstance(value, list | tuple):
            return [self.shown(one) for one in value]
        return {key: self._field(value, name, inner) for key, name, inner in self.fields}

    def _field(self, value: Any, name: str, inner: Plain | None) -> Any:
        if name == "__typename":
            return self.type_name
        return getattr(value, name) if inner is None else inner.shown(getattr(value, name))


@dataclass(frozen=True, slots=True)
class Matched:
    """Where an item matches a search; ``places`` are those of its key, title and description."""

    key: str
    places: tuple[int, int, int]
    selected: Plain


@dataclass(frozen=True, slots=True)
class Computed:
    """A field that is worked out from the snapshot; ``number`` names its values, ``selected`` what is asked of them."""

    key: str
    number: int
    selected: Plain | None


Field = Value | TypeName | Category | Nested | Computed


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """How a row becomes an item, by its kind; ``place`` is where rows tell it, if kinds differ (0: they do not)."""

    shapes: Mapping[str, tuple[Field, ...]]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """The cursor of a row."""

    key: str


@dataclass(frozen=True, slots=True)
class Node:
    """The item of an edge."""

    key: str
    items: Items


@dataclass(frozen=True, slots=True)
class Total:
    """The number of all items of a connection."""

    key: str


@dataclass(frozen=True, slots=True)
class Info:
    """Where a page stands; ``fields`` are pairs of response key and name."""

    key: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Nodes:
    """The items of a page."""

    key: str
    items: Items


EdgePart = Value | TypeName | Cursor | Node | Matched


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges of a page."""

    key: str
    fields: tuple[EdgePart, ...]


Part = TypeName | Total | Info | Nodes | Edges


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """A selected connection: ``number`` names its page, ``stem`` its types; whether it needs rows, and their number.

    ``place`` is where rows hold the values of their order, 0 where no cursor is asked.
    """

    number: int
    stem: str
    rows: bool
    total: bool
    place: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A selected field with arguments: a list of items of a type; ``parent`` and ``name`` find it in the schema."""

    target: str
    parent: str
    name: str
    node: FieldNode


@dataclass(frozen=True, slots=True)
class ComputedSlot:
    """A computed field with its arguments; ``parent`` and ``name`` find it in the schema."""

    parent: str
    name: str
    node: FieldNode


@dataclass(slots=True)
class Layout:
    """What each row of one level holds, as it becomes known while the selection is read."""

    target: str
    parts: list[Column | EdgeColumn | Label | Place | PlannedHop] = field(default_factory=list)
    hops: dict[tuple[object, ...], tuple[int, Connection]] = field(default_factory=dict)

    def place(self, part: Column | EdgeColumn | Label | Place) -> int:
        """Return the place of a value in the rows."""
        if part not in self.parts:
            self.parts.append(part)
        return 1 + self.parts.index(part)

    def level(self, listings: Sequence[Listing]) -> Level:
        """Return what the traversal is to read, given which items each list holds."""
        return Level(tuple(one.hop(listings) if isinstance(one, PlannedHop) else one for one in self.parts))


@dataclass(frozen=True, slots=True, eq=False)
class PlannedHop:
    """A hop whose list is not bound yet."""

    edge: EdgeField
    number: int
    layout: Layout | None
    total: bool

    def hop(self, listings: Sequence[Listing]) -> Hop:
        """Return what the traversal is to follow."""
        level = None if self.layout is None else self.layout.level(listings)
        return Hop(self.number, self.edge.kind.name, self.edge.forward, level, self.total, listings[self.number])


class Projection:
    """Reads the selection of one root field; ``slots`` are its lists, numbered as they are found.

    ``computed`` are its computed fields, each once however often it is asked with the same arguments. ``statuses``
    tells whether it shows what statuses mean.
    """

    def __init__(self, document: Document, skips: Mapping[str, bool]) -> None:
        self._document = document
        self._skips = skips
        self.slots: list[Slot | None] = []
        self.computed: dict[tuple[str, str], ComputedSlot] = {}
        self.statuses = False

    def _fields(self, nodes: Sequence[FieldNode], type_name: str) -> list[tuple[str, str, list[FieldNode]]]:
        return self._document.fields(nodes, type_name, self._skips)

    def _plain(self, nodes: Sequence[FieldNode], type_name: str) -> Plain:
        """Return what is selected of a plain object."""
        declared = self._document.object(type_name).fields
        found: list[tuple[str, str, Plain | None]] = []
        for key, name, own in self._fields(nodes, type_name):
            if name == "__typename":
                found.append((key, name, None))
                continue
            inner = get_named_type(declared[name].type)
            attribute = declared[name].extensions["strawberry-definition"].python_name
            selected = self._plain(own, inner.name) if isinstance(inner, GraphQLObjectType) else None
            found.append((key, attribute, selected))
        return Plain(type_name, tuple(found))

    # Items --------------------------------------------------------------------------------------------------------

    def items(self, nodes: Sequence[FieldNode], layout: Layout, depth: int) -> Items:
        """Return how rows become items of the layout's type."""
        labels = labels_of(layout.target)
        shapes = {label: self._shape(nodes, label, layout, depth) for label in labels}
        alike = len(set(shapes.values())) == 1
        return Items(shapes, 0 if alike else layout.place(Label()))

    def _shape(self, nodes: Sequence[FieldNode], label: str, layout: Layout, depth: int) -> tuple[Field, ...]:
        fields = self._fields(nodes, label)
        return tuple(self._field(key, label, name, own, layout, depth) for key, name, own in fields)

    def _field(self, key: str, label: str, name: str, nodes: list[FieldNode], layout: Layout, depth: int) -> Field:
        properties = properties_of(label)
        if name == "__typename":
            alone = len(labels_of(layout.target)) == 1
            return TypeName(key, label) if alone else TypeName(key, place=layout.place(Label()))
        if name == "id":
            return Value(key, 0, properties["id"])
        if name == "category":
            self.statuses = True
            return Category(key, layout.place(Column(_STATUS)))
        if name == "name" and name not in properties:
            return Value(key, layout.place(Column(plain(_TITLE))), _TITLE)
        if name in properties:
            return Value(key, layout.place(Column(plain(properties[name]))), replace(properties[name], description=""))
        if name in COMPUTED:
            return self._computed(key, label, name, nodes)
        place, connection = self._hop(label, edge_fields_of(label)[name], nodes, layout, depth)
        return Nested(key, place, connection)

    def _computed(self, key: str, label: str, name: str, nodes: list[FieldNode]) -> Computed:
        asked = (name, " ".join(print_ast(one) for one in nodes[0].arguments or ()))
        self.computed.setdefault(asked, ComputedSlot(label, name, nodes[0]))
        kind = get_named_type(self._document.object(label).fields[name].type)
        selected = self._plain(nodes, kind.name) if isinstance(kind, GraphQLObjectType) else None
        return Computed(key, list(self.computed).index(asked), selected)

    # Edges --------------------------------------------------------------------------------------------------------

    def _hop(
        self, label: str, edge: EdgeField, nodes: list[FieldNode], layout: Layout, depth: int
    ) -> tuple[int, Connection]:
        selection = (edge.name, *(id(node) for node in nodes))
        if selection not in layout.hops:
            if depth == MAX_HOPS_DEEP:
                message = f"edges are followed at most {MAX_HOPS_DEEP} deep: ask for {edge.name} of an item by its id"
                raise RefusedError("TOO_COMPLEX", message)
            inner = Layout(edge.target)
            connection = self.connection(Slot(edge.target, label, edge.name, nodes[0]), nodes, inner, depth + 1, edge)
            planned = PlannedHop(edge, connection.number, inner if connection.rows else None, connection.total)
            layout.parts.append(planned)
            layout.hops[selection] = (len(layout.parts), connection)
        return layout.hops[selection]

    # Connections --------------------------------------------------------------------------------------------------

    def connection(
        self, slot: Slot, nodes: Sequence[FieldNode], layout: Layout, depth: int, edge: EdgeField | None = None
    ) -> Connection:
        """Return what is selected of a list."""
        number = len(self.slots)
        self.slots.append(slot)
        if number > MAX_HOPS_IN_ALL:
            message = f"one root field may follow at most {MAX_HOPS_IN_ALL} edges: ask in two parts"
            raise RefusedError("TOO_COMPLEX", message)
        stem = edge.type_name if edge else layout.target
        parts: list[Part] = []
        for key, name, own in self._fields(nodes, f"{stem}Connection"):
            match name:
                case "__typename":
                    parts.append(TypeName(key, f"{stem}Connection"))
                case "totalCount":
                    parts.append(Total(key))
                case "pageInfo":
                    selected = self._fields(own, "PageInfo")
                    parts.append(Info(key, tuple((inner, shown) for inner, shown, _ in selected)))
                    if any(shown.endswith("Cursor") for _, shown, _ in selected):
                        layout.place(Place())
                case "nodes":
                    parts.append(Nodes(key, self.items(own, layout, depth)))
                case _:
                    parts.append(Edges(key, self._edges(own, stem, layout, depth, edge)))
        rows = any(isinstance(one, Info | Nodes | Edges) for one in parts)
        total = any(isinstance(one, Total) for one in parts)
        place = layout.place(Place()) if Place() in layout.parts else 0
        return Connection(number, stem, rows, total, place, tuple(parts))

    def _edges(
        self, nodes: Sequence[FieldNode], stem: str, layout: Layout, depth: int, edge: EdgeField | None
    ) -> tuple[EdgePart, ...]:
        declared = {one.name: one for one in edge.kind.properties} if edge else {}
        parts: list[EdgePart] = []
        for key, name, own in self._fields(nodes, f"{stem}Edge"):
            match name:
                case "__typename":
                    parts.append(TypeName(key, f"{stem}Edge"))
                case "cursor":
                    layout.place(Place())
                    parts.append(Cursor(key))
                case "node":
                    parts.append(Node(key, self.items(own, layout, depth)))
                case "score" if stem == SEARCH:
                    parts.append(Value(key, layout.place(Column(RANK)), RANK))
                case "matches" if stem == SEARCH:
                    key_at, title_at, description_at = (layout.place(Column(one)) for one in _SEARCHED)
                    parts.append(Matched(key, (key_at, title_at, description_at), self._plain(own, "SearchMatch")))
                case _:
                    column = declared[name]
                    place = layout.place(EdgeColumn(plain(column)))
                    parts.append(Value(key, place, replace(column, description="")))
        return tuple(parts)
