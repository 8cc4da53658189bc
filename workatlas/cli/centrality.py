"""``workatlas centrality`` and ``workatlas communities``: what the graph runs through, and what hangs together."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known_scope, print_table
from workatlas.cli.output import print_json, print_sentence
from workatlas.cli.session import JsonOption, WorkspaceOption, read_snapshot
from workatlas.errors import SettingsError


class Measure(StrEnum):
    """Measures of centrality by the names that users type."""

    BETWEENNESS = "betweenness"
    PAGERANK = "pagerank"
    EIGENVECTOR = "eigenvector"
    DEGREE = "degree"


class Among(StrEnum):
    """Whose graph, by the names that users type."""

    ITEMS = "items"
    PEOPLE = "people"
    TEAMS = "teams"


class Method(StrEnum):
    """Methods that find communities, by the names that users type."""

    LOUVAIN = "louvain"
    COMPONENTS = "components"


AmongOption = Annotated[Among, typer.Option("--among", help="Whose graph: of items, people or teams.")]
KindOption = Annotated[
    list[str] | None, typer.Option("--kind", help="Follow this kind of edge; may be repeated. See docs/analytics.md.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed gives the same answer.")]
ClosedOption = Annotated[bool, typer.Option("--closed", help="Count closed work too.")]


def centrality(
    measure: Annotated[Measure, typer.Argument(help="Which measure.")] = Measure.BETWEENNESS,
    among: AmongOption = Among.ITEMS,
    kinds: KindOption = None,
    sources: Annotated[
        int | None, typer.Option("--sources", min=1, help="Estimate betweenness from so many nodes.")
    ] = None,
    seed: SeedOption = 0,
    closed: ClosedOption = False,
    scope: ScopeOption = None,
    first: FirstOption = 10,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print the items, people or teams that the graph runs through, leads to or hangs on."""
    import analytics

    if sources is not None and measure is not Measure.BETWEENNESS:
        raise SettingsError("--sources is of betweenness only; leave it out.")
    options: dict[str, Any] = {"among": analytics.Among[among.name], "closed": closed, "limit": first}
    if measure is Measure.BETWEENNESS:
        options |= {"sources": sources, "seed": seed}
    snapshot = read_snapshot(workspace)
    options["scope"] = known_scope(snapshot, scope)
    found = analytics.centrality(snapshot, analytics.Measure[measure.name], kinds=_checked(kinds), **options)
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("key", "title", "kind", measure.value),
        [(score.key, score.title, score.kind, f"{score.score:.4f}") for score in found.top],
    )
    print_sentence(found.explain().sentence)


def communities(
    method: Annotated[Method, typer.Argument(help="Which method.")] = Method.LOUVAIN,
    among: AmongOption = Among.ITEMS,
    kinds: KindOption = None,
    seed: SeedOption = 0,
    closed: ClosedOption = False,
    scope: ScopeOption = None,
    first: FirstOption = 10,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print groups of items, people or teams that hang together more than they do with others."""
    import analytics

    snapshot = read_snapshot(workspace)
    found = analytics.communities(
        snapshot,
        _checked(kinds),
        method=analytics.Grouping[method.name],
        among=analytics.Among[among.name],
        seed=seed,
        closed=closed,
        scope=known_scope(snapshot, scope),
        limit=first,
    )
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("size", "edges inside", "to others", "best connected"),
        [
            (group.size, f"{group.inside:g}", f"{group.outside:g}", ", ".join(group.members[:5]))
            for group in found.groups
        ],
    )
    print_sentence(found.explain().sentence)


def _checked(kinds: list[str] | None) -> list[str] | None:
    """Return the kinds of edges if there are such.

    Raises:
        SettingsError: One is unknown.

    """
    from graph.snapshots.snapshot import EDGE_KINDS

    for kind in kinds or ():
        if kind not in EDGE_KINDS:
            raise SettingsError(f"--kind {kind!r} is no kind of edge; choose of {', '.join(EDGE_KINDS)}.")
    return kinds or None
