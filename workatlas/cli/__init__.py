"""The command line; each command lives in a module of its own and is registered by one line below."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Annotated

import typer

import workatlas
from workatlas.cli import (
    budgets,
    centrality,
    chains,
    choke,
    critical,
    db,
    demo,
    doctor,
    duplicates,
    findings,
    generate,
    importing,
    key,
    layout,
    okr,
    operations,
    past,
    people,
    policy,
    reschedule,
    risks,
    routes,
    search,
    serve,
    summary,
    webhook,
    what_if,
)
from workatlas.cli.output import error_console
from workatlas.errors import WorkatlasError
from workatlas.layout import check_packages

app = typer.Typer(
    name="workatlas",
    help="One graph of projects, operations, issues and goals that finds what stands between a goal and done.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(db.app, name="db")
app.add_typer(operations.app, name="operations")
app.add_typer(key.app, name="key")
app.add_typer(webhook.app, name="webhook")
app.command("import")(importing.import_)
app.command()(importing.export)
app.command()(chains.chains)
app.command()(chains.ready)
app.command()(risks.risks)
app.command()(risks.exposure)
app.command()(critical.critical_path)
app.command()(critical.schedule)
app.command()(okr.okr)
app.command()(budgets.budgets)
app.command()(people.people_risk)
app.command()(people.workload)
app.command()(reschedule.reschedule)
app.command()(choke.choke_points)
app.command()(choke.dominators)
app.command()(centrality.centrality)
app.command()(centrality.communities)
app.command()(layout.layout)
app.command()(summary.summary)
app.command()(what_if.forecast)
app.command()(what_if.what_if)
app.command()(what_if.impact)
app.command()(what_if.triage)
app.command()(routes.path)
app.command()(search.search)
app.command()(findings.findings)
app.command()(duplicates.duplicates)
app.command()(policy.policy)
app.command()(past.difference)
app.command()(past.history)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.command()(generate.generate)
app.command()(serve.serve)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"workatlas {workatlas.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; what workatlas or the graph refuses becomes one sentence and exit status 2."""
    # So that a command ended by a terminal or a service manager leaves its database in order.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    try:
        check_packages()
        app()
    except Exception as error:
        if not _is_expected(error):
            raise
        error_console().print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)


def _is_expected(error: Exception) -> bool:
    if isinstance(error, WorkatlasError):
        return True
    from graph.errors import GraphError  # deferred: importing the graph takes longer than `--help` may

    return isinstance(error, GraphError)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
