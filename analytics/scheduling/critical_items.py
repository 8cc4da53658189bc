"""The items of a critical path: when each can be done, and when it must be."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from analytics.expansion.durations import Basis
from analytics.expansion.expanded import OPERATION, Expanded, basis_of
from analytics.expansion.kernels import lowest_of_parts
from analytics.expansion.roles import with_role
from analytics.expansion.scope import Focus
from analytics.expansion.timing import Timing
from analytics.results import as_date, iso
from analytics.scheduling.drag import drags
from graph.model import Role
from graph.snapshots.columns import Days, Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class CriticalItem:
    """When one item can be done, and must be.

    Starts, finishes, floats and drag are working hours in the workspace's calendar, from this morning on; the days are
    those on which they fall in the item's own calendar, ``None`` without ``today``. ``total_float`` is how long it may
    slip without moving the target, ``free_float`` without moving any other work. ``drag`` is how much sooner the target
    would be finished if nothing of the item were left to do; ``None`` where a limit was reached. ``critical``: on a
    driving path to the target. ``duration_hours`` are those of its own calendar, ``basis`` what they rest on. A
    container starts with the first of its open parts; members of a cycle share the cycle's figures.
    """

    key: str
    title: str
    kind: str
    early_start: float
    early_finish: float
    late_start: float
    late_finish: float
    total_float: float
    free_float: float
    drag: float | None
    critical: bool
    duration_hours: float
    basis: str
    assumed: bool
    early_start_date: date | None
    early_finish_date: date | None
    late_start_date: date | None
    late_finish_date: date | None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "earlyStart": self.early_start,
            "earlyFinish": self.early_finish,
            "lateStart": self.late_start,
            "lateFinish": self.late_finish,
            "totalFloat": self.total_float,
            "freeFloat": self.free_float,
            "drag": self.drag,
            "critical": self.critical,
            "durationHours": self.duration_hours,
            "basis": self.basis,
            "assumed": self.assumed,
            "earlyStartDate": iso(self.early_start_date),
            "earlyFinishDate": iso(self.early_finish_date),
            "lateStartDate": iso(self.late_start_date),
            "lateFinishDate": iso(self.late_finish_date),
        }


class CriticalItems(Mapping[Hashable, CriticalItem]):
    """What leads to the target and is in focus, by name, by early start and early finish; each made when asked for."""

    def __init__(self, expanded: Expanded, times: Timing, focus: Focus, hidden: Flags | None) -> None:
        self._expanded, self._times = expanded, times
        self._unit, self._critical, self._total = by_item(expanded, times)
        leads = self._unit >= 0
        seen = np.ones(len(leads), dtype=np.bool_) if hidden is None else ~hidden
        self.hidden = int(np.count_nonzero(leads & focus.items & ~seen))
        self._leads, self._listed = leads & seen, leads & seen & focus.items
        unit = np.maximum(self._unit, 0)
        self._early, self._early_day = _begun(expanded, times.starts, times.start_days, unit)
        self._late, self._late_day = _begun(expanded, times.late_starts, times.late_start_days, unit)
        self._drag, self.limited = drags(expanded, times)
        rows = np.flatnonzero(self._listed)
        self._rows = rows[np.lexsort((rows, times.ends[unit[rows]], self._early[rows]))]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Hashable]:
        return (self._expanded.snapshot.names[row] for row in self._rows.tolist())

    def __contains__(self, name: object) -> bool:
        return self.row(name) is not None

    def __getitem__(self, name: Hashable) -> CriticalItem:
        row = self.row(name)
        if row is None:
            raise KeyError(f"{name!r} does not lead to the target")
        return self.of_row(row)

    def row(self, name: object) -> int | None:
        """Return the row of an item that is listed, ``None`` for all others."""
        row = self.leading(name)
        return row if row is not None and self._listed[row] else None

    def leading(self, name: object) -> int | None:
        """Return the row of an item that leads to the target, in focus or not; ``None`` for all others."""
        try:
            row = int(self._expanded.canon[self._expanded.snapshot.row(name)])
        except (KeyError, TypeError):
            return None
        return row if self._leads[row] else None

    def critical_rows(self) -> list[int]:
        """Return the rows of what is critical, in order."""
        return [row for row in self._rows.tolist() if self._critical[row]]

    def tightest(self, first: int) -> tuple[CriticalItem, ...]:
        """Return what is critical, and then what may slip least; of equals what starts first."""
        rows = self._rows
        order = np.lexsort((np.arange(len(rows)), self._total[rows], ~self._critical[rows]))
        return tuple(self.of_row(row) for row in rows[order[:first]].tolist())

    def of_row(self, row: int) -> CriticalItem:
        """Return one item's figures."""
        expanded, times, unit = self._expanded, self._times, int(self._unit[row])
        snapshot, basis = expanded.snapshot, basis_of(expanded, row)
        cycle = bool(expanded.is_cycle[unit])
        drag = float(self._drag[unit]) if self._critical[row] else 0.0
        return CriticalItem(
            key=snapshot.items.key[row],
            title=snapshot.items.title[row],
            kind=snapshot.label(row),
            early_start=float(self._early[row]),
            early_finish=float(times.ends[unit]),
            late_start=float(self._late[row]),
            late_finish=float(times.late_ends[unit]),
            total_float=float(self._total[row]),
            free_float=float(min(times.free[unit], self._total[row])),
            drag=None if np.isnan(drag) else drag,
            critical=bool(self._critical[row]),
            duration_hours=float(expanded.hours[unit] if cycle else expanded.durations.hours[row]),
            basis=(Basis.CYCLE if cycle else basis).text,
            assumed=cycle or basis.assumed,
            early_start_date=as_date(self._early_day[row]),
            early_finish_date=as_date(times.end_days[unit]),
            late_start_date=as_date(self._late_day[row]),
            late_finish_date=as_date(times.late_end_days[unit]),
        )


