"""Positions: how single items stand today, for pages of a list, each figure as the analysis gives it that has it.

Items are rows of the snapshot, in any number: what is asked of a page costs a few passes over the graph, not one an
item. Figures of a duplicate towards a goal are those of the item that it duplicates.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from analytics.chains.threats import threatened
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import UNREACHED, spread
from analytics.expansion.readiness import Readiness, ready_from
from analytics.expansion.timing import timing
from analytics.expansion.trees import ChainTree, target_row
from analytics.expansion.worth import chosen_goals
from analytics.results import as_date
from analytics.scheduling.critical_items import by_item
from analytics.scheduling.drag import drags
from graph.snapshots.columns import Flags, Floats, Ints
from graph.snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class State:
    """Whether an item can start, and what keeps it.

    ``ready``: as in ``ready_queue``, ``ready_from`` the day from which it can start where only a day is awaited.
    ``blocked``: it is open, and it or a whole of it waits for something open to finish or start, whatever its status.
    ``cannot_finish_yet``: it is open, and a finish-finish or start-finish wait or an active issue ties its end.
    """

    ready: bool
    ready_from: date | None
    blocked: bool
    cannot_finish_yet: bool


@dataclass(frozen=True, slots=True)
class GoalThreat:
    """A goal that an item threatens, what it is worth, and the reasons (``threatened.BIT``)."""

    goal: str
    goal_title: str
    value: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where an item stands towards a goal.

    ``total_float`` and ``drag`` are working hours, as ``critical_path`` gives them; ``None`` where the goal has enough
    without the item, and for a drag that was not asked for or that a limit was reached for. ``slack_days`` are the
    working days that are left if from today on it and what follows it are done one after the other, everybody working
    in their own calendar: minus the ``delay_days`` of its blocking chain, where it begins one. ``None`` where the goal
    has no due date, or is not late when the item is.
    """

    goal: str
    goal_title: str
    due: date | None
    total_float: float | None
    drag: float | None
    slack_days: int | None


def states(snapshot: Snapshot, rows: Sequence[int], *, today: date | None = None) -> tuple[State, ...]:
    """Return whether items can start, and what keeps them. O(k) for k items, after O(n + m) once a snapshot and day."""
    expanded = Expanded.of(snapshot, today)
    readiness = Readiness.of(expanded)
    return tuple(
        State(
            ready=bool(readiness.ready[row]),
            ready_from=ready_from(expanded, row),
            blocked=bool(readiness.waits[row] and expanded.is_open[row]),
            cannot_finish_yet=bool(readiness.tied[row] and expanded.is_open[row]),
        )
        for row in rows
    )


def goal_threats(
    snapshot: Snapshot, rows: Sequence[int], *, today: date | None = None, hidden: Flags | None = None
) -> tuple[tuple[GoalThreat, ...], ...]:
    """Return the goals that items threaten, the most valuable first, as ``risks`` of all goals finds them.

    Hidden goals (shape (n,)) are left out. O(g (n + m)) for the g goals that the items lead to, at most 256.
    """
    expanded = Expanded.of(snapshot, today)
    among = np.zeros(len(snapshot), dtype=np.bool_)
    among[list(rows)] = True
    found = threatened(expanded, _goals_after(expanded, np.array(rows, dtype=np.int32), hidden), among)
    keys, titles = snapshot.items.key, snapshot.items.title
    return tuple(
        tuple(
            GoalThreat(keys[goal], titles[goal], float(expanded.goals.value[goal]), reasons)
            for goal, reasons in found.get(row, {}).items()
        )
        for row in rows
    )


def positions(
    snapshot: Snapshot,
    rows: Sequence[int],
    goal: Hashable | None = None,
    *,
    drag: bool = True,
    today: date | None = None,
    hidden: Flags | None = None,
) -> tuple[Position | None, ...]:
    """Return where items stand towards a goal; ``None`` for what does not lead to it, is closed, or never finishes.

    Parameters
    ----------
    snapshot
        n items and m edges.
    rows
        The items, as rows.
    goal
        Name or id of a goal, or of any work. By default each item's own: of the open goals that it leads to, that which
        it delays most (``slack_days`` is least), those without a delay last; of equals that to which it has the longest
        way, then the most valuable one.
    drag
        Whether drag is worked out.
    today
        Without it there is no slack.
    hidden
        Items that the viewer may not see, shape (n,): they are no goals.

    Raises
    ------
    KeyError
        There is no such goal, or it is hidden.
    ValueError
        It is neither Work nor Goal.

    Notes
    -----
    O(g (n + m)) for the g goals that the items lead to, at most the 256 most valuable ones; O(n + m) for a given goal.

    """
    expanded = Expanded.of(snapshot, today)
    towards = _Towards(expanded, expanded.canon[np.array(rows, dtype=np.int32)])
    if goal is None:
        candidates = _goals_after(expanded, towards.rows, hidden)
    else:
        target = target_row(expanded, goal, hidden)
        candidates = [target] if expanded.is_open[target] else []
    for tree in ChainTree.each(expanded, candidates):
        towards.consider(tree, itself=goal is not None)
    return towards.positions(drag=drag)


