"""What every analysis promises, on real and generated workspaces: an answer, an explanation, and what it knew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from datetime import date
from typing import Any, Final

import orjson
import pytest

import analytics
from analytics import Finish
from graph.snapshots.snapshot import Snapshot

Answer = Callable[[Snapshot, str, date], Any]

ANALYSES: Final[dict[str, Answer]] = {
    "betweenness": lambda snapshot, goal, today: analytics.betweenness(snapshot),
    "blocking_chains": lambda snapshot, goal, today: analytics.blocking_chains(snapshot, goal, today=today),
    "budgets": lambda snapshot, goal, today: analytics.budgets(snapshot),
    "choke_points": lambda snapshot, goal, today: analytics.choke_points(snapshot, today=today),
    "communities": lambda snapshot, goal, today: analytics.communities(snapshot),
    "conflicts": lambda snapshot, goal, today: analytics.conflicts(snapshot, today=today),
    "critical_path": lambda snapshot, goal, today: analytics.critical_path(snapshot, goal, today=today),
    "degree": lambda snapshot, goal, today: analytics.degree(snapshot),
    "dominators": lambda snapshot, goal, today: analytics.dominators(snapshot, goal, today=today),
    "duplicates": lambda snapshot, goal, today: analytics.duplicates(snapshot),
    "eigenvector": lambda snapshot, goal, today: analytics.eigenvector(snapshot),
    "exposure": lambda snapshot, goal, today: analytics.exposure(snapshot, today=today),
    "forecast": lambda snapshot, goal, today: analytics.forecast(snapshot, goal, 200, 7, today=today),
    "layout": lambda snapshot, goal, today: analytics.layout(snapshot, goal, today=today),
    "okr_rollup": lambda snapshot, goal, today: analytics.okr_rollup(snapshot, today=today),
    "pagerank": lambda snapshot, goal, today: analytics.pagerank(snapshot),
    "people_risk": lambda snapshot, goal, today: analytics.people_risk(snapshot, today=today),
    "ready_queue": lambda snapshot, goal, today: analytics.ready_queue(snapshot, today=today),
    "reschedule": lambda snapshot, goal, today: analytics.reschedule(snapshot, redated(snapshot, today), today=today),
    "risks": lambda snapshot, goal, today: analytics.risks(snapshot, today=today),
    "schedule": lambda snapshot, goal, today: analytics.schedule(snapshot, goal, today=today),
    "summary": lambda snapshot, goal, today: analytics.summary(snapshot, today=today),
    "teams_waited_for": lambda snapshot, goal, today: analytics.teams_waited_for(snapshot, today=today),
    "triage_queue": lambda snapshot, goal, today: analytics.triage_queue(snapshot, today=today),
    "workload": lambda snapshot, goal, today: analytics.workload(snapshot, today=today),
}


def redated(snapshot: Snapshot, today: date) -> list[analytics.Redate]:
    """Give the open tasks that have dates a start of today."""
    work = [int(row) for row in snapshot.of_kind("Task") if snapshot.is_open[row]]
    dated = [row for row in work if snapshot.items.due[row] == snapshot.items.due[row]]
    return [analytics.Redate(snapshot.items.key[row], start=today) for row in dated[:20]]


def first_goal(snapshot: Snapshot) -> str:
    """The open goal or project that most items stand before: there is one in every workspace with work."""
    rows = [int(row) for row in snapshot.of_kind("Objective", "Project", "Task") if snapshot.is_open[row]]
    return snapshot.items.key[rows[0]]


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_answers_and_explains_itself(workspace: tuple[Snapshot, date], name: str) -> None:
    snapshot, today = workspace
    answer = ANALYSES[name](snapshot, first_goal(snapshot), today)
    again = ANALYSES[name](snapshot, first_goal(snapshot), today)
    said = answer.explain()
    assert said.sentence.endswith(".")
    assert "nan" not in said.sentence.lower().split()
    stated = orjson.dumps(answer.to_dict())
    assert stated == orjson.dumps(again.to_dict()), "the same question has the same answer"
    orjson.dumps(dict(said.facts))
    assert answer.completeness.snapshot_seq == snapshot.seq
    assert answer.to_dataframe().columns.is_unique
    with pytest.raises(FrozenInstanceError):
        setattr(answer, fields(answer)[0].name, None)


def test_an_analysis_about_one_item_is_asked_of_items_that_are_there(workspace: tuple[Snapshot, date]) -> None:
    snapshot, today = workspace
    for name in ("blocking_chains", "critical_path", "dominators", "forecast", "layout", "schedule"):
        with pytest.raises(KeyError, match="no item 'nothing-of-the-sort'"):
            ANALYSES[name](snapshot, "nothing-of-the-sort", today)


def test_finishing_something_never_makes_a_goal_later(workspace: tuple[Snapshot, date]) -> None:
    snapshot, today = workspace
    goal = first_goal(snapshot)
    before = analytics.blocking_chains(snapshot, goal, 3, today=today)
    for chain in before:
        if chain.root.key is not None and not chain.root.members:
            changed = analytics.overlay(snapshot, [Finish(chain.root.key)])
            after = analytics.blocking_chains(changed, goal, 1, today=today)
            if before.finish is not None and after.finish is not None:
                assert after.finish <= before.finish
