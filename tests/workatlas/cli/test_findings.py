"""The command findings: raised once, accepted until a day, resolved by themselves."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from graph.connection import Connection
from tests.workatlas.commands import Run, answer, command, environment_of, imported

BROKEN = """
{"node": "Task", "key": "A-1", "title": "Design", "status": "In progress"}
{"node": "Task", "key": "A-2", "title": "Build", "status": "Done"}
{"edge": "BLOCKS", "from": "A-1", "to": "A-2"}
"""
TODAY = ("--today", "2026-03-02")


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    """Return how to run a command in a workspace of its own that holds what is broken."""
    run = command(environment_of(connection, tmp_path / "home", WORKATLAS_WORKSPACE=f"cli-{uuid.uuid4()}"))
    imported(run, tmp_path, BROKEN)
    return run


def test_a_finding_is_accepted_until_a_day_and_resolved_by_itself(run: Run, tmp_path: Path) -> None:
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
    imported(run, tmp_path, BROKEN.replace("In progress", "Done"))
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
