"""Impact: what an issue delays, whether it is stored or only drafted."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.changes.changes import Draft, Remove
from analytics.changes.overlay import overlay
from analytics.expansion.durations import Basis
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.finishes import finish_day_of, finish_of
from analytics.expansion.identity import rows_in
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Step, Steps
from analytics.expansion.trees import ChainTree, target_row
from analytics.expansion.worth import chosen_goals, goals_reached, outermost
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from graph.snapshots.columns import NO_CODE, Flags
from graph.snapshots.editing import with_items
from graph.snapshots.snapshot import SEVERITIES, Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class GoalImpact:
    """A goal that an item leads to: how much later it is finished because of it (0 where the plan absorbs it).

    ``later_hours`` is ``None`` where the goal cannot be finished anyway, ``later_days`` (working days) also without
    ``today``. ``delay_days`` is the goal's delay with the item. ``path`` leads from the item to the goal; ``reasons``
    are WAIT (something on it waits), AFFECTS and PART (it is a part), and UNSIZED where the item's hours are assumed.
    """

    goal: str
    goal_title: str
    due: date | None
    value: float
    later_hours: float | None
    later_days: int | None
    finish: date | None
    delay_days: int | None
    path: tuple[Step, ...]
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "goal": self.goal,
            "goalTitle": self.goal_title,
            "due": iso(self.due),
            "value": self.value,
            "laterHours": self.later_hours,
            "laterDays": self.later_days,
            "finish": iso(self.finish),
            "delayDays": self.delay_days,
            "path": [step.to_dict() for step in self.path],
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class Impact:
    """What an item does to goals, the most delayed value first.

    ``value`` is what the goals that it delays are worth, ``value_at_risk`` what all that it leads to are, none counted
    beside one that it leads to. ``assumed_severity`` is the severity that was assumed, because it has none.
    """

    item: str
    title: str
    severity: str | None
    assumed_severity: bool
    goals: tuple[GoalImpact, ...]
    value: float
    value_at_risk: float
    completeness: Completeness

    def explain(self) -> Explanation:
        """Return how many goals it delays, the first by how much, and what was assumed."""
        facts = self._facts()
        late = [goal for goal in self.goals if goal.later_hours]
        facts |= {"goalCount": len(self.goals), "lateCount": len(late), "shown": []}
        if not self.goals:
            text = f"{self.item} leads to no open goal"
        elif not late:
            text = f"{self.item} leads to {counted(len(self.goals), 'open goal')} and delays none"
        else:
            first = late[0]
            days = first.later_days is not None
            by = counted(first.later_days or 0, "working day") if days else f"{amount(first.later_hours or 0)} hours"
            facts["shown"] = [by.split()[0], len(first.path)]
            text = f"{self.item} delays {counted(len(late), 'goal')}; {first.goal} by {by}"
            text += f", along {counted(len(first.path), 'step')}"
        if self.assumed_severity:
            text += f"; it has no severity, so {self.severity} is assumed"
        return self.completeness.explained(text + ".", facts)

    def _facts(self) -> dict[str, Any]:
        return {
            "item": self.item,
            "title": self.title,
            "severity": self.severity,
            "assumedSeverity": self.assumed_severity,
            "goals": [goal.to_dict() for goal in self.goals],
            "value": self.value,
            "valueAtRisk": self.value_at_risk,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return self._facts() | {
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per goal."""
        columns = ("goal", "due", "value", "laterHours", "laterDays", "finish", "delayDays", "reasons")
        return table((goal.to_dict() for goal in self.goals), columns)


