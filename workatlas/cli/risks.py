"""``workatlas risks`` and ``workatlas exposure``: what threatens goals, and how much of their work waits."""

from __future__ import annotations

from typing import Annotated

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known_goals, known_scope, print_table
from workatlas.cli.output import print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot


def risks(
    goals: Annotated[list[str] | None, typer.Argument(help="Keys or ids of goals; all open ones if not given.")] = None,
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print the open items that threaten goals, most goal value first, each with its reasons."""
    from analytics import risks as find_risks

    snapshot = read_snapshot(workspace)
    chosen = known_goals(snapshot, goals)
    found = find_risks(snapshot, chosen, scope=known_scope(snapshot, scope), limit=first, today=day(today))
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "owner", "value", "reasons"),
        [(one.key, one.title, one.owner or "nobody", f"{one.value:g}", ", ".join(one.reasons)) for one in found],
    )
    print_sentence(found.explain().sentence)


def exposure(
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print how much of each goal's work waits for something open, and the items that most value depends on."""
    from analytics import exposure as find_exposure

    snapshot = read_snapshot(workspace)
    found = find_exposure(snapshot, scope=known_scope(snapshot, scope), today=day(today))
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("goal", "title", "value", "exposed", "waiting"),
        [
            (
                goal.key,
                goal.title,
                f"{goal.value:g}",
                "–" if goal.exposure is None else f"{goal.exposure:.0%}",
                f"{goal.waiting} of {goal.leaves}",
            )
            for goal in found.goals[:first]
        ],
    )
    print_table(
        ("item", "title", "goal value that depends on it"),
        [(item.key, item.title, f"{item.value:g}") for item in found.items[:first]],
    )
    print_sentence(found.explain().sentence)
