"""Every analysis answers alike by function, command and GraphQL, on real and generated workspaces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
from graphql import build_schema

import analytics
from graph.connection import Connection
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import open_store
from resolvers.access import Viewer
from resolvers.bounds import Bounds
from resolvers.context import Context
from resolvers.schema import execute, printed
from tests.workatlas.commands import answer as parsed
from tests.workatlas.commands import command as runner
from tests.workatlas.commands import environment_of
from workatlas.cli import app

LIMIT: Final = 50
NOW: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it is asked at each door: ``{goal}`` and ``{item}`` stand for keys.

    ``told`` is what all three must say alike: by default the sentence of the explanation.
    """

    function: Callable[..., Any]
    command: str
    query: str
    told: str = "explanation"
    dated: bool = True
    limited: str | None = "limit"


QUESTIONS: Final[dict[str, Question]] = {
    "blocking_chains": Question(
        lambda s, k, **rest: analytics.blocking_chains(s, k["goal"], LIMIT, **rest),
        "chains {goal} -n 50", 'blockingChains(goal: "{goal}", first: 50', limited=None,
    ),
    "budgets": Question(
        lambda s, k, **rest: analytics.budgets(s, **rest), "budgets -n 50", "budgets(first: 50", dated=False
    ),
    "centrality": Question(
        lambda s, k, **rest: analytics.centrality(s, analytics.Measure.PAGERANK, **rest),
        "centrality pagerank -n 50", "centrality(measure: PAGERANK, first: 50", dated=False,
    ),
    "choke_points": Question(
        lambda s, k, **rest: analytics.choke_points(s, **rest), "choke-points -n 50", "chokePoints(first: 50"
    ),
    "communities": Question(
        lambda s, k, **rest: analytics.communities(s, **rest), "communities -n 50", "communities(first: 50", dated=False
    ),
    "conflicts": Question(lambda s, k, **rest: analytics.conflicts(s, **rest), "findings -n 50", "conflicts(first: 50"),
    "critical_path": Question(
        lambda s, k, **rest: analytics.critical_path(s, k["goal"], **rest),
        "critical-path {goal}", 'criticalPath(target: "{goal}"', limited=None,
    ),
    "dominators": Question(
        lambda s, k, **rest: analytics.dominators(s, k["goal"], **rest),
        "dominators {goal} -n 50", 'dominators(goal: "{goal}", first: 50',
    ),
    "duplicates": Question(
        lambda s, k, **rest: analytics.duplicates(s, **rest), "duplicates -n 50", "duplicates(first: 50", dated=False
    ),
    "exposure": Question(lambda s, k, **rest: analytics.exposure(s, **rest), "exposure", "exposure(first: 50"),
    "forecast": Question(
        lambda s, k, **rest: analytics.forecast(s, k["goal"], 100, 5, **rest),
        "forecast {goal} --samples 100 --seed 5 -n 50", 'forecast(goal: "{goal}", samples: 100, seed: 5',
    ),
    "impact": Question(
        lambda s, k, **rest: analytics.impact(s, k["item"], **rest),
        "impact {item}", 'impact(item: "{item}"', limited=None,
    ),
    "k_paths": Question(
        lambda s, k, **rest: analytics.k_paths(s, k["item"], k["goal"], 5, **rest),
        "chains {goal} --from {item} -n 5", 'chainVariants(root: "{item}", goal: "{goal}", k: 5', limited=None,
    ),
    "layout": Question(
        lambda s, k, **rest: analytics.layout(s, k["goal"], **rest),
        "layout {goal} -n 50", 'layout(goal: "{goal}", boxes: 50',
    ),
    "okr_rollup": Question(lambda s, k, **rest: analytics.okr_rollup(s, **rest), "okr -n 50", "okr(first: 50"),
    "paths": Question(
        lambda s, k, **rest: analytics.paths(s, k["item"], k["goal"], None, 3, **rest),
        "path {item} {goal}", 'paths(from: "{item}", to: "{goal}", k: 3', dated=False, limited=None,
    ),
    "people_risk": Question(
        lambda s, k, **rest: analytics.people_risk(s, **rest), "people-risk -n 50", "peopleRisk(first: 50"
    ),
    "ready_queue": Question(
        lambda s, k, **rest: analytics.ready_queue(s, **rest), "ready -n 50", "readyQueue(first: 50"
    ),
    "risks": Question(lambda s, k, **rest: analytics.risks(s, **rest), "risks -n 50", "risks(first: 50"),
    "schedule": Question(
        lambda s, k, **rest: analytics.schedule(s, k["goal"], **rest),
        "schedule {goal} -n 50", 'schedule(target: "{goal}", first: 50', limited=None,
    ),
    "summary": Question(
        lambda s, k, **rest: analytics.summary(s, **rest), "summary -n 50", "summary(first: 50", told="text"
    ),
    "triage_queue": Question(
        lambda s, k, **rest: analytics.triage_queue(s, **rest), "triage -n 50", "triage(first: 50"
    ),
    "what_if": Question(
        lambda s, k, **rest: analytics.what_if(s, [analytics.Finish(k["item"])], **rest),
        "what-if --finish {item}", 'whatIf(changes: [{{finish: "{item}"}}]', limited=None,
    ),
    "workload": Question(
        lambda s, k, **rest: analytics.workload(s, **rest), "workload -n 50", "workload(first: 50"
    ),
}  # fmt: skip
LISTED: Final = {"chains", "ready"}
"""Commands whose JSON is a plain list, as scripts rely on."""


