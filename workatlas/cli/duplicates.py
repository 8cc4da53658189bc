"""``workatlas duplicates``: items that may be the same."""

from __future__ import annotations

from typing import Annotated

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known_scope, print_table
from workatlas.cli.output import print_json, print_sentence
from workatlas.cli.session import JsonOption, WorkspaceOption, read_snapshot


def duplicates(
    least: Annotated[
        float, typer.Option("--least", min=0.01, max=1.0, help="How alike titles must be; 1 is the same words.")
    ] = 0.6,
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print open items whose titles say nearly the same, and that nobody has joined yet."""
    from analytics import duplicates as find_duplicates

    snapshot = read_snapshot(workspace)
    found = find_duplicates(snapshot, scope=known_scope(snapshot, scope), least=least, limit=first)
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "may be the same as", "title", "alike"),
        [(one.key, one.title, one.other, one.other_title, f"{one.similarity:.0%}") for one in found],
    )
    print_sentence(found.explain().sentence)
