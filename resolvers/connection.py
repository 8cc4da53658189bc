"""Relay connections: page arguments, opaque cursors, page information."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

import orjson
import strawberry

from graph.model import Property
from graph.reading.selection import Order
from graph.values import Type
from resolvers.errors import RefusedError

MAX_PAGE: Final = 100
"""Most items that one page holds."""
DEFAULT_PAGE: Final = 25

First = Annotated[int, strawberry.argument(description=f"How many items the page holds at most, 1 to {MAX_PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="Cursor of the item that the page begins after.")]


@strawberry.type(description="Where a page stands among all items.")
class PageInfo:
    """Where a page stands among all items."""

    has_next_page: bool = strawberry.field(description="Whether items follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for by a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item, null for an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item: the next page's `after`.")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: the values of the order's criteria, and the id that makes the place unique."""

    values: tuple[Any, ...]
    id: str


def page_size(first: int) -> int:
    """Return the size of a page.

    Raises:
        RefusedError: It is out of range.

    """
    if not 1 <= first <= MAX_PAGE:
        raise RefusedError("BAD_USER_INPUT", f"first is {first}, but must be from 1 to {MAX_PAGE}")
    return first


def order_name(order: Sequence[Order]) -> str:
    """Return what tells the cursors of an order from those of others: ``due,-key``."""
    return ",".join(f"{'-' if one.descending else ''}{one.column.name}" for one in order)


def encoded(order: str, values: Sequence[Any] | None, item: str) -> str:
    """Return the opaque text of a cursor."""
    return base64.urlsafe_b64encode(orjson.dumps([order, *(values or ()), item])).decode().rstrip("=")


def decoded(text: str, order: Sequence[Order]) -> Cursor:
    """Read a cursor of a list in this order.

    Raises:
        RefusedError: The text is no cursor, or one of another order.

    """
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        parts = None
    kinds = [one.column for one in order]
    if (
        not isinstance(parts, list)
        or len(parts) != len(kinds) + 2
        or parts[0] != order_name(order)
        or not isinstance(parts[-1], str)
        or not all(_fits(column, part) for column, part in zip(kinds, parts[1:-1], strict=True))
    ):
        raise RefusedError("BAD_USER_INPUT", f"{text[:40]!r} is not a cursor of this list: begin without one")
    return Cursor(tuple(parts[1:-1]), parts[-1])


def _fits(column: Property, value: object) -> bool:
    """Tell whether a cursor's value can be compared with a stored one of this property."""
    if value is None:
        return not column.required
    if column.choices:
        return isinstance(value, int) and 0 <= value < len(column.choices)
    match column.type:
        case Type.INSTANT:
            return isinstance(value, int) and abs(value) < _LAST_INSTANT
        case Type.DATE:
            return isinstance(value, str) and bool(_DAY.fullmatch(value)) and _is_day(value)
        case Type.NUMBER | Type.INTEGER:
            return isinstance(value, float) or (type(value) is int and abs(value) < _LAST_INTEGER)
        case Type.BOOLEAN:
            return isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LAST_INSTANT: Final = 253_402_300_800_000
"""Epoch milliseconds at the end of the year 9999."""
_LAST_INTEGER: Final = 2**63
