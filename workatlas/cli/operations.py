"""``workatlas operations``: recurring work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from workatlas.cli.output import console, print_json
from workatlas.cli.session import JsonOption, WorkspaceOption, now, settings_for, with_store
from workatlas.errors import WorkatlasError

if TYPE_CHECKING:
    from graph.store import Store
    from graph.writing.operations import Spawned

MAX_YEARS: Final = 5
"""How far ahead occurrences can be spawned."""

app = typer.Typer(help="Recurring work: spawn the tasks that its rules call for.", no_args_is_help=True)


@app.command()
def run(
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
            help="Up to this instant (UTC); WORKATLAS_OPERATIONS_AHEAD days from now when absent.",
        ),
    ] = None,
    operation: Annotated[str | None, typer.Option(help="Key or id of one operation; all when absent.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Spawn occurrences that are not spawned yet, late ones included; exit status 1 if an operation has a problem."""
    from graph.records.sight import Sight
    from graph.writing.operations import find_operation, spawn
    from workatlas.recurring import DAY

    settings = settings_for(workspace)
    started = now()
    end = started + round(settings.operations_ahead * DAY) if until is None else _millis(until)
    if end > started + MAX_YEARS * 366 * DAY:
        raise WorkatlasError(f"--until is more than {MAX_YEARS} years ahead: choose an earlier day.")

    async def work(store: Store) -> list[Spawned]:
        found: list[Spawned] = []
        if operation is not None and await find_operation(store, Sight(settings.workspace), operation) is None:
            raise WorkatlasError(f"Workspace {settings.workspace!r} has no operation {operation!r}: give its key.")
        more = True
        while more:
            some = await spawn(store, settings.workspace, until=end, now=started, only=operation)
            found += some
            more = any(one.more for one in some)
        return found

    results = with_store(settings, work)
    if json:
        print_json([one.to_dict() for one in results])
    else:
        _print(results, settings.workspace)
    if any(one.problems for one in results):
        raise typer.Exit(1)


def _print(results: list[Spawned], workspace: str) -> None:
    for one in results:
        for problem in one.problems:
            console().print(f"{one.operation}: {problem}", style="red", soft_wrap=True, markup=False)
        if one.tasks:
            console().print(f"{one.operation}: {', '.join(one.tasks)}", soft_wrap=True, markup=False, highlight=False)
    number = sum(len(one.tasks) for one in results)
    console().print(f"Workspace {workspace}: {number} occurrences spawned.", highlight=False)


def _millis(until: datetime) -> int:
    return round(until.replace(tzinfo=UTC).timestamp() * 1000)
