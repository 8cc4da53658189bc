"""What drives an item's times: the predecessor, the date or the lag without which it could start sooner."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from analytics.expansion.clock import passing
from analytics.expansion.expanded import Expanded
from analytics.expansion.steps import Step, Steps
from analytics.expansion.timing import Timing
from analytics.results import Explanation, amount, as_date, iso
from analytics.scheduling.critical_items import CriticalItem
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import EDGE_KINDS, WAIT_TYPES


class Driving:
    """Follows driving arcs backward through one expanded graph with its times."""

    def __init__(self, expanded: Expanded, times: Timing, hidden: Flags | None) -> None:
        self._expanded, self._times, self._hidden = expanded, times, hidden
        self._passing = passing(expanded)

    def known(self, name: Hashable) -> int:
        """Return the row at which an item's edges are read.

        Raises:
            KeyError: There is no such item, or the viewer may not see it.

        """
        row = self._expanded.snapshot.row(name)
        if self._hidden is not None and self._hidden[row]:
            raise KeyError(f"no item {name!r} in workspace {self._expanded.snapshot.workspace!r}")
        return int(self._expanded.canon[row])

    def path(self) -> tuple[Step, ...]:
        """Return one driving path to the target, from where it begins; a goal is no step of its own."""
        times, expanded = self._times, self._expanded
        if not times.reaches.any():
            return ()
        end = times.target
        if end < 0:
            last = np.flatnonzero(times.critical & (times.ends >= times.length - 1e-6) & ~self._passing)
            if not len(last):
                return ()
            end = int(last[np.lexsort((last, -expanded.hours[last]))[0]])
        units, arcs = [end], []
        while (arc := self.arc_into(units[-1])) is not None:
            arcs.append(arc)
            units.append(int(expanded.tails[arc]))
        while len(units) > 1 and self._passing[units[-1]] and times.forced[units[-1]] <= 0:
            # A whole that nothing holds is where nothing begins: its first part is.
            units.pop()
            arcs.pop()
        steps = Steps(expanded, self._hidden)
        made = steps.along(units[::-1], arcs[::-1])
        rows = expanded.members(end)
        is_step = expanded.is_cycle[end] or expanded.snapshot.is_goal[rows[0]]
        return made if is_step else (*made, steps.of_unit(end))

    def arc_into(self, unit: int) -> int | None:
        """Return the arc by which a unit is let start no sooner, ``None`` where none does; of several the first."""
        pointer, arcs = self._expanded.into
        entering = arcs[pointer[unit] : pointer[unit + 1]]
        driving = entering[self._times.drives[entering]]
        return int(driving.min()) if len(driving) else None

    def explain(self, target: str | None, row: int, item: CriticalItem | None) -> Explanation:
        """Return why an item is critical or not, with what drives it."""
        snapshot = self._expanded.snapshot
        key, goal = snapshot.items.key[row], target or "the end of everything"
        facts: dict[str, Any] = {"key": key, "target": target, "leads": item is not None}
        if item is None:
            return Explanation(f"{key} does not hold {goal} up: nothing open of it leads there.", facts)
        held, sentence = self._held(int(self._expanded.unit[self._expanded.gate[row]]))
        facts |= {
            "critical": item.critical,
            "totalFloat": item.total_float,
            "freeFloat": item.free_float,
            "drag": item.drag,
            "earlyStartDate": iso(item.early_start_date),
            "lateFinishDate": iso(item.late_finish_date),
            "driver": held,
        }
        if item.critical:
            text = f"{key} is critical for {goal}: it lies on a driving path, and {sentence}"
            if item.drag:
                text += f"; without its work {goal} would come {amount(item.drag)} h sooner"
            return Explanation(f"{text}.", facts)
        text = f"{key} is not critical for {goal}: it may slip {amount(item.total_float)} h"
        text += f", until {iso(item.late_finish_date)}," if item.late_finish_date else ""
        text += " before that moves"
        if item.free_float < item.total_float:
            text += f", but only {amount(item.free_float)} h before other work does"
        return Explanation(f"{text}; {sentence}.", facts)

    def _held(self, unit: int) -> tuple[dict[str, Any], str]:
        """Return what holds a unit's start, as facts and in words."""
        expanded, via = self._expanded, []
        begun, arc = unit, self.arc_into(unit)
        while arc is not None and self._passing[expanded.tails[arc]]:
            before = self.arc_into(int(expanded.tails[arc]))
            if before is None:
                unit, arc = int(expanded.tails[arc]), None
                break
            via.append(self._name(int(expanded.tails[arc])))
            unit, arc = int(expanded.tails[arc]), before
        if arc is None:
            return self._not_held(unit if expanded.start_hours[unit] > expanded.start_hours[begun] else begun)
        place = int(expanded.arcs.origin[arc])
        kind = EDGE_KINDS[expanded.snapshot.edges.kind[place]]
        wait = WAIT_TYPES[expanded.snapshot.edges.wait_type[place]] if kind == "BLOCKS" else None
        name, lag = self._name(int(expanded.tails[arc])), float(expanded.arcs.lag[arc])
        facts = {"reason": "predecessor", "key": name, "edge": kind, "type": wait, "lag": lag, "via": via[::-1]}
        text = f"{name} drives it"
        if wait:
            text += f" ({wait}{f' {lag:+g} h' if lag else ''}{' via ' + ', '.join(via[::-1]) if via else ''})"
        return facts, text

    def _not_held(self, unit: int) -> tuple[dict[str, Any], str]:
        expanded = self._expanded
        day = as_date(expanded.planned_days[unit])
        if day is not None:
            return {"reason": "startDate", "date": iso(day)}, f"it is planned to start on {iso(day)}"
        if self._times.forced[unit] > 0:
            return {"reason": "lag"}, "it waits for a lag to pass"
        return {"reason": "nothing"}, "it can start now"

    def _name(self, unit: int) -> str:
        snapshot, rows = self._expanded.snapshot, self._expanded.members(unit).tolist()
        if self._hidden is not None and any(self._hidden[row] for row in rows):
            return f"hidden {snapshot.label(rows[0])}"
        return str(snapshot.items.key[rows[0]])
