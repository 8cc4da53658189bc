"""``workatlas db``: the embedded Neo4j."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.database import fetch_with_progress, start_database
from workatlas.cli.output import console, print_json
from workatlas.errors import SettingsError
from workatlas.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

    from workatlas.embedded import DatabaseStatus

app = typer.Typer(help="The embedded Neo4j: fetch, start, stop, and see how it is.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def start(json: Json = False) -> None:
    """Start the database and keep it running until `db stop`."""
    settings = _embedded_settings()
    with start_database(settings, keep=True) as database:
        if json:
            print_json(
                {
                    "uri": database.connection.uri,
                    "version": database.version,
                    "started": database.started,
                    "seconds": round(database.seconds, 3),
                }
            )
            return
        verb = "Started" if database.started else "Already running:"
        _say(f"{verb} Neo4j {database.version} at {database.connection.uri}, answering after {database.seconds:.1f} s")


@app.command()
def stop(json: Json = False) -> None:
    """Stop the database, whoever uses it."""
    from workatlas import embedded

    stopped = embedded.stop(_embedded_settings())
    if json:
        print_json({"stopped": stopped})
    else:
        _say("Stopped" if stopped else "It was not running")


@app.command()
def status(json: Json = False) -> None:
    """Show whether the database runs, where, and how large its data is."""
    from workatlas import embedded

    found = embedded.status(_embedded_settings())
    if json:
        print_json(found)
    else:
        console().print(_status_table(found))


@app.command()
def fetch(
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash the cached files again, replace damaged ones.")
    ] = False,
    json: Json = False,
) -> None:
    """Fetch Neo4j into the cache, checked against the hashes that workatlas was released with."""
    fetched = fetch_with_progress(Settings.from_environ(os.environ), verify=verify)
    if json:
        print_json(fetched)
    elif not fetched.files:
        _say(f"All {fetched.cached} files are in the cache{' and intact' if verify else ''} ({fetched.seconds:.1f} s)")


def _embedded_settings() -> Settings:
    settings = Settings.from_environ(os.environ)
    if settings.neo4j_uri is not None:
        raise SettingsError(
            f"NEO4J_URI is set, so workatlas uses the database at {settings.neo4j_uri} and not the embedded one: "
            "unset NEO4J_URI to manage the embedded one."
        )
    return settings


def _status_table(found: DatabaseStatus) -> Table:
    from rich.table import Table

    table = Table(show_header=False, box=None)
    table.add_row("State", f"running (process {found.pid})" if found.running else "not running")
    table.add_row("Address", found.uri or "–")
    table.add_row("Neo4j", found.version)
    table.add_row("Kept running", "until `workatlas db stop`" if found.pinned else "as long as a command uses it")
    table.add_row("Commands using it", str(found.users))
    table.add_row("Data", f"{found.folder} ({found.size / 1e6:.1f} MB)")
    return table


def _say(text: str) -> None:
    console().print(text, highlight=False, soft_wrap=True, markup=False)
