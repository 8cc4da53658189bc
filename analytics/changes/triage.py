"""Triage: what waits for a decision, in the order in which to look at it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.changes.impact import with_assumed_severity
from analytics.expansion.clock import Clock, has_own_calendars
from analytics.expansion.expanded import Expanded
from analytics.expansion.finishes import finish_of
from analytics.expansion.identity import rows_in
from analytics.expansion.scope import Focus
from analytics.expansion.trees import ChainTree
from analytics.expansion.worth import chosen_goals, flags_of, reached_bits
from analytics.results import Completeness, Explanation, amount, as_date, counted, table
from graph.rules.lifecycle import Category
from graph.snapshots.columns import NO_CODE, Flags, Floats
from graph.snapshots.editing import without
from graph.snapshots.snapshot import CATEGORIES, SEVERITIES, Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class TriageItem:
    """Something that nobody has decided on yet, and what it would delay on its own.

    ``goals`` are the goals that it would delay, ``value`` what they are worth, none counted beside one that it leads
    to, ``value_at_risk`` the same of all that it leads to; ``later_hours`` is the longest of the delays.
    """

    key: str
    title: str
    kind: str
    severity: str | None
    assumed_severity: bool
    age_days: int | None
    goals: tuple[str, ...]
    value: float
    value_at_risk: float
    later_hours: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "severity": self.severity,
            "assumedSeverity": self.assumed_severity,
            "ageDays": self.age_days,
            "goals": list(self.goals),
            "value": self.value,
            "valueAtRisk": self.value_at_risk,
            "laterHours": self.later_hours,
        }


@dataclass(frozen=True, slots=True)
class TriageQueue:
    """What is in triage, and issues without a severity: what delays most goal value first."""

    items: tuple[TriageItem, ...]
    total: int
    completeness: Completeness

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[TriageItem]:
        return iter(self.items)

    def explain(self) -> Explanation:
        """Return how many there are, and what the first would do."""
        facts: dict[str, Any] = {"total": self.total}
        text = f"{counted(self.total, 'item')} {'waits' if self.total == 1 else 'wait'} for triage"
        if self.items:
            first = self.items[0]
            facts |= {"first": first.to_dict(), "shown": [amount(first.later_hours), amount(first.value)]}
            text += f"; first {first.key}"
            if first.goals:
                text += f", which would delay {first.goals[0]} by up to {amount(first.later_hours)} hours"
                text += f", worth {amount(first.value)}"
        return self.completeness.explained(text + ".", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "items": [item.to_dict() for item in self.items],
            "total": self.total,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item."""
        columns = ("key", "title", "kind", "severity", "assumedSeverity", "ageDays", "goals", "value", "valueAtRisk",
                   "laterHours")  # fmt: skip
        return table((item.to_dict() for item in self.items), columns)


