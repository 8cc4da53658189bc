"""``workatlas okr``: how far objectives and key results have come, and whether work and goals meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known_goals, known_scope, print_table
from workatlas.cli.output import console, print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot

if TYPE_CHECKING:
    from analytics import GoalScore


def okr(
    goals: Annotated[list[str] | None, typer.Argument(help="Keys or ids of goals; all of them if not given.")] = None,
    scope: ScopeOption = None,
    first: FirstOption = 50,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print how far goals have come, what is expected by now, how old their health is, and what no goal needs."""
    from analytics import okr_rollup
    from analytics.results import percent

    snapshot = read_snapshot(workspace)
    chosen = known_goals(snapshot, goals)
    found = okr_rollup(snapshot, chosen, scope=known_scope(snapshot, scope), today=day(today), limit=first)
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("goal", "title", "owner", "score", "rests on", "expected", "confidence", "health"),
        [
            ("  " * goal.level + goal.key, goal.title, goal.owner or "nobody", percent(goal.score),
             (goal.basis or "nothing").lower(), percent(goal.expected), percent(goal.confidence), _health(goal))
            for goal in found
        ],
    )  # fmt: skip
    if found.unserving:
        print_table(
            ("work without a goal", "title", "pieces", "hours"),
            [(one.key, one.title, one.leaves, f"{one.hours:g}") for one in found.unserving],
        )
    for text, keys in (("no open work", found.unserved), ("no started work", found.idle)):
        if keys:
            more = f" and {len(keys) - first} more" if len(keys) > first else ""
            console().print(f"Goals with {text}: {', '.join(keys[:first])}{more}", highlight=False, markup=False)
    print_sentence(found.explain().sentence)


def _health(goal: GoalScore) -> str:
    word = (goal.health or "closed").replace("_", " ").lower()
    return word if goal.age_days is None else f"{word}, {goal.age_days} days old"
