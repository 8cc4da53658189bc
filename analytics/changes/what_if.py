"""What-if: what changes that nobody has made yet would do to goals, to what is critical, and to people's load."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.changes.changes import AddPeople, Change, Delay, Reassign, Rescope
from analytics.changes.overlay import overlay
from analytics.expansion.expanded import Expanded, canonical
from analytics.expansion.finishes import finish_day_of, finish_of
from analytics.expansion.identity import rows_in
from analytics.expansion.kernels import totals
from analytics.expansion.scope import Focus
from analytics.expansion.trees import target_row
from analytics.expansion.worth import chosen_goals
from analytics.forecasting.forecast import on_time_probabilities
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from analytics.scheduling.criticality import critical_work, work_leaves
from graph.snapshots.columns import Flags, Floats
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a goal stands: when it has enough (``finish``), when all of it is done (``full_finish``), and its delay.

    ``hours`` are working hours until ``finish``; days need ``today``. Everything is ``None`` for what can no longer be
    finished, and 0 hours for what is. ``on_time`` is the probability of being finished by the due date, where samples
    were asked for.
    """

    hours: float | None
    finish: date | None
    full_finish: date | None
    delay_days: int | None
    on_time: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"hours": self.hours, "finish": iso(self.finish), "fullFinish": iso(self.full_finish),
                "delayDays": self.delay_days, "onTime": self.on_time}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoalDifference:
    """One goal before and after; ``after`` is ``None`` where a change removed it.

    ``later_hours`` and ``later_days`` (working days) say how much later it is finished, negative if earlier. Items that
    enter and leave its critical set are open leaves of work.
    """

    goal: str
    goal_title: str
    due: date | None
    before: Outlook
    after: Outlook | None
    later_hours: float | None
    later_days: int | None
    entering: tuple[str, ...]
    leaving: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return self.before != self.after or bool(self.entering or self.leaving)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "goal": self.goal,
            "goalTitle": self.goal_title,
            "due": iso(self.due),
            "before": self.before.to_dict(),
            "after": None if self.after is None else self.after.to_dict(),
            "laterHours": self.later_hours,
            "laterDays": self.later_days,
            "entering": list(self.entering),
            "leaving": list(self.leaving),
        }


@dataclass(frozen=True, slots=True)
class LoadDifference:
    """Remaining hours of open work that a person or team is assigned to, before and after."""

    key: str
    title: str
    before_hours: float
    after_hours: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "beforeHours": self.before_hours, "afterHours": self.after_hours}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the changes do: to goals (most delayed first), and to the load of people; ``notes`` are warnings.

    ``unchanged`` counts goals that were looked at and stay as they are; they are listed only where they were named.
    """

    changes: tuple[str, ...]
    goals: tuple[GoalDifference, ...]
    unchanged: int
    load: tuple[LoadDifference, ...]
    notes: tuple[str, ...]
    completeness: Completeness

    def explain(self) -> Explanation:
        """Return how many goals move, and how the first does."""
        moved = [goal for goal in self.goals if goal.changed]
        facts: dict[str, Any] = {"changes": list(self.changes), "moved": len(moved), "unchanged": self.unchanged}
        made = f"With {counted(len(self.changes), 'change')}"
        if not moved:
            return self.completeness.explained(f"{made} no goal differs.", facts | {"changeCount": len(self.changes)})
        first = moved[0]
        facts |= {"changeCount": len(self.changes), "first": first.to_dict(), "shown": _shown(first)}
        verb = "differs" if len(moved) == 1 else "differ"
        return self.completeness.explained(
            f"{made} {counted(len(moved), 'goal')} {verb}; {first.goal} {_moves(first)}.", facts
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "changes": list(self.changes),
            "goals": [goal.to_dict() for goal in self.goals],
            "unchanged": self.unchanged,
            "load": [person.to_dict() for person in self.load],
            "notes": list(self.notes),
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per goal."""
        columns = ("goal", "due", "finishBefore", "finishAfter", "laterDays", "laterHours", "entering", "leaving")
        rows = (
            goal.to_dict()
            | {"finishBefore": goal.before.finish, "finishAfter": None if goal.after is None else goal.after.finish}
            for goal in self.goals
        )
        return table(rows, columns)


def _shown(goal: GoalDifference) -> list[str]:
    hours = [] if goal.later_hours is None else [amount(abs(goal.later_hours))]
    return hours if goal.later_days is None else [*hours, str(abs(goal.later_days))]


