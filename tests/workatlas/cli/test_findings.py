"""The command findings: raised once, accepted until a day, resolved by themselves."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from graph.connection import Connection
from workatlas.cli import app

Run = Callable[..., Result]

BROKEN = """
{"node": "Task", "key": "A-1", "title": "Design", "status": "In progress"}
{"node": "Task", "key": "A-2", "title": "Build", "status": "Done"}
{"edge": "BLOCKS", "from": "A-1", "to": "A-2"}
"""
TODAY = ("--today", "2026-03-02")


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    """Return how to run a command in a workspace of its own; a text is imported from a file."""
    environment = {
        "NEO4J_URI": connection.uri,
        "NEO4J_USERNAME": connection.username,
        "NEO4J_PASSWORD": connection.password,
        "NEO4J_DATABASE": connection.database,
        "WORKATLAS_HOME": str(tmp_path / "home"),
        "WORKATLAS_WORKSPACE": f"cli-{uuid.uuid4()}",
        "COLUMNS": "200",
    }

    def invoke(*arguments: str) -> Result:
        if arguments[0] == "import":
            file = tmp_path / "plan.jsonl"
            file.write_text(arguments[1], encoding="utf-8")
            arguments = ("import", "jsonl", str(file))
        return CliRunner(env={**os.environ, **environment}).invoke(app, list(arguments))

    assert invoke("import", BROKEN).exit_code == 0
    return invoke


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_finding_is_accepted_until_a_day_and_resolved_by_itself(run: Run) -> None:
    found = answer(run("findings", "--json", *TODAY))
    (finding,) = found["findings"]
    assert (finding["kind"], finding["keys"], finding["state"]) == ("FINISHED_WHILE_BLOCKED", ["A-1", "A-2"], "open")
    assert (found["raised"], found["resolved"]) == (1, 0)
    assert finding["explanation"] in run("findings", *TODAY).stdout
    accepted = ("--accept", finding["id"], "--until", "2026-03-10", "--reason", "as agreed")
    assert answer(run("findings", *accepted, "--json", *TODAY))["findings"] == []
    (kept,) = answer(run("findings", "--all", "--json", *TODAY))["findings"]
    assert (kept["state"], kept["acceptedUntil"], kept["reason"]) == ("accepted", "2026-03-10", "as agreed")
    (again,) = answer(run("findings", "--reopen", finding["id"], "--json", *TODAY))["findings"]
    assert (again["state"], again["acceptedUntil"], again["reason"]) == ("open", None, None)
    assert answer(run("findings", *accepted, "--json", *TODAY))["findings"] == []
    assert answer(run("findings", "--json", "--today", "2026-03-10"))["findings"] == []
    assert len(answer(run("findings", "--json", "--today", "2026-03-11"))["findings"]) == 1
    assert run("import", BROKEN.replace("In progress", "Done")).exit_code == 0
    found = answer(run("findings", "--all", "--json", *TODAY))
    assert (found["findings"][0]["state"], found["resolved"]) == ("resolved", 1)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--accept", "nothing", "--until", "2026-03-10"), "nothing"),
        (("--reopen", "nothing"), "nothing"),
        (("--accept", "nothing"), "--until"),
        (("--accept", "nothing", "--until", "2026-03-01"), "2026-03-01"),
    ],
)
def test_what_cannot_be_accepted_is_named(run: Run, arguments: tuple[str, ...], named: str) -> None:
    result = run("findings", *arguments, *TODAY)
    assert result.exit_code != 0
    assert named in str(result.exception)
