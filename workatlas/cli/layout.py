"""``workatlas layout``: what stands before a goal, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workatlas.cli.chains import ScopeOption, known, known_scope, print_table
from workatlas.cli.output import print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot
from workatlas.errors import SettingsError


def layout(
    goal: Annotated[str, typer.Argument(help="Key or id of a goal, or of any work.")],
    picture: Annotated[Path | None, typer.Option("--svg", help="Write the picture to this file.")] = None,
    first: Annotated[int, typer.Option("--first", "-n", min=2, max=1000, help="How many boxes to draw.")] = 300,
    scope: ScopeOption = None,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Draw what stands before a goal in layers from left to right."""
    from analytics import layout as lay_out
    from analytics import svg

    snapshot = read_snapshot(workspace)
    found = lay_out(snapshot, known(snapshot, goal), scope=known_scope(snapshot, scope), limit=first, today=day(today))
    if picture is not None:
        try:
            picture.write_text(svg(found), encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"--svg {picture}: {error.strerror}; name a file that can be written.") from error
    if json:
        print_json(found.to_dict())
        return
    if picture is None:
        boxes = sorted(found.nodes, key=lambda node: (-node.layer, node.y))
        print_table(
            ("layer", "item", "title", "role", "leads to"),
            [
                (node.layer, node.id, node.step.title or node.step.kind, node.role,
                 ", ".join(edge.end for edge in found.edges if edge.start == node.id))
                for node in boxes
            ],
        )  # fmt: skip
    print_sentence(found.explain().sentence)
