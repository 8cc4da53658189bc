"""Workload: what people and teams have committed to, week by week, against their capacity and their velocity."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.people.commitments import is_estimated
from analytics.people.loads import Load, Loads
from analytics.people.moves import Move
from analytics.results import Completeness, Explanation, counted, listed, table
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Workload:
    """People and teams, those with most hours above capacity first, then with most committed over their velocity.

    ``moves`` are a few items whose going elsewhere leaves nobody with more hours than capacity. ``unassigned`` is open
    work that nobody does, ``unassigned_hours`` what is known of its size.
    """

    people: tuple[Load, ...]
    teams: tuple[Load, ...]
    moves: tuple[Move, ...]
    unassigned: int
    unassigned_hours: float
    completeness: Completeness

    def __iter__(self) -> Iterator[Load]:
        return iter((*self.teams, *self.people))

    def __len__(self) -> int:
        return len(self.people) + len(self.teams)

    def explain(self) -> Explanation:
        """Return the teams that committed to more than their velocity, and who has too much to do."""
        fast = [team for team in self.teams if (team.commitment or 0) > 1]
        fast.sort(key=lambda team: -(team.commitment or 0))
        over = [one for one in self.people if one.over_hours > 0]
        facts: dict[str, Any] = {"aboveVelocity": [one.key for one in fast], "over": [one.key for one in over],
                                 "moves": [move.to_dict() for move in self.moves]}  # fmt: skip
        parts = []
        if fast:
            first, verb = fast[0], "has" if len(fast) == 1 else "have"
            facts["first"] = first.to_dict()
            parts.append(f"{counted(len(fast), 'team')} {verb} committed to more than their velocity, most of all "
                         f"{first.title or first.key}: {first.commitment:.1f} times")  # fmt: skip
        if over:
            facts["mostOver"] = over[0].to_dict()
            who = listed([one.title or one.key for one in over])
            parts.append(f"{who} {'has' if len(over) == 1 else 'have'} more to do in some week than time for it")
        if self.moves:
            parts.append(f"moving {counted(len(self.moves), 'item')} removes it")
        text = "; ".join(parts) or "Nobody has more to do than time for it"
        return self.completeness.explained(f"{text[0].upper()}{text[1:]}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "people": [one.to_dict() | {"explanation": one.explain().sentence} for one in self.people],
            "teams": [one.to_dict() | {"explanation": one.explain().sentence} for one in self.teams],
            "moves": [move.to_dict() for move in self.moves],
            "unassigned": self.unassigned,
            "unassignedHours": self.unassigned_hours,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per team or person and week."""
        rows = (
            {"key": one.key, "title": one.title, "kind": one.kind} | week.to_dict()
            for one in self
            for week in one.weeks
        )
        return table(rows, ("key", "title", "kind", "start", "capacity", "hours", "points", "state"))


def workload(
    snapshot: Snapshot,
    weeks: int = 6,
    *,
    today: date,
    scope: Hashable | None = None,
    limit: int = 100,
    hidden: Flags | None = None,
) -> Workload:
    """Return what people and teams have committed to, week by week, against capacity and velocity.

    The remaining hours of each open leaf go to its assignees by share, else to those who own the leaf itself, and are
    spread evenly over their working hours from its start (today, where that is past or absent) to its due date (to its
    earliest finish, where that is absent or before the start); over all days alike where they have no working hours in
    that time. A leaf without estimate, remaining, duration or usable points is counted as ``unestimated`` and spread
    over nothing. A person's hours are also those of their home team (most of their time, see ``Teams.home``), whose
    capacity is that of its people; what a team itself is assigned to is the team's alone. Who is inactive has no
    capacity, and is listed only with open work.

    Velocity is the mean of what was finished (estimates, else hours spent, and points) in each of the last 12 whole
    weeks, each week counting half as much as the one 4 weeks after it, from the first in which anything was finished.
    ``commitment`` is committed hours a week (of 7 days, the rest of this week in proportion) over velocity.

    Parameters
    ----------
    snapshot
        n items and m edges.
    weeks
        How many calendar weeks, this one included, 1 to 53.
    today
        First day of work.
    scope
        Only people and teams of it are listed, with all that they have to do; what nobody does is counted in
        it; see ``analytics.expansion.scope``.
    limit
        How many people, how many teams and how many moves to return at most.
    hidden
        Items, people or teams that the viewer may not see, shape (n,): not named, and counted; their hours still count.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``weeks`` or ``limit`` is out of its range.

    Notes
    -----
    O(n + m log m), and O(c w log days off) for c entries of open leaf and doer. Moves: greedy, see ``moves.relief``;
    what it returns was checked to remove every overload. Velocity as in Cohn, Agile Estimating and Planning (2005),
    with exponential weights. An empty snapshot, and people without work, have no hours.

    """
    if not 1 <= weeks <= 53:
        raise ValueError(f"weeks is {weeks}; ask for 1 to 53")
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 person")
    expanded = Expanded.of(snapshot, today)
    seen = np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    focus, loads = Focus.of(expanded, scope, hidden), Loads(expanded, today, weeks)
    people, teams = (rows[focus.people[rows]] for rows in (snapshot.of_kind("Person"), snapshot.of_kind("Team")))
    people = people[~snapshot.items.inactive[people] | np.isin(people, loads.commitments.doer)]
    shown = loads.of_people(people[seen[people]], seen), loads.of_teams(teams[seen[teams]])
    named = seen & focus.people
    moves = [loads.move(one, seen) for one in loads.relief() if named[one.person] and seen[one.item]]
    limited = tuple(
        f"the first {limit} of {len(found)} {word}"
        for found, word in ((shown[0], "people"), (shown[1], "teams"), (moves, "moves"))
        if len(found) > limit
    )
    unassigned = loads.commitments.unassigned & focus.items
    known = is_estimated(expanded.durations.basis[unassigned])
    unseen = int(np.count_nonzero(~seen[people]) + np.count_nonzero(~seen[teams]))
    return Workload(
        people=shown[0][:limit],
        teams=shown[1][:limit],
        moves=tuple(moves[:limit]),
        unassigned=int(np.count_nonzero(unassigned)),
        unassigned_hours=float(expanded.durations.remaining[unassigned][known].sum()),
        completeness=Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key),
    )