def keys(snapshot: Snapshot) -> dict[str, str]:
    """The open goal (or, without one, other work) that most items stand before, and open work that stands before it."""
    expanded = analytics.Expanded.of(snapshot)
    goals = [row for row in snapshot.of_kind("Objective", "Project", "Task").tolist() if expanded.is_open[row]]
    rooted = [(goal, analytics.blocking_chains(snapshot, snapshot.items.key[goal], 1)) for goal in goals[:20]]
    goal, chains = max(rooted, key=lambda one: (one[1].roots, -one[0]))
    (first,) = chains
    return {"goal": snapshot.items.key[goal], "item": first.root.key or ""}


def function(snapshot: Snapshot, today: date, question: Question, scope: str | None) -> Any:
    options: dict[str, Any] = {"scope": scope}
    if question.dated:
        options["today"] = today
    if question.limited:
        options[question.limited] = LIMIT
    return question.function(snapshot, keys(snapshot), **options)


def graphql(connection: Connection, snapshot: Snapshot, today: date, question: Question, scope: str | None) -> Any:
    """Ask over GraphQL; answers that are lists of chains are told by their sentences."""
    field = question.query.format(**keys(snapshot)) + (f', scope: "{scope}"' if scope else "")

    async def asked() -> Any:
        async with open_store(connection) as store:
            viewer = Viewer.local(snapshot.workspace)
            keeper = SnapshotKeeper(store, snapshot.workspace)
            context = Context(store, viewer, keeper, lambda: today, "request-1", Bounds(), now=lambda: NOW)
            return await execute(f"{{ answer: {field}) {{ {question.told} }} }}", {}, None, context)

    answer = asyncio.run(asked())
    assert "errors" not in answer.body, answer.body
    found = answer.body["data"]["answer"]
    return [one[question.told] for one in found] if isinstance(found, list) else found[question.told]


def command(
    connection: Connection, snapshot: Snapshot, today: date, question: Question, scope: str | None, home: Path
) -> Any:
    environment = environment_of(connection, home, WORKATLAS_WORKSPACE=snapshot.workspace)
    words = [word.format(**keys(snapshot)) for word in question.command.split()]
    words += ["--today", today.isoformat()] if question.dated else []
    words += ["--scope", scope] if scope else []
    return parsed(runner(environment)(*words, "--json"))


@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize("name", QUESTIONS)
def test_every_analysis_answers_alike_at_every_door(
    connection: Connection, workspace: tuple[Snapshot, date], tmp_path: Path, name: str, scoped: bool
) -> None:
    (snapshot, today), question = workspace, QUESTIONS[name]
    scope = keys(snapshot)["goal"] if scoped else None
    answer = function(snapshot, today, question, scope)
    sentence = answer.explain().sentence if question.told == "explanation" else answer.text
    assert answer.completeness.scope == scope
    over_graphql = graphql(connection, snapshot, today, question, scope)
    shown = command(connection, snapshot, today, question, scope, tmp_path)
    if name == "blocking_chains":
        sentences = [one.explain().sentence for one in answer]
        assert (over_graphql, [one["explanation"] for one in shown]) == (sentences, sentences)
        return
    assert over_graphql == sentence
    if question.command.split()[0] in LISTED:
        inner = list(answer)
        assert [one["key"] if name == "ready_queue" else one["explanation"] for one in shown] == [
            one.key if name == "ready_queue" else one.explain().sentence for one in inner
        ]
    elif name == "summary":
        assert shown["sections"] == json.loads(json.dumps(answer.to_dict()["sections"]))
    elif name != "exposure":  # of which the command prints as much as there is
        assert shown["explanation"] == sentence


def test_every_analysis_takes_a_scope_at_every_door() -> None:
    fields = build_schema(printed()).query_type
    assert fields is not None
    commands: Any = typer.main.get_command(app)
    for question in QUESTIONS.values():
        assert "scope" in fields.fields[question.query.split("(")[0]].args
        assert "--scope" in [text for one in commands.commands[question.command.split()[0]].params for text in one.opts]
