"""Bus factors: the fewest people whose loss leaves half of a goal's or a team's open work without anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.expansion.containment import Containment
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import rows_of, totals
from analytics.expansion.readiness import Readiness
from analytics.expansion.teams import Teams
from analytics.people.losses import Loss, fewest_losses
from analytics.results import Explanation, amount, counted, listed, percent
from graph.snapshots.columns import Flags, Ints


@dataclass(frozen=True, slots=True)
class BusFactor:
    """The bus factor of a goal or team: how many ``people`` it is, and what their loss would do.

    ``open_hours`` remain in ``leaves`` pieces of open work, ``unheld_hours`` of which nobody has even now.
    ``lost_share`` (0 to 1, at least a half) is the part of the work that nobody would have; it is by number where there
    are no hours. ``exact``: no fewer people would do. ``holders`` counts the people who hold any of the work.
    """

    key: str
    title: str
    kind: str
    factor: int
    people: tuple[str, ...]
    names: tuple[str, ...]
    leaves: int
    holders: int
    open_hours: float
    unheld_hours: float
    lost_share: float
    exact: bool

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        facts = self.to_dict()
        name = self.key if self.title in ("", self.key) else f"{self.key} '{self.title}'"
        work = f"{percent(self.lost_share)} of {counted(self.leaves, 'open piece')} of work"
        if not self.factor:
            return Explanation(
                f"Nobody has {work} ({amount(self.open_hours)} hours in all) for {name} even now.", facts
            )
        who = listed(self.names) or counted(self.factor, "hidden person", "hidden people")
        most = "" if self.exact else "at most "
        number = f"{most}{counted(self.factor, 'person', 'people')}"
        return Explanation(f"{name} depends on {number}: without {who} nobody has {work}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key, "title": self.title, "kind": self.kind, "factor": self.factor,
            "people": list(self.people), "names": list(self.names), "leaves": self.leaves, "holders": self.holders,
            "openHours": self.open_hours, "unheldHours": self.unheld_hours, "lostShare": self.lost_share,
            "exact": self.exact,
        }  # fmt: skip


class BusFactors:
    """Makes the bus factors of goals and teams of one expanded graph; ``seen`` (shape (n,)) may be named."""

    def __init__(self, expanded: Expanded, seen: Flags) -> None:
        self._expanded, self._seen = expanded, seen
        self._teams = Teams.of(expanded.snapshot)
        self._open = Readiness.of(expanded).leaf
        self._hours = expanded.durations.remaining
        self._sets: list[frozenset[int]] = list(dict.fromkeys((frozenset(), *self._teams.holders.values())))
        place = {people: at for at, people in enumerate(self._sets)}
        self._held_by = np.zeros(len(expanded.snapshot), dtype=np.int32)
        self._held_by[list(self._teams.holders)] = [place[people] for people in self._teams.holders.values()]

    def of_goals(self, goals: Iterable[int]) -> tuple[BusFactor, ...]:
        """Return the factors of those goals that have open work below them, the smallest first."""
        containment, made = Containment.of(self._expanded), []
        for goal in goals:
            leaves = containment.leaves(goal)
            leaves = leaves[self._open[leaves]]
            if len(leaves):
                made.append(self._of(goal, leaves, None))
        return _ranked(made)

    def of_teams(self, teams: Sequence[int]) -> tuple[BusFactor, ...]:
        """Return the factors of those teams that hold open work, the smallest first."""
        made = []
        usable = self._open[self._teams.item]
        item, holder = self._teams.item[usable], self._teams.holder[usable]
        order = np.argsort(holder, kind="stable")
        pointer = rows_of(holder, len(self._open))
        for team in teams:
            members = self._teams.members[team]
            doers = [*members, *self._teams.inside[team]]
            held = [item[order[pointer[one] : pointer[one + 1]]] for one in doers]
            leaves = np.unique(np.concatenate(held))
            if len(leaves):
                made.append(self._of(team, leaves, members))
        return _ranked(made)

    def _of(self, row: int, leaves: Ints, members: frozenset[int] | None) -> BusFactor:
        """Return a factor over some open leaves; only ``members`` count as their holders, if they are given."""
        hours = self._hours[leaves]
        total = float(hours.sum())
        places, group = np.unique(self._held_by[leaves], return_inverse=True)
        size = totals(group, hours if total > 0 else np.ones(len(leaves)), len(places))
        weights: dict[frozenset[int], float] = {}
        for place, weight in zip(places.tolist(), size.tolist(), strict=True):
            people = self._sets[place] if members is None else self._sets[place] & members
            weights[people] = weights.get(people, 0.0) + weight
        loss = fewest_losses(weights)
        items = self._expanded.snapshot.items
        named = [person for person in loss.people if self._seen[person]]
        return BusFactor(
            key=items.key[row],
            title=items.title[row],
            kind=self._expanded.snapshot.label(row),
            factor=len(loss.people),
            people=tuple(items.key[person] for person in named),
            names=tuple(items.title[person] or items.key[person] for person in named),
            leaves=len(leaves),
            holders=len(frozenset().union(*weights)),
            open_hours=total,
            unheld_hours=weights.get(frozenset(), 0.0) if total > 0 else 0.0,
            lost_share=_share(loss),
            exact=loss.exact,
        )


def _share(loss: Loss) -> float:
    return loss.orphaned / loss.total if loss.total > 0 else 1.0


def _ranked(found: list[BusFactor]) -> tuple[BusFactor, ...]:
    return tuple(sorted(found, key=lambda one: (one.factor, -one.open_hours, -one.leaves, one.key)))
