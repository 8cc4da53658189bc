"""Reactive work: issues are decided on and escalated, and duplicates merged."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from graph.errors import BatchRefusedError, Problem
from graph.rules.lifecycle import Category
from graph.writing.merging import merge
from graph.writing.plans import Decision, decide, escalate
from graph.writing.writer import Plan
from resolvers.context import Context
from resolvers.items import many
from resolvers.mutations.inputs import (
    IDEMPOTENCY_KEY,
    NAME,
    VERSION,
    given,
    left,
    make_input,
    own_edges,
    property_of,
    values_of,
)
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload
from resolvers.mutations.requests import bounded, now_of, perform, ref
from resolvers.naming import properties_of
from resolvers.scalars import enum_of

TriageDecision: Final = enum_of(
    "TriageDecision",
    "What to do with an issue in triage.",
    {
        "ACCEPT": "It is to be done; it goes to the backlog unless a status is given.",
        "DECLINE": "It will not be done.",
        "DUPLICATE": "Another item is about the same.",
    },
)
_CATEGORIES: Final = {"ACCEPT": Category.BACKLOG, "DECLINE": Category.CANCELLED, "DUPLICATE": Category.CANCELLED}
_LINKS: Final = ("assignees", "owners", "partOf")
_VALUES: Final = ("severity", "priority", "due", "resolution")


async def _escalate(context: Context, value: Any) -> Written:
    reason = values_of(value).get("reason")

    def batch() -> Any:
        return escalate(ref(value.id), ref(value.to), reason, now_of(context))

    return await perform(context, "escalateIssue", value, batch)


async def _decide(context: Context, value: Any) -> Written:
    values = values_of(value)

    def plan() -> Plan:
        decision, first = values["decision"], values.get("duplicateOf")
        if (decision == "DUPLICATE") != (first is not None):
            message = "name the item that it duplicates, for the decision DUPLICATE and no other"
            raise BatchRefusedError([Problem("INVALID_VALUE", message, field="duplicateOf")])
        links = [
            (own_edges("Issue")[name].kind.name, own_edges("Issue")[name].forward, ref(one), f"{name}.{number}")
            for name in _LINKS
            for number, one in enumerate(values.get(name) or ())
        ]
        made = Decision(
            _CATEGORIES[decision],
            values.get("status"),
            {name: values[name] for name in _VALUES if name in values},
            ref(first) if first is not None else None,
            links,
        )
        return decide(ref(values["id"]), made, values.get("expectedVersion"))

    return await perform(context, "decideTriage", value, plan)


async def _merge(context: Context, value: Any) -> Written:
    def plan() -> Plan:
        return merge([ref(one) for one in bounded(value.duplicates, "duplicates")], ref(value.survivor))

    return await perform(context, "mergeItems", value, plan)


FIELDS: Final = {
    "escalateIssue": mutation(
        make_input(
            "EscalateIssueInput",
            "Whom an issue is taken to.",
            {
                "id": given(strawberry.ID, f"Which issue. {NAME}"),
                "to": given(strawberry.ID, f"Which person or team. {NAME}"),
                "reason": left(str, "Why."),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload("EscalateIssuePayload", "a request to escalate an issue", "Issue"),
        "Take an issue to a person or team, now.",
        _escalate,
    ),
    "decideTriage": mutation(
        make_input(
            "DecideTriageInput",
            "What to do with an issue in triage.",
            {
                "id": given(strawberry.ID, f"Which issue. {NAME}"),
                "decision": given(TriageDecision, "What to do with it."),
                "status": left(str, "Its new status by name, where another than the decision's usual one is meant."),
                "duplicateOf": left(strawberry.ID, f"The item that it duplicates. {NAME}"),
                **{name: property_of("Issue", properties_of("Issue")[name]) for name in _VALUES},
                **{
                    name: left(many(strawberry.ID), f"{own_edges('Issue')[name].description} Ids or keys.")
                    for name in _LINKS
                },
                "expectedVersion": left(int, VERSION),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload("DecideTriagePayload", "a decision on an issue", "Issue"),
        "Take an issue out of triage: accept it, decline it, or mark it as a duplicate.",
        _decide,
    ),
    "mergeItems": mutation(
        make_input(
            "MergeItemsInput",
            "Which items are one.",
            {
                "duplicates": given(many(strawberry.ID), "What to merge into it; these are archived. Ids or keys."),
                "survivor": given(strawberry.ID, f"What stays. {NAME}"),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload("MergeItemsPayload", "a request to merge items", "Work"),
        "Join everything at the duplicates to the survivor, mark them as its duplicates, and archive them.",
        _merge,
    ),
}
