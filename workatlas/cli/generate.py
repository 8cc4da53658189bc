"""``workatlas generate``: write a believable organization of any size in the native exchange format."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast

import typer

from workatlas.cli.output import console, error_console, print_json
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from graph.batch import Record

_STANDARD_OUTPUT = Path("-")


def generate(
    path: Annotated[Path, typer.Argument(help="File to write (.jsonl or .jsonl.gz), or - for standard output.")],
    items: Annotated[int, typer.Option(help="How many items; about three edges each come with them.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same organization.")] = 0,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which it lives; 2026-01-05 if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write a made-up organization: people, teams, goals, projects, operations, issues, with history."""
    from workatlas.exporters.jsonl import lines
    from workatlas.generator import MIN_ITEMS, TODAY, records

    if items < MIN_ITEMS:
        raise SettingsError(f"--items {items} cannot hold every kind of node and edge: give at least {MIN_ITEMS}.")
    anchor = today.date() if today else TODAY
    written = size = 0
    with ExitStack() as stack:
        file = stack.enter_context(_open(path, force))
        counted = stack.enter_context(_progress(items))
        for line in lines(counted(records(items, seed, anchor))):
            file.write(line)
            written += 1
            size += len(line)
    result = {"path": str(path), "items": items, "edges": written - items, "bytes": size, "seed": seed}
    if json and path != _STANDARD_OUTPUT:
        print_json(result)
    elif path != _STANDARD_OUTPUT:
        text = f"{path}: {items:,} items and {written - items:,} edges ({size / 1e6:.1f} MB before compression)"
        console().print(text, highlight=False, soft_wrap=True, markup=False)


@contextmanager
def _open(path: Path, force: bool) -> Iterator[IO[bytes]]:
    """Open the target; a file appears under its name only when it is complete."""
    if path == _STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if not path.name.endswith((".jsonl", ".jsonl.gz")):
        raise SettingsError(f"{path} is neither .jsonl nor .jsonl.gz: choose one of these endings, or - to print.")
    if path.exists() and not force:
        raise SettingsError(f"{path} exists: choose another name, or replace it with --force.")
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            if path.suffix == ".gz":
                # No name and no time in the header, so that the same seed gives the same bytes.
                with gzip.GzipFile("", "wb", compresslevel=3, fileobj=file, mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield file
        partial.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}; choose another place.") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _progress(items: int) -> Iterator[Callable[[Iterator[Record]], Iterator[Record]]]:
    """Show a bar; the function that it gives passes records on and moves the bar with every thousandth item."""
    from rich.progress import Progress

    from graph.batch import NodeRow

    with Progress(console=error_console(), transient=True) as progress:
        task = progress.add_task("Generating", total=items)

        def counted(records: Iterator[Record]) -> Iterator[Record]:
            nodes = 0
            for record in records:
                if isinstance(record, NodeRow):
                    nodes += 1
                    if nodes % 1000 == 0:
                        progress.update(task, completed=nodes)
                yield record

        yield counted
