"""``workatlas doctor``: check every invariant of the stored graph again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from workatlas.cli.output import console, print_json
from workatlas.cli.session import JsonOption, WorkspaceOption, settings_for, with_store

if TYPE_CHECKING:
    from graph.doctor import Violation
    from graph.store import Store


def doctor(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Re-check every invariant of the graph and name each violation; exit status 1 if there is one."""
    from graph.doctor import examine

    settings = settings_for(workspace)

    async def work(store: Store) -> list[Violation]:
        return await examine(store, settings.workspace)

    violations = with_store(settings, work)
    if json:
        print_json({"workspace": settings.workspace, "violations": [one.to_dict() for one in violations]})
    for one in violations if not json else ():
        console().print(f"broken: {one.rule}: {', '.join(one.examples)}", style="red", soft_wrap=True, markup=False)
    if not violations and not json:
        console().print(f"Workspace {settings.workspace}: every invariant holds.", style="green", highlight=False)
    if violations:
        raise typer.Exit(1)
