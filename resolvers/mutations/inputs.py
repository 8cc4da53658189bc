"""Inputs of mutations, made from the model table: a new property or edge kind there can be written here."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from functools import cache
from typing import Any, Final

import strawberry

from graph.model import EDGE_PROPERTIES, EDGES, NODES, Property
from graph.rules.validation import GIVEN_BY_ROW, KEPT_BY_WRITER
from graph.values import Type
from resolvers.items import Made
from resolvers.naming import EdgeField, article, edge_fields, properties_of
from resolvers.scalars import enum_of, type_of

KEY: Final = (
    "A key of the client's own for this request. The same request sent again under it has no second effect and the "
    "same answer; another one is refused."
)
VERSION: Final = "The version that was read. If the item has another one by now, nothing is written (`CONFLICT`)."
NAME: Final = "Id or key."

_NOT_GIVEN: Final = GIVEN_BY_ROW | KEPT_BY_WRITER | {"createdAt", "updatedAt"}
_REFERENCES: Final = frozenset({"team", "author"})
"""Properties that name another item; a client may use its key."""


def given(annotation: Any, description: str, **options: Any) -> Any:
    """Return a field of an input; without a ``default`` it has to be given."""
    return strawberry.field(graphql_type=annotation, description=description, **options)


def left(annotation: Any, description: str) -> Any:
    """Return a field of an input that may be left out, which is not the same as giving null."""
    return given(annotation | None, description, default=strawberry.UNSET)


def make_input(name: str, description: str, fields: Mapping[str, Any], **options: Any) -> Made:
    """Return an input type; attributes are named as its fields (``from_`` for ``from``)."""
    made: Made = type(name, (), {"__module__": __name__, "__annotations__": {}})
    for field, one in fields.items():
        one.graphql_name = field
        setattr(made, _attribute(field), one)
    made.field_names = tuple(fields)
    return strawberry.input(made, name=name, description=description, **options)


def _attribute(field: str) -> str:
    return f"{field}_" if keyword.iskeyword(field) else field


def given_fields(value: Any) -> dict[str, Any] | None:
    """Return the fields of an input that were given, by name; ``None`` for any other value."""
    names = getattr(value, "field_names", None)
    if names is None:
        return None
    pairs = ((name, getattr(value, _attribute(name))) for name in names)
    return {name: one for name, one in pairs if one is not strawberry.UNSET}


def values_of(value: Any, *without: str) -> dict[str, Any]:
    """Return the given fields of an input by name, enums as their values."""
    return {name: plain(one) for name, one in (given_fields(value) or {}).items() if name not in without}


def plain(value: Any) -> Any:
    """Return a coerced input value in the model's native form."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


@cache
def settable(label: str) -> dict[str, Property]:
    """Return the properties of a kind that a client may set."""
    return {name: one for name, one in properties_of(label).items() if name not in _NOT_GIVEN and name != "title"}


@cache
def own_edges(label: str) -> dict[str, EdgeField]:
    """Return the edge fields that items of a kind really have, both directions."""
    return {
        name: one
        for name, one in edge_fields().items()
        if any(pair[0 if one.forward else 1] == label for pair in one.kind.pairs)
    }


def property_of(owner: str, column: Property) -> Any:
    """Return the optional field of an input that sets a property; ``owner`` as for ``type_of``."""
    annotation = strawberry.ID if column.name in _REFERENCES else type_of(owner, replace(column, required=False))
    # A list of texts is never null in answers, but null empties it here.
    description = f"{column.description} {NAME}" if column.name in _REFERENCES else column.description
    return left(annotation if column.type is Type.TEXTS else _present(annotation), description)


def _present(annotation: Any) -> Any:
    """Return an optional annotation without its None."""
    parts = [one for one in getattr(annotation, "__args__", ()) if one is not type(None)]
    return parts[0] if len(parts) == 1 and annotation is not parts[0] else annotation


def _create(label: str) -> Made:
    fields = {
        "id": left(strawberry.ID, "Its identity, a UUID of the client's own; made when absent."),
        "key": left(str, "Its key, unique in the workspace; given out when absent."),
        "title": given(str, properties_of(label)["title"].description),
        **{name: property_of(label, one) for name, one in settable(label).items()},
        **{
            name: left(list[strawberry.ID], f"{one.description} Ids or keys.") for name, one in own_edges(label).items()
        },
        "idempotencyKey": left(str, f"{KEY} Within a batch, give it to the batch."),
    }
    return make_input(
        f"Create{label}Input", f"{article(label).replace('a', 'A', 1)} to be made, and what it is joined to.", fields
    )


def _update(label: str) -> Made:
    fields = {
        "id": given(strawberry.ID, f"Which {label}. {NAME}"),
        "expectedVersion": left(int, VERSION),
        "title": left(str, properties_of(label)["title"].description),
        **{name: property_of(label, one) for name, one in settable(label).items()},
        "idempotencyKey": left(str, f"{KEY} Within a batch, give it to the batch."),
    }
    return make_input(f"Update{label}Input", f"What to change of {article(label)}; null removes a value.", fields)


CREATE: Final = {label: _create(label) for label in NODES}
UPDATE: Final = {label: _update(label) for label in NODES}


IDEMPOTENCY_KEY: Final = left(str, KEY)
ALONE: Final = given(
    bool, "Whether each entry is done for itself, where others are refused; else all are done or none.", default=False
)


def field_of(label: str) -> str:
    """Return the name of a kind's field in a batch's entry: ``keyResult``."""
    return label[0].lower() + label[1:]


def _one_of(name: str, description: str, types: Mapping[str, Made]) -> Made:
    fields = {field_of(label): left(made, f"{article(label).replace('a', 'A', 1)}.") for label, made in types.items()}
    return make_input(name, description, fields, one_of=True)


CREATE_ONE: Final = _one_of("CreateItemInput", "One new item of any kind: exactly one field is given.", CREATE)
UPDATE_ONE: Final = _one_of("UpdateItemInput", "One change of any kind of item: exactly one field is given.", UPDATE)

EdgeName: Final = enum_of("EdgeKind", "A kind of edge.", {one.name: one.description for one in EDGES.values()})

_END_FIELDS: Final = {
    "kind": given(EdgeName, "Which kind of edge."),
    "from": given(strawberry.ID, f"Where it starts. {NAME}"),
    "to": given(strawberry.ID, f"Where it ends. {NAME}"),
}
EDGE_VALUES: Final = tuple(name for name in EDGE_PROPERTIES if name not in {"createdAt", "source"})
UNLINK: Final = make_input("UnlinkInput", "An edge to be gone.", dict(_END_FIELDS))
LINK: Final = make_input(
    "LinkInput",
    "An edge to be there, and its properties; null removes a value.",
    {**_END_FIELDS, **{name: property_of("Blocks", EDGE_PROPERTIES[name]) for name in EDGE_VALUES}},
)
