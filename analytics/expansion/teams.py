"""Teams: who belongs to them, who holds which work, and which team each item is with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from analytics.expansion.ownership import Ownership
from graph.snapshots.columns import Ints
from graph.snapshots.snapshot import KINDS, Snapshot

_KEY: Final = "analytics.expansion.teams"
PERSON, TEAM = KINDS.index("Person"), KINDS.index("Team")


@dataclass(frozen=True, eq=False)
class Teams:
    """Membership and hands on work in one snapshot of n items.

    ``item`` and ``holder`` (shape (h,), ordered by item): who owns or does each item themselves, people and teams; for
    items that nobody does, who answers for the nearest whole.
    """

    snapshot: Snapshot
    item: Ints
    holder: Ints

    @classmethod
    def of(cls, snapshot: Snapshot) -> Teams:
        """Work out who holds what, once per snapshot. O(n + m log m)."""
        found = snapshot.derived.get(_KEY)
        if not isinstance(found, cls):
            found = snapshot.derived[_KEY] = cls(snapshot, *_held(snapshot))
        return found

    @cached_property
    def inside(self) -> dict[int, frozenset[int]]:
        """Each team with the teams inside it, itself among them; circles of teams are welcome."""
        below: dict[int, list[int]] = {}
        for part, whole in _ends(self.snapshot, "PART_OF", TEAM):
            below.setdefault(whole, []).append(part)
        inside: dict[int, frozenset[int]] = {}
        for team in self.snapshot.of_kind("Team").tolist():
            found, waiting = {team}, [team]
            while waiting:
                new = [part for part in below.get(waiting.pop(), []) if part not in found]
                found.update(new)
                waiting += new
            inside[team] = frozenset(found)
        return inside

    @cached_property
    def members(self) -> dict[int, frozenset[int]]:
        """The people of each team, those of the teams inside it among them."""
        own: dict[int, set[int]] = {}
        for person, team in _ends(self.snapshot, "MEMBER_OF"):
            own.setdefault(team, set()).add(person)
        return {
            team: frozenset(person for one in found for person in own.get(one, ()))
            for team, found in self.inside.items()
        }

    @cached_property
    def holders(self) -> dict[int, frozenset[int]]:
        """The active people who own or do each item that somebody holds, a team's members standing for the team.

        Items with the same holders share one set.
        """
        rows, starts, counts = np.unique(self.item, return_index=True, return_counts=True)
        holders, ends = self.holder.tolist(), (starts + counts).tolist()
        is_team, gone = self.snapshot.items.kind == TEAM, set(np.flatnonzero(self.snapshot.items.inactive).tolist())
        people: dict[tuple[int, ...], frozenset[int]] = {}
        found: dict[int, frozenset[int]] = {}
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends, strict=True):
            held = tuple(holders[start:end])
            if held not in people:
                every = frozenset().union(*(self.members[one] if is_team[one] else (one,) for one in held))
                people[held] = every - gone
            found[row] = people[held]
        return found

    @cached_property
    def home(self) -> dict[int, int]:
        """The team of each person who has one: that with the largest share of their time, then the first."""
        edges, best = self.snapshot.edges, dict[int, tuple[float, int]]()
        for place in self.snapshot.edges_of("MEMBER_OF").tolist():
            share = float(np.nan_to_num(edges.share[place], nan=1.0))
            person, team = int(edges.start[place]), int(edges.end[place])
            best[person] = min(best.get(person, (-share, team)), (-share, team))
        return {person: team for person, (_, team) in best.items()}

    @cached_property
    def team_of(self) -> Ints:
        """The team that each item is with, -1 for none: as stated, else its owner, else its owner's own. Shape (n,)."""
        items, owner = self.snapshot.items, Ownership.of(self.snapshot).owner
        homes = np.full(len(self.snapshot) + 1, -1, dtype=np.int32)
        for person, team in self.home.items():
            homes[person] = team
        teams = self.snapshot.of_kind("Team")
        homes[teams] = teams
        return np.where(items.team >= 0, items.team, homes[owner]).astype(np.int32)


def _held(snapshot: Snapshot) -> tuple[Ints, Ints]:
    """Return pairs of an item and who owns or does it; what nobody holds falls to the owners of its nearest whole."""
    work = snapshot.is_work | snapshot.is_goal
    owned = [(end, start) for start, end in _ends(snapshot, "OWNS")]
    held = np.array(_ends(snapshot, "ASSIGNED_TO") + owned, dtype=np.int32).reshape(-1, 2)
    direct = np.zeros(len(snapshot), dtype=np.bool_)
    direct[held[:, 0]] = True
    ownership = Ownership.of(snapshot)
    rest = np.flatnonzero(work & ~direct & (ownership.owner >= 0)).tolist()
    named = [(row, owner) for row in rest for owner in ownership.named(row)]
    pairs = np.unique(np.concatenate([held, np.array(named, dtype=np.int32).reshape(-1, 2)]), axis=0)
    pairs = pairs[np.isin(snapshot.items.kind[pairs[:, 1]], [PERSON, TEAM])]
    return pairs[:, 0], pairs[:, 1]


def _ends(snapshot: Snapshot, kind: str, only: int | None = None) -> list[tuple[int, int]]:
    """Return the two ends of a kind's edges that are sure enough, self references apart; ``only`` between one kind."""
    edges, places = snapshot.edges, snapshot.edges_of(kind)
    sure = edges.confidence[places] >= np.float32(snapshot.policy.min_confidence)
    places = places[sure & (edges.start[places] != edges.end[places])]
    if only is not None:
        places = places[snapshot.items.kind[edges.start[places]] == only]
    return list(zip(edges.start[places].tolist(), edges.end[places].tolist(), strict=True))
