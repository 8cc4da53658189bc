"""People: whose loss would leave work to nobody, who stands on worst chains alone, and which teams wait for which."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.expansion.teams import PERSON, TEAM
from analytics.expansion.worth import chosen_goals
from analytics.people.bus_factors import BusFactor, BusFactors
from analytics.people.handoffs import HandOff, SingleOwner, chain_people
from analytics.people.team_waits import TeamWait, WaitCycle, team_waits
from analytics.results import Completeness, Explanation, counted, listed, table
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class PeopleRisk:
    """How much depends on how few people, and where work passes between them.

    ``goals`` and ``teams`` come with the smallest bus factor first; those without open work are left out.
    ``single_owners`` stand alone on goals' worst chains, most goal value first; ``handoffs`` are changes of owner along
    those chains. ``waits`` are hours of open work that one team waits for from another, ``cycles`` teams that wait for
    each other.
    """

    goals: tuple[BusFactor, ...]
    teams: tuple[BusFactor, ...]
    single_owners: tuple[SingleOwner, ...]
    handoffs: tuple[HandOff, ...]
    waits: tuple[TeamWait, ...]
    cycles: tuple[WaitCycle, ...]
    completeness: Completeness

    def __iter__(self) -> Iterator[BusFactor]:
        return iter((*self.goals, *self.teams))

    def __len__(self) -> int:
        return len(self.goals) + len(self.teams)

    def explain(self) -> Explanation:
        """Return how many goals and teams depend on one person or on nobody, and the first of everything else."""
        few = [one for one in self if one.factor <= 1]
        facts: dict[str, Any] = {"counted": len(self), "few": len(few), "cycleCount": len(self.cycles)}
        text = f"{len(few)} of {counted(len(self), 'goal or team', 'goals and teams')} with open work"
        text += f" {'depends' if len(few) == 1 else 'depend'} on one person or on nobody"
        if self.single_owners:
            facts["firstOwner"] = self.single_owners[0].to_dict()
            text += f"; {self.single_owners[0].name} alone stands on most goal value"
        if self.cycles:
            facts["firstCycle"] = self.cycles[0].to_dict()
            text += f"; {listed(self.cycles[0].teams)} wait for each other"
        return self.completeness.explained(text + ".", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        parts: dict[str, tuple[Any, ...]] = {
            "goals": self.goals, "teams": self.teams, "singleOwners": self.single_owners, "handoffs": self.handoffs,
            "waits": self.waits, "cycles": self.cycles,
        }  # fmt: skip
        return {
            name: [one.to_dict() | {"explanation": one.explain().sentence} for one in found]
            for name, found in parts.items()
        } | {"explanation": self.explain().sentence, "completeness": self.completeness.to_dict()}

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per goal, then one per team."""
        return table(({name: getattr(one, name) for name in _COLUMNS} for one in self), _COLUMNS)


_COLUMNS = tuple(BusFactor.__slots__)


def people_risk(
    snapshot: Snapshot,
    goals: Iterable[Hashable] | None = None,
    *,
    today: date | None = None,
    scope: Hashable | None = None,
    limit: int = 100,
    hidden: Flags | None = None,
) -> PeopleRisk:
    """Return how much depends on how few people, and where work passes between people and teams.

    **Bus factor** of a goal: the smallest number of people whose loss leaves at least half of the open work below it
    without anybody. Work is open leaves, weighed by remaining hours (all alike where none has any). An item is held by
    the people who own it or are assigned to it, a team standing for all of its members; what nobody holds so is held by
    the owners of its nearest whole. What nobody holds at all counts as lost already, so a factor may be 0. Of a team:
    the same for all open work that the team or a member holds, where members alone count. ``exact`` says that no fewer
    people would do; for large groups it may be at most that many.

    **Single owner**: the only person who holds an open leaf on the worst blocking chain of a goal. **Hand-off**: two
    neighbouring leaves on such a chain whose owners are known and have nobody in common. **Wait** between teams: see
    ``TeamWait``; the waits to end in a circle of teams are those with the fewest hours.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goals
        Names or ids; by default all open goals. At most 256 are looked at, the most valuable ones.
    today
        See ``Expanded.of``.
    scope
        Only goals that it holds or serves, its people and teams, and hand-offs of its items are listed; see
        ``analytics.expansion.scope``.
    limit
        How many of each list to return at most.
    hidden
        Items, people or teams that the viewer may not see, shape (n,): omitted and counted; in bus factors their work
        counts.

    Raises
    ------
    KeyError
        There is no such goal or scope.
    ValueError
        An item is no goal, or ``limit`` is less than 1.

    Notes
    -----
    O(g (n + m)) for the chains of g goals, what lies below each, and a bounded search per goal and team. Truck factor:
    Avelino, Passos, Hora and Valente, A novel approach for estimating truck factors (ICPC 2016), whose greedy choice
    comes first; the search for fewer people then makes it exact where it can. Minimum feedback arc sets: Eades, Lin and
    Smyth (1993). An empty snapshot, goals without work and teams without people have no factor.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 goal")
    expanded = Expanded.of(snapshot, today)
    seen = np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    focus = Focus.of(expanded, scope, hidden)
    chosen, limited = chosen_goals(expanded, goals, hidden)
    factors = BusFactors(expanded, seen)
    owners, handoffs = chain_people(expanded, chosen, focus, seen)
    waits, cycles = team_waits(expanded, focus, seen)
    teams = [row for row in snapshot.of_kind("Team").tolist() if seen[row] and focus.people[row]]
    parts: dict[str, tuple[Any, ...]] = {
        "goals": factors.of_goals(goal for goal in chosen if focus.goals[goal]),
        "teams": factors.of_teams(teams),
        "single_owners": owners,
        "handoffs": handoffs,
        "waits": waits,
        "cycles": cycles,
    }
    limited += tuple(
        f"the first {limit} of {len(found)} {name.replace('_', ' ')}"
        for name, found in parts.items()
        if len(found) > limit
    )
    named = (
        (focus.items | focus.people)
        & snapshot.is_open
        & (snapshot.is_work | np.isin(snapshot.items.kind, [PERSON, TEAM]))
    )
    unseen = int(np.count_nonzero(named & ~seen))
    completeness = Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key)
    return PeopleRisk(**{name: found[:limit] for name, found in parts.items()}, completeness=completeness)
