"""``workatlas path``: how items hang together."""

from __future__ import annotations

from typing import Annotated

import typer

from workatlas.cli.chains import ScopeOption, known, known_scope
from workatlas.cli.output import console, print_json
from workatlas.cli.session import JsonOption, WorkspaceOption, read_snapshot
from workatlas.errors import SettingsError


def path(
    start: Annotated[str, typer.Argument(help="Key or id of the first item.")],
    end: Annotated[str, typer.Argument(help="Key or id of the last item.")],
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="Walk only this kind of edge; may be repeated.")
    ] = None,
    first: Annotated[int, typer.Option("--k", "--first", "-n", min=1, max=100, help="How many routes to print.")] = 3,
    directed: Annotated[
        bool, typer.Option("--directed", help="Follow edges only from their start to their end.")
    ] = False,
    scope: ScopeOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print the shortest routes between two items, over any edges."""
    from analytics import paths
    from graph.model import EDGES

    for kind in kinds or ():
        if kind not in EDGES:
            raise SettingsError(f"--kind {kind!r} is no kind of edge; choose of {', '.join(EDGES)}.")
    snapshot = read_snapshot(workspace)
    ends, inside = (known(snapshot, start), known(snapshot, end)), known_scope(snapshot, scope)
    found = paths(snapshot, *ends, kinds, first, directed=directed, scope=inside)
    if json:
        print_json(found.to_dict())
        return
    screen = console()
    for number, route in enumerate(found, start=1):
        screen.print(f"{number}. {' – '.join(route)}", highlight=False, markup=False)
    screen.print(found.explain().sentence, style="italic", highlight=False, markup=False)
