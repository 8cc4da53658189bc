"""Teams and people that most goals wait for."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import mark_walks
from analytics.expansion.ownership import answering
from analytics.expansion.scope import Focus
from analytics.expansion.trees import ChainTree
from analytics.expansion.worth import chosen_goals, outermost
from analytics.results import Completeness, Explanation, amount, counted, table
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class WaitedFor:
    """A team or person, the goals with an open step of theirs on a blocking chain, and how many such steps there are.

    ``named`` are those of the goals where the team or person itself owns or does a step, and not only a member.
    """

    key: str
    title: str
    kind: str
    goals: tuple[str, ...]
    named: tuple[str, ...]
    value: float
    steps: int

    def explain(self) -> Explanation:
        """Return who waits for them, as facts and a sentence."""
        shown = self.goals[:3]
        facts = self.to_dict() | {"goalCount": len(self.goals), "shown": list(shown), "more": len(self.goals) - 3}
        facts["valueShown"] = amount(self.value)
        more = f" and {len(self.goals) - 3} more" if len(self.goals) > 3 else ""
        verb = "waits" if len(self.goals) == 1 else "wait"
        sentence = (
            f"{counted(len(self.goals), 'goal')} {verb} for {self.title} ({', '.join(shown)}{more}), "
            f"worth {amount(self.value)}, with {counted(self.steps, 'open step')} on their chains."
        )
        return Explanation(sentence, facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "kind": self.kind, "goals": list(self.goals),
                "named": list(self.named), "value": self.value, "steps": self.steps}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TeamsWaitedFor:
    """Teams and people, those that most goals wait for first (by number, value, steps, key)."""

    teams: tuple[WaitedFor, ...]
    people: tuple[WaitedFor, ...]
    goals: int
    completeness: Completeness

    def __iter__(self) -> Iterator[WaitedFor]:
        return iter(self.teams)

    def __len__(self) -> int:
        return len(self.teams)

    def explain(self) -> Explanation:
        """Return the team that most goals wait for."""
        facts: dict[str, Any] = {"goalsAsked": self.goals}
        for waited in (*self.teams[:1], *self.people[:1])[:1]:
            first = waited.explain()
            return self.completeness.explained(
                f"Of {counted(self.goals, 'goal')}: {first.sentence}", facts | {"first": first.facts}
            )
        return self.completeness.explained(f"No team or person holds up any of {counted(self.goals, 'goal')}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "teams": [team.to_dict() | {"explanation": team.explain().sentence} for team in self.teams],
            "people": [one.to_dict() | {"explanation": one.explain().sentence} for one in self.people],
            "goals": self.goals,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per team, then one per person."""
        rows = (one.to_dict() for one in (*self.teams, *self.people))
        return table(rows, ("key", "title", "kind", "goals", "named", "value", "steps"))


def teams_waited_for(
    snapshot: Snapshot,
    goals: Iterable[Hashable] | None = None,
    *,
    scope: Hashable | None = None,
    limit: int = 100,
    today: date | None = None,
    hidden: Flags | None = None,
) -> TeamsWaitedFor:
    """Return the teams and people that most goals wait for.

    A goal waits for a person who answers for, owns or is assigned to an open step of any of its blocking chains (every
    root's worst chain), and for a team for which that is true of itself or a member. ``value`` sums distinct goals,
    none counted beside one that it leads to.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goals
        Names or ids; by default all open goals. At most 256 are looked at, the most valuable ones.
    scope
        Only its people and teams are listed, with all goals that wait for them; see ``analytics.expansion.scope``.
    limit
        How many teams, and how many people, to return at most.
    today
        See ``Expanded.of``.
    hidden
        Items, teams or people that the viewer may not see, shape (n,): nothing is said of them but how many.

    Raises
    ------
    KeyError
        There is no such goal or scope.
    ValueError
        An item is no goal.

    Notes
    -----
    O(g (n + m)) for g goals: the chains of one goal form a tree, so that each unit is walked once.

    """
    expanded = Expanded.of(snapshot, today)
    focus = Focus.of(expanded, scope, hidden)
    chosen, limited = chosen_goals(expanded, goals, hidden)
    item, who, direct = answering(snapshot)
    mine = focus.people[who]
    item, who, direct = item[mine], who[mine], direct[mine]
    waiting: dict[int, list[int]] = {}
    named: dict[int, list[int]] = {}
    steps: dict[int, set[int]] = {}
    unseen = np.zeros(len(snapshot), dtype=np.bool_)
    for tree in ChainTree.each(expanded, chosen):
        goal, waits = tree.row, _on_chains(tree)
        if hidden is not None:
            unseen |= waits & hidden
            waits &= ~hidden
        on_chain = waits[item]
        for one in np.unique(who[on_chain]).tolist():
            waiting.setdefault(one, []).append(goal)
        for one in np.unique(who[on_chain & direct]).tolist():
            named.setdefault(one, []).append(goal)
        for one, row in zip(who[on_chain].tolist(), item[on_chain].tolist(), strict=True):
            steps.setdefault(one, set()).add(row)
    shown = [one for one in waiting if hidden is None or not hidden[one]]
    top, keys, titles = outermost(expanded, chosen), snapshot.items.key, snapshot.items.title
    made = [
        WaitedFor(
            key=keys[one],
            title=titles[one] or keys[one],
            kind=snapshot.label(one),
            goals=tuple(keys[goal] for goal in waiting[one]),
            named=tuple(keys[goal] for goal in named.get(one, [])),
            value=_value(expanded, waiting[one], top),
            steps=len(steps[one]),
        )
        for one in shown
    ]
    made.sort(key=lambda one: (-len(one.goals), -one.value, -one.steps, one.key))
    teams = [one for one in made if one.kind == "Team"]
    people = [one for one in made if one.kind == "Person"]
    if max(len(teams), len(people)) > limit:
        limited = (*limited, f"the first {limit} of {len(teams)} teams and {len(people)} people")
    left_out = len(waiting) - len(shown) + int(unseen.sum())
    completeness = Completeness(snapshot.seq, limited, left_out, expanded.self_references, focus.key)
    return TeamsWaitedFor(tuple(teams[:limit]), tuple(people[:limit]), len(chosen), completeness)


def _value(expanded: Expanded, goals: list[int], top: set[int]) -> float:
    """Return what goals are worth, none counted beside one that it leads to."""
    return float(sum(expanded.goals.value[goal] for goal in goals if goal in top)) or max(
        float(expanded.goals.value[goal]) for goal in goals
    )


def _on_chains(tree: ChainTree) -> Flags:
    """Return which items are steps of a blocking chain to a goal. Shape (n,)."""
    expanded = tree.expanded
    found = np.zeros(len(expanded.snapshot), dtype=np.bool_)
    for first, late in ((tree.delaying, True), (tree.other, False)):
        marks = np.zeros(len(expanded.hours), dtype=np.bool_)
        mark_walks(expanded.heads, first, tree.roots[tree.delays[tree.roots] == late], marks)
        nodes = np.flatnonzero(marks[expanded.unit])
        found[expanded.item[nodes]] = True
    found[tree.row] = False
    return found
