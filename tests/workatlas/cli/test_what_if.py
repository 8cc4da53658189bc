"""The commands that look ahead: forecast, what-if, impact, triage."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from graph.policy import Policy
from tests.workatlas.cli.test_work import run
from tests.workatlas.commands import Run, answer
from workatlas.cli.what_if import change_of
from workatlas.errors import SettingsError

__all__ = ["run"]

TODAY = ("--today", "2026-03-02")
WORLD = """
{"node": "Objective", "key": "O-1", "title": "Ship it", "due": "2026-03-06", "status": "In progress"}
{"node": "Task", "key": "A-1", "title": "Design", "remaining": 16, "status": "Planned"}
{"node": "Task", "key": "A-2", "title": "Build", "remaining": 24, "status": "Planned"}
{"node": "Task", "key": "A-3", "title": "Polish", "remaining": 8, "status": "Planned"}
{"node": "Issue", "key": "I-1", "title": "It is slow", "remaining": 56, "status": "Triage"}
{"node": "Person", "key": "ann", "name": "Ann"}
{"edge": "BLOCKS", "from": "A-1", "to": "A-2"}
{"edge": "CONTRIBUTES_TO", "from": "A-2", "to": "O-1"}
{"edge": "CONTRIBUTES_TO", "from": "A-3", "to": "O-1"}
{"edge": "ASSIGNED_TO", "from": "A-1", "to": "ann", "share": 1.0}
{"edge": "AFFECTS", "from": "I-1", "to": "A-2"}
"""


@pytest.fixture
def world(run: Run, tmp_path: Path) -> tuple[str, ...]:
    """Import the small world above and return the options that name its workspace."""
    name = f"cli-{uuid.uuid4()}"
    file = tmp_path / "world.jsonl"
    file.write_text(WORLD, encoding="utf-8")
    assert run("import", "jsonl", file, "-w", name, "--json").exit_code == 0
    return ("-w", name)


def test_forecast(run: Run, world: tuple[str, ...]) -> None:
    found = answer(run("forecast", "O-1", *world, *TODAY, "--samples", "200", "--json"))
    assert [one["percent"] for one in found["percentiles"]] == [10, 50, 80, 95]
    assert (found["plannedHours"], found["plannedFinish"], found["state"]) == (40, "2026-03-06", "OPEN")
    assert 0 < found["onTime"] < 1
    assert found == answer(run("forecast", "O-1", *world, *TODAY, "--samples", "200", "--json"))
    told = run("forecast", "O-1", *world, *TODAY)
    assert told.exit_code == 0
    assert "In 80 % of 1000 samples O-1 is finished by" in told.stdout
    assert "Ann" in told.stdout


def test_what_if(run: Run, world: tuple[str, ...]) -> None:
    found = answer(run("what-if", "O-1", "--delay", "A-1=2d", "--assign", "A-2=ann:0.5", *world, *TODAY, "--json"))
    assert found["changes"] == ["assign A-2 to ann (0.5)", "delay A-1 by 16 h"]
    (goal,) = found["goals"]
    assert (goal["laterHours"], goal["after"]["finish"]) == (16 + 24, "2026-03-13")
    assert found["load"] == [{"key": "ann", "title": "Ann", "beforeHours": 16.0, "afterHours": 40.0}]
    told = run("what-if", "--finish", "A-1", "--samples", "100", *world, *TODAY)
    assert told.exit_code == 0
    assert "1 goal differs; O-1 is finished 16 working hours earlier" in " ".join(told.stdout.split())
    # Nothing was saved.
    assert answer(run("forecast", "O-1", *world, *TODAY, "--json"))["plannedHours"] == 40


def test_impact_and_triage(run: Run, world: tuple[str, ...]) -> None:
    found = answer(run("impact", "I-1", *world, *TODAY, "--json"))
    assert (found["goals"][0]["goal"], found["goals"][0]["laterHours"]) == ("O-1", 16)
    assert (found["severity"], found["assumedSeverity"]) == ("HIGH", True)
    drafted = answer(run("impact", "--blocks", "A-1", "--estimate", "1d", *world, *TODAY, "--json"))
    assert drafted["goals"][0]["laterHours"] == 8
    queue = answer(run("triage", *world, *TODAY, "--json"))
    assert [(one["key"], one["laterHours"]) for one in queue["items"]] == [("I-1", 16)]
    assert "O-1" in run("impact", "I-1", *world, *TODAY).stdout
    assert "I-1" in run("triage", *world, *TODAY).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("what-if",), "what-if needs a change"),
        (("what-if", "--delay", "A-9=1d"), "change 1 (delay A-9 by 8 h): no item 'A-9'"),
        (("what-if", "--block", "A-2=A-1"), "it would close the cycle A-1 → A-2 → A-1"),
        (("what-if", "O-9", "--finish", "A-1"), "has no item 'O-9'"),
        (("forecast", "O-9"), "has no item 'O-9'"),
        (("forecast", "ann"), "'ann' is a Person"),
        (("impact",), "impact needs either an item"),
        (("impact", "O-1"), "is no open task"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(
    run: Run, world: tuple[str, ...], arguments: tuple[str, ...], message: str
) -> None:
    refused = run(*arguments, *world, *TODAY)
    assert refused.exit_code == 1
    assert message in str(refused.exception)


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("delay", "A=B=3d", "delay A=B by 24 h"),
        ("delay", "A=1.5d", "delay A by 12 h"),
        ("rescope", "A=2w", "rescope A: remaining 80 h"),
        ("add", "D-1=5h", "add Task D-1"),
        ("cut", "A=B", "cut every edge from A to B"),
        ("block", "A=B", "link A BLOCKS B"),
        ("block", "A=B:SS+1d", "link A BLOCKS SS +8 h B"),
        ("people", "A=ann:0.5,bob", "add ann (0.5), bob (1) to A"),
        ("finish", "A=B", "finish A=B"),
        ("remove", "A", "remove A"),
    ],
)
def test_changes_are_read_as_they_are_written(option: str, text: str, words: str) -> None:
    assert change_of(option, text, Policy()).text == words


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("delay", "A", "--delay A: write two parts"),
        ("delay", "A=3", "'3' is not a span"),
        ("delay", "A=xd", "'xd' is not a span"),
        ("assign", "A=ann:much", "share 'much' is not a number"),
        ("block", "A=B:FS+", "'' is not a span"),
    ],
)
def test_what_cannot_be_read_is_said(option: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("(", r"\(")):
        change_of(option, text, Policy())


def test_answers_are_json(run: Run, world: tuple[str, ...]) -> None:
    told: Any = json.loads(run("triage", *world, "--json").stdout)
    assert told.keys() == {"items", "total", "explanation", "completeness"}
