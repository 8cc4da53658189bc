"""``workatlas choke-points`` and ``workatlas dominators``: what chains to goals run through, or cannot get around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known, known_goals, known_scope, print_table
from workatlas.cli.output import console, print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot

if TYPE_CHECKING:
    from analytics import ChokePoint, ChokePoints

CoverOption = Annotated[
    int | None, typer.Option("--cover", min=1, max=100, help="Also name this many items that cover most of the chains.")
]


def choke_points(
    goals: Annotated[list[str] | None, typer.Argument(help="Keys or ids of goals; all open ones if not given.")] = None,
    first: FirstOption = 10,
    cover: CoverOption = None,
    scope: ScopeOption = None,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print the items, people and teams that most of the chains to goals run through."""
    from analytics import choke_points as find_choke_points

    snapshot = read_snapshot(workspace)
    chosen = known_goals(snapshot, goals)
    inside = known_scope(snapshot, scope)
    found = find_choke_points(snapshot, chosen, scope=inside, limit=first, today=day(today))
    covering = found.cover(cover) if cover else found.covering
    if json:
        print_json(found.to_dict() | {"cover": covering.to_dict()})
        return
    _print(found)
    if cover:
        text = f"{', '.join(covering.items)} cover {covering.share:.0%} of what the chains carry;"
        text += f" no {cover} items cover more than {covering.best_possible:.0%}."
        console().print(text, highlight=False, markup=False)
    print_sentence(found.explain().sentence)


def _print(found: ChokePoints) -> None:
    print_table(
        ("item", "title", "owner", "share", "chains", "goals", "if done, brings forward"),
        [
            (point.key, point.title, point.owner or "nobody", f"{point.share:.0%}", point.chains, len(point.goals),
             _gain(point))
            for point in found.items
        ],
    )  # fmt: skip
    for name, points in (("person", found.people), ("team", found.teams)):
        if points:
            rows = [(point.title, f"{point.share:.0%}", point.chains, len(point.goals)) for point in points]
            print_table((name, "share", "chains", "goals"), rows)
    for passage in found.passages:
        if passage.items:
            text = f"Every path to {passage.goal} passes {', '.join(passage.items)}."
            console().print(text, highlight=False, markup=False)


def _gain(point: ChokePoint) -> str:
    relief = point.relief
    if relief is None or relief.gain_hours <= 0:
        return "nothing by itself"
    return f"{relief.goal} by {relief.gain_hours:g} h ({relief.drag_hours:g} h its own work)"


def dominators(
    goal: Annotated[str, typer.Argument(help="Key or id of a goal, or of any work.")],
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what nobody gets around on the way to a goal."""
    from analytics import dominators as find_dominators

    snapshot = read_snapshot(workspace)
    inside = known_scope(snapshot, scope)
    found = find_dominators(snapshot, known(snapshot, goal), scope=inside, limit=first, today=day(today))
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "no way around it", "every path goes on to"),
        [(item.key, item.title, item.holds, item.through) for item in found],
    )
    print_sentence(found.explain().sentence)
