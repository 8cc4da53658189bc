"""What is worked out once for a root field of a document: what to read, and what to make of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import FieldNode, GraphQLError

from graph.model import SHARED
from graph.reading.rounds import Program, compiled
from graph.reading.selection import Column, Listing, Page, Root
from resolvers.arguments import UNFIT, Arguments, Bound, bound_list, bound_search
from resolvers.conditions import Facts
from resolvers.decoding import Decoder, connection_decoder, items_decoder
from resolvers.documents import Document, remembered
from resolvers.naming import SEARCH, labels_of, plain
from resolvers.projection import ComputedSlot, Connection, Items, Layout, Projection, Slot

_KEY: Final = Column(plain(next(one for one in SHARED if one.name == "key")))
_MAX_PROGRAMS: Final = 64
"""Programs kept for one plan: it has one for each shape of its filters and orders."""
_NAMED: Final = Bound(Listing(), Page(0), 0, False, "", True, False)


@dataclass(frozen=True, slots=True)
class PlannedList:
    """A list of items of a type, with its arguments (without any: a root by name); ``nested``: one of each item."""

    target: str
    arguments: Arguments | None
    nested: bool = False

    def bound(self, variables: Mapping[str, Any], facts: Facts) -> Bound:
        """Return it with the values of one request."""
        if self.arguments is None:
            return _NAMED
        try:
            values = self.arguments.values(variables)
        except GraphQLError:
            if not self.nested:
                raise
            return UNFIT
        return bound_search(values) if self.target == SEARCH else bound_list(self.target, values, facts)

    def once(self, facts: Facts) -> Bound | None:
        """Return it with the values of every request, ``None`` where they differ."""
        if self.arguments is not None and not self.arguments.fixed:
            return None
        bound = self.bound({}, facts)
        return bound if bound.timeless else None


@dataclass(frozen=True, slots=True)
class PlannedValue:
    """A computed field; ``arguments`` only where it takes some."""

    name: str
    arguments: Arguments | None


@dataclass(slots=True, eq=False)
class Plan:
    """One selected root field of items: a list (``named_by`` is empty), or items that are named by id or key.

    ``arguments`` are those of the field, ``lists`` its lists by number, ``computed`` its computed fields by number;
    ``statuses`` tells whether the answer shows what statuses mean.
    """

    target: str
    named_by: str
    arguments: Arguments
    layout: Layout
    content: Connection | Items
    decode: Decoder
    lists: Sequence[PlannedList]
    statuses: bool
    computed: Sequence[PlannedValue]
    _fixed: list[Bound | None] = field(default_factory=list)
    _programs: OrderedDict[Hashable, Program] = field(default_factory=OrderedDict)

    def bound(self, variables: Mapping[str, Any], facts: Facts) -> list[Bound]:
        """Return its lists for one request.

        Raises:
            RefusedError: An argument is out of range.
            GraphQLError: A variable's value is not one that an argument of the field takes.

        """
        if not self._fixed:
            self._fixed = [one.once(facts) for one in self.lists]
        return [fixed or one.bound(variables, facts) for fixed, one in zip(self._fixed, self.lists, strict=True)]

    def program(self, lists: Sequence[Bound], planning: Callable[[int], object]) -> Program:
        """Return the texts that read the lists; those of one shape have the same.

        ``planning`` is told of how many lists a shape is that has not come before: Neo4j has to plan it.
        """

        def make() -> Program:
            planning(len(lists))
            return compiled(self._root(lists, statuses))

        statuses = self.statuses or any(one.categories for one in lists)
        shape = (statuses, *(one.listing for one in lists))
        return remembered(self._programs, shape, _MAX_PROGRAMS, make)

    def _root(self, lists: Sequence[Bound], statuses: bool) -> Root:
        listings = [one.listing for one in lists]
        rows = isinstance(self.content, Items) or self.content.rows
        level = self.layout.level(listings) if rows else None
        total = isinstance(self.content, Connection) and self.content.total
        searched = self.target == SEARCH
        return Root(level, labels_of(self.target), self.named_by, total, listings[0], statuses, searched)

    @property
    def name_place(self) -> int:
        """Where rows hold the name by which their item was asked for."""
        return self.layout.place(_KEY) if self.named_by == "key" else 0


def plan_of(
    document: Document, nodes: Sequence[FieldNode], target: str, named_by: str, parent: str, skips: Mapping[str, bool]
) -> Plan:
    """Return the plan of a selected field, remembered with its document.

    Raises:
        RefusedError: The field selects more than may be read at once.

    """
    key = (target, named_by, *(id(node) for node in nodes), *skips.items())
    return document.plan(key, lambda: _planned(document, nodes, target, named_by, parent, skips))


def _planned(
    document: Document, nodes: Sequence[FieldNode], target: str, named_by: str, parent: str, skips: Mapping[str, bool]
) -> Plan:
    projection, layout = Projection(document, skips), Layout(target)
    content: Connection | Items
    if named_by:
        projection.slots.append(None)
        content = projection.items(nodes, layout, 0)
        if named_by == "key":
            layout.place(_KEY)
        decode = items_decoder(content)
    else:
        content = projection.connection(Slot(target, parent, nodes[0].name.value, nodes[0]), nodes, layout, 0)
        decode = connection_decoder(content)
    lists = [_list(document, number, slot) for number, slot in enumerate(projection.slots)]
    arguments = Arguments(document.object(parent).fields[nodes[0].name.value], nodes[0])
    values = [_value(document, slot) for slot in projection.computed.values()]
    return Plan(target, named_by, arguments, layout, content, decode, lists, projection.statuses, values)


def _value(document: Document, slot: ComputedSlot) -> PlannedValue:
    declared = document.object(slot.parent).fields[slot.name]
    return PlannedValue(slot.name, Arguments(declared, slot.node) if declared.args else None)


def _list(document: Document, number: int, slot: Slot | None) -> PlannedList:
    if slot is None:
        return PlannedList("", None)
    arguments = Arguments(document.object(slot.parent).fields[slot.name], slot.node)
    return PlannedList(slot.target, arguments, nested=number > 0)
