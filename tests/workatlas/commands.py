"""Commands run in this process, against the tests' database."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from graph.connection import Connection
from workatlas.cli import app

Run = Callable[..., Result]


def environment_of(connection: Connection, home: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which commands use a database and a home, with further settings.

    A server delivers to no webhook and forgets no answer, unless it is told to: it would do so in the whole database,
    which other tests use at the same time.
    """
    return {
        **os.environ,
        "NEO4J_URI": connection.uri,
        "NEO4J_USERNAME": connection.username,
        "NEO4J_PASSWORD": connection.password,
        "NEO4J_DATABASE": connection.database,
        "WORKATLAS_HOME": str(home),
        "WORKATLAS_WEBHOOKS": "off",
        "WORKATLAS_IDEMPOTENCY_DAYS": "0",
        "COLUMNS": "200",
        **settings,
    }


def command(environment: Mapping[str, str]) -> Run:
    """Return how to run a command, given by its words."""
    return lambda *words: CliRunner(env=environment).invoke(app, [str(one) for one in words])


def imported(run: Run, folder: Path, text: str) -> Result:
    """Import a text as a file of the exchange format."""
    file = folder / "plan.jsonl"
    file.write_text(text, encoding="utf-8")
    result = run("import", "jsonl", file, "--json")
    assert result.exit_code == 0, result.output
    return result


def answer(result: Result, code: int = 0) -> Any:
    """Return what a command printed as JSON, having ended with a status."""
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)
