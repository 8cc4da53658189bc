"""Root fields that read items: arguments in, one traversal, the answer out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from graph.model import SHARED, STATUSED, Property
from graph.traversal import Filter, Order, Root, traverse
from resolvers.connection import Cursor, decoded, page_size
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.naming import labels_of, plain
from resolvers.projection import Layout, Projection, Slice
from resolvers.scalars import StatusCategory, enum_of

MAX_NAMES: Final = 100
"""Most ids that ``nodes`` takes."""
_MAX_TEXT: Final = 200

_ORDERS: Final = {
    "KEY": ("key", "By key, as text."),
    "TITLE": ("title", "By title, as text."),
    "CREATED_AT": ("createdAt", "By the instant at which it came into being."),
    "UPDATED_AT": ("updatedAt", "By the instant of the last change."),
    "DUE": ("due", "By due date."),
}
_COLUMNS: Final = {one.name: plain(one) for one in (*SHARED, *STATUSED)}

ItemOrderField: Final = enum_of(
    "ItemOrderField", "What items can be ordered by.", {name: meaning for name, (_, meaning) in _ORDERS.items()}
)
OrderDirection: Final = enum_of(
    "OrderDirection",
    "Which way an order goes; items without the value come last either way.",
    {"ASC": "The smallest, earliest first.", "DESC": "The largest, latest first."},
)


@strawberry.input(description="One criterion of an order.")
class ItemOrder:
    """One criterion of an order."""

    field: Annotated[Enum, ItemOrderField] = strawberry.field(
        graphql_type=ItemOrderField, description="What to order by."
    )
    direction: Annotated[Enum, OrderDirection] = strawberry.field(
        graphql_type=OrderDirection, description="Which way.", default=OrderDirection("ASC")
    )


@strawberry.input(description="Which items to list; every condition that is given must hold.")
class ItemFilter:
    """Which items to list."""

    text: str | None = strawberry.field(
        default=None, description="Title or key contains this text, upper and lower case alike."
    )
    status: list[str] | None = strawberry.field(
        default=None, description="The status is one of these names of the workspace."
    )
    category: list[Any] | None = strawberry.field(
        default=None,
        graphql_type=list[StatusCategory] | None,  # type: ignore[valid-type]
        description="The status is in one of these categories.",
    )
    under: strawberry.ID | None = strawberry.field(
        default=None, description="It is a part, directly or through other parts, of the item with this key or id."
    )
    owner: strawberry.ID | None = strawberry.field(
        default=None, description="It is owned by the person or team with this key or id."
    )


@dataclass(frozen=True, slots=True)
class Shaped:
    """A finished answer, which the executor lets through as it is."""

    value: Any


async def read_page(
    info: Info[Context, None],
    target: str,
    first: int,
    after: str | None,
    where: ItemFilter | None,
    order_by: Sequence[ItemOrder] | None,
) -> Shaped:
    """Return a page of the items of a type as a connection; one round trip."""
    context, raw = info.context, info._raw_info
    context.count_read()
    limit = page_size(first)
    order = tuple(Order(_column(one), one.direction.value == "DESC") for one in order_by or ())
    if len({one.column for one in order}) != len(order):
        raise RefusedError("BAD_USER_INPUT", "orderBy names the same field twice: leave one out")
    columns = [one.column for one in order]
    # Without an order a page always begins after an id, the first one after the empty one: one text, one plan.
    start = decoded(after, columns) if after else None if order else Cursor((), "")
    projection, layout = Projection(raw), Layout(target)
    read, rows, total = projection.connection(raw.field_nodes, target, layout, 0, order=columns)
    conditions, values = await _conditions(context, where)
    values["f0"] = limit + 1
    if start is not None:
        values |= {f"c{number}": value for number, value in enumerate((*start.values, start.id))}
    root = Root(
        layout.level() if rows else None,
        labels_of(target),
        filter=conditions,
        order=order,
        cursor=tuple(value is None for value in start.values) if start is not None else None,
        total=total or not rows,
    )
    await _read_statuses(context, projection)
    found, number = await traverse(context.store, context.viewer.sight, root, layout.pages(), values)
    return Shaped(read(Slice(found, number, limit, bool(after))))


async def read_named(info: Info[Context, None], target: str, named_by: str, names: Sequence[str]) -> Shaped:
    """Return the items with these names in their order, null where there is none; one round trip."""
    context, raw = info.context, info._raw_info
    context.count_read()
    if len(names) > MAX_NAMES:
        raise RefusedError("BAD_USER_INPUT", f"{len(names)} items are asked for, at most {MAX_NAMES} can be")
    projection, layout = Projection(raw), Layout(target)
    read = projection.item(raw.field_nodes, layout, 0)
    key = layout.column(_COLUMNS["key"]) if named_by == "key" else 0
    root = Root(layout.level(), labels_of(target), named_by=named_by)
    await _read_statuses(context, projection)
    found, _ = await traverse(context.store, context.viewer.sight, root, layout.pages(), {"values": list(names)})
    rows = {row[key]: row for row in found}
    return Shaped([read(rows[name]) if name in rows else None for name in names])


async def _read_statuses(context: Context, projection: Projection) -> None:
    if projection.needs_statuses:
        projection.statuses = {name: str(one) for name, one in (await context.settings()).statuses.items()}


def _column(order: ItemOrder) -> Property:
    return _COLUMNS[_ORDERS[order.field.value][0]]


async def _conditions(context: Context, where: ItemFilter | None) -> tuple[Filter, dict[str, Any]]:
    values: dict[str, Any] = {}
    if where is None:
        return Filter(), values
    if where.text:
        if len(where.text) > _MAX_TEXT:
            raise RefusedError("BAD_USER_INPUT", f"text may have at most {_MAX_TEXT} characters")
        values["text"] = where.text.lower()
    if where.status is not None:
        values["statuses"] = list(where.status)
    if where.category is not None:
        wanted = {one.value for one in where.category}
        names = [name for name, category in (await context.settings()).statuses.items() if category in wanted]
        values["statuses"] = [name for name in names if where.status is None or name in where.status]
    if where.under is not None:
        values["under"] = str(where.under)
    if where.owner is not None:
        values["owner"] = str(where.owner)
    return Filter(**dict.fromkeys(values, True)), values
