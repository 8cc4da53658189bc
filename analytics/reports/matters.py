"""Matters: what other analyses find in a scope, as statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np

from analytics.chains.chains import Chain, blocking_chains
from analytics.chains.threats import risks
from analytics.expansion.expanded import Expanded
from analytics.expansion.ownership import Ownership
from analytics.expansion.readiness import Readiness
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Step
from analytics.expansion.trees import ChainTree
from analytics.objectives.budgets import Ledger
from analytics.objectives.okr import okr_rollup
from analytics.people.bus_factors import BusFactors
from analytics.people.commitments import Doers
from analytics.people.loads import Load
from analytics.people.workload import Workload, workload
from analytics.reports.statements import Statement, Writer, rows_of_keys
from analytics.results import counted, name_of, percent
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import KINDS

_GOALS: Final = 50
"""Goals whose chains and threats a summary looks at, the most valuable first."""
_WEEKS: Final = 4
"""Weeks of workload that a summary looks at."""
_BEHIND: Final = 0.1
"""By how much a goal's score must fall short of what is expected to be worth a sentence."""
_EVERYBODY: Final = 1_000_000
_MILESTONE: Final = KINDS.index("Milestone")


@dataclass(frozen=True, eq=False)
class Matters:
    """What threatens, delays and burdens what is in focus, the weightiest first."""

    expanded: Expanded
    writer: Writer
    focus: Focus
    today: date
    hidden: Flags | None

    def first(self) -> Iterator[Statement]:
        """Yield late goals, exceeded budgets, commitments above velocity and the gravest threats."""
        late = [self._delay(chain) for chain in self._late(3)]
        yield from late
        money = [(row, one) for row, one in Ledger(self.expanded).budgets() if one.granted and self._shown(row)]
        over = [(row, one) for row, one in money if one.over > 0]
        for row, one in sorted(over, key=lambda pair: -pair[1].over / (pair[1].budget or 1.0))[:2]:
            yield self.writer.on(one.explain().sentence, [row])
        fast = [team for team in self._loads.teams if (team.commitment or 0) > 1 and self._concerns(team)]
        for team in sorted(fast, key=lambda one: -(one.commitment or 0))[:2]:
            velocity = (team.velocity_hours if team.unit == "hours" else team.velocity_points) or 0.0
            text = f"has committed to {team.commitment:.1f} times its velocity of {velocity:.0f} {team.unit} a week"
            yield self._on_keys(f"{team.title or team.key} {text}.", [team.key])
        yield from self._threats({key for one in late for key in one.keys})

    def _late(self, count: int) -> list[Chain]:
        """Return the worst chains of open goals that these make late, those that cost most first."""
        expanded, snapshot, cost = self.expanded, self.expanded.snapshot, dict[int, float]()
        for tree in ChainTree.each(expanded, self._open_goals[:_GOALS]):
            if tree.late()[tree.roots].any():
                worst = np.array(tree.worst(1), dtype=np.int32)
                days = expanded.calendar.days_from(expanded.due[tree.row].item(), tree.finish_days(worst))
                cost[tree.row] = float(expanded.goals.value[tree.row] * days[0])
        late = sorted((row for row in cost if cost[row] > 0), key=lambda row: (-cost[row], snapshot.items.key[row]))
        names = [snapshot.names[row] for row in late[:count]]
        return [blocking_chains(snapshot, name, 1, today=self.today, hidden=self.hidden)[0] for name in names]

    def _delay(self, chain: Chain) -> Statement:
        snapshot, root = self.expanded.snapshot, chain.root
        rows = rows_of_keys(snapshot, [chain.goal, *(key for step in chain.steps for key in _keys(step))])
        rows += [owner for row in rows_of_keys(snapshot, _keys(root)) for owner in Ownership.of(snapshot).named(row)]
        start = f"a hidden {root.kind}" if root.hidden else f"{root.key} ({root.owner or 'nobody'})"
        return self.writer.on(
            f"{self._names([chain.goal])} will be {counted(chain.delay_days or 0, 'working day')} late: "
            f"{counted(len(chain.steps), 'step')} from {start} on end on {chain.finish}, due is {chain.due}.",
            rows,
        )

    def _threats(self, told: set[str]) -> Iterator[Statement]:
        """Yield the two items in the scope that something waits for, and that are in trouble for another reason too."""
        snapshot, shown = self.expanded.snapshot, 0
        names = [snapshot.names[row] for row in self._open_goals[:_GOALS]]
        found = risks(snapshot, names, limit=200, today=self.today, hidden=self.hidden) if names else ()
        for threat in found:
            (row,) = rows_of_keys(snapshot, [threat.key])
            grave = "WAIT" in threat.reasons and not threat.reasons.keys() <= {"WAIT", "UNOWNED"}
            if self._shown(row) and grave and threat.key not in told and shown < 2:
                waiting = [key for facts in threat.reasons.values() for key in facts.get("waiting", ())]
                yield self._on_keys(threat.explain().sentence, [threat.key, *threat.goals, *waiting])
                shown += 1

    def goals(self) -> Iterator[Statement]:
        """Yield goals furthest behind, reported at risk, not reported on, and served by no work."""
        snapshot, chosen, listing = self.expanded.snapshot, set(self._goals), self.writer.listing
        found = okr_rollup(snapshot, today=self.today, limit=_EVERYBODY, hidden=self.hidden)
        rows = rows_of_keys(snapshot, [goal.key for goal in found])
        mine = [(row, goal) for row, goal in zip(rows, found, strict=True) if row in chosen]
        behind = [(row, one) for row, one in mine if (one.gap or 0.0) <= -_BEHIND and self.expanded.is_open[row]]
        for row, goal in sorted(behind, key=lambda pair: ((pair[1].gap or 0.0) * pair[1].value, pair[1].key))[:2]:
            stands = f"stands at {percent(goal.score)} where {percent(goal.expected)} is expected by now"
            yield self.writer.on(f"{name_of(snapshot, row)} {stands}.", [row])
        for health, word in (("OFF_TRACK", "off track"), ("AT_RISK", "at risk")):
            said = [row for row, goal in mine if goal.health == health]
            yield from listing(said, f"{{names}} is reported {word}.", f"{{n}} goals are reported {word}: {{names}}.")
        silent = [row for row, goal in mine if goal.health in ("OUTDATED", "NO_UPDATE")]
        one, many = "Nobody has reported on {names} of late.", "Nobody has reported on {n} goals of late: {names}."
        yield from listing(silent, one, many)
        unserved = [row for row in rows_of_keys(snapshot, found.unserved) if row in chosen]
        yield from listing(unserved, "No open work leads to {names}.", "No open work leads to {n} goals: {names}.")

    def people(self) -> Iterator[Statement]:
        """Yield who has too much to do, what could move, what nobody does, and a goal that hangs on one person."""
        over = [one for one in self._loads.people if one.over_hours > 0 and self._concerns(one)][:2]
        for load in over:
            yield self._on_keys(load.explain().sentence, [load.key])
        for move in [one for one in self._loads.moves if one.person in {load.key for load in over}][:2]:
            where = f"to {self._names([move.to])}" if move.to else "to a later time"
            text = f"Moving {self._names([move.item])} {where} would give {self._names([move.person])} room."
            yield self._on_keys(text, [move.item, move.person, *([move.to] if move.to else [])])
        nobody = self._leaves.copy()
        nobody[Doers.of(self.expanded.snapshot).item] = False
        rows = np.flatnonzero(nobody).tolist()
        yield from self.writer.listing(rows, "Nobody does {names}.", "Nobody does {n} open pieces of work: {names}.")
        factors = BusFactors(self.expanded, self.writer.seen).of_goals(self._open_goals[:_GOALS])
        for one in [one for one in factors if one.factor == 1 and one.people and one.leaves > 1][:1]:
            yield self._on_keys(one.explain().sentence, [one.key, *one.people])

    @cached_property
    def _goals(self) -> list[int]:
        """The goals that the scope holds or serves, the most valuable first."""
        rows = np.flatnonzero(self.focus.goals & self.expanded.snapshot.is_goal & self.writer.seen)
        found: list[int] = rows[np.argsort(-self.expanded.goals.value[rows], kind="stable")].tolist()
        return found

    @cached_property
    def _open_goals(self) -> list[int]:
        return [row for row in self._goals if self.expanded.is_open[row] and self.expanded.finish[row] >= 0]

    @cached_property
    def _leaves(self) -> Flags:
        """Open leaves of work in the scope, milestones apart. Shape (n,)."""
        leaf = Readiness.of(self.expanded).leaf & (self.expanded.snapshot.items.kind != _MILESTONE)
        return np.asarray(leaf & self.focus.items & self.writer.seen, dtype=np.bool_)

    @cached_property
    def _loads(self) -> Workload:
        return workload(self.expanded.snapshot, _WEEKS, today=self.today, limit=_EVERYBODY, hidden=self.hidden)

    def _concerns(self, load: Load) -> bool:
        (row,) = rows_of_keys(self.expanded.snapshot, [load.key])
        return bool(self.focus.people[row])

    def _shown(self, row: int) -> bool:
        return bool(self.focus.items[row] and self.writer.seen[row])

    def _names(self, keys: Iterable[str]) -> str:
        return self.writer.names(rows_of_keys(self.expanded.snapshot, keys))

    def _on_keys(self, text: str, keys: Iterable[str]) -> Statement:
        return self.writer.on(text, rows_of_keys(self.expanded.snapshot, keys))


def _keys(step: Step) -> list[str]:
    """Return the keys of a step: its own, and those of a cycle's members; none of a hidden one."""
    return [key for key in (step.key, *step.members) if key]
