"""A cascade: which stored dates have to move when some are changed, and what becomes late by that."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np

from analytics.expansion.clock import network_of
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.moments import earliest, hours_at, worked
from analytics.expansion.passes import TOLERANCE, Network
from analytics.results import Completeness, as_date
from analytics.scheduling.cascade_dates import Dates
from analytics.scheduling.cascade_passes import EARLIEST, FOLLOWS, MOVES, STAYS, Positions, positions
from analytics.scheduling.cascade_paths import Walk
from analytics.scheduling.rescheduled import Cascade, LateDate, Moved, Place, Redate, Stuck
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

_FURTHEST: Final = 3650
"""Days in which the latest place of an item is looked for."""


def reschedule(
    snapshot: Snapshot,
    changes: Sequence[Redate],
    *,
    today: date,
    keep: Collection[Hashable] = (),
    hidden: Flags | None = None,
) -> Cascade:
    """Return which stored dates would have to move if some were changed, by how much and along which path.

    A cascade moves the stored ``start`` and ``due`` of open work only as far as waits force it to. Due dates of goals
    and of wholes are promises: they stay, and are reported where planned work ends after them.

    - An item with both dates begins in the morning of its start and ends in the evening of its due date; what its
      calendar has between them is its working time. With one date the other end follows from its duration. What has no
      dates, and wholes, come as soon as they can and pass on what they wait for; parts inherit it.
    - Waits of all types hold as in ``critical_path``: lags in the workspace's hours, work in its own calendar. A date
      contradicts a wait when its day is too early; the hour inside a day does not matter.
    - **No wait may be contradicted by more than it was before.** What a plan contradicts already is a conflict of its
      own (``conflicts``), so that changing nothing moves nothing.
    - Dates move later only, each to the first day that its waits allow, and keep their working time. What has started
      keeps its start: its remaining hours come after what it waits for.

    Parameters
    ----------
    snapshot
        n items and m edges.
    changes
        New dates of open work, each item once.
    today
        The day before which undated work is not done. Overdue dates count as they are stored.
    keep
        Names of items whose dates stay. They are reported as stuck where they would have to move, as are closed items,
        members of cycles, and the changed items themselves.
    hidden
        Items that the viewer may not see, shape (n,): they do not move, and are counted where they would have to.

    Raises
    ------
    KeyError
        There is no such item, or the viewer may not see it.
    ValueError
        An item is no open work, comes twice, or its new dates contradict each other; or nothing limits a latest place.

    Notes
    -----
    Two forward passes over the expanded graph, O((n + m) log e) for e days off, and a dozen more for each latest place.
    Of a goal's children those count without which it would be late. Minimal: each moved date is the first that is not
    forbidden, and its path says what forbids the day before.

    """
    planner = _Planner(snapshot, today, hidden)
    rows = [planner.asked(one) for one in changes]
    if len(set(rows)) < len(rows):
        raise ValueError("give an item new dates once")
    planner.keep(planner.known(name) for name in keep)
    for row, one in zip(rows, changes, strict=True):
        planner.place(row, one)
    return planner.answer({row: one.duration for row, one in zip(rows, changes, strict=True)})


class _Planner:
    """The plan before and after, by unit."""

    def __init__(self, snapshot: Snapshot, today: date, hidden: Flags | None) -> None:
        self._snapshot = snapshot
        self._expanded = Expanded.of(snapshot, today)
        self._hidden = np.zeros(len(snapshot), dtype=np.bool_) if hidden is None else hidden
        self._network: Network = network_of(self._expanded)._replace(active=self._expanded.arc_delays)
        self._dates = Dates(self._expanded, today)
        self._promises = self._dates.promises()
        self._before = self._dates.dated(self._hidden)
        self._allowed = np.zeros(len(self._network.heads))
        self._old = positions(self._network, self._before, self._allowed, True, self._dates.rulers)
        copied = {name: getattr(self._before, name).copy() for name in ("begin", "end", "hours", "role")}
        self._after = self._before._replace(**copied)
        self._kept: set[int] = set()

    # What is asked ----------------------------------------------------------------------------------------------

    def known(self, name: Hashable) -> int:
        """Return the row of an item that the viewer may see."""
        row = self._snapshot.row(name)
        if self._hidden[row]:
            raise KeyError(f"there is no item {name!r}")
        return int(self._expanded.canon[row])

    def asked(self, one: Redate) -> int:
        """Return the row of an item that may get new dates."""
        row, given = self.known(one.item), (one.start, one.due, one.duration)
        snapshot, key = self._snapshot, self._snapshot.items.key[self.known(one.item)]
        if not snapshot.is_work[row] or not snapshot.is_open[row] or snapshot.items.kind[row] == OPERATION:
            raise ValueError(f"{key} is no open work: only that has dates to move")
        if self._expanded.is_cycle[self._dates.unit(row)]:
            raise ValueError(f"{key} is in a cycle of waits: cut it first")
        count = sum(value is not None for value in given)
        if (one.place is None) == (count == 0) or count == 3:
            raise ValueError(f"{key}: give one or two of start, due date and duration, or a place instead")
        if one.start is not None and one.due is not None and one.start > one.due:
            raise ValueError(f"{key}: the start {one.start} comes after the due date {one.due}")
        if one.duration is not None and not 0 <= one.duration < 1e6:
            raise ValueError(f"{key}: a duration is a number of working hours from 0 up")
        if self._expanded.is_container[row] and (one.place is not None or one.duration is not None):
            raise ValueError(f"{key} has parts: give it a start or a due date")
        return row

    def keep(self, rows: Iterable[int]) -> None:
        """Let the dates of items stand."""
        for row in rows:
            self._kept.add(row)
            if self._expanded.gate[row] >= 0 and self._after.role[self._dates.unit(row)] == MOVES:
                self._after.role[self._dates.unit(row)] = STAYS

    def place(self, row: int, one: Redate) -> None:
        """Give an item its new dates."""
        after, dates, unit = self._after, self._dates, self._dates.unit(row)
        if self._expanded.is_container[row]:
            if one.start is not None:
                after.begin[unit] = float((one.start - dates.today).days)
            if one.due is not None:
                after.end[dates.last_unit(row)] = float((one.due - dates.today).days + 1)
                rows, _, due = self._promises
                due[rows == row] = after.end[dates.last_unit(row)]
        elif one.place is None:
            after.begin[unit], after.end[unit], after.hours[unit] = dates.changed(row, one, self._before)
            bare = np.isnan(after.begin[unit]) and np.isnan(after.end[unit])
            after.role[unit] = FOLLOWS if bare else STAYS
        else:
            self._place(row, one.place)

    def _place(self, row: int, place: Place) -> None:
        unit = self._dates.unit(row)
        self._allowed[self._network.heads == unit] = 0.0
        self._after.role[unit] = EARLIEST
        begins, ends, *_ = self._positions()
        self._after.role[unit] = STAYS
        self._put(row, begins[unit], ends[unit])
        if place is Place.LATEST:
            low, high = 0, _FURTHEST
            if not self._moves_others(row, ends[unit] + high):
                raise ValueError(f"nothing that waits for {self._snapshot.items.key[row]} limits how late it may be")
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if self._moves_others(row, ends[unit] + middle) else (middle, high)
            self._end_at(row, ends[unit] + low)

    def _put(self, row: int, begin: float, end: float) -> None:
        """Give the dates that an item has new places; one that has none gets both."""
        unit = self._dates.unit(row)
        has_begin, has_end = (not np.isnan(one[row]) for one in (self._dates.begin, self._dates.end))
        bare = not has_begin and not has_end
        self._after.begin[unit] = begin if has_begin or bare else np.nan
        self._after.end[unit] = end if has_end or bare else np.nan

    def _end_at(self, row: int, end: float) -> None:
        unit, rulers = self._dates.unit(row), self._dates.rulers
        one, hours = int(self._after.calendar[unit]), float(self._after.hours[unit])
        if hours > 0:
            end = float(np.ceil(earliest(rulers, one, hours_at(rulers, one, end)) - TOLERANCE))
        self._put(row, self._dates.begun(one, end, hours), end)

    def _moves_others(self, row: int, end: float) -> bool:
        """Tell whether something else moves, or a promise is broken, when an item ends at a moment."""
        self._end_at(row, end)
        new = self._positions()
        moving = self._after.role == MOVES
        moving &= (new.begins > self._old.begins + TOLERANCE) | (new.ends > self._old.ends + TOLERANCE)
        _, units, due = self._promises
        ends = np.fmax(new.end_needs, new.begin_needs)[units]
        before = np.fmax(self._old.end_needs, self._old.begin_needs)[units]
        stuck = any(self._lacking(one, new) for one in np.flatnonzero(self._after.role == STAYS).tolist())
        return bool(moving.any() or stuck or (ends > np.fmax(due, before) + TOLERANCE).any())

    def _positions(self) -> Positions:
        return positions(self._network, self._after, self._allowed, False, self._dates.rulers)

    # What follows -----------------------------------------------------------------------------------------------

    def answer(self, asked: dict[int, float | None]) -> Cascade:
        """Return what moves, what cannot, and what becomes late. ``asked``: new durations by row."""
        new, dates = self._positions(), self._dates
        moved: list[Moved] = []
        stuck: list[Stuck] = []
        unseen = 0
        walk = Walk(self._expanded, self._network, self._old, new, {dates.unit(row) for row in asked}, self._hidden)
        rows = {*dates.leaves.tolist(), *dates.wholes.tolist(), *dates.cyclic.tolist(), *asked}
        for row in sorted(rows):
            is_asked = row in asked
            change = self._moved(row, new, asked.get(row), is_asked, walk)
            day = self._needed(row, new, is_asked)
            if self._hidden[row]:
                unseen += day is not None
                continue
            moved += [change] if change is not None else []
            stuck += [self._stuck(row, day, is_asked, walk)] if day is not None else []
        moved.sort(key=lambda one: (not one.asked, len(one.path), one.key))
        stuck.sort(key=lambda one: one.key)
        late = tuple(sorted(self._late(new, walk), key=lambda one: (-one.late_days, one.key)))
        complete = Completeness(self._snapshot.seq, (), unseen, self._expanded.self_references)
        return Cascade(tuple(moved), tuple(stuck), late, complete, walk.rests_on)

    def _moved(self, row: int, new: Positions, duration: float | None, asked: bool, walk: Walk) -> Moved | None:
        start, due = self._new_dates(row, new, asked)
        items = self._snapshot.items
        was = as_date(items.start[row]), as_date(items.due[row])
        given = None if duration is None or duration == items.duration[row] else duration
        if (start, due) == was and given is None:
            return None
        first, last = (was[1], due) if due is not None and was[1] is not None else (was[0], start)
        days = None if first is None or last is None else self._expanded.calendar.days_after(first, last)
        return Moved(
            self._snapshot.id(row), items.key[row], items.title[row], self._snapshot.label(row), *was, start, due,
            given, days, asked, () if asked else walk.path(self._dates.unit(row)),
        )  # fmt: skip

    def _new_dates(self, row: int, new: Positions, asked: bool) -> tuple[date | None, date | None]:
        """Return the dates that an item has after the change."""
        items, dates, unit, last = self._snapshot.items, self._dates, self._dates.unit(row), self._dates.last_unit(row)
        start, due = as_date(items.start[row]), as_date(items.due[row])
        if self._expanded.is_cycle[unit] or (self._expanded.is_container[row] and not asked):
            return start, due
        begin, end = self._after.begin[unit], self._after.end[last]
        if not self._expanded.is_container[row]:
            begin, end = new.begins[unit] + 0 * begin, new.ends[unit] + 0 * end  # NaN without that date
        return (
            start if np.isnan(begin) else dates.day(begin),
            due if np.isnan(end) else dates.evening(end),
        )

    def _needed(self, row: int, new: Positions, asked: bool) -> date | None:
        """Return the day on which an item that stays could first begin, or be over; ``None`` where it lies well."""
        unit, dates = self._dates.unit(row), self._dates
        if self._expanded.is_container[row] or self._expanded.is_cycle[unit]:
            begin, before = self._after.begin[unit], self._old.begins[unit]
            if self._expanded.is_container[row] and np.isnan(begin):
                return None
            known = begin if asked else before
            later = new.begins[unit] > np.fmax(known, begin) + TOLERANCE
            return dates.next_day(0, float(new.begins[unit])) if later else None
        return self._lacking(unit, new) if self._after.role[unit] == STAYS else None

    def _lacking(self, unit: int, new: Positions) -> date | None:
        """Return what ``_needed`` does for a unit whose dates stand."""
        dates, one, hours = self._dates, int(self._after.calendar[unit]), float(self._after.hours[unit])
        need = float(new.begin_needs[unit])
        if need > new.begins[unit] + TOLERANCE:
            if np.isnan(self._after.begin[unit]):
                end = worked(dates.rulers, one, need, hours)
                if np.ceil(end - TOLERANCE) > new.ends[unit] + TOLERANCE:
                    return dates.evening(end)
            else:
                first = dates.next_day(one, need) if hours > 0 else dates.day(need)
                if first > dates.day(new.begins[unit]):
                    return first
        end = float(new.end_needs[unit])
        return dates.evening(end) if end > new.ends[unit] + TOLERANCE else None

    def _stuck(self, row: int, day: date, asked: bool, walk: Walk) -> Stuck:
        items = self._snapshot.items
        reasons = {
            "ASKED": asked,
            "KEPT": row in self._kept,
            "CLOSED": not self._snapshot.is_open[row],
            "CYCLE": bool(self._expanded.is_cycle[self._dates.unit(row)]),
            "WHOLE": True,
        }
        reason = next(name for name, holds in reasons.items() if holds)
        return Stuck(
            items.key[row], items.title[row], self._snapshot.label(row), reason, as_date(items.start[row]),
            as_date(items.due[row]), day, walk.path(self._dates.unit(row)),
        )  # fmt: skip

    def _late(self, new: Positions, walk: Walk) -> Iterator[LateDate]:
        items, calendar, dates = self._snapshot.items, self._expanded.calendar, self._dates
        for row, unit, due in zip(*self._promises, strict=True):
            before, after = self._work_end(self._old, unit), self._work_end(new, unit)
            if after <= max(due, before) + TOLERANCE or self._hidden[row]:
                continue
            promised, last = dates.evening(due), dates.evening(after)
            yield LateDate(
                items.key[row], items.title[row], self._snapshot.label(int(row)), promised, dates.evening(before), last,
                calendar.days_after(promised, last), walk.path(int(unit)),
            )  # fmt: skip

    def _work_end(self, found: Positions, unit: int) -> float:
        """Return when the work for a promise is over, whatever was promised."""
        return float(max(found.end_needs[unit], found.begin_needs[unit]))