def triage_queue(
    snapshot: Snapshot,
    *,
    scope: Hashable | None = None,
    limit: int = 1000,
    today: date | None = None,
    hidden: Flags | None = None,
) -> TriageQueue:
    """Return what is in triage, and open issues without a severity, in the order in which to look at it.

    First by the value of the goals that it would delay, then by how long, by the value of all goals that it leads to,
    by age, by key. Each is weighed on its own against the plan without any of them: it delays a goal when it, and what
    follows it alone, end after the goal would, everybody working in their own calendar; a goal that has enough without
    it is not delayed. An issue without a severity is taken to have the policy's.

    Parameters
    ----------
    snapshot
        n items and m edges.
    scope
        Only items of it are listed and counted; see ``analytics.expansion.scope``.
    limit
        How many items to return at most.
    today
        Without it ages are unknown, and no date holds anything back.
    hidden
        Items that the viewer may not see, shape (n,): they are omitted and counted.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``limit`` is less than 1.

    Notes
    -----
    O(g (n + m)) for g goals, at most 256, the most valuable ones; in calendars of their own with e days off a forward
    pass over what each item leads to, O(log e) a step, for all goals together. ``impact`` weighs one item exactly,
    other paths through what waits for triage included.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 item")
    rows = _waiting(snapshot)
    active, assumed = with_assumed_severity(snapshot, rows)
    gone = np.zeros(len(snapshot), dtype=np.bool_)
    gone[rows] = True
    expanded = Expanded.of(active, today)
    focus = Focus.of(expanded, scope, hidden)
    rows, assumed = rows[focus.items[rows]], assumed[focus.items[rows]]
    loads = _Loads(expanded, Expanded.of(without(active, gone), today), rows, hidden)
    found = [loads.item(place, bool(assumed[place])) for place in range(len(rows))]
    seen = [one for one, row in zip(found, rows.tolist(), strict=True) if hidden is None or not hidden[row]]
    seen.sort(key=lambda one: (-one.value, -one.later_hours, -one.value_at_risk, -(one.age_days or 0), one.key))
    limited = (*loads.limited, *((f"the first {limit} of {len(seen)} items",) if len(seen) > limit else ()))
    unseen = len(found) - len(seen) + loads.unseen
    completeness = Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key)
    return TriageQueue(tuple(seen[:limit]), len(seen), completeness)


def _waiting(snapshot: Snapshot) -> NDArray[np.intp]:
    """Return the rows of open work that nobody has decided on."""
    triage = snapshot.category == CATEGORIES.index(Category.TRIAGE)
    untriaged = np.zeros(len(snapshot), dtype=np.bool_)
    untriaged[snapshot.of_kind("Issue")] = True
    untriaged &= snapshot.items.severity == NO_CODE
    return np.flatnonzero((triage | untriaged) & snapshot.is_open & snapshot.is_work)


class _Loads:
    """What each item of the triage queue would do to each goal."""

    def __init__(self, expanded: Expanded, plan: Expanded, rows: NDArray[np.intp], hidden: Flags | None) -> None:
        self.expanded, self._rows = expanded, rows
        goals, self.limited = chosen_goals(expanded, None, None)
        shown = [goal for goal in goals if hidden is None or not hidden[goal]]
        self.unseen = len(goals) - len(shown)
        self._goals = shown
        self._targets = expanded.unit[expanded.finish[shown]]
        # What is a duplicate is weighed as what it duplicates.
        at = expanded.canon[rows]
        self._units = expanded.unit[np.stack([expanded.gate[at], expanded.finish[at]], axis=1)]
        bits = reached_bits(expanded, self._targets)
        self._reached = flags_of(np.bitwise_or.reduce(bits[self._units], axis=1), len(shown)).T
        # Which goal leads to which other one: what leads to both is counted at the outer one only.
        self._inner = flags_of(bits[self._targets], len(shown)) & (self._targets[:, None] != self._targets)
        same = rows_in(plan.snapshot, expanded.snapshot)
        before = np.array([finish_of(plan, int(row)) for row in same[shown]])
        ends = self._ends_in_days() if has_own_calendars(expanded) else self._ends_in_hours()
        self._later = np.maximum(ends - before[:, None], 0.0)

    def _ends_in_hours(self) -> Floats:
        """Return when each goal would be finished after each item, and nothing else. Shape (g, r)."""
        expanded, units = self.expanded, self._units
        ends = np.zeros((len(self._goals), len(units)))
        for place, tree in enumerate(ChainTree.each(expanded, self._goals)):
            later = np.where(tree.delays[units], expanded.starts[units] + tree.distance[units], 0.0)
            ends[place] = later.max(axis=1)
        return ends

    def _ends_in_days(self) -> Floats:
        """Return the same, in workspace hours, with everybody working in their own calendar."""
        expanded, clock = self.expanded, Clock.of(self.expanded)
        moments = clock.ends_from(self._units, self._targets, expanded.arc_delays)
        return np.nan_to_num(clock.workspace_hours(moments.ravel())).reshape(moments.shape).T

    def item(self, place: int, assumed: bool) -> TriageItem:
        """Return one item of the queue."""
        items, row = self.expanded.snapshot.items, int(self._rows[place])
        late, reached = self._later[:, place] > 1e-9, self._reached[:, place]
        code, born = int(items.severity[row]), as_date(items.created_at[row])
        today = self.expanded.today
        return TriageItem(
            key=items.key[row],
            title=items.title[row],
            kind=self.expanded.snapshot.label(row),
            severity=None if code == NO_CODE else SEVERITIES[code],
            assumed_severity=assumed,
            age_days=None if born is None or today is None else (today - born).days,
            goals=tuple(items.key[self._goals[at]] for at in np.flatnonzero(late).tolist()),
            value=self._worth(late),
            value_at_risk=self._worth(reached),
            later_hours=float(self._later[:, place].max(initial=0.0)),
        )

    def _worth(self, chosen: Flags) -> float:
        """Return what goals (Flags, shape (g,)) are worth, none counted beside one that it leads to."""
        outer = chosen & ~(self._inner & chosen).any(axis=1)
        return float(self.expanded.goals.value[self._goals][outer].sum())
