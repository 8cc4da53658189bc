"""Fills computed fields: one batch for all items that a root field read, from the operation's snapshot.

The rows are read first and the snapshot after them, so that it holds what they hold; an item that went away in between,
or that was written after an earlier root field had asked for the snapshot, has no computed values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from analytics.chains.positions import Position, goal_threats, positions, states
from graph.snapshots.columns import Flags
from graph.snapshots.patching import rows_of
from graph.snapshots.snapshot import Snapshot
from resolvers.analyses.publishing import computed
from resolvers.arguments import Bound
from resolvers.computed import DaysToGoal, HoursToGoal
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.plans import Plan
from resolvers.projection import Computed, Connection, Edges, Field, Items, Nested, Node, Nodes

MAX_GOALS: Final = 20
"""Different goals that one root field may name: each takes passes over the whole graph."""

Values = Mapping[str, Any]
"""A computed field's values by the ids of the items."""


async def filled(
    context: Context, plan: Plan, variables: Mapping[str, Any], rows: Any, lists: Sequence[Bound]
) -> Sequence[Values]:
    """Return the values of a plan's computed fields, by their numbers, for the rows that it read.

    Raises:
        RefusedError: A goal is not there, or too many are named.
        StoreError: The snapshot could not be read.

    """
    if not plan.computed:
        return ()
    ids: list[dict[str, None]] = [{} for _ in plan.computed]
    for number, item in _asked(plan.content, rows, lists):
        ids[number][item] = None
    goals = [None if one.arguments is None else one.arguments.values(variables).get("goal") for one in plan.computed]
    if len(set(goals) - {None}) > MAX_GOALS:
        raise RefusedError("TOO_COMPLEX", f"computed fields may name at most {MAX_GOALS} goals: ask in two parts")
    pinned = await context.pinned()
    batch = _Batch(pinned.snapshot, context.today(), context.viewer.hidden(pinned.snapshot), pinned.age(context.now()))
    asked = [(one.name, goal, list(own)) for one, goal, own in zip(plan.computed, goals, ids, strict=True)]
    return await computed(lambda: [batch.values(*one) for one in asked])


def _asked(content: Connection | Items, rows: Any, lists: Sequence[Bound]) -> Iterator[tuple[int, str]]:
    """Yield the number of each computed field and the id of each item that it is asked of."""
    if isinstance(content, Connection):
        if not content.rows:
            return
        shown = (rows[0] if content.total else rows)[: lists[content.number].limit]
        for part in content.parts:
            if isinstance(part, Nodes):
                yield from _asked(part.items, shown, lists)
            elif isinstance(part, Edges):
                for one in part.fields:
                    if isinstance(one, Node):
                        yield from _asked(one.items, shown, lists)
        return
    some = next(iter(content.shapes.values()))
    for row in rows:
        if row is not None:
            yield from _asked_of(row, content.shapes.get(row[content.place], ()) if content.place else some, lists)


def _asked_of(row: Sequence[Any], shape: Sequence[Field], lists: Sequence[Bound]) -> Iterator[tuple[int, str]]:
    for one in shape:
        if isinstance(one, Computed):
            yield one.number, row[0]
        elif isinstance(one, Nested):
            yield from _asked(one.connection, row[one.place], lists)


class _Batch:
    """Works out fields for items given by id; what several fields share is worked out once."""

    def __init__(self, snapshot: Snapshot, today: date, hidden: Flags | None, age: float) -> None:
        self._snapshot = snapshot
        self._today = today
        self._hidden = hidden
        self._age = age
        self._positions: dict[tuple[Any, tuple[int, ...], bool], Sequence[Position | None]] = {}

    def values(self, name: str, goal: str | None, ids: Sequence[str]) -> Values:
        """Return a field's values; items that the snapshot does not hold have none."""
        if name == "snapshotSeq":
            return dict.fromkeys(ids, self._snapshot.seq)
        if name == "snapshotAge":
            return dict.fromkeys(ids, self._age)
        hidden = self._hidden
        rows = {item: row for item, row in rows_of(self._snapshot, ids).items() if row >= 0}
        known = rows if hidden is None else {item: row for item, row in rows.items() if not hidden[row]}
        return dict(zip(known, self._found(name, goal, tuple(known.values())), strict=True))

    def _found(self, name: str, goal: str | None, rows: tuple[int, ...]) -> Sequence[Any]:
        if name in _STATES:
            return [_STATES[name](one) for one in states(self._snapshot, rows, today=self._today)]
        if name == "threatens":
            return goal_threats(self._snapshot, rows, today=self._today, hidden=self._hidden)
        drag = name == "drag"
        if (goal, rows, True) in self._positions:
            drag = True
        if (goal, rows, drag) not in self._positions:
            self._positions[goal, rows, drag] = positions(
                self._snapshot, rows, goal, drag=drag, today=self._today, hidden=self._hidden
            )
        return [None if one is None else _shown(name, one) for one in self._positions[goal, rows, drag]]


_STATES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "isReady": lambda state: state.ready,
    "readyFrom": lambda state: None if state.ready_from is None else state.ready_from.isoformat(),
    "isBlocked": lambda state: state.blocked,
    "cannotFinishYet": lambda state: state.cannot_finish_yet,
}


def _shown(name: str, position: Position) -> HoursToGoal | DaysToGoal | None:
    if name == "dueSlack":
        due = None if position.due is None else position.due.isoformat()
        return DaysToGoal(goal=position.goal, goal_title=position.goal_title, due=due, days=position.slack_days)
    hours = position.drag if name == "drag" else position.total_float
    return None if hours is None else HoursToGoal(goal=position.goal, goal_title=position.goal_title, hours=hours)
