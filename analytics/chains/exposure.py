"""Exposure: how much of each goal's work waits for something open, and how much goal value each item carries."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import Pointers, nearest_source, rows_sorted, totals
from analytics.expansion.readiness import Readiness
from analytics.expansion.roles import with_role
from analytics.expansion.scope import Focus
from analytics.expansion.worth import item_worth, open_goals
from analytics.results import Completeness, Explanation, counted, table
from graph.model import Role
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Flags, Floats, Ints
from graph.snapshots.snapshot import CATEGORIES, Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class GoalExposure:
    """The weighted share (0 to 1) of a goal's leaves that wait; ``None`` where it has none. ``leaves`` counts them."""

    key: str
    title: str
    value: float
    exposure: float | None
    leaves: int
    waiting: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "value": self.value, "exposure": self.exposure,
                "leaves": self.leaves, "waiting": self.waiting}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ItemExposure:
    """An open item and the value of the distinct goals that it leads to, none counted beside its ancestor."""

    key: str
    title: str
    value: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "value": self.value}


@dataclass(frozen=True, slots=True)
class Exposure:
    """Open goals, the most exposed value first, and the open work that most value depends on."""

    goals: tuple[GoalExposure, ...]
    items: tuple[ItemExposure, ...]
    completeness: Completeness

    def explain(self) -> Explanation:
        """Return the goal with most value exposed."""
        facts: dict[str, Any] = {"goalCount": len(self.goals)}
        exposed = [goal for goal in self.goals if goal.exposure]
        if not exposed:
            return self.completeness.explained(
                f"No work of {counted(len(self.goals), 'open goal')} waits for anything open.", facts
            )
        first = exposed[0]
        percent = round(100 * (first.exposure or 0.0))
        facts |= {"first": first.to_dict(), "percent": percent}
        waiting = f"{first.waiting} of {counted(first.leaves, 'piece')}"
        return self.completeness.explained(
            f"{percent} % of the work for {first.key} waits for something open: {waiting} of work.", facts
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "goals": [goal.to_dict() for goal in self.goals],
            "items": [item.to_dict() for item in self.items],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per goal."""
        rows = (goal.to_dict() for goal in self.goals)
        return table(rows, ("key", "title", "value", "exposure", "leaves", "waiting"))


def exposure(
    snapshot: Snapshot,
    *,
    scope: Hashable | None = None,
    limit: int = 1000,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Exposure:
    """Return how exposed each open goal is, and what each open item carries.

    A goal's exposure is Σ weight of its leaves that are open and wait for an open blocker (own or inherited, of any
    type) over Σ weight of all its leaves that are not cancelled. Leaves are those under its contributors, the ones of
    its child goals included; a contributor's share is split among its leaves by effort (equally where none is known),
    and a leaf counts once, at its nearest contributing ancestor. Contributors without leaves are left out.

    Parameters
    ----------
    snapshot
        n items and m edges.
    scope
        Only goals that it holds or serves and items of it are listed; see ``analytics.expansion.scope``.
    limit
        How many goals, and how many items, to return at most.
    today
        See ``Expanded.of``.
    hidden
        Items that the viewer may not see, shape (n,): they are omitted and counted; totals still include their work.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``limit`` is less than 1.

    Notes
    -----
    O(n + m) to prepare and O(n + leaves) per goal. Empty snapshots give empty results; goals in a circle are each
    visited once per goal.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 goal")
    expanded = Expanded.of(snapshot, today)
    focus = Focus.of(expanded, scope, hidden)
    rows, seen = open_goals(expanded), np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    rows = rows[focus.goals[rows]]
    leaves = _Leaves(expanded)
    goals = [leaves.of_goal(row) for row in rows[seen[rows]].tolist()]
    goals.sort(key=lambda goal: (-goal.value * (goal.exposure or 0.0), -goal.value, goal.key))
    listed = snapshot.is_work & (snapshot.items.kind != OPERATION) & focus.items
    worth = np.where(listed, item_worth(expanded), 0.0)
    order = np.argsort(-worth, kind="stable")
    carrying = order[(worth > 0)[order] & seen[order]]
    limited = tuple(
        f"the first {limit} of {count} {word}"
        for count, word in ((len(goals), "goals"), (len(carrying), "items"))
        if count > limit
    )
    unseen = int(np.count_nonzero(~seen[rows]) + np.count_nonzero((worth > 0) & ~seen))
    keys, titles = snapshot.items.key, snapshot.items.title
    return Exposure(
        goals=tuple(goals[:limit]),
        items=tuple(ItemExposure(keys[row], titles[row], float(worth[row])) for row in carrying[:limit].tolist()),
        completeness=Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key),
    )


