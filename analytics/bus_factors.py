"""Bus factors: the fewest people whose loss leaves half of a goal's or a team's open work without anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.containment import Containment
from analytics.expanded import Expanded
from analytics.losses import Loss, fewest_losses
from analytics.readiness import Readiness
from analytics.results import Explanation, amount, counted, listed, percent
from analytics.teams import Teams
from graph.columns import Flags


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

    def of_goals(self, goals: Iterable[int]) -> tuple[BusFactor, ...]:
        """Return the factors of those goals that have open work below them, the smallest first."""
        containment, made = Containment.of(self._expanded), []
        nobody: frozenset[int] = frozenset()
        for goal in goals:
            leaves = containment.leaves(goal)
            held = [(row, self._teams.holders.get(row, nobody)) for row in leaves[self._open[leaves]].tolist()]
            if held:
                made.append(self._of(goal, held))
        return _ranked(made)

    def of_teams(self, teams: Sequence[int]) -> tuple[BusFactor, ...]:
        """Return the factors of those teams that hold open work, the smallest first."""
        members = self._teams.members
        within = self._within()
        held: dict[int, dict[int, frozenset[int]]] = {team: {} for team in teams}
        for row, holder in zip(self._teams.item.tolist(), self._teams.holder.tolist(), strict=True):
            if self._open[row]:
                for team in within.get(holder, ()):
                    if team in held:
                        held[team][row] = self._teams.holders[row] & members[team]
        return _ranked([self._of(team, list(found.items())) for team, found in held.items() if found])

    def _within(self) -> dict[int, set[int]]:
        """Return the teams to which each person and each team belongs, the team itself among them."""
        found: dict[int, set[int]] = {}
        for team, people in self._teams.members.items():
            for one in (*people, *self._teams.inside[team]):
                found.setdefault(one, set()).add(team)
        return found

    def _of(self, row: int, held: list[tuple[int, frozenset[int]]]) -> BusFactor:
        hours = {leaf: float(self._hours[leaf]) for leaf, _ in held}
        total = sum(hours.values())
        weights: dict[frozenset[int], float] = {}
        for leaf, people in held:
            weights[people] = weights.get(people, 0.0) + (hours[leaf] if total > 0 else 1.0)
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
            leaves=len(held),
            holders=len(frozenset().union(*weights)),
            open_hours=total,
            unheld_hours=sum(hours[leaf] for leaf, people in held if not people),
            lost_share=_share(loss),
            exact=loss.exact,
        )


def _share(loss: Loss) -> float:
    return loss.orphaned / loss.total if loss.total > 0 else 1.0


def _ranked(found: list[BusFactor]) -> tuple[BusFactor, ...]:
    return tuple(sorted(found, key=lambda one: (one.factor, -one.open_hours, -one.leaves, one.key)))
