"""The commands about the critical path and the schedule."""

from __future__ import annotations

import json

from tests.workatlas.cli.test_people import TODAY, Run, run

__all__ = ["run"]


def test_critical_path(run: Run) -> None:
    found = json.loads(run("critical-path", "KR-1", *TODAY, "--json").stdout)
    assert (found["target"], found["lengthHours"], found["start"]) == ("KR-1", 40, "2026-03-02")
    assert [(item["key"], item["critical"]) for item in found["items"]][:2] == [("A-1", True), ("A-2", True)]
    times = {"earlyStart", "earlyFinish", "lateStart", "lateFinish"}
    assert times | {"key", "totalFloat", "freeFloat", "drag", "critical"} <= found["items"][0].keys()
    text = run("critical-path", *TODAY).stdout
    assert "A-3" in text
    assert "Everything takes 40 working hours" in text
    assert "A-1 drives it (FS)" in run("critical-path", "KR-1", "--why", "A-2", *TODAY).stdout
    assert json.loads(run("critical-path", "--why", "A-3", *TODAY, "--json").stdout)["facts"]["critical"] is False


def test_schedule(run: Run) -> None:
    found = json.loads(run("schedule", *TODAY, "--json").stdout)
    when = {item["key"]: (item["start"], item["people"], item["heldBy"]) for item in found["items"]}
    assert when["A-2"] == (16, ["bob"], "PREDECESSOR")
    assert when["A-3"] == (0, [], None)
    text = run("schedule", "KR-1", "--rule", "shortest", *TODAY).stdout
    assert "bob" in text
    assert "KR-1 takes 40 working hours" in text
