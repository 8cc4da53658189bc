"""``workatlas summary``: what happened and what matters, as a report to send."""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from workatlas.cli.chains import ScopeOption, known_scope
from workatlas.cli.output import print_json
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot
from workatlas.errors import WorkatlasError


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def summary(
    scope: ScopeOption = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of the period; a week ago if not given.")
    ] = None,
    first: Annotated[int, typer.Option("--first", "-n", min=1, help="Statements a section holds at most.")] = 5,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TEXT,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what happened and what matters, each sentence with the items that it rests on."""
    from analytics import summary as summarize

    snapshot = read_snapshot(workspace)
    chosen = known_scope(snapshot, scope)
    last, begin = day(today), since.date() if since else None
    if begin is not None and begin > last:
        raise WorkatlasError(f"--since {begin.isoformat()} is after {last.isoformat()}; give an earlier day")
    found = summarize(snapshot, chosen, begin, today=last, limit=first)
    if json or form is Format.JSON:
        print_json(found.to_dict())
    else:
        sys.stdout.write(found.markdown if form is Format.MARKDOWN else found.text)
