"""The critical path: when everything that leads to a target can and must be done, and what may not slip."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Step
from analytics.expansion.timing import NO_TARGET, Timing, timing
from analytics.expansion.trees import target_row
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from analytics.scheduling.critical_items import CriticalItem, CriticalItems, by_item
from analytics.scheduling.driving import Driving
from graph.snapshots.columns import Flags, Floats
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """What leads to a target, with its times; ``path`` is one driving path to it, from where it begins.

    ``target`` is ``None`` where everything open is to be finished. ``length`` is the working hours from this morning to
    the target's earliest finish, ``finish`` its day. Neither says that enough is left of a goal whose children were
    cancelled: ``possible`` does.
    """

    target: str | None
    target_title: str
    length: float
    start: date | None
    finish: date | None
    possible: bool
    items: CriticalItems
    path: tuple[Step, ...]
    completeness: Completeness
    _driving: Driving = field(repr=False)

    @property
    def critical(self) -> tuple[CriticalItem, ...]:
        """What is critical, in the order of its early starts."""
        return tuple(self.items.of_row(row) for row in self.items.critical_rows())

    def explain(self) -> Explanation:
        """Return the length, the finish and what drives it, and a sentence that quotes only them."""
        facts: dict[str, Any] = {
            "target": self.target,
            "lengthHours": self.length,
            "start": iso(self.start),
            "finish": iso(self.finish),
            "possible": self.possible,
            "items": len(self.items),
            "critical": len(self.items.critical_rows()),
            "path": [step.key for step in self.path if step.key],
        }
        name = self.target or "everything"
        if not len(self.items):
            return self.completeness.explained(f"Nothing open leads to {name}.", facts)
        text = f"{name[0].upper()}{name[1:]} takes {amount(self.length)} working hours"
        text += f", until {iso(self.finish)}" if self.finish else ""
        text += f"; {facts['critical']} of {counted(len(self.items), 'item')} may not slip"
        text += f", along {' → '.join(facts['path'])}." if facts["path"] else "."
        if not self.possible:
            text += f" Too much of {name} was cancelled for it to have enough."
        return self.completeness.explained(text, facts)

    def explain_item(self, name: Hashable) -> Explanation:
        """Return why an item is critical or not: what drives it, or how far it may slip before what moves.

        Raises:
            KeyError: There is no such item, or the viewer may not see it.

        """
        row = self._driving.known(name)
        found = self.items.leading(name)
        return self._driving.explain(self.target, row, None if found is None else self.items.of_row(found))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values in the shape that scripts rely on."""
        return {
            "target": self.target,
            "targetTitle": self.target_title,
            "lengthHours": self.length,
            "start": iso(self.start),
            "finish": iso(self.finish),
            "possible": self.possible,
            "items": [self.items[name].to_dict() for name in self.items],
            "path": [step.to_dict() for step in self.path],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item that leads to the target."""
        columns = tuple(one.name for one in fields(CriticalItem))
        rows = (asdict(self.items[name]) for name in self.items)
        return table(rows, columns)


def floats(snapshot: Snapshot, goal: Hashable | None = None, *, today: date | None = None) -> Floats:
    """Return each item's total float for a goal, in working hours, by row of the snapshot. Shape (n,).

    NaN where an item does not lead to the goal. The arguments and errors are those of ``critical_path``. O(n + m), and
    O(n) when it is asked again of the same snapshot.
    """
    expanded = Expanded.of(snapshot, today)
    row = None if goal is None else target_row(expanded, goal)
    times = timing(expanded, NO_TARGET if row is None else int(expanded.unit[expanded.finish[row]]))
    if row is not None and not expanded.is_open[row]:
        return np.full(len(snapshot), np.nan)
    unit, _, total = by_item(expanded, times)
    return np.where(unit >= 0, total, np.nan)


def _finish(times: Timing) -> date | None:
    """Return the day of the target's finish; of everything, the last day."""
    if not times.reaches.any():
        return None
    return as_date(times.end_days[times.target] if times.target >= 0 else np.fmax.reduce(times.end_days))


def critical_path(
    snapshot: Snapshot,
    target: Hashable | None = None,
    *,
    scope: Hashable | None = None,
    today: date | None = None,
    hidden: Flags | None = None,
) -> CriticalPath:
    """Return when everything that leads to a target can be done, when it must be, and what may not slip.

    Waits of all four types with lags, containers, milestones, planned start dates, remaining work and calendars count,
    across projects. Work on a leaf is contiguous. A due date moves nothing. Nobody is assumed to be busy with anything
    else: ``schedule`` takes people into account.

    Parameters
    ----------
    snapshot
        n items and m edges.
    target
        Name or id of a Work or Goal; by default everything open is to be finished. Of a goal that needs only enough of
        its children, those count that bring it enough first.
    scope
        Only items of it are listed; the path stays the target's; see ``analytics.expansion.scope``.
    today
        First day of work. Without it times are hours only, planned start dates do not count, and everybody works in
        the workspace's calendar.
    hidden
        Items that the viewer may not see, shape (n,): they are omitted and counted, and steps of the path show only
        their kind.

    Raises
    ------
    KeyError
        There is no such item, or the viewer may not see it.
    ValueError
        The target is neither Work nor Goal.

    Notes
    -----
    A forward and a backward pass over the expanded graph, O(n + m), after which each item's figures cost O(1); drag is
    exact: see ``analytics.scheduling.drag``. A cycle is one unit whose hours are the sum of its members', an upper
    bound. Late times are exact in calendars too; where nobody works after a late start, it is the moment before which
    work has to have begun: see ``analytics.expansion.passes``. Kelley and Walker, Critical-Path Planning and
    Scheduling, 1959; Devaux, Total Project Control, 1999.

    """
    expanded = Expanded.of(snapshot, today)
    row = None if target is None else target_row(expanded, target, hidden)
    focus = Focus.of(expanded, scope, hidden)
    at = NO_TARGET if row is None else int(expanded.unit[expanded.finish[row]])
    times = timing(expanded, at)
    if row is not None and not expanded.is_open[row]:
        times = times.nothing()
    items = CriticalItems(expanded, times, focus, hidden)
    driving = Driving(expanded, times, hidden)
    path = driving.path()
    possible = row is None or bool(np.isfinite(expanded.finish_hours(row)))
    return CriticalPath(
        target=None if row is None else snapshot.items.key[row],
        target_title="" if row is None else snapshot.items.title[row],
        length=times.length,
        start=today,
        finish=_finish(times) if possible else None,
        possible=possible,
        items=items,
        path=path,
        completeness=Completeness(snapshot.seq, items.limited, items.hidden, expanded.self_references, focus.key),
        _driving=driving,
    )
