"""Writing over GraphQL: one module a domain, one line each below."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from resolvers.items import Made, declare
from resolvers.mutations import (
    findings,
    history,
    issues,
    items,
    lifecycle,
    links,
    recurring,
    rescheduling,
    webhooks,
    workspaces,
)

FIELDS: Final[dict[str, Any]] = {
    **items.FIELDS,
    **links.FIELDS,
    **lifecycle.FIELDS,
    **issues.FIELDS,
    **history.FIELDS,
    **recurring.FIELDS,
    **findings.FIELDS,
    **rescheduling.FIELDS,
    **webhooks.FIELDS,
    **workspaces.FIELDS,
}
"""Root fields of ``Mutation`` by name."""


def _make_mutation() -> Made:
    made: Made = type("Mutation", (), {"__module__": __name__})
    declare(made, FIELDS)
    return strawberry.type(
        made, description="Everything that can be written. Each is done as a whole or not at all, and logged."
    )


Mutation: Final = _make_mutation()