def by_item(expanded: Expanded, times: Timing) -> tuple[Ints, Flags, Floats]:
    """Return each item's unit (-1: it does not lead to the target), whether it is critical, and its total float.

    An item counts by its finish. A container is critical when its finish or its gate is, and may slip as little as
    either of them where both lead to the target. Shape (n,) each.
    """
    present = expanded.finish >= 0
    if not present.any():
        none = np.zeros(len(present), dtype=np.bool_)
        return np.full(len(present), -1, dtype=np.int32), none, np.full(len(present), np.nan)
    finish = expanded.unit[np.where(present, expanded.finish, 0)]
    gate = expanded.unit[np.where(present, expanded.gate, 0)]
    operation = expanded.snapshot.items.kind == OPERATION
    leads = present & expanded.is_open & ~operation & times.reaches[finish]
    critical = leads & (times.critical[finish] | times.critical[gate])
    total = np.where(leads, np.fmin(times.total[finish], times.total[gate]), np.nan)
    return np.where(leads, finish, -1).astype(np.int32), critical, total


def _begun(expanded: Expanded, starts: Floats, days: Days, unit: Ints) -> tuple[Floats, Days]:
    """Return when each item starts and on which day: a container with the first of its open parts. Shape (n,) each."""
    contains = with_role(expanded.snapshot, Role.CONTAINS)[expanded.arcs.origin] & expanded.arcs.from_finish
    first = expanded.item[expanded.order.nodes[expanded.order.pointer[:-1]]]
    whole = expanded.is_container[first] & ~expanded.is_cycle

    def rolled(values: Floats) -> Floats:
        inner = np.where(whole | np.isnan(values), np.inf, values)
        lowest_of_parts(expanded.pointer, expanded.heads, contains, inner)
        return np.where(np.isinf(inner), values, inner)

    numbers = np.where(np.isnat(days), np.nan, days.astype(np.float64))
    found = rolled(numbers)[unit]
    as_days = np.where(np.isnan(found), 0, found).astype(np.int64).astype("datetime64[D]")
    return rolled(starts)[unit], np.where(np.isnan(found), np.datetime64("NaT", "D"), as_days)
