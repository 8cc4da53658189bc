"""The root fields of ``Query``; those that list items are made from the model table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, cast

import strawberry
from strawberry.types import Info

from graph.model import NODES
from graph.reading.words import MAX_FOUND, MAX_TEXT
from resolvers import analyses, log, webhooks
from resolvers.access import Access
from resolvers.connection import DEFAULT_PAGE, After, First
from resolvers.context import Context
from resolvers.filters import ItemKind
from resolvers.items import TYPES, Made, declare, field, listed, many
from resolvers.matches import BY_WORDS, SearchMode
from resolvers.naming import ABSTRACT, SEARCH, plural
from resolvers.reading import ROOT_FIELDS, Shaped, read_root
from resolvers.viewer import VIEWER, viewer


async def _read(info: Info[Context, None], name: str) -> Shaped:
    """Answer a root field; it reads its arguments from the document, as its nested lists do."""
    raw = info._raw_info
    # Strawberry hands on the plain coerced values, whatever the library's type says.
    variables = cast("Mapping[str, Any]", raw.variable_values)
    return await read_root(info.context, ROOT_FIELDS[name], raw.field_nodes, variables)


async def node(
    info: Info[Context, None],
    id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],  # noqa: A002
) -> Any:
    """Return one item by its id."""
    return await _read(info, "node")


async def nodes(
    info: Info[Context, None],
    ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids, at most 100.")],
) -> Any:
    """Return items by their ids."""
    return await _read(info, "nodes")


async def item(
    info: Info[Context, None], key: Annotated[str, strawberry.argument(description="Its key, such as `CORE-123`.")]
) -> Any:
    """Return one item by its key."""
    return await _read(info, "item")


async def search(
    info: Info[Context, None],
    text: Annotated[
        str,
        strawberry.argument(
            description=f'What to search for, at most {MAX_TEXT} characters: words, and `"phrases in quotes"`.'
        ),
    ],
    kinds: Annotated[
        list[ItemKind] | None, strawberry.argument(description="Of which kinds; of any when absent.")  # type: ignore[valid-type]
    ] = None,
    mode: Annotated[SearchMode, strawberry.argument(description="How to compare.")] = BY_WORDS,  # type: ignore[valid-type]
    first: First = DEFAULT_PAGE,
    after: After = None,
) -> Any:
    """Return a page of the items that fit a text."""
    return await _read(info, "search")


def _listing(name: str) -> Callable[..., Any]:
    async def listing(info: Info[Context, None], **_: Any) -> Shaped:
        return await _read(info, plural(name))

    return listed(name, listing)


def _make_query() -> Made:
    made: Made = type("Query", (), {"__module__": __name__})
    read = partial(field, access=Access.READ)
    fields = {
        "node": read(TYPES["Node"] | None, "One item by its id.", resolver=node),
        "nodes": read(many(TYPES["Node"] | None), "Items by their ids, in that order.", resolver=nodes),
        "item": read(TYPES["Item"] | None, "One item by its key.", resolver=item),
        "search": read(
            TYPES[f"{SEARCH}Connection"],
            f"Items that fit a text, best first; at most {MAX_FOUND:,} are found and counted.",
            resolver=search,
        ),
        "viewer": read(VIEWER, "Whoever asks: who they are, and what they may do and see.", resolver=viewer),
        "workspace": read(log.Workspace, "The workspace that this API serves.", resolver=log.workspace),
        "snapshot": read(log.SnapshotState, "The state of the graph that analyses answer from.", resolver=log.snapshot),
        "changes": read(log.Changes, "The change log, oldest first.", resolver=log.changes),
        **analyses.FIELDS,
        **webhooks.FIELDS,
    }
    for name in (*(one for one in ABSTRACT if one != "Node"), *NODES):
        fields[plural(name)] = read(
            TYPES[f"{name}Connection"], f"Items of type {name}, archived ones apart.", resolver=_listing(name)
        )
    declare(made, fields)
    return strawberry.type(made, description="Everything that can be read.")


Query = _make_query()
