"""The command policy: read, changed, exported and imported again."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from graph.connection import Connection
from tests.workatlas.commands import Run, answer, command, environment_of, imported


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    run = command(environment_of(connection, tmp_path / "home", WORKATLAS_WORKSPACE=f"cli-{uuid.uuid4()}"))
    imported(run, tmp_path, '{"node": "Task", "key": "A-1", "title": "Design"}\n')
    return run


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
