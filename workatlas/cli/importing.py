"""``workatlas import`` and ``workatlas export``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.output import console, error_console, print_json
from workatlas.cli.session import JsonOption, WorkspaceOption, now, settings_for, with_store
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from graph.batch import Record
    from graph.loading import LoadReport
    from graph.store import Store


def import_(
    source: Annotated[str, typer.Argument(help="What the files are: jsonl, beads, github, jira-csv, rust-goals …")],
    paths: Annotated[list[Path], typer.Argument(help="Files or folders to read.", exists=True)],
    workspace: WorkspaceOption = None,
    mapping: Annotated[
        Path | None, typer.Option(help="File that explains headers and names (jira-csv), or a shipped one's name.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--source", help="Name of this source, if you import from two of a kind.")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Archive what the source no longer states.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse all of it if any record cannot be used.")] = False,
    json: JsonOption = False,
) -> None:
    """Import files; exit status 0: all read, 1: something was skipped, 2: refused."""
    from graph.loading import LoadOptions, load
    from workatlas.importers import IMPORTERS, ImportOptions

    if source not in IMPORTERS:
        raise SettingsError(f"there is no importer {source!r}; choose one of {', '.join(IMPORTERS)}.")
    settings = settings_for(workspace)
    records = IMPORTERS[source].read(paths, ImportOptions(mapping, name))
    options = LoadOptions(prune, dry_run, strict)

    async def work(store: Store) -> LoadReport:
        return await load(
            store, settings.workspace, counted(records), source=name or source, options=options, clock=now
        )

    report = with_store(settings, work)
    if json:
        print_json(report.to_dict())
    else:
        print_report(report, dry_run=dry_run)
    if report.skipped:
        raise typer.Exit(1)


def counted(records: Iterable[Record]) -> Iterator[Record]:
    """Pass records on while a progress line on standard error counts them."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} records"), TimeElapsedColumn())
    with Progress(*columns, console=error_console(), transient=True) as progress:
        task = progress.add_task("import", total=None)
        for record in records:
            progress.advance(task)
            yield record


def print_report(report: LoadReport, *, dry_run: bool = False) -> None:
    """Print what a load did, and every kind of oddity with its first examples."""
    from rich.table import Table

    screen = console()
    verb = "would be" if dry_run else "were"
    table = Table("", "items", title=f"{report.source}: what {verb} changed", title_justify="left")
    for label in ("created", "updated", "unchanged", "archived", "placeholders", "skipped"):
        table.add_row(label, f"{getattr(report, label):,}")
    screen.print(table)
    stated = [f"{count:,} {name}" for name, count in (*report.nodes.most_common(), *report.edges.most_common())]
    screen.print(f"Read {', '.join(stated) or 'nothing'} in {report.seconds:.1f} s.", highlight=False)
    for kind, count in report.anomalies.most_common():
        screen.print(f"{kind}: {count:,}", style="yellow", highlight=False)
        for example in report.examples[kind]:
            screen.print(f"    {example}", markup=False, highlight=False, soft_wrap=True)


def export(
    path: Annotated[Path, typer.Argument(help="File to write (.jsonl).")],
    workspace: WorkspaceOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a workspace in the native exchange format, lossless: importing it elsewhere gives the same graph."""
    from graph.export import records
    from workatlas.exporters.jsonl import lines

    if path.exists() and not force:
        raise SettingsError(f"{path} exists; name another file, or replace it with --force.")
    settings = settings_for(workspace)
    partial = path.with_name(path.name + ".part")

    async def work(store: Store) -> int:
        written = 0
        with partial.open("wb") as file:
            async for record in records(store, settings.workspace):
                file.writelines(lines([record]))
                written += 1
        return written

    try:
        written = with_store(settings, work)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    if json:
        print_json({"path": str(path), "records": written})
    else:
        console().print(f"{path}: {written:,} records", highlight=False, soft_wrap=True)
