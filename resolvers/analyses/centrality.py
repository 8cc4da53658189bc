"""``centrality`` and ``communities``: what the graph runs through, and what hangs together."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import (
    Among,
    Centrality,
    Communities,
    Community,
    Grouping,
    Measure,
    Score,
    centrality,
    communities,
)
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import field
from resolvers.scalars import enum_of

EXACT: Final = 2_000
"""Nodes up to which betweenness is exact unless sources are given."""
SOURCES: Final = 100
"""Sources from which it is estimated beyond."""

AmongWhom: Final = enum_of(
    "Among",
    "Whose graph is looked at.",
    {
        Among.ITEMS.value: "Open items, joined by edges of the kinds asked for.",
        Among.PEOPLE.value: "People, joined where one's work waits for the other's.",
        Among.TEAMS.value: "Teams, joined where one's work waits for the other's.",
    },
)
CentralityMeasure: Final = enum_of(
    "CentralityMeasure",
    "How central something is.",
    {
        Measure.BETWEENNESS.value: "The share of shortest paths that run through it.",
        Measure.PAGERANK.value: "Where a walk along the edges is found.",
        Measure.EIGENVECTOR.value: "Central is what central things are joined to.",
        Measure.DEGREE.value: "How many edges join it.",
    },
)
CommunityMethod: Final = enum_of(
    "CommunityMethod",
    "By what communities are found.",
    {
        Grouping.LOUVAIN.value: "Moves that raise modularity.",
        Grouping.COMPONENTS.value: "Whatever is joined at all.",
    },
)
published(
    Score,
    "Something and its score.",
    {"key": "Its key.", "title": "Its title.", "kind": "Its kind.", "score": "Its score."},
)
CENTRALITY: Final = published(
    Centrality,
    "What the graph runs through, leads to or hangs on, the most central first.",
    {
        "kinds": "Kinds of edges that were followed.",
        "nodes": "How many nodes the graph has.",
        "edges": "How many edges.",
        "sources": "From how many nodes an estimated betweenness begins; null where it is exact.",
        "top": "The most central.",
    },
    explained=True,
)
published(
    Community,
    "A group that hangs together.",
    {
        "members": "Keys of its best connected members, at most 25.",
        "titles": "Their titles.",
        "size": "How many members it has.",
        "inside": "Weight of the edges inside.",
        "outside": "Weight of the edges to others.",
    },
)
COMMUNITIES: Final = published(
    Communities,
    "Groups that hang together more than they do with others, the largest first.",
    {
        "kinds": "Kinds of edges that were followed.",
        "nodes": "How many nodes the graph has.",
        "edges": "How many edges.",
        "count": "How many groups there are.",
        "modularity": "How much more weight they hold than chance would put there, -0.5 to 1.",
        "groups": "The largest groups.",
    },
    explained=True,
)

Kinds = Annotated[
    list[str] | None,
    strawberry.argument(description="Kinds of edges to follow, such as BLOCKS; those that analyses walk when absent."),
]
Whose = Annotated[AmongWhom, strawberry.argument(description="Whose graph.")]  # type: ignore[valid-type]
How = Annotated[CentralityMeasure, strawberry.argument(description="Which measure.")]  # type: ignore[valid-type]
By = Annotated[CommunityMethod, strawberry.argument(description="Which method.")]  # type: ignore[valid-type]
Sources = Annotated[
    int | None,
    strawberry.argument(
        description="Estimate betweenness from so many nodes; when absent, from 100, or exactly for up to 2,000 items."
    ),
]
Seed = Annotated[int, strawberry.argument(description="The same seed gives the same answer.")]


async def _centrality(
    info: Info[Context, None],
    measure: How = CentralityMeasure.BETWEENNESS,  # type: ignore[attr-defined]
    among: Whose = AmongWhom.ITEMS,  # type: ignore[attr-defined]
    kinds: Kinds = None,
    sources: Sources = None,
    seed: Seed = 0,
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    limit, which = page_size(first), Measure(_name(measure))
    if sources is not None and which is not Measure.BETWEENNESS:
        raise RefusedError("BAD_USER_INPUT", "sources are of betweenness only")
    options: dict[str, Any] = {"among": Among(_name(among)), "kinds": kinds, "scope": scope, "limit": limit}
    if which is Measure.BETWEENNESS:
        snapshot = await info.context.snapshots.current()
        options |= {"sources": sources or (SOURCES if len(snapshot) > EXACT else None), "seed": seed}
    return await answered(info, centrality, which, dated=False, **options)


async def _communities(
    info: Info[Context, None],
    method: By = CommunityMethod.LOUVAIN,  # type: ignore[attr-defined]
    among: Whose = AmongWhom.ITEMS,  # type: ignore[attr-defined]
    kinds: Kinds = None,
    seed: Seed = 0,
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    how, whose, limit = Grouping(_name(method)), Among(_name(among)), page_size(first)
    return await answered(
        info, communities, kinds, method=how, among=whose, seed=seed, scope=scope, limit=limit, dated=False
    )


def _name(choice: Enum) -> str:
    return choice.name


FIELDS: Final = {
    "centrality": field(
        CENTRALITY, "What the graph runs through, leads to or hangs on.", resolver=_centrality, access=Access.READ
    ),
    "communities": field(
        COMMUNITIES, "Groups that hang together more than they do with others.", resolver=_communities,
        access=Access.READ,
    ),
}  # fmt: skip
