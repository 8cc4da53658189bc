"""``workatlas people-risk`` and ``workatlas workload``: on whom work depends, and who has how much to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known_goals, known_scope, print_table
from workatlas.cli.output import console, print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot

if TYPE_CHECKING:
    from analytics import Load, WeekLoad


def people_risk(
    goals: Annotated[list[str] | None, typer.Argument(help="Keys or ids of goals; all open ones if not given.")] = None,
    scope: ScopeOption = None,
    first: FirstOption = 15,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print bus factors, who stands alone on worst chains, hand-offs, and the teams that wait for each other."""
    from analytics import people_risk as find_people_risk
    from analytics.results import amount, listed, percent

    snapshot = read_snapshot(workspace)
    chosen = known_goals(snapshot, goals)
    inside = known_scope(snapshot, scope)
    found = find_people_risk(snapshot, chosen, scope=inside, today=day(today), limit=first)
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("goal or team", "title", "bus factor", "people", "would be lost", "open hours"),
        [
            (one.key, one.title, f"{'' if one.exact else '≤ '}{one.factor}", listed(one.names),
             percent(one.lost_share), amount(one.open_hours))
            for one in found
        ],
    )  # fmt: skip
    print_table(
        ("stands alone", "on the worst chains of", "worth", "steps", "hours"),
        [
            (one.name, listed(one.goals), f"{one.value:g}", listed(one.items), amount(one.hours))
            for one in found.single_owners
        ],
    )
    print_table(
        ("team", "waits for", "hours", "in", "blocked"),
        [(one.waiting, one.awaited, amount(one.hours), listed(one.items), one.blocked) for one in found.waits],
    )
    sentences = [one.explain().sentence for one in found.handoffs[:5]]
    sentences += [one.explain().sentence for one in found.cycles]
    for sentence in sentences:
        console().print(sentence, highlight=False, markup=False)
    print_sentence(found.explain().sentence)


def workload(
    weeks: Annotated[int, typer.Option(min=1, max=53, help="Calendar weeks, this one included.")] = 6,
    scope: ScopeOption = None,
    first: FirstOption = 15,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what people and teams have committed to week by week, against capacity and velocity."""
    from analytics import workload as find_workload
    from analytics.results import amount

    snapshot = read_snapshot(workspace)
    found = find_workload(snapshot, weeks, scope=known_scope(snapshot, scope), today=day(today), limit=first)
    if json:
        print_json(found.to_dict())
        return
    for word, loads in (("team", found.teams), ("person", found.people)):
        print_table(
            (word, *(week.start.isoformat()[5:] for week in loads[0].weeks), "velocity", "commitment", "no estimate")
            if loads
            else (word,),
            [
                (one.title or one.key, *(_week(week) for week in one.weeks), _velocity(one),
                 "–" if one.commitment is None else f"{one.commitment:.1f} ×", one.unestimated)
                for one in loads
            ],
        )  # fmt: skip
    for move in found.moves:
        where = f"to {move.to}" if move.to else "to a later time"
        text = f"Move {move.item} '{move.title}' ({amount(move.hours)} h) from {move.person} {where}."
        console().print(text, highlight=False, markup=False)
    print_sentence(found.explain().sentence)


def _week(week: WeekLoad) -> str:
    """Write hours committed of hours there are; too many are marked."""
    return f"{week.hours:.0f}/{week.capacity:.0f}{' !' if week.state == 'OVER' else ''}"


def _velocity(load: Load) -> str:
    if load.velocity_hours is not None:
        return f"{load.velocity_hours:.1f} h"
    return "–" if load.velocity_points is None else f"{load.velocity_points:.1f} points"
