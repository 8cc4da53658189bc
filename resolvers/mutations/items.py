"""Creating and changing items, one by one and in batches; the mutations of each kind come from the model table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import strawberry

from graph.batch import BORN_HERE, Batch, EdgeRow, NodeRow, Ref, new_id
from graph.errors import BatchRefusedError, Problem
from graph.model import NODES
from resolvers.context import Context
from resolvers.items import Made, many
from resolvers.mutations.inputs import (
    ALONE,
    CREATE,
    CREATE_ONE,
    IDEMPOTENCY_KEY,
    UPDATE,
    UPDATE_ONE,
    field_of,
    given,
    given_fields,
    make_input,
    own_edges,
    values_of,
)
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload
from resolvers.mutations.requests import bounded, own_id, perform, perform_each, ref, together
from resolvers.naming import article

Rows = Callable[[str, Any, str], Batch]
"""Makes rows of a kind's input; the last argument is its place in the request."""


def created(label: str, value: Any, where: str = "") -> Batch:
    """Return the rows of a new item and its edges.

    Raises:
        BatchRefusedError: Its id is none.

    """
    values = values_of(value, "idempotencyKey")
    links = {name: values.pop(name) or [] for name in own_edges(label) if name in values}
    item = own_id(values.pop("id", None), where) or new_id()
    row = NodeRow(label, BORN_HERE, item, values, values.pop("key", None), item, expected_version=0, where=where)
    edges = [
        _link(name, label, item, other, ".".join(filter(None, (where, name, str(number)))))
        for name, others in links.items()
        for number, other in enumerate(others)
    ]
    return Batch([row], edges)


def _link(name: str, label: str, item: str, other: str, where: str) -> EdgeRow:
    one, own = own_edges(label)[name], Ref("id", item)
    start, end = (own, ref(other)) if one.forward else (ref(other), own)
    return EdgeRow(one.kind.name, start, end, where=where)


def changed(label: str, value: Any, where: str = "") -> Batch:
    """Return the row of a changed item."""
    values = values_of(value, "idempotencyKey")
    item, version = ref(values.pop("id")), values.pop("expectedVersion", None)
    return Batch([NodeRow(label, "", "", values, of=item, expected_version=version, where=where)])


def _single(verb: str, label: str, taken: Made, description: str, rows: Rows) -> Any:
    name = f"{verb}{label}"

    async def work(context: Context, value: Any) -> Written:
        return await perform(context, name, value, lambda: rows(label, value, ""))

    answered = payload(f"{name[0].upper()}{name[1:]}Payload", f"a request to {verb} {article(label)}", label)
    return mutation(taken, answered, description, work)


def _several(name: str, rows: Rows) -> Callable[[Context, Any], Any]:
    async def work(context: Context, value: Any) -> Written:
        def batches() -> list[Batch]:
            return [_entry(one, f"items.{number}", rows) for number, one in enumerate(bounded(value.items, "items"))]

        if value.alone is True:
            return await perform_each(context, name, value, batches)
        return await perform(context, name, value, lambda: together(batches()))

    return work


def _entry(value: Any, where: str, rows: Rows) -> Batch:
    """Return the rows of one entry of a batch, whose only field says of which kind it is."""
    ((name, inner),) = (given_fields(value) or {}).items()
    if inner.idempotencyKey is not strawberry.UNSET:
        message = "give the idempotency key to the batch"
        raise BatchRefusedError([Problem("INVALID_VALUE", message, f"{where}.{name}", "idempotencyKey")])
    return rows(_LABELS[name], inner, f"{where}.{name}")


_LABELS: Final[Mapping[str, str]] = {field_of(label): label for label in NODES}


def _batch_input(name: str, description: str, entry: Made) -> Made:
    fields = {"items": given(many(entry), "The entries, 1 to 500."), "alone": ALONE, "idempotencyKey": IDEMPOTENCY_KEY}
    return make_input(name, description, fields)


def _fields() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for label in NODES:
        a = article(label)
        fields[f"create{label}"] = _single("create", label, CREATE[label], f"Create {a}, joined to others.", created)
        fields[f"update{label}"] = _single("update", label, UPDATE[label], f"Change what is given of {a}.", changed)
    fields["createItems"] = mutation(
        _batch_input("CreateItemsInput", "New items of any kinds.", CREATE_ONE),
        payload("CreateItemsPayload", "a request to create items"),
        "Create up to 500 items of any kinds; entries may name each other by the ids that the client chose.",
        _several("createItems", created),
    )
    fields["updateItems"] = mutation(
        _batch_input("UpdateItemsInput", "Changes of items of any kinds.", UPDATE_ONE),
        payload("UpdateItemsPayload", "a request to change items"),
        "Change up to 500 items of any kinds.",
        _several("updateItems", changed),
    )
    return fields


FIELDS: Final = _fields()
