"""What mutations answer: the items that were written, the change's number, and what was wrong with the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import strawberry
from strawberry.types import Info

from graph.errors import Problem
from resolvers.context import Context
from resolvers.items import TYPES, Made, declare, field, many
from resolvers.reading import MAX_NAMES, Shaped, read_named, read_one
from resolvers.scalars import enum_of

CODES: Final = {
    "ALREADY_DECIDED": "The issue is not in triage any more.",
    "ARCHIVED": "The item is archived: restore it first.",
    "CHANGED_SINCE": "Something that the change touched was changed again afterwards.",
    "CONFLICT": "The item is not at the expected version: read it again.",
    "CYCLE": "The edges would close a cycle; the message names it.",
    "DUPLICATE_ID": "The same item comes twice in one request.",
    "FIELD_MEANS_OTHER": "The custom field has another type in this workspace.",
    "FORBIDDEN": "The viewer may not do this.",
    "FORBIDDEN_TRANSITION": "The lifecycle does not allow the new status now; the message names allowed ones.",
    "IDEMPOTENCY_MISMATCH": "The idempotency key was used for another request.",
    "ID_TAKEN": "Another item has this id.",
    "INVALID_KEY": "The key is not one that an item can have.",
    "INVALID_VALUE": "The value does not fit the field.",
    "KEY_TAKEN": "Another item has this key.",
    "MISSING_IDENTITY": "The item lacks an identity.",
    "MISSING_TITLE": "The item has no title.",
    "NOT_FOUND": "There is no such item, or none that the viewer may see.",
    "NOT_UNDOABLE": "The change cannot be undone.",
    "SELF_REFERENCE": "An edge would run from an item to itself.",
    "STATUS_MEANS_OTHER": "The status has another category in this workspace.",
    "TOO_MANY": "The request is larger than one request may be.",
    "UNKNOWN_KIND": "There is no such kind.",
    "UNKNOWN_PROPERTY": "Items of this kind have no such property that can be set.",
    "WRONG_ENDS": "The kind of edge does not join these kinds of items.",
    "WRONG_KIND": "The item is of another kind.",
}
"""Code of everything that a request can be refused for → what it means."""

UserErrorCode: Final = enum_of("UserErrorCode", "What is wrong with a request, for programs.", CODES)


@strawberry.type(description="Something in a request that keeps it from being done.")
class UserError:
    """Something in a request that keeps it from being done."""

    message: str = field(str, "What is wrong and what to do, in one sentence.")
    code: Any = field(UserErrorCode, "The same for programs.")
    field: list[str] | None = field(  # last: below it, ``field`` is this attribute
        list[str] | None, "Where in the input it is, from the outside in; null: the request as a whole."
    )


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a request: ids of the items that it is about, in its order (``None``: that one failed)."""

    ids: Sequence[str | None] = ()
    change_seq: int | None = None
    errors: Sequence[UserError] = ()


def user_error(problem: Problem) -> UserError:
    """Return a broken rule as clients see it; ``where`` of its row and its field are the path."""
    path = [one for one in f"{problem.where}.{problem.field}".split(".") if one]
    return UserError(field=path or None, message=problem.message, code=UserErrorCode(problem.code))


async def _item(root: Written, info: Info[Context, None], target: str) -> Shaped | None:
    if not root.ids or root.ids[0] is None:
        return None
    return await read_one(info, target, "written", root.ids[0])


async def _items(root: Written, info: Info[Context, None]) -> Shaped:
    # A name that stands for no item answers null, as an entry that failed does.
    names = [one or "" for one in root.ids]
    parts = [
        await read_named(info, "Item", "written", names[start : start + MAX_NAMES])
        for start in range(0, len(names), MAX_NAMES)
    ]
    return Shaped([one for part in parts for one in part.value])


def payload(name: str, what: str, target: str | None = None, *, items: bool = True, **more: Any) -> Made:
    """Return a payload type: with ``item`` of a type, or with ``items`` when no target is named and it has some."""
    made: Made = type(name, (), {"__module__": __name__})
    fields: dict[str, Any] = {}
    if target is not None:

        async def item(root: Any, info: Info[Context, None]) -> Any:
            return await _item(root, info, target)

        fields["item"] = field(TYPES[target] | None, "The item as it is now, archived or not.", resolver=item)
    elif items:
        fields["items"] = field(
            many(TYPES["Item"] | None), "The items as they are now, archived or not; null for one that failed.",
            resolver=_items,
        )  # fmt: skip
    fields |= more
    fields["changeSeq"] = field(
        int | None, "Number of the change in the log; null if nothing had to be changed.", resolver=_change_seq
    )
    fields["userErrors"] = field(many(UserError), "What is wrong with the request, nothing if it was done.",
                                 resolver=_errors)  # fmt: skip
    declare(made, fields)
    return strawberry.type(made, name=name, description=f"What became of {what}.")


def _change_seq(root: Any) -> int | None:
    return root.change_seq  # type: ignore[no-any-return]


def _errors(root: Any) -> Any:
    return root.errors
