"""``workatlas people-risk``: how much depends on how few people, and which teams wait for which."""

from __future__ import annotations

from typing import Annotated

import typer

from workatlas.cli.chains import FirstOption, known, print_table
from workatlas.cli.output import console, print_json
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot


def people_risk(
    goals: Annotated[list[str] | None, typer.Argument(help="Keys or ids of goals; all open ones if not given.")] = None,
    first: FirstOption = 15,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print bus factors, who stands alone on worst chains, hand-offs, and the teams that wait for each other."""
    from analytics import people_risk as find_people_risk
    from analytics.results import amount, listed, percent

    snapshot = read_snapshot(workspace)
    chosen = [known(snapshot, goal) for goal in goals] if goals else None
    found = find_people_risk(snapshot, chosen, today=day(today), limit=first)
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
    console().print(found.explain().sentence, style="italic", highlight=False, markup=False)
