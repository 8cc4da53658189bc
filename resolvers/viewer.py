"""``viewer``: who asks, what they may do and see in which workspace, and what is left of their budget."""

from __future__ import annotations

from typing import Any, Final

import strawberry
from strawberry.types import Info

from resolvers.access import Access, Role
from resolvers.context import Context
from resolvers.items import TYPES, Made, declare, field, many
from resolvers.reading import Shaped, read_one
from resolvers.scalars import enum_of

_ROLES: Final = {
    Role.VIEWER: "Somebody who reads.",
    Role.EDITOR: "Somebody who reads and writes.",
    Role.ADMIN: "Somebody who may do everything, and sees what only a team may see.",
}
_RIGHTS: Final = {
    Access.READ: "To read.",
    Access.WRITE: "To write.",
    Access.ADMIN: "To do what cannot be undone, and to manage webhooks.",
}
ViewerRole: Final = enum_of(
    "ViewerRole",
    "What somebody is in a workspace.",
    {role.name: meaning for role, meaning in _ROLES.items()},
    str.lower,
)
Right: Final = enum_of(
    "Right",
    "What a root field can ask of whoever asks it.",
    {right.name: meaning for right, meaning in _RIGHTS.items()},
    str.lower,
)


@strawberry.type(description="What is left of a caller's budget of one minute, this operation taken off.")
class CallerBudget:
    """What is left of a caller's budget of one minute, this operation taken off."""

    limit: int = field(int, "What operations may cost in a minute, all together.")
    remaining: int = field(int, "What is left of it.")
    seconds: int = field(int, "Seconds until it is whole again.")


async def _person(info: Info[Context, None]) -> Shaped | None:
    person = info.context.viewer.person
    return None if person is None else await read_one(info, "Person", "id", person)


def _role(info: Info[Context, None]) -> Any:
    return ViewerRole(info.context.viewer.role.value)


def _may(info: Info[Context, None]) -> Any:
    return [Right(right.value) for right in Access if info.context.viewer.may(right)]


def _budget(info: Info[Context, None]) -> CallerBudget | None:
    left = info.context.budget
    if left is None:
        return None
    return CallerBudget(limit=left.limit, remaining=left.remaining, seconds=left.seconds)


def _subject(info: Info[Context, None]) -> str:
    return info.context.viewer.subject


def _key(info: Info[Context, None]) -> strawberry.ID | None:
    key = info.context.viewer.key
    return None if key is None else strawberry.ID(key)


def _workspace(info: Info[Context, None]) -> strawberry.ID:
    return strawberry.ID(info.context.workspace)


def _make_viewer() -> Made:
    made: Made = type("Viewer", (), {"__module__": __name__})
    fields = {
        "subject": field(str, "The name under which the log tells what they wrote.", resolver=_subject),
        "key": field(strawberry.ID | None, "Id of the API key that was used; null for others.", resolver=_key),
        "workspace": field(strawberry.ID, "The workspace that is seen.", resolver=_workspace),
        "role": field(ViewerRole, "What they are in it.", resolver=_role),
        "may": field(many(Right), "What they may do: what the role allows, and the key or token does not narrow.",
                     resolver=_may),
        "person": field(TYPES["Person"] | None, "The person that they are in it; null where that is not known.",
                        resolver=_person),
        "budget": field(CallerBudget | None, "What is left for operations in this minute; null without limit.",
                        resolver=_budget),
    }  # fmt: skip
    declare(made, fields)
    return strawberry.type(made, name="Viewer", description="Whoever asks.")


VIEWER: Final = _make_viewer()


def viewer() -> Any:
    """Return the type's only object: all of it is in the context."""
    return VIEWER()
