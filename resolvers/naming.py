"""How the model table is spelt in GraphQL: type names, root fields, and a field for each end of each edge kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from graph.model import EDGES, NODES, SHARED, STATUSED, WORK, EdgeKind, NodeKind, Property
from graph.values import Type

GROUPS: Final = ("Work", "Goal")
ABSTRACT: Final = {
    "Node": ("Anything with a global identity.", tuple(NODES)),
    "Item": ("Anything in the work graph: work, goals, people, teams and the rest.", tuple(NODES)),
    "Work": (
        "Projects, milestones, tasks, operations and issues.",
        tuple(label for label, kind in NODES.items() if kind.group == "Work"),
    ),
    "Goal": (
        "Objectives and key results.",
        tuple(label for label, kind in NODES.items() if kind.group == "Goal"),
    ),
}
"""Interface → description and the labels that implement it."""

SEARCH: Final = "Search"
"""Stem of the types of what a search finds: items of any kind, and how they fit."""

_PLURALS: Final = {"Person": "people", "Work": "work"}


@dataclass(frozen=True, slots=True)
class EdgeField:
    """One edge kind seen from one of its ends; ``target`` names the type at the other end."""

    name: str
    kind: EdgeKind
    forward: bool
    target: str

    @property
    def type_name(self) -> str:
        """Stem of the names of its connection and edge types."""
        return self.name[0].upper() + self.name[1:]

    @property
    def description(self) -> str:
        """What the field holds."""
        side = "what this is the start of" if self.forward else "what this is the end of"
        return f"{self.kind.description} Here: {side}."


@cache
def edge_fields() -> dict[str, EdgeField]:
    """Return the fields of all edge kinds, both ends, by name."""
    fields: dict[str, EdgeField] = {}
    for kind in EDGES.values():
        starts = {start for start, _ in kind.pairs}
        ends = {end for _, end in kind.pairs}
        fields[kind.forward] = EdgeField(kind.forward, kind, True, _narrowest(ends))
        fields[kind.inverse] = EdgeField(kind.inverse, kind, False, _narrowest(starts))
    return fields


def _narrowest(labels: set[str]) -> str:
    if len(labels) == 1:
        return next(iter(labels))
    for group in GROUPS:
        if labels <= set(ABSTRACT[group][1]):
            return group
    return "Item"


@cache
def edge_fields_of(name: str) -> dict[str, EdgeField]:
    """Return the edge fields of a type: a kind's own ones, or those of an interface.

    A group has the fields that all its kinds with a status have; the others answer them with an empty connection.
    """
    if name in NODES:
        group = NODES[name].group
        own = {field.name for field in edge_fields().values() if name in _near(field)}
        wanted = own | (edge_fields_of(group).keys() if group else set())
    elif name in GROUPS:
        kinds = [label for label in ABSTRACT[name][1] if NODES[label].statused]
        wanted = {f.name for f in edge_fields().values() if all(label in _near(f) for label in kinds)}
    else:
        wanted = set()
    return {field.name: field for field in edge_fields().values() if field.name in wanted}


def _near(field: EdgeField) -> set[str]:
    return {pair[0 if field.forward else 1] for pair in field.kind.pairs}


@cache
def properties_of(name: str) -> dict[str, Property]:
    """Return the properties of a type by name."""
    if name == "Node":
        return {"id": SHARED[0]}
    if name == "Work":
        return {one.name: one for one in (*SHARED, *STATUSED, *WORK)}
    if name == "Goal":
        return {one.name: one for one in (*SHARED, *STATUSED)}
    if name == "Item":
        return {one.name: one for one in SHARED}
    kind = NODES[name]
    shared = properties_of(kind.group) if kind.group else {}
    return shared | {one.name: one for one in kind.properties}


@cache
def filterable_of(name: str) -> dict[str, Property]:
    """Return the properties that a filter of a type may name; one of all items may also ask for a status."""
    declared = properties_of("Goal" if name == "Item" else name)
    return {one.name: one for one in declared.values() if one.type is not Type.JSON}


@cache
def filterable_edges_of(name: str) -> dict[str, EdgeField]:
    """Return the edge fields that a filter of a type may name; one of all items may name them all."""
    return edge_fields() if name == "Item" else edge_fields_of(name)


@cache
def sortable_of(name: str) -> dict[str, Property]:
    """Return the properties that an order of a type may name."""
    return {one.name: one for one in filterable_of(name).values() if one.type is not Type.TEXTS}


def plain(column: Property) -> Property:
    """Return what a traversal reads: kinds that share a name and a type share the column."""
    return Property(column.name, column.type, "")


def labels_of(name: str) -> tuple[str, ...]:
    """Return the labels that a type stands for, in the table's order."""
    if name == SEARCH:
        return tuple(NODES)
    return ABSTRACT[name][1] if name in ABSTRACT else (name,)


def has_status(name: str) -> bool:
    """Return whether items of this type may have a status."""
    return "status" in properties_of(name)


def plural(name: str) -> str:
    """Return the name of the root field that lists a type."""
    return _PLURALS.get(name, f"{name[0].lower()}{name[1:]}s")


def article(name: str) -> str:
    """Return a type's name as a sentence says it: `an Issue`."""
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def description_of(name: str) -> str:
    """Return what a type is."""
    if name in ABSTRACT:
        return ABSTRACT[name][0]
    kind: NodeKind = NODES[name]
    return kind.description
