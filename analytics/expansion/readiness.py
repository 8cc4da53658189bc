"""What can start now, and what state each open item is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from analytics.expansion.expanded import OPERATION, Expanded
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import CATEGORIES

_STARTED: Final = CATEGORIES.index(Category.STARTED)
_BLOCKED: Final = CATEGORIES.index(Category.BLOCKED)


@dataclass(frozen=True, slots=True, eq=False)
class Readiness:
    """By item (shape (n,)): open leaves of work that are READY now, STALLED, and that wait for a day only (``later``).

    ``waits``: an open leaf, or a whole of it, waits for something open. ``tied``: it cannot finish yet, because of a
    finish-finish or start-finish wait or an active issue.
    """

    ready: Flags
    stalled: Flags
    later: Flags
    waits: Flags
    tied: Flags
    leaf: Flags

    @classmethod
    def of(cls, expanded: Expanded) -> Readiness:
        """Work out the readiness of every item, once per expanded graph. O(n + a)."""
        return expanded.once("readiness", lambda: _readiness(expanded))


def _readiness(expanded: Expanded) -> Readiness:
    snapshot, waits = expanded.snapshot, expanded.waits
    present = expanded.gate >= 0
    gate = np.maximum(expanded.gate, 0)
    held = present & waits.held[gate] if len(waits.held) else present
    opens = waits.opens[gate] if len(waits.opens) else np.zeros(len(snapshot))
    leaf = present & expanded.is_open & ~expanded.is_container & snapshot.is_work & (snapshot.items.kind != OPERATION)
    active = np.isin(snapshot.category, [_STARTED, _BLOCKED])
    tied = np.zeros(len(snapshot), dtype=np.bool_)
    tied[expanded.item[expanded.all_arcs.head[waits.ties]]] = True
    free = leaf & ~held
    return Readiness(
        ready=free & ~active & (opens <= 0),
        stalled=free & ((snapshot.category == _BLOCKED) | _untouched(expanded)),
        later=free & ~active & (opens > 0),
        waits=held,
        tied=tied & present,
        leaf=leaf,
    )


def _untouched(expanded: Expanded) -> Flags:
    """Return which started items were not touched for the policy's number of days."""
    snapshot = expanded.snapshot
    if expanded.today is None:
        return np.zeros(len(snapshot), dtype=np.bool_)
    touched = np.fmax(snapshot.items.updated_at, snapshot.items.latest_at)
    limit = np.datetime64(expanded.today - timedelta(days=snapshot.policy.stalled_days), "ms")
    return np.asarray((snapshot.category == _STARTED) & (touched < limit), dtype=np.bool_)


def state_of(expanded: Expanded, row: int) -> str | None:
    """Return READY, STARTED, STALLED, LATER (it waits for a day only) or WAITING; ``None`` for what is no open leaf."""
    readiness = Readiness.of(expanded)
    if not readiness.leaf[row]:
        return None
    if readiness.stalled[row]:
        return "STALLED"
    if expanded.snapshot.status(row) is Category.STARTED:
        return "STARTED"
    if readiness.ready[row]:
        return "READY"
    return "LATER" if readiness.later[row] else "WAITING"


def ready_from(expanded: Expanded, row: int) -> date | None:
    """Return the first day on which an item may start that waits for a lag or a start date only.

    ``None`` where it waits for nothing, or for something open, and where no ``today`` was given.
    """
    if expanded.today is None or not Readiness.of(expanded).later[row]:
        return None
    hours = float(expanded.waits.opens[expanded.gate[row]])
    calendar = expanded.calendar
    whole = float(np.floor(hours / calendar.hours_per_day + 1e-6) * calendar.hours_per_day)
    return calendar.finish_day(expanded.today, whole + calendar.hours_per_day)