def _moves(goal: GoalDifference) -> str:
    if goal.after is None:
        return "is gone"
    if goal.later_hours is None:
        return "can no longer be finished" if goal.after.hours is None else "can be finished again"
    if not goal.later_hours:
        return "is finished at the same time along another path"
    side = "later" if goal.later_hours > 0 else "earlier"
    text = f"is finished {amount(abs(goal.later_hours))} working hours {side}"
    if goal.after.finish is not None:
        text += f", on {goal.after.finish.isoformat()}"
    if goal.after.delay_days is not None and goal.due is not None:
        days = goal.after.delay_days
        when = f"{counted(abs(days), 'working day')} {'after' if days > 0 else 'before'}" if days else "on"
        text += f", {when} its due date {goal.due.isoformat()}"
    return text


def what_if(
    snapshot: Snapshot,
    changes: Iterable[Change],
    goals: Iterable[Hashable] | None = None,
    *,
    samples: int = 0,
    seed: int = 0,
    scope: Hashable | None = None,
    today: date | None = None,
    hidden: Flags | None = None,
) -> WhatIf:
    """Return what changes would do, without making them.

    Parameters
    ----------
    snapshot
        n items and m edges; it is not touched.
    changes
        Applied one after the other: see ``analytics.changes.overlay``.
    goals
        Names or ids of goals or work, all of which are listed; by default all open goals, of which those that differ
        are listed, at most 256 being looked at, the most valuable ones.
    samples, seed
        How many samples to take for the probability of being on time, before and after with the same luck; by default
        none: see ``forecast``.
    scope
        Of the goals or work only what it holds or serves, and of the load only its people, are listed; see
        ``analytics.expansion.scope``.
    today
        First day of work. Without it there are only hours.
    hidden
        Items that the viewer may not see, shape (n,): they cannot be changed, are omitted and counted.

    Raises
    ------
    ChangeRefusedError
        A change cannot be made; the message says which and why.
    KeyError
        There is no such goal or scope.
    ValueError
        An item is neither work nor a goal.

    Notes
    -----
    O(n + m log m) a change and O(n + m) a goal. Resource-free: people matter through the shares that divide an item's
    remaining effort.

    """
    asked = tuple(changes)
    changed = overlay(snapshot, asked, today=today, hidden=hidden)
    before, after = Expanded.of(snapshot, today), Expanded.of(changed, today)
    named = None if goals is None else list(dict.fromkeys(target_row(before, name, hidden) for name in goals))
    rows, limited = chosen_goals(before, None, hidden) if named is None else (named, ())
    focus = Focus.of(before, scope, hidden)
    rows = [row for row in rows if focus.goals[row] or focus.items[row]]
    compared = _Compared(before, after, hidden)
    if samples:
        compared.sample(rows, samples, seed)
    found = [compared.goal(row) for row in rows]
    shown = found if named is not None else [goal for goal in found if goal.changed]
    shown.sort(key=lambda goal: (-(goal.later_hours if goal.later_hours is not None else np.inf), goal.goal))
    load = compared.load(focus.people)
    return WhatIf(
        changes=tuple(change.text for change in asked),
        goals=tuple(shown),
        unchanged=sum(not goal.changed for goal in found),
        load=load,
        notes=tuple(_notes(before, asked)),
        completeness=Completeness(snapshot.seq, limited, compared.unseen, before.self_references, focus.key),
    )


