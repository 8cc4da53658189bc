"""``workatlas serve``: the API, until Ctrl+C."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys
import time
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from workatlas.cli.database import open_database
from workatlas.errors import SettingsError
from workatlas.settings import Settings

if TYPE_CHECKING:
    from graph.connection import Connection


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON.")] = False,
) -> None:
    """Serve the GraphQL API, with the embedded Neo4j unless NEO4J_URI is set."""
    settings = Settings.from_environ(os.environ)
    trusted = os.environ.get("WORKATLAS_TRUST_NETWORK") == "1"
    refuse_open_network(host, trusted=trusted)
    with open_database(settings) as database:
        from workatlas.app import LOOPBACK_NAMES, AppOptions, create_app
        from workatlas.serving import serve_app

        asyncio.run(prepare(database.connection, settings.workspace))
        hosts = ("*",) if trusted and not is_loopback(host) else LOOPBACK_NAMES
        app = create_app(
            AppOptions(
                database.connection,
                settings.workspace,
                hosts,
                operations_interval=settings.operations_interval,
                operations_ahead=settings.operations_ahead,
            )
        )
        serve_app(app, host, port, lambda url: announce(url, json))


def announce(url: str, as_json: bool) -> None:
    """Say where the API answers, for people or for programs."""
    if as_json:
        text = orjson.dumps({"ready": url, "graphql": f"{url}/graphql", "token": None}).decode()
    else:
        text = f"ready {url}"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def prepare(connection: Connection, workspace: str) -> None:
    """Bring the database to this program's schema, and make the workspace if it is not there.

    Raises:
        GraphError: The database fails, or is newer than this program.

    """
    from graph.migrations import migrate
    from graph.store import open_store
    from graph.workspace import ensure

    async with open_store(connection) as store:
        await migrate(store)
        await ensure(store, workspace, time.time_ns() // 1_000_000)


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_open_network(host: str, *, trusted: bool) -> None:
    """Refuse to listen where others could read everything without a token.

    Raises:
        SettingsError: The address is not loopback, and the network around it is not declared trustworthy.

    """
    if not is_loopback(host) and not trusted:
        raise SettingsError(
            f"workatlas asks for no token yet, so it does not listen on {host}: use 127.0.0.1, or set "
            "WORKATLAS_TRUST_NETWORK=1 where everybody who can reach that address may read and write everything."
        )
