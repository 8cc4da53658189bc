"""``workatlas import`` and ``workatlas export``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.output import console, error_console, print_json
from workatlas.cli.session import JsonOption, WorkspaceOption, moment_of, now, settings_for, with_store
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from graph.batch import Record
    from graph.store import Store
    from graph.writing.loading import LoadReport


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
    from graph.writing.loading import LoadOptions, load
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


class Form(StrEnum):
    """Formats of an export by the names that users type."""

    JSONL = "jsonl"
    GRAPHML = "graphml"
    CSV = "csv"
    PARQUET = "parquet"


def export(
    path: Annotated[Path, typer.Argument(help="File to write; of csv and parquet a folder, for nodes and edges.")],
    form: Annotated[
        Form,
        typer.Option("--format", help="jsonl is lossless, and what import reads; the others are for other programs."),
    ] = Form.JSONL,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="As it was then: a day (its end, UTC), an instant, or the number of a change."),
    ] = None,
    workspace: WorkspaceOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a workspace, as it is or was; importing the native format elsewhere gives the same graph."""
    from graph.reading.export import records
    from graph.snapshots.past_export import records_as_of
    from workatlas.exporters import FORMATS

    files = FORMATS[form.value].files(path)
    if (there := [file for file in files.values() if file.exists()]) and not force:
        raise SettingsError(f"{there[0]} exists; name another, or replace it with --force.")
    settings, moment = settings_for(workspace), None if as_of is None else moment_of("--as-of", as_of)
    partial = {name: file.with_name(file.name + ".part") for name, file in files.items()}

    async def work(store: Store) -> int:
        written, name = 0, settings.workspace
        with closing(FORMATS[form.value].writer(partial)) as writer:
            found = records(store, name) if moment is None else records_as_of(store, name, moment)
            async for record in found:
                writer.write(record)
                written += 1
        return written

    try:
        for file in partial.values():
            file.parent.mkdir(parents=True, exist_ok=True)
        written = with_store(settings, work)
        for name, file in partial.items():
            file.replace(files[name])
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}; choose another place.") from error
    finally:
        for file in partial.values():
            with suppress(OSError):
                file.unlink()
    if json:
        print_json({"path": str(path), "records": written})
    else:
        console().print(f"{path}: {written:,} records", highlight=False, soft_wrap=True)
