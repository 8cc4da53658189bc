"""Joining items and taking joins away; moving an item to another whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import strawberry

from graph.batch import Batch, EdgeRow
from graph.writing.plans import move
from resolvers.context import Context
from resolvers.items import many
from resolvers.mutations.inputs import (
    ALONE,
    IDEMPOTENCY_KEY,
    LINK,
    NAME,
    UNLINK,
    VERSION,
    given,
    left,
    make_input,
    values_of,
)
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload
from resolvers.mutations.requests import bounded, perform, perform_each, ref, together


def _edges(name: str, *, remove: bool) -> Callable[[Context, Any], Any]:
    def batches(value: Any) -> list[Batch]:
        return [_edge(one, f"links.{number}", remove) for number, one in enumerate(bounded(value.links, "links"))]

    async def work(context: Context, value: Any) -> Written:
        if value.alone is True:
            return await perform_each(context, name, value, lambda: batches(value))
        return await perform(context, name, value, lambda: together(batches(value)))

    return work


def _edge(value: Any, where: str, remove: bool) -> Batch:
    values = values_of(value)
    kind, start, end = values.pop("kind"), ref(values.pop("from")), ref(values.pop("to"))
    return Batch(edges=[EdgeRow(kind, start, end, values, remove, where)])


async def _move(context: Context, value: Any) -> Written:
    values = values_of(value)

    def plan() -> Any:
        to, away = (ref(values[name]) if values.get(name) else None for name in ("to", "from"))
        return move(ref(values["id"]), to, away, values.get("expectedVersion"))

    return await perform(context, "moveItem", value, plan)


def _links_input(name: str, description: str, entry: Any) -> Any:
    fields = {"links": given(many(entry), "The edges, 1 to 500."), "alone": ALONE, "idempotencyKey": IDEMPOTENCY_KEY}
    return make_input(name, description, fields)


FIELDS: Final = {
    "linkItems": mutation(
        _links_input("LinkItemsInput", "Edges to be there.", LINK),
        payload("LinkItemsPayload", "a request to join items"),
        "Join up to 500 pairs of items; an edge that is there gets the given properties.",
        _edges("linkItems", remove=False),
    ),
    "unlinkItems": mutation(
        _links_input("UnlinkItemsInput", "Edges to be gone.", UNLINK),
        payload("UnlinkItemsPayload", "a request to take edges away"),
        "Take away up to 500 edges; one that is not there is no error.",
        _edges("unlinkItems", remove=True),
    ),
    "moveItem": mutation(
        make_input(
            "MoveItemInput",
            "Where a part belongs.",
            {
                "id": given(strawberry.ID, f"What to move. {NAME}"),
                "to": left(strawberry.ID, f"The whole that it becomes a part of; none when absent. {NAME}"),
                "from": left(strawberry.ID, f"The whole that it leaves; all of them when absent. {NAME}"),
                "expectedVersion": left(int, VERSION),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload("MoveItemPayload", "a request to move an item", "Item"),
        "Make an item a part of another whole, with everything below it.",
        _move,
    ),
}
