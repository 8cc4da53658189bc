"""``workatlas serve``: the API, until Ctrl+C."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

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
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes that share the address.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print the addresses as JSON.")] = False,
) -> None:
    """Serve the GraphQL API, with the embedded Neo4j unless NEO4J_URI is set.

    Whoever reaches the embedded database's API on loopback is its only user. Anything else wants a key from callers.
    """
    settings = Settings.from_environ(os.environ)
    with open_database(settings) as database:
        asyncio.run(prepare(database.connection, settings.workspace))
        serve_database(
            settings,
            database.connection,
            settings.workspace,
            host,
            port,
            json,
            workers=workers,
            operations_interval=settings.operations_interval,
            operations_ahead=settings.operations_ahead,
            findings_interval=settings.findings_interval,
            answers_days=settings.idempotency_days,
        )


def serve_database(
    settings: Settings,
    connection: Connection,
    workspace: str,
    host: str,
    port: int,
    as_json: bool,
    *,
    workers: int = 1,
    **options: Any,
) -> None:
    """Serve an open database until the process is told to stop; ``options`` are more of the application's.

    Raises:
        SettingsError: Callers need a key, and there is no way to have one.

    """
    from workatlas.app import AppOptions, create_app
    from workatlas.documents import read_trusted
    from workatlas.embedded import reviving
    from workatlas.serving import serve_app
    from workatlas.webhooks.delivery import Retries
    from workatlas.workers import Worker, serve_workers

    tokens = needs_tokens(settings, host)
    if tokens and settings.provider is None and not asyncio.run(_has_key(connection)):
        raise SettingsError(
            f"workatlas wants a key from callers when it listens on {host}"
            f"{'' if settings.neo4j_uri is None else ' with the database at NEO4J_URI'}, and nobody has one yet: make "
            "one with `workatlas key create --role admin`, or set WORKATLAS_OIDC_ISSUER."
        )
    watch = partial(_watch, settings.log_level)
    watch()
    made = AppOptions(
        connection,
        workspace,
        tokens,
        settings.provider,
        bounds=settings.bounds,
        trusted=read_trusted(settings.trusted_documents) if settings.trusted_documents else None,
        graphiql=settings.graphiql,
        private_webhooks=settings.private_webhooks,
        retries=None if settings.webhooks == "off" else Retries(settings.webhook_tries),
        own_webhooks=settings.webhooks == "own",
        lease_seconds=settings.lease_seconds,
        **options,
    )
    with reviving(settings):
        if workers == 1:
            serve_app(create_app(made), host, port, lambda url: announce(url, as_json))
        else:
            serve_workers(Worker(made, watch), host, port, workers, lambda url: announce(url, as_json))


def _watch(level: str) -> None:
    """Begin to log and to trace, in this process."""
    from workatlas import logs, tracing

    logs.configure(level)
    tracing.configure(os.environ)


async def _has_key(connection: Connection) -> bool:
    from graph.records.api_keys import listed
    from graph.store import open_store

    async with open_store(connection) as store:
        return any(key.works(time.time_ns() // 1_000_000) for key in await listed(store, None))


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
    from graph.records.workspace import ensure
    from graph.store import open_store

    async with open_store(connection) as store:
        await migrate(store)
        await ensure(store, workspace, time.time_ns() // 1_000_000)


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def needs_tokens(settings: Settings, host: str) -> bool:
    """Tell whether callers need a key: all do but the only user of this machine's own database on loopback."""
    return settings.tokens or settings.neo4j_uri is not None or not is_loopback(host)
