"""``workatlas demo``: the main job on the bundled real sample."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio
import typer

from workatlas.cli.chains import open_objectives, print_chains, print_table, worst_chains
from workatlas.cli.database import start_database
from workatlas.cli.output import console, print_json
from workatlas.cli.session import JsonOption, now, run_on, settings_for

if TYPE_CHECKING:
    from graph.snapshots.snapshot import Snapshot
    from graph.store import Store
    from graph.writing.loading import LoadReport
    from workatlas.embedded import RunningDatabase

WORKSPACE: Final = "demo"
SAMPLE_DAY: Final = date(2025, 3, 3)
"""The day that the sample is looked at from: its goals are those of the first half of 2025."""
CHAINS: Final = 10
TEAMS: Final = 8


def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove the demo's workspace first.")] = False,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the API after printing.")] = True,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 takes a free one.")] = 8000,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=f"Reckon from this day; {SAMPLE_DAY} if not given.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Load the Rust project's goals of 2025H1, print what blocks the flagship ones, then serve the API."""
    settings = settings_for(WORKSPACE)
    reckoned_from = today.date() if today else SAMPLE_DAY
    with start_database(settings) as database:
        report, snapshot = anyio.run(_load, database, fresh)
        answer = _answer(snapshot, reckoned_from)
        if json:
            print_json({"database": _opened(database), "import": report.to_dict(), **answer})
        else:
            _print(database, report, snapshot, reckoned_from)
        if serve:
            from workatlas.cli.serve import serve_database

            serve_database(settings, database.connection, WORKSPACE, host, port, json, today=lambda: reckoned_from)


async def _load(database: RunningDatabase, fresh: bool) -> tuple[LoadReport, Snapshot]:
    from graph.records import workspace
    from graph.snapshots.snapshot_store import load_snapshot
    from graph.writing.loading import load
    from workatlas.importers import IMPORTERS, ImportOptions
    from workatlas.sample import SAMPLE

    async def work(store: Store) -> tuple[LoadReport, Snapshot]:
        if fresh:
            await workspace.purge(store, WORKSPACE)
        records = IMPORTERS["jsonl"].read([SAMPLE], ImportOptions())
        report = await load(store, WORKSPACE, records, source="rust-2025h1", clock=now)
        return report, await load_snapshot(store, WORKSPACE)

    return await run_on(database.connection, work)


def flagship_goals(snapshot: Snapshot) -> list[str]:
    """Return the open objectives of the highest value."""
    goals = open_objectives(snapshot)
    values = {goal: float(snapshot.items.value[snapshot.row(goal)]) for goal in goals}
    return [goal for goal in goals if values[goal] == max(values.values())]


def _answer(snapshot: Snapshot, today: date) -> dict[str, Any]:
    from analytics import teams_waited_for

    goals = flagship_goals(snapshot)
    found = [chain for goal in goals for chain in worst_chains(snapshot, goal, CHAINS, today)]
    return {
        "today": today,
        "goals": goals,
        "chains": [chain.to_dict() for chain in found],
        "teams": teams_waited_for(snapshot, open_objectives(snapshot), today=today).to_dict(),
    }


def _opened(database: RunningDatabase) -> dict[str, Any]:
    return {"uri": database.connection.uri, "started": database.started, "seconds": round(database.seconds, 2)}


def _print(database: RunningDatabase, report: LoadReport, snapshot: Snapshot, today: date) -> None:
    from analytics import teams_waited_for

    screen = console()
    verb = "Started" if database.started else "Joined"
    screen.print(f"{verb} Neo4j; first query answered after {database.seconds:.1f} s.", highlight=False)
    what = "loaded" if report.created else "already there"
    screen.print(
        f"Rust project goals 2025H1 {what}: {len(snapshot):,} items, {len(snapshot.edges.kind):,} edges "
        f"({report.seconds:.1f} s). Days are reckoned from {today}.",
        highlight=False,
    )
    goals = flagship_goals(snapshot)
    screen.rule(f"What stands between the {len(goals)} flagship goals and done")
    for goal in goals:
        print_chains(worst_chains(snapshot, goal, 2, today))
    screen.rule("Who most goals wait for")
    waited = teams_waited_for(snapshot, open_objectives(snapshot), today=today)
    teams = sorted(waited.teams, key=lambda one: (-len(one.named), one.key))[:TEAMS]
    print_table(
        ("team", "goals that ask it", "goals that wait for it or a member", "their value"),
        [(one.title, len(one.named), len(one.goals), f"{one.value:g}") for one in teams],
    )
    screen.print(waited.explain().sentence, style="italic", highlight=False, markup=False)
