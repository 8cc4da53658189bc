"""The questions that every analysis is asked at every door, and how what the doors say is compared.

``benchmarks/doors.py`` asks them of large workspaces.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import analytics
from graph.snapshots.snapshot import Snapshot

LIMIT: Final = 50


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

    def answer(self, snapshot: Snapshot, keys: Mapping[str, str], today: date, scope: str | None = None) -> Any:
        """Ask the function."""
        options: dict[str, Any] = {"scope": scope}
        if self.dated:
            options["today"] = today
        if self.limited:
            options[self.limited] = LIMIT
        return self.function(snapshot, keys, **options)

    def words(self, keys: Mapping[str, str], today: date, scope: str | None = None) -> list[str]:
        """Return the words of the command that answers in JSON."""
        words = [word.format(**keys) for word in self.command.split()]
        words += ["--today", today.isoformat()] if self.dated else []
        return [*words, *(["--scope", scope] if scope else []), "--json"]

    def document(self, keys: Mapping[str, str], scope: str | None = None) -> str:
        """Return the question in GraphQL."""
        field = self.query.format(**keys) + (f', scope: "{scope}"' if scope else "")
        return f"{{ answer: {field}) {{ {self.told} }} }}"

    def over_graphql(self, data: Mapping[str, Any]) -> Any:
        """Return what the answer to the document tells: lists of chains by their sentences."""
        found = data["answer"]
        return [one[self.told] for one in found] if isinstance(found, list) else found[self.told]


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


def keys_of(snapshot: Snapshot) -> dict[str, str]:
    """The open goal (or, without one, other work) that most items stand before, and open work that stands before it."""
    expanded = analytics.Expanded.of(snapshot)
    goals = [row for row in snapshot.of_kind("Objective", "Project", "Task").tolist() if expanded.is_open[row]]
    rooted = [(goal, analytics.blocking_chains(snapshot, snapshot.items.key[goal], 1)) for goal in goals[:20]]
    goal, chains = max(rooted, key=lambda one: (one[1].roots, -one[0]))
    (first,) = chains
    return {"goal": snapshot.items.key[goal], "item": first.root.key or ""}


def compared(name: str, answer: Any, over_graphql: Any, shown: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what GraphQL and the command say about a question, each beside the same of the function's answer."""
    question = QUESTIONS[name]
    if name == "blocking_chains":
        sentences = [one.explain().sentence for one in answer]
        yield over_graphql, sentences
        yield [one["explanation"] for one in shown], sentences
        return
    sentence = answer.explain().sentence if question.told == "explanation" else answer.text
    yield over_graphql, sentence
    if name == "ready_queue":
        yield [one["key"] for one in shown], [one.key for one in answer]
    elif question.command.split()[0] in LISTED:
        yield [one["explanation"] for one in shown], [one.explain().sentence for one in answer]
    elif name == "summary":
        yield shown["sections"], json.loads(json.dumps(answer.to_dict()["sections"]))
    elif name != "exposure":  # of which the command prints as much as there is
        yield shown["explanation"], sentence
