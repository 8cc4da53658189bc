"""The course of an item: archived and restored, from status to status, reported on, and removed for good."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from graph.batch import Batch, NodeRow, new_id
from graph.errors import BatchRefusedError, Problem
from graph.model import NODES
from graph.rules.lifecycle import Category
from graph.writing.plans import check_in, transition
from graph.writing.writer import Plan
from resolvers.access import Access
from resolvers.context import Context
from resolvers.mutations.inputs import IDEMPOTENCY_KEY, NAME, VERSION, given, left, make_input, property_of, values_of
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload
from resolvers.mutations.requests import own_id, perform, ref
from resolvers.scalars import StatusCategory

_ONE: Final = {
    "id": given(strawberry.ID, f"Which item. {NAME}"),
    "expectedVersion": left(int, VERSION),
    "idempotencyKey": IDEMPOTENCY_KEY,
}
_REPORT: Final = {one.name: one for one in NODES["Update"].own if one.name != "author"}


async def _archive(context: Context, value: Any) -> Written:
    return await perform(context, "archiveItem", value, lambda: _with_version(value, Batch(archive=[ref(value.id)])))


async def _restore(context: Context, value: Any) -> Written:
    return await perform(context, "restoreItem", value, lambda: _with_version(value, Batch(restore=[ref(value.id)])))


async def _purge(context: Context, value: Any) -> Written:
    return await perform(context, "purgeItem", value, lambda: _with_version(value, Batch(purge=[ref(value.id)])))


def _with_version(value: Any, batch: Batch) -> Batch:
    version = values_of(value).get("expectedVersion")
    if version is not None:
        batch.nodes.append(NodeRow("", "", "", of=ref(value.id), expected_version=version))
    return batch


async def _transition(context: Context, value: Any) -> Written:
    values = values_of(value)

    def plan() -> Batch | Plan:
        version = values.get("expectedVersion")
        status, category = values.get("status"), values.get("category")
        rest: dict[str, object] = {name: values[name] for name in ("resolution", "remaining") if name in values}
        if (status is None) == (category is None):
            message = "give the new status by its name or by its category, one of the two"
            raise BatchRefusedError([Problem("INVALID_VALUE", message, field="status")])
        if category is not None:
            return transition(ref(values["id"]), Category(category), rest, version)
        return Batch([NodeRow("", "", "", {"status": status} | rest, of=ref(values["id"]), expected_version=version)])

    return await perform(context, "transitionItem", value, plan)


async def _check_in(context: Context, value: Any) -> Written:
    values = values_of(value, "on", "id", "idempotencyKey")
    if context.viewer.person is not None:
        values["author"] = context.viewer.person

    def plan() -> Plan:
        return check_in(ref(value.on), own_id(values_of(value).get("id")) or new_id(), values)

    return await perform(context, "checkIn", value, plan)


FIELDS: Final = {
    "archiveItem": mutation(
        make_input("ArchiveItemInput", "What to archive.", dict(_ONE)),
        payload("ArchiveItemPayload", "a request to archive an item", "Item"),
        "Archive an item: it leaves every view and analysis, and can be restored.",
        _archive,
    ),
    "restoreItem": mutation(
        make_input("RestoreItemInput", "What to restore.", dict(_ONE)),
        payload("RestoreItemPayload", "a request to restore an item", "Item"),
        "Bring an archived item back, with its edges.",
        _restore,
    ),
    "purgeItem": mutation(
        make_input("PurgeItemInput", "What to remove for good.", dict(_ONE)),
        payload("PurgeItemPayload", "a request to remove an item for good", "Item"),
        "Remove an item and its edges for good. There is no way back; only the log still says what it was.",
        _purge,
        access=Access.ADMIN,
    ),
    "transitionItem": mutation(
        make_input(
            "TransitionItemInput",
            "What becomes of an item.",
            {
                **_ONE,
                "status": left(str, "The new status by its name in this workspace."),
                "category": left(StatusCategory, "Or its category: the first status that means this."),
                "resolution": left(str, "For an issue: how it was resolved."),
                "remaining": left(float, "Effort in hours still to be done."),
            },
        ),
        payload("TransitionItemPayload", "a request to give an item a new status", "Item"),
        "Give an item a new status, as its kind's lifecycle allows; the moments that follow from it are set.",
        _transition,
    ),
    "checkIn": mutation(
        make_input(
            "CheckInInput",
            "A report on work or a goal.",
            {
                "on": given(strawberry.ID, f"What is reported on. {NAME}"),
                "id": left(strawberry.ID, "The report's identity, a UUID of the client's own; made when absent."),
                "title": left(str, "What it is called; made when absent."),
                **{name: property_of("Update", one) for name, one in _REPORT.items()},
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload("CheckInPayload", "a report", "Update"),
        "Report on work or a goal: health, confidence and the current value are those of the latest report.",
        _check_in,
    ),
}