class _Leaves:
    """The leaves under goals: prepared once, then looked up goal by goal."""

    def __init__(self, expanded: Expanded) -> None:
        snapshot = expanded.snapshot
        cancelled = snapshot.category == CATEGORIES.index(Category.CANCELLED)
        self._expanded = expanded
        self._counts = (expanded.gate >= 0) & snapshot.is_work & ~expanded.is_container & ~cancelled
        self._counts &= snapshot.items.kind != OPERATION
        self._waits = self._counts & expanded.is_open & _waiting(expanded)
        self._pointer, self._parts = _parts(expanded)
        goals = expanded.goals
        self._children: dict[int, list[tuple[int, float]]] = {}
        for parent, child, share in zip(goals.parent.tolist(), goals.child.tolist(), goals.share.tolist(), strict=True):
            self._children.setdefault(parent, []).append((child, share))

    def _shares(self, goal: int) -> dict[int, float]:
        """Return the share that each piece of work holds of a goal, through its child goals too."""
        found: dict[int, float] = {}
        waiting, seen = [(goal, 1.0)], {goal}
        while waiting:
            upper, part = waiting.pop()
            for child, share in self._children.get(upper, []):
                if self._expanded.snapshot.is_work[child]:
                    found[child] = found.get(child, 0.0) + part * share
                elif child not in seen:
                    seen.add(child)
                    waiting.append((child, part * share))
        return found

    def of_goal(self, goal: int) -> GoalExposure:
        """Return one goal's exposure."""
        expanded = self._expanded
        shares = {row: share for row, share in sorted(self._shares(goal).items()) if share > 0}
        sources = np.fromiter(shares, dtype=np.int32, count=len(shares))
        claimed = nearest_source(self._pointer, self._parts, sources)
        rows = np.flatnonzero((claimed >= 0) & self._counts)
        too_late = expanded.due[rows] > expanded.due[goal]
        rows = rows[~(too_late & (expanded.snapshot.items.kind[claimed[rows]] == OPERATION))]
        place = np.searchsorted(sources, claimed[rows])
        effort = expanded.durations.effort[rows]
        known = totals(place, effort, len(sources))
        effort = np.where(known[place] > 0, effort, 1.0)
        whole = totals(place, effort, len(sources))
        share = np.fromiter(shares.values(), dtype=np.float64, count=len(shares))
        weight = share[place] * np.divide(effort, whole[place])
        return self._exposed(goal, rows, weight)

    def _exposed(self, goal: int, rows: Any, weight: Floats) -> GoalExposure:
        items, waits = self._expanded.snapshot.items, self._waits[rows]
        total = float(weight.sum())
        return GoalExposure(
            key=items.key[goal],
            title=items.title[goal],
            value=float(self._expanded.goals.value[goal]),
            exposure=min(1.0, float(weight @ waits) / total) if total > 0 else None,
            leaves=len(rows),
            waiting=int(np.count_nonzero(waits)),
        )


def _waiting(expanded: Expanded) -> Flags:
    """Return which items wait for something open by BLOCKS, themselves or through a whole. Shape (n,)."""
    tied = expanded.waits.ties & with_role(expanded.snapshot, Role.WAITS)[expanded.all_arcs.origin]
    waits = Readiness.of(expanded).waits.copy()
    waits[expanded.item[expanded.all_arcs.head[tied]]] = True
    return waits


def _parts(expanded: Expanded) -> tuple[Pointers, Ints]:
    """Return the parts of each item, the open occurrences of operations among them."""
    edges, canon = expanded.snapshot.edges, expanded.canon
    pointer, parts = expanded.parts
    wholes = np.repeat(np.arange(len(expanded.snapshot)), np.diff(pointer))
    spawned = expanded.snapshot.edges_of("SPAWNED_FROM")
    spawned = spawned[edges.confidence[spawned] >= np.float32(expanded.snapshot.policy.min_confidence)]
    spawned = spawned[expanded.is_open[canon[edges.start[spawned]]]]
    tails = np.concatenate([wholes, canon[edges.end[spawned]]])
    heads = np.concatenate([parts, canon[edges.start[spawned]]])
    return rows_sorted(tails, heads, len(expanded.snapshot))
