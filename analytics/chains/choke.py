"""Choke points: the items, people and teams that most of the chains to goals run through."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from analytics.chains.choke_point import ChokePoint, Cover, Passage
from analytics.chains.forest import Forest
from analytics.chains.ranking import Ranking
from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.expansion.worth import chosen_goals, outermost
from analytics.results import Completeness, Explanation, counted, table
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

_SHOWN: Final = 3
"""Items of a cover that is shown unasked."""


@dataclass(frozen=True, slots=True)
class ChokePoints:
    """Items, people and teams by what the chains through them carry, most first.

    ``total`` is what all ``chains`` carry, ``goals`` where they lead, ``passages`` what no chain gets around and
    ``covering`` the cover of three items; ``cover`` makes larger ones.
    """

    items: tuple[ChokePoint, ...]
    people: tuple[ChokePoint, ...]
    teams: tuple[ChokePoint, ...]
    goals: tuple[str, ...]
    chains: int
    total: float
    passages: tuple[Passage, ...]
    covering: Cover
    completeness: Completeness
    _cover: Callable[[int], Cover] = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[ChokePoint]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> ChokePoint:
        return self.items[place]

    def cover(self, k: int) -> Cover:
        """Return k items that cover most of what the chains carry, taken greedily.

        The greedy choice covers at least 1 - (1 - 1/k)^k > 1 - 1/e (63 %) of what the best k items cover: Nemhauser,
        Wolsey and Fisher, Mathematical Programming 14 (1978). O(k) passes over the chains.

        Raises:
            ValueError: ``k`` is less than 1.

        """
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least 1 item")
        return self._cover(k)

    def explain(self) -> Explanation:
        """Return the first choke point, and what a few cover together."""
        facts: dict[str, Any] = {"chains": self.chains, "goalCount": len(self.goals), "total": self.total}
        if not self.items:
            return self.completeness.explained(
                f"No open work leads to any of {counted(len(self.goals), 'goal')}.", facts
            )
        percent = round(100 * self.covering.share)
        facts |= {"first": self.items[0].explain().facts, "covering": self.covering.to_dict(), "percent": percent}
        text = self.items[0].explain().sentence
        if len(self.covering.items) > 1:
            text += f" Together {', '.join(self.covering.items)} are on chains that carry {percent} % of it."
        return self.completeness.explained(text, facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""

        def told(points: tuple[ChokePoint, ...]) -> list[dict[str, Any]]:
            return [point.to_dict() | {"explanation": point.explain().sentence} for point in points]

        return {
            "items": told(self.items),
            "people": told(self.people),
            "teams": told(self.teams),
            "goals": list(self.goals),
            "chains": self.chains,
            "total": self.total,
            "passages": [passage.to_dict() for passage in self.passages],
            "cover": self.covering.to_dict(),
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item, then per person, then per team."""
        points = (point for group in (self.items, self.people, self.teams) for point in group)
        names = ("key", "title", "kind", "owner", "value", "share", "chains", "goals")
        gains = ("goal", "dragHours", "gainHours")
        rows = (
            {name: value for name, value in point.to_dict().items() if name in names}
            | {name: None if point.relief is None else point.relief.to_dict()[name] for name in gains}
            for point in points
        )
        return table(rows, (*names, *gains))


def choke_points(
    snapshot: Snapshot,
    goals: Iterable[Hashable] | None = None,
    *,
    scope: Hashable | None = None,
    limit: int = 10,
    today: date | None = None,
    hidden: Flags | None = None,
) -> ChokePoints:
    """Return the items, people and teams that most of what the chains to goals carry runs through.

    There is one chain for each root and each goal that it reaches: the longest path in time (``blocking_chains``). It
    carries the goal's value times the chain's share of it. A point's value is what all chains through it carry: an
    item's, those that have it as a step; a person's, those with a step that they own, do or answer for; a team's, those
    with such a step of its own or of a member. A chain counts once for each point. Goals on the way are no points.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goals
        Names or ids. By default the open goals that lead to no other one; at most 256 are looked at, most valuable
        first.
    scope
        Only items and people of it are points, and cover; passages are those of goals that it holds or serves;
        see ``analytics.expansion.scope``.
    limit
        How many items, people and teams to return at most, of each, and for how many goals to tell what all paths pass.
    today
        First day of work; see ``Expanded.of``. The longest paths do not depend on it, drag and gain do.
    hidden
        Items, people or teams that the viewer may not see, shape (n,): omitted and counted.

    Raises
    ------
    KeyError
        There is no such goal or scope, or the viewer may not see it.
    ValueError
        ``limit`` is less than 1, or an item is no goal.

    Notes
    -----
    The chains to one goal form a tree, so all values are sums over subtrees: O(g (n + m)) for g goals, and O(n + m)
    for drag and gain of each item that is returned. Cycles are one item each. Without open goals everything is empty.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 choke point")
    expanded = Expanded.of(snapshot, today)
    focus = Focus.of(expanded, scope, hidden)
    chosen, limited = chosen_goals(expanded, goals, hidden)
    if goals is None:
        top = outermost(expanded, chosen)
        chosen = [goal for goal in chosen if goal in top]
    forest = Forest.of(expanded, chosen)
    if forest.left_out:
        limited = (*limited, f"the chains to {len(chosen) - forest.left_out} of {len(chosen)} goals")
    ranking = Ranking(expanded, forest, focus, hidden)
    told = [goal for goal in chosen if focus.goals[goal]]
    groups = {"items": ranking.items(), "people": ranking.of_kind("Person"), "teams": ranking.of_kind("Team")}
    cut = {name: len(rows) for name, rows in groups.items() if len(rows) > limit}
    if len(told) > limit:
        cut["goals, in what all paths pass"] = len(told)
    limited = (*limited, *(f"the first {limit} of {count} {name}" for name, count in cut.items()))
    items, people, teams = (ranking.points(rows[:limit], chosen) for rows in groups.values())
    return ChokePoints(
        items=items,
        people=people,
        teams=teams,
        goals=tuple(snapshot.items.key[goal] for goal in chosen),
        chains=int(forest.begins.sum()),
        total=ranking.total,
        passages=tuple(ranking.passage(goal) for goal in told[:limit]),
        covering=ranking.cover(_SHOWN),
        completeness=Completeness(snapshot.seq, limited, ranking.unseen, expanded.self_references, focus.key),
        _cover=ranking.cover,
    )
