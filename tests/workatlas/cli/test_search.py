"""The command search: a table for people, JSON for programs."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from graph.connection import Connection
from tests.workatlas.commands import Run, command, environment_of, imported

PLAN = """
{"node": "Task", "key": "A-1", "title": "Design the office", "status": "In progress"}
{"node": "Task", "key": "A-2", "title": "Build [it]", "description": "After the office is designed"}
{"node": "Person", "key": "P-1", "title": "Ada Office"}
"""


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    """Return how to run a command in a workspace of its own that holds the plan."""
    run = command(environment_of(connection, tmp_path / "home", WORKATLAS_WORKSPACE=f"cli-{uuid.uuid4()}"))
    imported(run, tmp_path, PLAN)
    return run


def test_hits_are_printed_best_first(run: Run) -> None:
    found = run("search", "office")
    assert found.exit_code == 0
    lines = [line for line in found.stdout.splitlines() if "-" in line]
    assert [line.split()[0] for line in lines if line.split()[0][:2] in {"A-", "P-"}] == ["P-1", "A-1", "A-2"]
    assert "Build [it]" in found.stdout
    assert "After the office is designed" in found.stdout
    assert "3 found; all of them shown." in found.stdout


def test_json_names_what_matched(run: Run) -> None:
    answer = json.loads(run("search", "office desi", "--kind", "Task", "--json").stdout)
    assert (answer["text"], answer["total"]) == ("office desi", 2)
    first, second = answer["items"]
    assert (first["key"], first["kind"], first["status"]) == ("A-1", "Task", "In progress")
    assert first["matches"][0]["field"] == "TITLE"
    assert [part["text"] for part in first["matches"][0]["parts"] if part["matched"]] == ["Design", "office"]
    assert second["matches"][0]["field"] == "DESCRIPTION"
    assert first["score"] > second["score"]


def test_bounds_and_errors_are_said(run: Run) -> None:
    assert "3 found; the 1 best shown." in run("search", "office", "--first", "1").stdout
    assert "Nothing is found." in run("search", "nowhere").stdout
    assert json.loads(run("search", "", "--json").stdout)["items"] == []
    unknown = run("search", "office", "--kind", "Tasks")
    assert "no kind of item" in str(unknown.exception)
    assert "at most 500 characters" in str(run("search", "x" * 501).exception)
