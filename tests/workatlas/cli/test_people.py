"""The commands about goals and people: okr, people-risk, workload, summary."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from graph.connection import Connection
from tests.workatlas.commands import answer, command, environment_of, imported

Run = Callable[..., Any]

WORLD = """
{"node": "Objective", "key": "O-1", "title": "Ship it", "periodStart": "2026-01-01", "periodEnd": "2026-03-31", "status": "In progress"}
{"node": "KeyResult", "key": "KR-1", "title": "Weekly users", "startValue": 100, "targetValue": 300, "status": "In progress"}
{"node": "Update", "key": "U-1", "title": "Week 8", "at": "2026-02-20T09:00:00Z", "value": 150, "health": "AT_RISK"}
{"node": "Task", "key": "A-1", "title": "Design", "remaining": 16, "status": "Planned"}
{"node": "Task", "key": "A-2", "title": "Build", "remaining": 24, "status": "Planned"}
{"node": "Task", "key": "A-3", "title": "Tidy up", "remaining": 3, "status": "Planned"}
{"node": "Person", "key": "ann", "name": "Ann"}
{"node": "Person", "key": "bob", "name": "Bob"}
{"node": "Team", "key": "web", "title": "Web"}
{"node": "Team", "key": "core", "title": "Core"}
{"edge": "MEMBER_OF", "from": "ann", "to": "core"}
{"edge": "MEMBER_OF", "from": "bob", "to": "web"}
{"edge": "PART_OF", "from": "KR-1", "to": "O-1"}
{"edge": "REPORTS_ON", "from": "U-1", "to": "KR-1"}
{"edge": "BLOCKS", "from": "A-1", "to": "A-2"}
{"edge": "CONTRIBUTES_TO", "from": "A-2", "to": "KR-1"}
{"edge": "OWNS", "from": "ann", "to": "A-1"}
{"edge": "ASSIGNED_TO", "from": "A-2", "to": "bob"}
"""  # noqa: E501
TODAY = ("--today", "2026-03-02")


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    """Import the small world above and return how to run a command on it."""
    inner = command(environment_of(connection, tmp_path / "home", WORKATLAS_WORKSPACE=f"people-{uuid.uuid4()}"))

    def invoke(*words: str) -> Result:
        result = inner(*words)
        assert result.exit_code == 0, result.output
        return result

    assert answer(imported(inner, tmp_path, WORLD))["skipped"] == 0
    return invoke


def test_okr(run: Run) -> None:
    found = json.loads(run("okr", *TODAY, "--json").stdout)
    scores = {goal["key"]: (goal["score"], goal["basis"], goal["health"]) for goal in found["goals"]}
    assert scores == {"O-1": (0.25, "DERIVED", "NO_UPDATE"), "KR-1": (0.25, "MEASURED", "AT_RISK")}
    assert [one["key"] for one in found["unserving"]] == ["A-3"]
    assert found["idle"] == ["O-1", "KR-1"]
    text = run("okr", *TODAY).stdout
    for fact in ("Weekly users", "25 %", "at risk, 10 days old", "Tidy up", "no started work: O-1, KR-1"):
        assert fact in text
    assert [goal["key"] for goal in json.loads(run("okr", "KR-1", *TODAY, "--json").stdout)["goals"]] == ["KR-1"]


def test_people_risk(run: Run) -> None:
    found = json.loads(run("people-risk", *TODAY, "--json").stdout)
    assert {one["key"]: one["people"] for one in found["goals"]} == {"O-1": ["bob"], "KR-1": ["bob"]}
    assert [(one["waiting"], one["awaited"], one["hours"]) for one in found["waits"]] == [("web", "core", 16)]
    text = run("people-risk", *TODAY).stdout
    for fact in ("Ship it", "Bob", "A-1 passes from Ann to Bob in A-2, for"):
        assert fact in text
    assert [one["key"] for one in json.loads(run("people-risk", "O-1", *TODAY, "--json").stdout)["goals"]] == ["O-1"]


def test_workload(run: Run) -> None:
    found = json.loads(run("workload", "--weeks", "2", *TODAY, "--json").stdout)
    assert {one["key"]: one["hours"] for one in found["people"]} == {"ann": 16, "bob": 24}
    assert {one["key"]: one["capacity"] for one in found["teams"]} == {"core": 80, "web": 80}
    text = run("workload", *TODAY).stdout
    for fact in ("Core", "16/40", "03-09", "Nobody has more to do than time for it."):
        assert fact in text


def test_summary(run: Run) -> None:
    period = ("--since", "2026-02-15", *TODAY)
    found = json.loads(run("summary", *period, "--json").stdout)
    assert json.loads(run("summary", *period, "--format", "json").stdout) == found
    texts = [one["text"] for section in found["sections"] for one in section["statements"]]
    assert "KR-1 'Weekly users' is reported at risk." in texts
    text, markdown = run("summary", *period).stdout, run("summary", *period, "--format", "markdown").stdout
    for one in texts:
        assert one in text
    assert "## Goals\n\n- " in markdown
    assert "Tidy up" not in run("summary", "--scope", "KR-1", *TODAY).stdout