class _Compared:
    """Two expanded graphs, item by item; what is added later has no row in the first."""

    def __init__(self, before: Expanded, after: Expanded, hidden: Flags | None) -> None:
        self._before, self._after = before, after
        self._hidden = np.zeros(len(before.snapshot), dtype=np.bool_) if hidden is None else hidden
        self._new_row = rows_in(after.snapshot, before.snapshot)
        self._old_row = rows_in(before.snapshot, after.snapshot)
        self._unseen = np.zeros(len(before.snapshot), dtype=np.bool_)
        self._on_time: tuple[dict[int, float | None], dict[int, float | None]] = ({}, {})

    def sample(self, rows: Sequence[int], samples: int, seed: int) -> None:
        """Work out how probable it is that each of some items (rows before) is on time."""
        after = [new for row in rows if (new := int(self._new_row[row])) >= 0]
        self._on_time = (
            on_time_probabilities(self._before, rows, samples, seed),
            on_time_probabilities(self._after, after, samples, seed),
        )

    @property
    def unseen(self) -> int:
        """Number of items that were omitted because the viewer may not see them."""
        return int(np.count_nonzero(self._unseen))

    def goal(self, row: int) -> GoalDifference:
        """Return one goal before and after."""
        items, new = self._before.snapshot.items, int(self._new_row[row])
        first = replace(_outlook(self._before, row), on_time=self._on_time[0].get(row))
        last = None if new < 0 else replace(_outlook(self._after, new), on_time=self._on_time[1].get(new))
        was = np.flatnonzero(critical_work(self._before, row))
        now = np.flatnonzero(critical_work(self._after, new)) if new >= 0 else np.empty(0, dtype=np.intp)
        known = last is not None and first.hours is not None and last.hours is not None
        return GoalDifference(
            goal=items.key[row],
            goal_title=items.title[row],
            due=as_date(self._before.due[row]),
            before=first,
            after=last,
            later_hours=(last.hours or 0.0) - (first.hours or 0.0) if known and last is not None else None,
            later_days=self._days(first, last),
            entering=self._keys(self._after, now[~np.isin(self._old_row[now], was)]),
            leaving=self._keys(self._before, was[~np.isin(self._new_row[was], now)]),
        )

    def _days(self, first: Outlook, last: Outlook | None) -> int | None:
        if last is None or first.finish is None or last.finish is None:
            return None
        return self._before.calendar.days_after(first.finish, last.finish)

    def _keys(self, expanded: Expanded, rows: NDArray[np.intp]) -> tuple[str, ...]:
        """Return the keys of rows of one of the graphs, as far as the viewer may see them."""
        old = rows if expanded is self._before else self._old_row[rows]
        veiled = (old >= 0) & self._hidden[np.maximum(old, 0)] if len(self._hidden) else old >= 0
        self._unseen[old[veiled]] = True
        return tuple(expanded.snapshot.items.key[row] for row in rows[~veiled].tolist())

    def load(self, people: Flags) -> tuple[LoadDifference, ...]:
        """Return those of the ``people`` (shape (n,)) whose load differs, the most changed first."""
        before, items = _load(self._before), self._before.snapshot.items
        after = np.append(_load(self._after), 0.0)[self._new_row]  # nobody is added; who is gone has nothing to do
        rows = np.flatnonzero((np.abs(after - before) > 1e-9) & people)
        self._unseen[rows[self._hidden[rows]]] = True
        found = [
            LoadDifference(items.key[row], items.title[row], float(before[row]), float(after[row]))
            for row in rows[~self._hidden[rows]].tolist()
        ]
        return tuple(sorted(found, key=lambda one: (-abs(one.after_hours - one.before_hours), one.key)))


def _outlook(expanded: Expanded, row: int) -> Outlook:
    hours, due = finish_of(expanded, row), as_date(expanded.due[row])
    finish, full = finish_day_of(expanded, row), finish_day_of(expanded, row, full=True)
    if not np.isfinite(hours):
        return Outlook(None, None, full, None)
    if finish is None or not expanded.is_open[row]:
        return Outlook(hours, None, None, None)
    late = None if due is None else expanded.calendar.days_after(due, finish)
    return Outlook(hours, finish, full, late)


def _load(expanded: Expanded) -> Floats:
    """Return the remaining hours of open work that each person or team is assigned to, split by share. Shape (n,)."""
    snapshot, edges = expanded.snapshot, expanded.snapshot.edges
    places = snapshot.edges_of("ASSIGNED_TO")
    row, who = expanded.canon[edges.start[places]], edges.end[places]
    share = np.nan_to_num(edges.share[places].astype(np.float64), nan=1.0)
    whole = totals(row, share, len(snapshot))[row]
    work = np.where(work_leaves(expanded), expanded.durations.remaining, 0.0)[row]
    return totals(who, np.divide(work * share, whole, out=np.zeros(len(share)), where=whole > 0), len(snapshot))


def _notes(expanded: Expanded, changes: Sequence[Change]) -> Iterator[str]:
    """Say where a change has less effect than its author may expect."""
    snapshot = expanded.snapshot
    for change in changes:
        if not isinstance(change, Delay | AddPeople | Reassign | Rescope):
            continue
        row = _row(snapshot, change.item)
        given = np.nan if row is None else float(snapshot.items.duration[row])
        if isinstance(change, Delay):
            if row is not None and expanded.is_cycle[expanded.unit[expanded.gate[row]]]:
                yield f"{change.item} is in a cycle, in which delays do not count: cut the cycle first"
        elif np.isfinite(given) and not (isinstance(change, Rescope) and change.duration is not None):
            yield f"{change.item} keeps its given duration of {amount(given)} h, whatever its effort and its people"


def _row(snapshot: Snapshot, name: Hashable) -> int | None:
    try:
        return int(canonical(snapshot)[snapshot.row(name)])
    except KeyError:  # an earlier change adds it
        return None
