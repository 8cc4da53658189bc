"""An independent, naive critical path over working calendars, with time in slots of an eighth of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SLOTS = 8
"""Slots in a day. Whole hours fall on their edges where all days of a calendar have four or all have eight."""


@dataclass
class Slots:
    """Tasks ``name → (hours, calendar)`` and waits ``(before, after, type, lag)`` in topological order of the names.

    ``calendars`` are the hours of each day from today on; the first is the workspace's.
    """

    calendars: Sequence[Sequence[float]]
    tasks: Mapping[str, tuple[float, int]]
    waits: Sequence[tuple[str, str, str, float]]

    def __post_init__(self) -> None:
        self.sums: list[list[float]] = []
        for days in self.calendars:
            sums = [0.0]
            for hours in days:
                sums += [sums[-1] + hours / SLOTS * (part + 1) for part in range(SLOTS)]
            self.sums.append(sums)

    def hours(self, calendar: int, slot: int) -> float:
        return self.sums[calendar][slot]

    def earliest(self, calendar: int, hours: float) -> int:
        return next(slot for slot, done in enumerate(self.sums[calendar]) if done >= hours - 1e-9)

    def latest(self, calendar: int, hours: float) -> int:
        return max(slot for slot, done in enumerate(self.sums[calendar]) if done <= hours + 1e-9)

    def times(self, held: Mapping[str, int] | None = None, without: str | None = None) -> dict[str, tuple[int, int]]:
        """Return start and end of every task; ``held`` ones start no sooner, ``without`` one takes no time."""
        found: dict[str, tuple[int, int]] = {}
        for name, (hours, calendar) in self.tasks.items():
            hours = 0.0 if name == without else hours
            begin, end = (held or {}).get(name, 0), 0
            for before, after, kind, lag in self.waits:
                if after == name:
                    moment = found[before][kind[0] == "F"]
                    if lag:
                        moment = self.earliest(0, self.hours(0, moment) + lag)
                    if kind[1] == "S":
                        begin = max(begin, moment)
                    else:
                        end = max(end, moment)
            if hours:
                begin = max(begin, self.earliest(calendar, self.hours(calendar, end) - hours))
                begin = self.latest(calendar, self.hours(calendar, begin))
                end = max(end, self.earliest(calendar, self.hours(calendar, begin) + hours))
            else:
                begin = end = max(begin, end)
            found[name] = begin, end
        return found

    def leads(self, target: str) -> set[str]:
        found = {target}
        for before, after, _, _ in sorted(self.waits, key=lambda wait: wait[1], reverse=True):
            if after in found:
                found.add(before)
        return found

    def last_start(self, name: str, target: str) -> int:
        """Return the last slot up to which the task may be held back without moving the target's end, one by one."""
        plan = self.times()
        last = plan[name][0]
        for slot in range(last + 1, len(self.sums[0]) - 40 * SLOTS):
            if self.times({name: slot})[target] != plan[target]:
                break
            last = slot
        return last
