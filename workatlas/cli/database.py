"""Opening the database for a command, while its user sees what takes time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workatlas.cli.output import error_console

if TYPE_CHECKING:
    from workatlas.embedded import FetchReport, RunningDatabase
    from workatlas.settings import Settings


@contextmanager
def open_database(settings: Settings) -> Iterator[RunningDatabase]:
    """Open the database that the settings name, and leave it at the end of the ``with`` statement.

    Raises:
        WorkatlasError: it cannot be fetched, started or reached.
        GraphError: the server at ``NEO4J_URI`` does not answer.

    """
    with start_database(settings) as database:
        yield database


def start_database(settings: Settings, *, keep: bool = False) -> RunningDatabase:
    """Fetch what is missing and start or join the database; ``keep`` pins it until ``db stop``."""
    from workatlas import embedded

    if settings.neo4j_uri is None:
        fetch_with_progress(settings)
    screen = error_console()
    with screen.status("Opening the database") as spinner:
        return embedded.ensure_running(settings, keep=keep, report=lambda text: spinner.update(f"{text} …"))


def fetch_with_progress(settings: Settings, *, verify: bool = False) -> FetchReport:
    """Fetch the embedded Neo4j, with a progress bar on standard error if anything has to come over the line."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from workatlas import embedded

    screen = error_console()
    bar = Progress(
        TextColumn("Fetching Neo4j"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=screen,
        transient=True,
    )
    task = bar.add_task("fetch", total=None)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        fetched = embedded.fetch(settings, verify=verify, progress=show)
    finally:
        if bar.live.is_started:
            bar.stop()
    if fetched.files:
        screen.print(
            f"Fetched {fetched.files} files ({fetched.bytes / 1e6:.0f} MB) of Neo4j {embedded.NEO4J_VERSION} "
            f"in {fetched.seconds:.1f} s",
            highlight=False,
        )
    return fetched
