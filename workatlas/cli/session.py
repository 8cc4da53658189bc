"""What commands share: the settings, an open store, and the workspace's snapshot."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from workatlas.cli.database import open_database
from workatlas.cli.output import error_console
from workatlas.errors import NotFoundError, SettingsError
from workatlas.settings import Settings

if TYPE_CHECKING:
    from graph.connection import Connection
    from graph.snapshots.past import Moment
    from graph.snapshots.snapshot import Snapshot
    from graph.store import Store

Answer = TypeVar("Answer")

WorkspaceOption = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Workspace; WORKATLAS_WORKSPACE, or 'default'.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TodayOption = Annotated[
    datetime | None, typer.Option("--today", formats=["%Y-%m-%d"], help="Reckon from this day, not from today.")
]


def settings_for(workspace: str | None) -> Settings:
    """Read the settings; a workspace named on the command line wins."""
    settings = Settings.from_environ(os.environ)
    return settings if workspace is None else replace(settings, workspace=workspace)


def now() -> int:
    """Return the time in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def day(given: datetime | None) -> date:
    """Return the day that a command reckons from."""
    return given.date() if given else datetime.now(UTC).date()


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what an analysis refuses into a sentence of the command line.

    Raises:
        NotFoundError: There is no such item.
        SettingsError: An argument is not one that the analysis takes.

    """
    try:
        yield
    except KeyError as error:
        raise NotFoundError(f"{error.args[0]}.") from None
    except ValueError as error:
        raise SettingsError(f"{error}.") from None


def moment_of(option: str, text: str) -> Moment:
    """Return the moment of the past that an option names.

    Raises:
        SettingsError: It names none.

    """
    from graph.snapshots.past import moment

    try:
        return moment(text)
    except ValueError as error:
        raise SettingsError(f"{option}: {error}") from error


def with_store(settings: Settings, work: Callable[[Store], Awaitable[Answer]]) -> Answer:
    """Open the database, bring it to this program's schema, and run ``work`` on it.

    Raises:
        WorkatlasError: The database cannot be opened.
        GraphError: It failed, or is newer than this program.

    """
    with open_database(settings) as database:
        return asyncio.run(run_on(database.connection, work))


async def run_on(connection: Connection, work: Callable[[Store], Awaitable[Answer]]) -> Answer:
    """Run ``work`` on a migrated store of an open database."""
    from graph.migrations import migrate
    from graph.store import open_store

    async with open_store(connection) as store:
        await migrate(store)
        return await work(store)


def read_snapshot(workspace: str | None) -> Snapshot:
    """Return the newest snapshot of a workspace.

    Raises:
        UnknownWorkspaceError: There is no such workspace.

    """
    from graph.snapshots.snapshot_store import load_snapshot

    settings = settings_for(workspace)

    async def work(store: Store) -> Snapshot:
        with error_console().status("Reading the graph …"):
            return await load_snapshot(store, settings.workspace)

    return with_store(settings, work)
