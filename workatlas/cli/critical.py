"""``workatlas critical-path`` and ``workatlas schedule``: when what leads to a target can and must be done."""

from __future__ import annotations

from typing import Annotated

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known, known_scope, print_table
from workatlas.cli.output import console, print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot
from workatlas.errors import SettingsError

TargetArgument = Annotated[
    str | None, typer.Argument(help="Key or id of a goal, or of any work; everything open if not given.")
]


def critical_path(
    target: TargetArgument = None,
    why: Annotated[str | None, typer.Option(help="Say why this item is critical or not, and nothing else.")] = None,
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what may not slip on the way to a target, and how far the rest may."""
    from analytics import critical_path as find_critical_path

    snapshot = read_snapshot(workspace)
    wanted, inside = known(snapshot, target) if target else None, known_scope(snapshot, scope)
    found = find_critical_path(snapshot, wanted, scope=inside, today=day(today))
    if why is not None:
        told = found.explain_item(known(snapshot, why))
        if json:
            print_json(told.to_dict())
        else:
            console().print(told.sentence, highlight=False, markup=False)
        return
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "start", "finish", "latest finish", "float", "drag", "critical"),
        [
            (
                item.key,
                item.title,
                item.early_start_date,
                item.early_finish_date,
                item.late_finish_date,
                f"{item.total_float:g} h",
                "–" if item.drag is None else f"{item.drag:g} h",
                "yes" if item.critical else "",
            )
            for item in found.items.tightest(first)
        ],
    )
    print_sentence(found.explain().sentence)


def schedule(
    target: TargetArgument = None,
    rule: Annotated[
        str,
        typer.Option(
            help="What comes first: latestStart, latestFinish, leastFloat, shortest, mostSuccessors, positionalWeight."
        ),
    ] = "latestStart",
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print when work can be done by those who are to do it, one thing after the other."""
    from analytics import schedule as make_schedule
    from analytics.scheduling.priorities import RULES

    if rule not in RULES:
        raise SettingsError(f"there is no priority rule {rule!r}; choose one of {', '.join(RULES)}.")
    snapshot = read_snapshot(workspace)
    wanted, inside = known(snapshot, target) if target else None, known_scope(snapshot, scope)
    found = make_schedule(snapshot, wanted, rule=rule, scope=inside, today=day(today))
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "people", "start", "finish", "after", "delay"),
        [
            (
                one.key,
                one.title,
                ", ".join(one.people) or "nobody",
                one.start_date,
                one.finish_date,
                f"{one.after or ''} ({one.person})" if one.person else one.after or "",
                f"{one.delay:g} h" if one.delay else "",
            )
            for one in found.items[:first]
        ],
    )
    print_sentence(found.explain().sentence)
