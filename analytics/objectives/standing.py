"""How one goal stands: its score and what it rests on, what is expected by now, and how old its health is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from analytics.expansion.containment import Containment
from analytics.expansion.expanded import Expanded
from analytics.expansion.ownership import Ownership
from analytics.objectives.scores import KEY_RESULT, Scores, attainment, result_kinds
from analytics.results import Explanation, as_date, counted, iso, percent
from graph.snapshots.columns import NO_CODE, Flags
from graph.snapshots.snapshot import HEALTHS, RESULT_KINDS


@dataclass(frozen=True, slots=True)
class ChildScore:
    """One child of a goal: its share (0 to 1, 0 is for information only) and the score that it brings."""

    key: str
    kind: str
    share: float
    score: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "kind": self.kind, "share": self.share, "score": self.score}


@dataclass(frozen=True, slots=True)
class GoalScore:
    """How one goal stands; every score and share is 0 to 1, ``None`` where it cannot be said.

    ``score`` rests on ``basis``: MEASURED (a key result's value), MANUAL (an objective's latest Update states it) or
    DERIVED (from its ``children``); ``derived`` is shown beside a manual one. ``covered`` is the share of the children
    whose score is known. ``attainment`` is a key result's score before it is cut off at 0 and 1. ``expected`` is what
    would be on schedule today, ``gap`` = score - expected. ``confidence_basis`` is STATED or DERIVED.
    ``health`` is ON_TRACK, AT_RISK, OFF_TRACK, OUTDATED (its latest Update, ``age_days`` old, is older than the
    workspace's cadence) or NO_UPDATE; ``said`` is what was said last, whenever that was. ``work_done`` is how much of
    the work below it is done, by effort: it never raises a key result. ``level`` counts the goals above it.
    """

    key: str
    title: str
    kind: str
    level: int
    owner: str | None
    value: float
    period_start: date | None
    due: date | None
    score: float | None
    basis: str | None
    derived: float | None
    covered: float | None
    attainment: float | None
    measure: str | None
    start_value: float | None
    current_value: float | None
    target_value: float | None
    expected: float | None
    gap: float | None
    confidence: float | None
    confidence_basis: str | None
    health: str | None
    said: str | None
    age_days: int | None
    work_done: float | None
    children: tuple[ChildScore, ...]

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        facts = self.to_dict()
        if self.score is None:
            return Explanation(f"{self.key} has no score: nobody has said where it stands.", facts)
        words = {"MEASURED": "measured", "MANUAL": "stated by hand", "DERIVED": "derived from its children"}
        text = f"{self.key} stands at {percent(self.score)} ({words[self.basis or 'DERIVED']}"
        if self.basis == "MANUAL" and self.derived is not None:
            text += f"; its children come to {percent(self.derived)}"
        text += ")"
        if self.expected is not None:
            text += f"; by now {percent(self.expected)} is expected"
        return Explanation(f"{text}; {_health(self)}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key, "title": self.title, "kind": self.kind, "level": self.level, "owner": self.owner,
            "value": self.value, "periodStart": iso(self.period_start), "due": iso(self.due), "score": self.score,
            "basis": self.basis, "derived": self.derived, "covered": self.covered, "attainment": self.attainment,
            "measure": self.measure, "startValue": self.start_value, "currentValue": self.current_value,
            "targetValue": self.target_value, "expected": self.expected, "gap": self.gap,
            "confidence": self.confidence, "confidenceBasis": self.confidence_basis, "health": self.health,
            "said": self.said, "ageDays": self.age_days, "workDone": self.work_done,
            "children": [child.to_dict() for child in self.children],
        }  # fmt: skip


def _health(goal: GoalScore) -> str:
    age = "" if goal.age_days is None else counted(goal.age_days, "day")
    match goal.health:
        case None | "NO_UPDATE":
            return "nobody has reported how it is going"
        case "OUTDATED":
            return f"what was last reported is {age} old"
        case health:
            return f"reported {health.replace('_', ' ').lower()} {age} ago"


class Standings:
    """Makes the standing of goals from scores that are worked out once; ``seen`` (shape (n,)) may be named."""

    def __init__(self, expanded: Expanded, today: date, seen: Flags) -> None:
        self._expanded, self._today, self._seen = expanded, today, seen
        self._scores = Scores.of(expanded, today)
        self._attainment = attainment(expanded.snapshot)
        self._measures = result_kinds(expanded.snapshot)
        self._owners = Ownership.of(expanded.snapshot)

    def of(self, row: int, level: int) -> GoalScore:
        """Return how one goal stands."""
        expanded, scores, items = self._expanded, self._scores, self._expanded.snapshot.items
        measured = items.kind[row] == KEY_RESULT
        score, expected = number(scores.score[row]), number(scores.expected[row])
        owners = [at for at in self._owners.named(row) if self._seen[at]]
        health, said, age = self._health(row)
        containment = Containment.of(expanded)
        stated = np.isfinite(items.latest_confidence[row])
        confidence = number(scores.confidence[row])
        return GoalScore(
            key=items.key[row],
            title=items.title[row],
            kind=expanded.snapshot.label(row),
            level=level,
            owner=", ".join(items.title[at] or items.key[at] for at in owners) or None,
            value=float(expanded.goals.value[row]),
            period_start=as_date(expanded.goals.begins[row]),
            due=as_date(expanded.due[row]),
            score=score,
            basis=self._basis(row),
            derived=number(scores.derived[row]),
            covered=None if measured else number(scores.covered[row]),
            attainment=number(self._attainment[row]) if measured else None,
            measure=RESULT_KINDS[int(self._measures[row])] if measured else None,
            start_value=number(items.start_value[row]),
            current_value=number(items.latest_value[row]) if measured else None,
            target_value=number(items.target_value[row]),
            expected=expected,
            gap=None if score is None or expected is None else score - expected,
            confidence=confidence,
            confidence_basis=None if confidence is None else "STATED" if stated else "DERIVED",
            health=health,
            said=said,
            age_days=age,
            work_done=containment.progress(containment.leaves(row)),
            children=self._children(row),
        )

    def _basis(self, row: int) -> str | None:
        scores = self._scores
        for basis, found in (("MEASURED", scores.measured), ("MANUAL", scores.manual), ("DERIVED", scores.derived)):
            if np.isfinite(found[row]):
                return basis
        return None

    def _health(self, row: int) -> tuple[str | None, str | None, int | None]:
        """Return a goal's health, what was said last, and the days since its latest Update; closed goals do not age."""
        items = self._expanded.snapshot.items
        code = int(items.latest_health[row])
        said = None if code == NO_CODE else HEALTHS[code]
        day = as_date(items.latest_at[row])
        age = None if day is None else max(0, (self._today - day).days)
        if not self._expanded.is_open[row]:
            return said, said, age
        if said is None or age is None:
            return "NO_UPDATE", said, age
        return ("OUTDATED" if age > self._expanded.snapshot.policy.cadence_days else said), said, age

    def _children(self, row: int) -> tuple[ChildScore, ...]:
        """Return what a goal consists of, the largest share first."""
        goals, snapshot = self._expanded.goals, self._expanded.snapshot
        low, high = np.searchsorted(goals.parent, [row, row + 1])
        made = [
            ChildScore(
                snapshot.items.key[child],
                snapshot.label(child),
                float(goals.share[link]),
                number(self._scores.child[link]),
            )
            for link, child in enumerate(goals.child[low:high].tolist(), start=int(low))
            if self._seen[child]
        ]
        return tuple(sorted(made, key=lambda one: (-one.share, one.key)))


def number(value: np.floating[Any] | float) -> float | None:
    """Return a number of a column; ``None`` where it is absent."""
    return float(value) if np.isfinite(value) else None
