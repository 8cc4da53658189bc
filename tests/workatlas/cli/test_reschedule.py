"""The command reschedule: a cascade printed, and written."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from graph.connection import Connection
from tests.workatlas.commands import Run, answer, command, environment_of, imported

PLAN = """
{"node": "Task", "key": "A-1", "title": "Design", "start": "2026-03-02", "due": "2026-03-03", "estimate": 8}
{"node": "Task", "key": "A-2", "title": "Build", "start": "2026-03-04", "due": "2026-03-05", "estimate": 8}
{"node": "Task", "key": "A-3", "title": "Ship", "due": "2026-03-06", "estimate": 8}
{"node": "Objective", "key": "O-1", "title": "Shipped", "due": "2026-03-06"}
{"edge": "BLOCKS", "from": "A-1", "to": "A-2"}
{"edge": "BLOCKS", "from": "A-2", "to": "A-3"}
{"edge": "CONTRIBUTES_TO", "from": "A-3", "to": "O-1"}
"""
TODAY = ("--today", "2026-03-02")


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    run = command(environment_of(connection, tmp_path / "home", WORKATLAS_WORKSPACE=f"cli-{uuid.uuid4()}"))
    imported(run, tmp_path, PLAN)
    return run


def test_a_cascade_is_printed_and_then_written(run: Run) -> None:
    asked = ("reschedule", "--due", "A-1=2026-03-05", *TODAY)
    found = answer(run(*asked, "--json"))
    assert [(one["key"], one["newStart"], one["newDue"]) for one in found["moved"]] == [
        ("A-1", "2026-03-02", "2026-03-05"), ("A-2", "2026-03-06", "2026-03-09"), ("A-3", None, "2026-03-10")
    ]  # fmt: skip
    assert found["changeSeq"] is None
    printed = run(*asked).stdout
    assert "2026-03-04 → 2026-03-06" in printed
    assert "O-1 is due on 2026-03-06, and would be finished on 2026-03-10 (now 2026-03-06): A-1 → A-2 → A-3" in printed
    assert found["explanation"] in printed
    written = answer(run(*asked, "--apply", "--json"))
    assert (written["moved"], written["changeSeq"] is not None) == (found["moved"], True)
    assert answer(run(*asked, "--apply", "--json"))["changeSeq"] is None
    assert "Nothing had to be written." in run(*asked, "--apply").stdout


def test_spans_places_and_dates_that_stay(run: Run) -> None:
    found = answer(run("reschedule", "--duration", "A-1=4d", "--keep", "A-2", "--json", *TODAY))
    assert found["moved"][0]["newDue"] == "2026-03-05"
    assert [(one["key"], one["reason"], one["day"]) for one in found["stuck"]] == [("A-2", "KEPT", "2026-03-06")]
    assert (
        "A-2 would have to move to 2026-03-06"
        in run("reschedule", "--duration", "A-1=4d", "--keep", "A-2", *TODAY).stdout
    )
    assert answer(run("reschedule", "--latest", "A-1", "--json", *TODAY))["moved"] == []
    early = answer(run("reschedule", "--start", "A-1=2026-03-09", "--earliest", "A-3", "--json", *TODAY))
    assert [(one["key"], one["newDue"]) for one in early["moved"] if one["asked"]] == [
        ("A-1", "2026-03-10"), ("A-3", "2026-03-13")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "needs new dates"),
        (("--due", "A-1"), "KEY=DAY"),
        (("--due", "A-1=soon"), "is no day"),
        (("--duration", "A-1=4x"), "4x"),
        (("--due", "A-9=2026-03-09"), "A-9"),
        (("--due", "O-1=2026-03-09"), "no open work"),
    ],
)
def test_what_cannot_be_rescheduled_is_named(run: Run, arguments: tuple[str, ...], named: str) -> None:
    result = run("reschedule", *arguments, *TODAY)
    assert result.exit_code != 0
    assert named in str(result.exception)
