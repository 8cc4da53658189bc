"""The workspace's own settings: its policy, its status names, its calendars."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from graph.batch import Batch
from graph.calendars import WorkingCalendar
from graph.errors import BatchRefusedError, Problem
from resolvers.access import Access
from resolvers.context import Context
from resolvers.items import field, many
from resolvers.log import Workspace, workspace
from resolvers.mutations.inputs import IDEMPOTENCY_KEY, given, left, make_input, values_of
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload
from resolvers.mutations.requests import bounded, perform
from resolvers.policies import CALENDAR, POLICY
from resolvers.scalars import StatusCategory

_STATUS: Final = make_input(
    "StatusInput",
    "A status name that the workspace uses; one that it knows keeps its category.",
    {"name": given(str, "The name."), "category": given(StatusCategory, "What it means to every analysis.")},
)
_CALENDAR: Final = make_input(
    "CalendarInput",
    "A calendar, which takes the place of the one with this id.",
    {
        "id": given(strawberry.ID, "Its identity, which people and items name."),
        **{name: left(annotation, meaning) for name, (annotation, meaning) in CALENDAR.items()},
    },
)


async def _update(context: Context, value: Any) -> Written:
    def batch() -> Batch:
        values = values_of(value, "statuses", "calendars", "removeCalendars", "idempotencyKey")
        lists = {name: getattr(value, name) for name in ("statuses", "calendars", "removeCalendars")}
        given_lists = {name: bounded(one, name) if one else () for name, one in lists.items()}
        statuses = {one.name: str(one.category.value) for one in given_lists["statuses"]}
        calendars: dict[str, WorkingCalendar | None] = dict.fromkeys(map(str, given_lists["removeCalendars"]))
        calendars |= {str(one.id): _calendar(one, at) for at, one in enumerate(given_lists["calendars"])}
        return Batch(statuses=statuses, calendars=calendars, policy=values)

    return await perform(context, "updateWorkspace", value, batch)


def _calendar(value: Any, place: int) -> WorkingCalendar:
    values = {name: one for name, one in values_of(value, "id").items() if one is not None}
    try:
        return WorkingCalendar.from_dict(str(value.id), values)
    except ValueError as error:
        raise BatchRefusedError([Problem("INVALID_VALUE", str(error), f"calendars.{place}")]) from None


async def _workspace(root: Any, info: strawberry.Info[Context, None]) -> Any:
    return await workspace(info)


FIELDS: Final = {
    "updateWorkspace": mutation(
        make_input(
            "UpdateWorkspaceInput",
            "What to change of the workspace; null sets a default again.",
            {
                **{name: left(annotation, meaning) for name, (annotation, meaning) in POLICY.items()},
                "statuses": left(many(_STATUS), "Status names to be known."),
                "calendars": left(many(_CALENDAR), "Calendars to be there."),
                "removeCalendars": left(many(strawberry.ID), "Ids of calendars to be gone."),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload(
            "UpdateWorkspacePayload",
            "a request to change the workspace",
            items=False,
            workspace=field(Workspace, "The workspace as it is now.", resolver=_workspace),
        ),
        "Change the workspace's policy, and add status names and calendars. It is logged, and cannot be undone.",
        _update,
        access=Access.ADMIN,
    ),
}
