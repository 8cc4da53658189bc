"""Objectives and key results: how far each has come, where it should be by now, and whose health nobody reports."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.expansion.service import Service, Unserving
from analytics.expansion.trees import target_row
from analytics.objectives.standing import GoalScore, Standings
from analytics.results import Completeness, Explanation, counted, percent, table
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import CATEGORIES, Snapshot

if TYPE_CHECKING:
    import pandas as pd

_CANCELLED = CATEGORIES.index(Category.CANCELLED)


@dataclass(frozen=True, slots=True)
class OkrRollup:
    """Goals, each below those that it belongs to; open goals without work, and open work without a goal.

    ``unserved`` are keys of open goals that no open work leads to, ``idle`` of those that open work leads to, none of
    which has been started. ``unserving`` is open work that leads to no open goal, most hours first.
    """

    goals: tuple[GoalScore, ...]
    unserved: tuple[str, ...]
    idle: tuple[str, ...]
    unserving: tuple[Unserving, ...]
    completeness: Completeness

    def __iter__(self) -> Iterator[GoalScore]:
        return iter(self.goals)

    def __len__(self) -> int:
        return len(self.goals)

    def explain(self) -> Explanation:
        """Return how many goals have a score, and which is furthest behind."""
        scored = [goal for goal in self.goals if goal.score is not None]
        silent = sum(goal.health in ("OUTDATED", "NO_UPDATE") for goal in self.goals)
        facts: dict[str, Any] = {"goalCount": len(self.goals), "scored": len(scored), "silent": silent}
        text = f"{len(scored)} of {counted(len(self.goals), 'goal')} have a score"
        behind = min((goal for goal in scored if goal.gap is not None), key=_behind, default=None)
        if behind is not None and (behind.gap or 0.0) < 0:
            facts["furthestBehind"] = behind.to_dict()
            text += f"; furthest behind is {behind.key}: {percent(behind.score)} of {percent(behind.expected)} expected"
        if silent:
            text += f"; nobody has reported on {counted(silent, 'goal')} of late"
        return self.completeness.explained(text + ".", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "goals": [goal.to_dict() | {"explanation": goal.explain().sentence} for goal in self.goals],
            "unserved": list(self.unserved),
            "idle": list(self.idle),
            "unserving": [one.to_dict() for one in self.unserving],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per goal, its children apart."""
        columns = tuple(name for name in GoalScore.__slots__ if name != "children")
        return table(({name: getattr(goal, name) for name in columns} for goal in self.goals), columns)


def _behind(goal: GoalScore) -> tuple[float, float, str]:
    return (goal.gap or 0.0, -goal.value, goal.key)


