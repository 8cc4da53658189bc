"""``previewReschedule``: what new dates would move, and what would be late by that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import Cascade, LateDate, Moved, Place, Redate, Stuck, reschedule
from resolvers.access import Access
from resolvers.analyses.publishing import answered, published
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import field
from resolvers.scalars import Day, enum_of

MAX_CHANGES: Final = 100
"""Items that one request may give new dates."""
_PATH: Final = "Keys from the change to it; a hidden item is named by its kind only."

published(
    Moved,
    "An item whose dates would change.",
    {
        "id": "Its id.",
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "start": "When it starts now.",
        "due": "When it is due now.",
        "new_start": "When it would start.",
        "new_due": "When it would be due.",
        "new_duration": "The working hours that it would take, where that changes.",
        "days": "Working days by which its end (or its only date) moves, negative to earlier; null if it had none.",
        "asked": "Whether the request asks for it; otherwise it moves because of what it waits for.",
        "path": _PATH,
    },
    name="MovedDates",
)
published(
    Stuck,
    "An item that would have to move, and stays.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "reason": "CLOSED, CYCLE, WHOLE (dates of what has parts are its own), KEPT or ASKED (by the request).",
        "start": "When it starts.",
        "due": "When it is due.",
        "day": "The first day on which it could begin, or be finished.",
        "path": _PATH,
    },
    name="StuckDates",
)
published(
    LateDate,
    "A due date of a goal or a whole that would be missed, or missed by more.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "due": "When it is due.",
        "before": "When its planned work ends now.",
        "after": "When it would end.",
        "late_days": "Working days from the due date to that.",
        "path": _PATH,
    },
)
CASCADE: Final = published(
    Cascade,
    "Everything that new dates would bring about.",
    {
        "moved": "What would move: what is asked for first, then what is near it.",
        "stuck": "What would have to move, but cannot.",
        "late": "Promises that would be missed.",
        "token": "What `applyReschedule` takes to write exactly these dates.",
    },
    explained=True,
)
ReschedulePlace: Final = enum_of(
    "ReschedulePlace",
    "Where to put an item.",
    {
        "EARLIEST": "As early as what it waits for allows, and not before today.",
        "LATEST": "As late as nothing else has to move and nothing becomes late.",
    },
)


@strawberry.input(
    name="RescheduleChange",
    description="New dates of open work: one or two of start, due date and duration, or a place instead.",
)
class RescheduleChange:
    """New dates of open work."""

    field_names = ("item", "start", "due", "duration", "place")

    item: strawberry.ID = strawberry.field(description="Key or id of open work.")
    start: Day | None = strawberry.field(description="Its new first day; a due date moves along.", default=None)
    due: Day | None = strawberry.field(description="Its new last day.", default=None)
    duration: float | None = strawberry.field(description="The working hours that it takes.", default=None)
    place: ReschedulePlace | None = strawberry.field(  # type: ignore[valid-type]
        description="Or where to put it.", default=None
    )


def redates(given: Sequence[Any]) -> list[Redate]:
    """Return what inputs ask for.

    Raises:
        ValueError: There are too many, or a date is none.

    """
    if len(given) > MAX_CHANGES:
        raise ValueError(f"{len(given)} items are given new dates, at most {MAX_CHANGES} can be")
    return [
        Redate(str(one.item), _day(one.start), _day(one.due), one.duration, one.place and Place[one.place.name])
        for one in given
    ]


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"{text!r} is no day: write it as 2026-12-24") from None


async def _preview(
    info: Info[Context, None],
    changes: Annotated[list[RescheduleChange], strawberry.argument(description="What is to get new dates.")],
    keep: Annotated[
        list[strawberry.ID] | None, strawberry.argument(description="Keys or ids of items whose dates must stay.")
    ] = None,
) -> Any:
    try:
        asked = redates(changes)
    except ValueError as error:
        raise RefusedError("BAD_USER_INPUT", str(error)) from error
    return await answered(info, reschedule, asked, keep=[str(one) for one in keep or ()])


FIELDS: Final = {
    "previewReschedule": field(
        CASCADE, "What new dates would move, and what would be late by that. Nothing is written.", resolver=_preview,
        access=Access.READ,
    ),
}  # fmt: skip
