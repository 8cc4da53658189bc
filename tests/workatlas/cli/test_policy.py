"""The command policy: read, changed, exported and imported again."""

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


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
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
        return CliRunner(env={**os.environ, **environment}).invoke(app, list(arguments))

    file = tmp_path / "plan.jsonl"
    file.write_text('{"node": "Task", "key": "A-1", "title": "Design"}\n', encoding="utf-8")
    assert invoke("import", "jsonl", str(file)).exit_code == 0
    return invoke


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_policy_is_changed_and_travels_with_an_export(run: Run, tmp_path: Path) -> None:
    assert answer(run("policy", "--json"))["hoursPerDay"] == 8.0
    given = ("--set", "hoursPerDay=7.5", "--set", "holidays=2026-12-25,2027-01-01", "--set", "minSeverity=LOW")
    changed = answer(run("policy", *given, "--json"))
    assert (changed["hoursPerDay"], changed["holidays"]) == (7.5, ["2026-12-25", "2027-01-01"])
    assert changed["changeSeq"] is not None
    assert "Nothing had to be changed." in run("policy", *given).stdout
    assert "2026-12-25, 2027-01-01" in run("policy").stdout
    file = tmp_path / "backup.jsonl"
    assert run("export", str(file)).exit_code == 0
    elsewhere = f"cli-{uuid.uuid4()}"
    assert run("import", "jsonl", str(file), "--workspace", elsewhere).exit_code == 0
    restored = answer(run("policy", "--workspace", elsewhere, "--json"))
    assert restored == answer(run("policy", "--json"))
    back = answer(run("policy", "--set", "holidays=", "--set", "hoursPerDay=", "--json"))
    assert (back["hoursPerDay"], back["holidays"], back["minSeverity"]) == (8.0, [], "LOW")


@pytest.mark.parametrize(
    ("given", "named"),
    [("hoursPerDay", "NAME=VALUE"), ("hoursPerDay=much", "no number"), ("hoursPerDay=30", "30"), ("mood=7", "mood")],
)
def test_what_a_policy_cannot_be_is_named(run: Run, given: str, named: str) -> None:
    result = run("policy", "--set", given)
    assert result.exit_code != 0
    assert named in str(result.exception)