def okr_rollup(
    snapshot: Snapshot,
    goals: Iterable[Hashable] | None = None,
    *,
    today: date,
    scope: Hashable | None = None,
    limit: int = 1000,
    hidden: Flags | None = None,
) -> OkrRollup:
    """Return how far objectives and key results have come, and which of them work does and does not serve.

    A key result is measured; v is the value of the latest Update that states one, s its start, t its target:

    ============  ==========================================================================================
    increase      (v - s) / (t - s); an absent s counts as 0 where t > 0. Without a way up (s ≥ t, or neither s
                  nor t > 0): 1 if v ≥ t, else 0
    decrease      (s - v) / (s - t). Without a way down (s ≤ t): 1 if v ≤ t, else 0. With s absent: 1 if v ≤ t,
                  else no score
    stayAbove     1 if v ≥ t, else 0
    stayBelow     1 if v ≤ t, else 0
    milestone     1 if v ≥ t (an absent t is 1), else 0; without a v, 1 if its status is DONE
    ============  ==========================================================================================

    ``attainment`` is that, ``score`` the same cut off at 0 and 1. Where v or t is absent there is no score, which is
    not a score of 0. The effort of the work that serves a key result never raises it.

    An objective's score is the value of its latest Update that states one from 0 to 1 (MANUAL), else Σ share × score /
    Σ share over its children with a score (DERIVED): key results, child goals, and contributing work (1 when DONE, else
    done / whole effort of its leaves that were not cancelled). A cancelled child brings 0 and keeps its share; one with
    weight 0 is for information and brings nothing; an operation never finishes and has no score.

    Expected by now is (today - first day) / (due - first day) of the period, its own or the nearest ancestor's, cut off
    at 0 and 1; 1 all along for stayAbove and stayBelow, 0 up to the due day for a milestone.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goals
        Names or ids: these and every goal below them, closed ones too; by default all goals but cancelled ones.
    today
        The day from which ages and expectations are reckoned.
    scope
        Only goals that it holds or serves, and the outermost work of it that serves no goal, are listed; see
        ``analytics.expansion.scope``.
    limit
        How many goals, and how much work without a goal, to return at most.
    hidden
        Items that the viewer may not see, shape (n,): omitted and counted; they still count in scores.

    Raises
    ------
    KeyError
        There is no such goal or scope.
    ValueError
        An item is no goal, or ``limit`` is less than 1.

    Notes
    -----
    O(n + m log m), and for each goal what is below it. A link inside a circle of goals brings no score. Scores as in
    Doerr, Measure What Matters (2018), with weights; health that ages follows ``Policy.cadence_days``.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 goal")
    expanded = Expanded.of(snapshot, today)
    seen = np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    focus = Focus.of(expanded, scope, hidden)
    order = [(row, level) for row, level in _outline(expanded, _asked(expanded, goals, hidden)) if focus.goals[row]]
    shown = [(row, level) for row, level in order if seen[row]]
    standings = Standings(expanded, today, seen)
    service = Service.of(expanded)
    unserving = service.unserving(seen & focus.items) if goals is None else ()
    keys = snapshot.items.key
    open_rows = [row for row, _ in shown if expanded.is_open[row]]
    limited = tuple(
        f"the first {limit} of {count} {word}"
        for count, word in ((len(shown), "goals"), (len(unserving), "pieces of work that serve no goal"))
        if count > limit
    )
    return OkrRollup(
        goals=tuple(standings.of(row, level) for row, level in shown[:limit]),
        unserved=tuple(keys[row] for row in open_rows if not service.served[row]),
        idle=tuple(keys[row] for row in open_rows if service.served[row] and not service.active[row]),
        unserving=unserving[:limit],
        completeness=Completeness(snapshot.seq, limited, len(order) - len(shown), expanded.self_references, focus.key),
    )


def _asked(expanded: Expanded, names: Iterable[Hashable] | None, hidden: Flags | None) -> list[int] | None:
    """Return the rows of the goals asked for."""
    if names is None:
        return None
    rows = list(dict.fromkeys(target_row(expanded, name, hidden) for name in names))
    for row in rows:
        if not expanded.snapshot.is_goal[row]:
            raise ValueError(f"{expanded.snapshot.items.key[row]!r} is a {expanded.snapshot.label(row)}; ask for goals")
    return rows


def _outline(expanded: Expanded, asked: list[int] | None) -> list[tuple[int, int]]:
    """Return goals with their level, each below the first of its parents, the most valuable first among sisters."""
    snapshot, goals = expanded.snapshot, expanded.goals
    nested = snapshot.is_goal[goals.child]
    below: dict[int, list[int]] = {}
    for upper, lower in zip(goals.parent[nested].tolist(), goals.child[nested].tolist(), strict=True):
        below.setdefault(upper, []).append(lower)
    keys = snapshot.items.key

    def ranked(rows: Iterable[int]) -> list[int]:
        return sorted(rows, key=lambda row: (-goals.value[row], keys[row]))

    cancelled = [] if asked is not None else np.flatnonzero(snapshot.category == _CANCELLED).tolist()
    every = [row for row in np.flatnonzero(snapshot.is_goal & (expanded.finish >= 0)).tolist() if asked is None]
    tops = asked if asked is not None else ranked(set(every) - set(goals.child[nested].tolist())) + ranked(every)
    found: dict[int, int] = dict.fromkeys(cancelled, -1)
    for top in tops:
        waiting = [(top, 0)]
        while waiting:
            row, level = waiting.pop()
            if row not in found:
                found[row] = level
                waiting += [(lower, level + 1) for lower in reversed(ranked(below.get(row, [])))]
    return [(row, level) for row, level in found.items() if level >= 0]
