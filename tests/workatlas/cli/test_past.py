"""The commands about the past: difference and history."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from graph.connection import Connection
from tests.workatlas.commands import Run, answer, command, environment_of, imported

PLAN = """
{"node": "Objective", "key": "O-1", "title": "Ship it", "due": "2026-03-06", "status": "In progress"}
{"node": "Task", "key": "A-1", "title": "Design", "remaining": 16, "status": "Planned"}
{"edge": "CONTRIBUTES_TO", "from": "A-1", "to": "O-1"}
"""
LATER = """
{"node": "Objective", "key": "O-1", "title": "Ship it", "due": "2026-03-09", "status": "In progress"}
{"node": "Task", "key": "A-1", "title": "Design", "remaining": 40, "status": "In progress"}
{"node": "Task", "key": "A-2", "title": "Build", "remaining": 8, "status": "Planned"}
{"edge": "CONTRIBUTES_TO", "from": "A-1", "to": "O-1"}
{"edge": "CONTRIBUTES_TO", "from": "A-2", "to": "O-1"}
"""


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    """Import a plan and then its later state, and return how to run a command on it."""
    run = command(environment_of(connection, tmp_path / "home", WORKATLAS_WORKSPACE=f"cli-{uuid.uuid4()}"))
    for text in (PLAN, LATER):
        imported(run, tmp_path, text)
    return run


def test_difference_tells_what_the_later_state_brought(run: Run) -> None:
    found = answer(run("difference", "--from", "1", "--today", "2026-03-02", "--json"))
    assert (found["beforeSeq"], found["afterSeq"]) == (1, 2)
    assert [(one["key"], one["change"]) for one in found["items"]] == [
        ("A-1", "changed"),
        ("A-2", "added"),
        ("O-1", "changed"),
    ]
    edits = {one["property"]: (one["before"], one["after"]) for one in found["items"][0]["edits"]}
    assert edits == {"remaining": (16, 40), "status": ("Planned", "In progress")}
    # 16 h from Monday morning end on Tuesday, 40 h on Friday.
    assert [(one["key"], one["days"]) for one in found["goals"]] == [("O-1", 3)]
    assert [(one["which"], one["before"], one["days"]) for one in found["dates"]] == [("due", "2026-03-06", 1)]
    assert [(one["root"], one["change"]) for one in found["chains"]] == [("A-2", "appeared")]
    back = answer(run("difference", "--from", "2", "--to", "1", "--today", "2026-03-02", "--json"))
    assert [(one["key"], one["change"]) for one in back["items"]][1] == ("A-2", "removed")
    printed = run("difference", "--from", "1", "--today", "2026-03-02")
    assert "remaining: 16.0 → 40.0" in printed.stdout
    assert "3 working days later" in printed.stdout


def test_history_tells_every_change_and_the_time_in_each_status(run: Run) -> None:
    found = answer(run("history", "A-1", "--json"))
    assert [(one["seq"], one["items"][0]["operation"]) for one in found["changes"]] == [(1, "create"), (2, "update")]
    assert [edge["kind"] for edge in found["changes"][0]["edges"]] == ["CONTRIBUTES_TO"]
    assert found["changes"][1]["items"][0]["after"]["status"] == "In progress"
    assert [(one["status"], one["end"] is None) for one in found["spans"]] == [
        ("Planned", False),
        ("In progress", True),
    ]
    assert found["spans"][0]["end"] == found["spans"][1]["start"] == found["changes"][1]["at"]
    assert "status: Planned → In progress" in run("history", "A-1").stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("difference", "--from", "some day"), "some day"),
        (("difference", "--from", "9"), "changes 0 to 2"),
        (("history", "A-9"), "A-9"),
    ],
)
def test_what_is_not_there_is_named(run: Run, arguments: tuple[str, ...], named: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert named in str(result.exception)