def _goals_after(expanded: Expanded, rows: Ints, hidden: Flags | None) -> list[int]:
    """Return the open goals to which any of some items leads, the most valuable first. O(n + m)."""
    rows = expanded.canon[rows]
    rows = rows[expanded.gate[rows] >= 0]
    seeds = np.zeros(len(expanded.hours), dtype=np.bool_)
    seeds[expanded.unit[expanded.gate[rows]]] = seeds[expanded.unit[expanded.finish[rows]]] = True
    reached = spread(expanded.pointer, expanded.heads, seeds)
    goals, _ = chosen_goals(expanded, None, hidden)
    return [goal for goal in goals if reached[expanded.unit[expanded.finish[goal]]]]


class _Towards:
    """Finds for each of some items (rows at which their edges are read) the goal that it delays most."""

    def __init__(self, expanded: Expanded, rows: Ints) -> None:
        self._expanded = expanded
        self.rows = rows
        operation = expanded.snapshot.items.kind[rows] == OPERATION
        self._counts = (expanded.gate[rows] >= 0) & expanded.is_open[rows] & ~operation
        self._gate = expanded.unit[np.where(self._counts, expanded.gate[rows], 0)] if len(expanded.unit) else rows
        self._finish = expanded.unit[np.where(self._counts, expanded.finish[rows], 0)] if len(expanded.unit) else rows
        self._goal = np.full(len(rows), -1, dtype=np.int64)
        self._delay = np.full(len(rows), -np.inf)
        self._length = np.full(len(rows), -np.inf)

    def consider(self, tree: ChainTree, *, itself: bool) -> None:
        """Take a goal for the items that it suits better than those before; for the goal itself only if ``itself``."""
        goal = tree.row
        length = np.maximum(tree.distance[self._gate], tree.distance[self._finish])
        at = np.where(tree.distance[self._gate] > tree.distance[self._finish], self._gate, self._finish)
        leads = self._counts & (length > UNREACHED) & ((self.rows != goal) | itself)
        delay = np.full(len(at), -np.inf)
        late = np.flatnonzero(leads & tree.delays[at])
        delay[late] = _delays(tree, at[late])
        better = leads & ((delay > self._delay) | ((delay == self._delay) & (length > self._length)))
        self._goal[better] = goal
        self._delay[better], self._length[better] = delay[better], length[better]

    def positions(self, *, drag: bool) -> tuple[Position | None, ...]:
        """Return each item's position towards the goal that was found for it."""
        total, dragged = np.full(len(self.rows), np.nan), np.full(len(self.rows), np.nan)
        for goal in np.unique(self._goal[self._goal >= 0]).tolist():
            chosen = np.flatnonzero(self._goal == goal)
            total[chosen], dragged[chosen] = self._figures(goal, self.rows[chosen], drag=drag)
        return tuple(
            self._position(goal, float(total[place]), float(dragged[place]), float(self._delay[place]))
            for place, goal in enumerate(self._goal.tolist())
        )

    def _figures(self, goal: int, rows: Ints, *, drag: bool) -> tuple[Floats, Floats]:
        expanded = self._expanded
        times = timing(expanded, int(expanded.unit[expanded.finish[goal]]))
        unit, critical, total = by_item(expanded, times)
        dragged = np.where(unit[rows] >= 0, 0.0, np.nan) if drag else np.full(len(rows), np.nan)
        if drag and critical[rows].any():
            found, _ = drags(expanded, times)
            dragged = np.where(critical[rows], found[np.maximum(unit[rows], 0)], dragged)
        return total[rows], dragged

    def _position(self, goal: int, total: float, drag: float, delay: float) -> Position | None:
        if goal < 0:
            return None
        items = self._expanded.snapshot.items
        return Position(
            goal=items.key[goal],
            goal_title=items.title[goal],
            due=as_date(self._expanded.due[goal]),
            total_float=None if np.isnan(total) else total,
            drag=None if np.isnan(drag) else drag,
            slack_days=-round(delay) if np.isfinite(delay) else None,
        )


def _delays(tree: ChainTree, units: Ints) -> Floats:
    """Return the working days from the target's due date to the end of each unit's walk; -inf without a due date."""
    expanded, due = tree.expanded, as_date(tree.expanded.due[tree.row])
    if expanded.today is None or due is None:
        return np.full(len(units), -np.inf)
    return expanded.calendar.days_from(due, tree.finish_days(units))
