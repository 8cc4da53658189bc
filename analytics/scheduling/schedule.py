"""The resource-aware schedule: when work can be done by those who are to do it, one thing after the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.clock import Clock, network_of, passing
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.moments import Table, all_hours, hours_at
from analytics.expansion.passes import Network, Work, arrivals
from analytics.expansion.scope import Focus
from analytics.expansion.timing import NO_TARGET, ends_of, timing
from analytics.expansion.trees import target_row
from analytics.expansion.waits import has_started
from analytics.expansion.worth import unit_worth
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from analytics.scheduling.generation import generate
from analytics.scheduling.priorities import Measures, ranked
from analytics.scheduling.project import endless
from analytics.scheduling.resources import Resources
from graph.snapshots.columns import Days, Flags, Floats, Ints
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ScheduledItem:
    """When one item is done, and by whom.

    ``start`` and ``finish`` are working hours in the workspace's calendar from this morning on, the days ``None``
    without ``today``. ``people`` are the keys of those whose time it takes. ``held_by`` says what it starts after:
    PERSON (``after`` is the item that had ``person`` until then), PREDECESSOR, START_DATE, or ``None``: it starts at
    once. ``delay`` is by how many hours it starts later than if everybody were free.
    """

    key: str
    title: str
    kind: str
    start: float
    finish: float
    start_date: date | None
    finish_date: date | None
    people: tuple[str, ...]
    held_by: str | None
    after: str | None
    person: str | None
    delay: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "start": self.start,
            "finish": self.finish,
            "startDate": iso(self.start_date),
            "finishDate": iso(self.finish_date),
            "people": list(self.people),
            "heldBy": self.held_by,
            "after": self.after,
            "person": self.person,
            "delay": self.delay,
        }


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule that respects people; ``items`` lead to the target, by start and key.

    ``length`` is the working hours from this morning to the target's finish, ``finish`` its day, ``unconstrained`` the
    length of the critical path: what it would be if everybody were free. ``rule`` is the priority rule. ``total``
    counts what leads to the target, ``waiting`` what of it starts when somebody gets free.
    """

    target: str | None
    target_title: str
    rule: str
    length: float
    unconstrained: float
    start: date | None
    finish: date | None
    total: int
    waiting: int
    items: tuple[ScheduledItem, ...]
    completeness: Completeness

    def first(self, count: int) -> Schedule:
        """Return the same with its first items only."""
        return replace(self, items=self.items[:count])

    def __iter__(self) -> Iterator[ScheduledItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def explain(self) -> Explanation:
        """Return the length, how much of it is for want of people, and a sentence that quotes only that."""
        facts: dict[str, Any] = {
            "target": self.target,
            "lengthHours": self.length,
            "unconstrainedHours": self.unconstrained,
            "extraHours": self.length - self.unconstrained,
            "finish": iso(self.finish),
            "rule": self.rule,
            "items": self.total,
            "waitForPeople": self.waiting,
        }
        name = self.target or "everything"
        if not self.total:
            return self.completeness.explained(f"Nothing open leads to {name}.", facts)
        text = f"{name[0].upper()}{name[1:]} takes {amount(self.length)} working hours"
        text += f", until {iso(self.finish)}" if self.finish else ""
        extra = self.length - self.unconstrained
        text += f": {amount(extra)} h more than" if extra > 1e-6 else ", as soon as"
        text += (
            f" if everybody were free; {self.waiting} of {counted(self.total, 'item')} start when somebody gets free"
        )
        return self.completeness.explained(f"{text}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "target": self.target,
            "targetTitle": self.target_title,
            "rule": self.rule,
            "lengthHours": self.length,
            "unconstrainedHours": self.unconstrained,
            "start": iso(self.start),
            "finish": iso(self.finish),
            "items": [one.to_dict() for one in self.items],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item."""
        return table((asdict(one) for one in self.items), tuple(one.name for one in fields(ScheduledItem)))


def schedule(
    snapshot: Snapshot,
    target: Hashable | None = None,
    *,
    rule: str = "latestStart",
    scope: Hashable | None = None,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Schedule:
    """Return a schedule of all open work in which nobody gives more than all of their time.

    Serial generation: of what can be scheduled, what has started comes first, then what ``rule`` prefers for the
    target, then what more goal value waits for, then the lower row; it starts as soon as its waits, its calendar and
    the people assigned to it allow, and is not interrupted. Work that does not lead to the target comes after what
    does, and is part of the schedule because it takes people's time; only what leads there is listed.

    Parameters
    ----------
    snapshot
        n items and m edges.
    target
        Name or id of a Work or Goal; by default everything open is to be finished.
    rule
        ``latestStart``, ``latestFinish``, ``leastFloat``, ``shortest``, ``mostSuccessors`` or ``positionalWeight``.
    scope
        Only items of it are listed and counted; everybody's time goes to all work as without it; see
        ``analytics.expansion.scope``.
    today
        First day of work. Without it times are hours only, and planned starts and calendars do not count.
    hidden
        Items that the viewer may not see, shape (n,): they are omitted and counted, and not named.

    Raises
    ------
    KeyError
        There is no such item, or the viewer may not see it.
    ValueError
        The target is neither Work nor Goal, or there is no such rule.

    Notes
    -----
    O(n log n + m + Σ k²) for people with k items each. A heuristic: no shorter than the critical path, and no item
    could start sooner while the others stay, but the order may not be the best. Kolisch, Serial and parallel
    resource-constrained project scheduling methods revisited, 1996.

    """
    expanded = Expanded.of(snapshot, today)
    row = None if target is None else target_row(expanded, target, hidden)
    at = NO_TARGET if row is None else int(expanded.unit[expanded.finish[row]])
    focus = Focus.of(expanded, scope, hidden)
    run = _Run(expanded, at, rule)
    closed = row is not None and not expanded.is_open[row]
    rows = np.empty(0, dtype=np.intp) if closed else run.leading()
    listed = rows[focus.items[rows]]
    seen = listed if hidden is None else listed[~hidden[listed]]
    items = run.items(seen.tolist(), hidden)
    ends = run.ends[ends_of(expanded, at)] if len(rows) else np.zeros(1)
    length = float(run.hours(np.array([ends.max(initial=0.0)]))[0])
    return Schedule(
        target=None if row is None else snapshot.items.key[row],
        target_title="" if row is None else snapshot.items.title[row],
        rule=rule,
        length=length,
        unconstrained=0.0 if closed else timing(expanded, at).length,
        start=today,
        finish=run.last_day(at) if len(rows) else None,
        total=len(items),
        waiting=sum(one.held_by == "PERSON" for one in items),
        items=tuple(items),
        completeness=Completeness(snapshot.seq, (), len(listed) - len(seen), expanded.self_references, focus.key),
    )


class _Run:
    """One run of the serial generation over an expanded graph."""

    def __init__(self, expanded: Expanded, target: int, rule: str) -> None:
        self.expanded = expanded
        self._times = timing(expanded, target)
        self._clock = None if expanded.today is None else Clock(expanded, expanded.today)
        self.network: Network = network_of(expanded)
        self.work: Work = _plain_work(expanded) if self._clock is None else self._clock.work
        self.rulers: Table = endless() if self._clock is None else self._clock.rulers
        self.resources = Resources.of(expanded)
        self.starts, self.ends, self.held = generate(
            self.network, self.work, self.resources.demand, self._ranks(rule), expanded.arcs.child,
            expanded.arc_share, expanded.need, self.rulers,
        )  # fmt: skip

    def _ranks(self, rule: str) -> Ints:
        expanded, times = self.expanded, self._times
        late = np.where(times.reaches, times.late_starts, np.inf)
        early = np.where(times.reaches, times.starts, 0.0)
        begun = np.zeros(len(late), dtype=np.bool_)
        begun[expanded.unit[has_started(expanded.snapshot)[expanded.item]]] = True
        measures = Measures(expanded.pointer, expanded.heads, expanded.hours, early, late)
        by_rule = ranked(rule, measures, -unit_worth(expanded))
        order = np.lexsort((by_rule, ~begun))
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return rank

    def hours(self, moments: Floats) -> Floats:
        """Return moments as hours in the workspace's calendar."""
        return all_hours(self.rulers, 0, moments)

    def last_day(self, target: int) -> date | None:
        """Return the day on which the target is finished; of everything, the last day."""
        if self._clock is None:
            return None
        days = self._clock.end_days(self.ends)[ends_of(self.expanded, target)]
        return as_date(np.fmax.reduce(days))

    def leading(self) -> NDArray[np.intp]:
        """Return the rows of the leaves that lead to the target, ascending."""
        expanded, kind = self.expanded, self.expanded.snapshot.items.kind
        listed = (expanded.finish >= 0) & expanded.is_open & ~expanded.is_container & (kind != OPERATION)
        rows = np.flatnonzero(listed)
        return rows[self._times.reaches[expanded.unit[expanded.finish[rows]]]]

    def items(self, rows: Sequence[int], hidden: Flags | None) -> list[ScheduledItem]:
        """Return leaves (rows) by start and key."""
        expanded, times = self.expanded, self._times
        started, ended = np.round(self.hours(self.starts), 6), np.round(self.hours(self.ends), 6)
        first, last = self._days()
        reasons = _Reasons(self, hidden)
        made = []
        for row in rows:
            unit = int(expanded.unit[expanded.finish[row]])
            held_by, after, person = reasons.of(unit)
            made.append(
                ScheduledItem(
                    key=expanded.snapshot.items.key[row],
                    title=expanded.snapshot.items.title[row],
                    kind=expanded.snapshot.label(row),
                    start=float(started[unit]),
                    finish=float(ended[unit]),
                    start_date=as_date(first[unit]),
                    finish_date=as_date(last[unit]),
                    people=reasons.people(unit),
                    held_by=held_by,
                    after=after,
                    person=person,
                    delay=max(round(float(started[unit] - times.starts[unit]), 6), 0.0),
                )
            )
        return sorted(made, key=lambda one: (one.start, one.finish, one.key))

    def _days(self) -> tuple[Days, Days]:
        if self._clock is None:
            none = np.full(len(self.starts), np.datetime64("NaT", "D"))
            return none, none
        return self._clock.begin_days(self.starts), self._clock.end_days(self.ends)


def _plain_work(expanded: Expanded) -> Work:
    calendar = np.zeros(len(expanded.hours), dtype=np.int32)
    return Work(expanded.hours, calendar, expanded.start_lag, expanded.end_lag, passing(expanded))


class _Reasons:
    """What each unit of a run starts after."""

    def __init__(self, run: _Run, hidden: Flags | None) -> None:
        self._run, self._hidden = run, hidden
        self.expanded = run.expanded
        self._arrivals = arrivals(run.network, run.work, run.starts, run.ends, run.rulers)
        demand = run.resources.demand
        unit = np.repeat(np.arange(len(run.ends)), np.diff(demand.start))
        order = np.lexsort((run.ends[unit], demand.resource))
        self._unit, self._until = unit[order], run.ends[unit][order]
        self._first = np.searchsorted(demand.resource[order], np.arange(len(demand.capacity) + 1))

    def people(self, unit: int) -> tuple[str, ...]:
        """Return the keys of those whose time a unit takes."""
        demand = self._run.resources.demand
        places = range(int(demand.start[unit]), int(demand.start[unit + 1]))
        rows = [int(self._run.resources.rows[demand.resource[place]]) for place in places]
        return tuple(self._name(row) for row in rows)

    def of(self, unit: int) -> tuple[str | None, str | None, str | None]:
        """Return what a unit starts after: the reason, the key of the item, and the key of the person."""
        run, expanded = self._run, self.expanded
        resource = int(run.held[unit])
        if resource >= 0:
            other = self._last_of(resource, unit)
            person = self._name(int(run.resources.rows[resource]))
            return "PERSON", None if other is None else self._unit_name(other), person
        pointer, into = expanded.into
        entering = into[pointer[unit] : pointer[unit + 1]]
        if len(entering) and run.starts[unit] > 0:
            last = float(self._arrivals[entering].max())
            one = int(run.work.calendar[unit])
            # It may have been let start when its calendar had no hours, and start when it has.
            idle = hours_at(run.rulers, one, float(run.starts[unit])) - hours_at(run.rulers, one, last)
            if last > 0 and idle < 1e-5:
                driving = entering[self._arrivals[entering] >= last - 1e-6]
                return "PREDECESSOR", self._unit_name(int(expanded.tails[driving.min()])), None
        planned = not np.isnat(expanded.planned_days[unit])
        return ("START_DATE" if planned and run.starts[unit] > 0 else None), None, None

    def _last_of(self, resource: int, unit: int) -> int | None:
        """Return the last unit that a resource was busy with before this one starts."""
        low, high = self._first[resource], self._first[resource + 1]
        place = low + int(np.searchsorted(self._until[low:high], self._run.starts[unit] + 1e-6, side="right")) - 1
        return int(self._unit[place]) if place >= low else None

    def _unit_name(self, unit: int) -> str:
        return self._name(int(self.expanded.members(unit)[0]))

    def _name(self, row: int) -> str:
        snapshot = self.expanded.snapshot
        if self._hidden is not None and self._hidden[row]:
            return f"hidden {snapshot.label(row)}"
        return str(snapshot.items.key[row])