def impact(
    snapshot: Snapshot,
    item: Hashable | Draft,
    *,
    scope: Hashable | None = None,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Impact:
    """Return what an item delays: the goals with it against the goals without it.

    Goals are finished as ``critical_path`` tells, with everybody working in their own calendar; hours and days are the
    workspace's. An issue that affects something delays it only from the policy's severity on; one without a severity is
    taken to have just that, and the answer says so.

    Parameters
    ----------
    snapshot
        n items and m edges.
    item
        Name or id of open work; or a draft, which need not be stored.
    scope
        Only goals that it holds or serves are listed and valued; see ``analytics.expansion.scope``.
    today
        First day of work. Without it there are only hours.
    hidden
        Items that the viewer may not see, shape (n,): goals are omitted and counted, steps show only their kind.

    Raises
    ------
    ChangeRefusedError
        The draft cannot be added; the message says why.
    KeyError
        There is no such item or scope, or the viewer may not see it.
    ValueError
        The item is no open work.

    Notes
    -----
    O(n + m log m), and O(n + m) for each goal that it leads to, at most 256 of them, the most valuable first. Without
    the item, what is only a part of it is gone too.

    """
    if isinstance(item, Draft):
        name: Hashable = item.key
        active = overlay(snapshot, [item], today=today, hidden=hidden)
    else:
        name, active = item, snapshot
    row = target_row(Expanded.of(active, today), name, _longer(hidden, active))
    if not active.is_work[row] or not active.is_open[row] or active.items.kind[row] == OPERATION:
        raise ValueError(f"{name!r} is no open task, issue, milestone or project; only those delay something")
    active, assumed = with_assumed_severity(active, np.array([row]))
    idle = overlay(active, [Remove(name)])
    focus = Focus.of(Expanded.of(active, today), scope, _longer(hidden, active))
    return _Weighed(active, idle, row, today, _longer(hidden, active)).impact(bool(assumed[0]), focus)


def with_assumed_severity(snapshot: Snapshot, rows: NDArray[np.intp]) -> tuple[Snapshot, Flags]:
    """Return the snapshot in which those of the items (rows) that are issues without a severity have the policy's.

    The flags say which they are. O(n + m log m) where there are any.
    """
    severity = snapshot.items.severity.copy()
    lacks = (severity[rows] == NO_CODE) & np.isin(rows, snapshot.of_kind("Issue"))
    if not lacks.any():
        return snapshot, lacks
    severity[rows[lacks]] = SEVERITIES.index(snapshot.policy.min_severity)
    return with_items(snapshot, severity=severity), lacks


def _longer(hidden: Flags | None, snapshot: Snapshot) -> Flags | None:
    """Return the flags of hidden items for a snapshot with items added at its end, which the viewer knows."""
    return None if hidden is None else np.append(hidden, np.zeros(len(snapshot) - len(hidden), dtype=np.bool_))


class _Weighed:
    """The goals that an item leads to, with it and without it."""

    def __init__(self, active: Snapshot, idle: Snapshot, row: int, today: date | None, hidden: Flags | None) -> None:
        self._with, self._without = Expanded.of(active, today), Expanded.of(idle, today)
        self._row, self._hidden = row, hidden
        self._same = rows_in(idle, active)
        self._steps = Steps(self._with, hidden)

    def impact(self, assumed: bool, focus: Focus) -> Impact:
        """Return the impact on goals in focus; ``assumed``: the severity is."""
        expanded, items = self._with, self._with.snapshot.items
        reached = [goal for goal in goals_reached(expanded, [self._row])[0] if focus.goals[goal]]
        seen = [goal for goal in reached if self._hidden is None or not self._hidden[goal]]
        chosen, limited = chosen_goals(expanded, [expanded.snapshot.names[goal] for goal in seen])
        goals = {goal: self._goal(goal) for goal in chosen}
        told = sorted(goals.values(), key=lambda one: (-(one.later_hours or 0.0) * one.value, -one.value, one.goal))
        code = int(items.severity[self._row])
        return Impact(
            item=items.key[self._row],
            title=items.title[self._row],
            severity=None if code == NO_CODE else SEVERITIES[code],
            assumed_severity=assumed,
            goals=tuple(told),
            value=self._worth([goal for goal, one in goals.items() if one.later_hours]),
            value_at_risk=self._worth(chosen),
            completeness=Completeness(
                expanded.snapshot.seq, limited, len(reached) - len(seen), expanded.self_references, focus.key
            ),
        )

    def _worth(self, goals: list[int]) -> float:
        top = outermost(self._with, goals) or set(goals[:1])
        return float(sum(self._with.goals.value[goal] for goal in top))

    def _goal(self, goal: int) -> GoalImpact:
        expanded, items = self._with, self._with.snapshot.items
        after, before = finish_of(expanded, goal), finish_of(self._without, int(self._same[goal]))
        due, later, days = as_date(expanded.due[goal]), None, None
        finish, planned = finish_day_of(expanded, goal), finish_day_of(self._without, int(self._same[goal]))
        if np.isfinite(after) and np.isfinite(before):
            later = after - before
        delay = None if due is None or finish is None else expanded.calendar.days_after(due, finish)
        if finish is not None and planned is not None:
            days = expanded.calendar.days_after(planned, finish)
        path = self._path(goal)
        return GoalImpact(
            goal=items.key[goal],
            goal_title=items.title[goal],
            due=due,
            value=float(expanded.goals.value[goal]),
            later_hours=later,
            later_days=days,
            finish=finish,
            delay_days=delay,
            path=path,
            reasons=self._reasons(path),
        )

    def _path(self, goal: int) -> tuple[Step, ...]:
        """Return the longest path from the item to a goal: from its gate or its finish, whichever is longer."""
        expanded = self._with
        tree = ChainTree.to(expanded, goal)
        ends = {int(expanded.unit[node[self._row]]) for node in (expanded.gate, expanded.finish)}
        units, arcs = tree.walk(max(ends, key=lambda unit: (tree.distance[unit], unit)))
        return self._steps.along(units, arcs)

    def _reasons(self, path: tuple[Step, ...]) -> tuple[str, ...]:
        edges = {step.edge for step in path}
        found = (("WAIT", "BLOCKS" in edges), ("AFFECTS", "AFFECTS" in edges), ("PART", "PART_OF" in edges))
        unsized = Basis(int(self._with.durations.basis[self._row])).assumed
        return (*(reason for reason, holds in found if holds), *(("UNSIZED",) if unsized else ()))
