"""Waits between teams: the hours of open work that one waits for from another, and where they wait in a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from analytics.expansion.containment import Containment
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import rows_of
from analytics.expansion.roles import with_role
from analytics.expansion.scope import Focus
from analytics.expansion.teams import Teams
from analytics.results import Explanation, amount, counted, listed
from graph.model import Role
from graph.snapshots.columns import Flags, Floats, Ints

_EXACT: Final = 10
"""Teams in a circle up to which every order of them is weighed."""
Wait = tuple[int, int]
"""A team that waits, and the team that it waits for."""


@dataclass(frozen=True, slots=True)
class TeamWait:
    """What one team waits for from another: pieces of open work (``leaves``) and their remaining ``hours``.

    ``items`` are the largest of them, ``blocked`` counts the items that wait for them.
    """

    waiting: str
    awaited: str
    hours: float
    leaves: int
    blocked: int
    items: tuple[str, ...]

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        sentence = (
            f"{self.waiting} waits for {amount(self.hours)} hours of {self.awaited}'s open work, in "
            f"{counted(self.leaves, 'item')} that {counted(self.blocked, 'item')} of theirs "
            f"{'waits' if self.blocked == 1 else 'wait'} for."
        )
        return Explanation(sentence, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"waiting": self.waiting, "awaited": self.awaited, "hours": self.hours, "leaves": self.leaves,
                "blocked": self.blocked, "items": list(self.items)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WaitCycle:
    """Teams that wait for each other, and the waits to end (``cut``) so that none does, with the fewest hours.

    ``exact`` says that no other choice has fewer hours; it is a good choice otherwise.
    """

    teams: tuple[str, ...]
    cut: tuple[TeamWait, ...]
    hours: float
    exact: bool

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        ends = listed([f"{one.waiting} no longer waits for {one.awaited}" for one in self.cut])
        sentence = f"{listed(self.teams)} wait for each other; {amount(self.hours)} hours end it, so that {ends}."
        return Explanation(sentence, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"teams": list(self.teams), "cut": [one.to_dict() for one in self.cut], "hours": self.hours,
                "exact": self.exact}  # fmt: skip


def team_waits(
    expanded: Expanded, focus: Focus, seen: Flags, shown: int = 5
) -> tuple[tuple[TeamWait, ...], tuple[WaitCycle, ...]]:
    """Return the waits between different teams, most hours first, and the circles among them, with a team in focus.

    An open wait between two items counts each open leaf at or under the one for its own team, and lets the team of each
    open leaf at or under the other wait; a leaf counts once for each team that waits for it. Only ``seen`` items
    (shape (n,)) are counted. O(n + m), and the leaves of containers for each of their waits.
    """
    team, hours = Teams.of(expanded.snapshot).team_of, expanded.durations.remaining
    waiting, leaf, awaited, blocked = _relations(expanded, team, seen)
    count = len(expanded.snapshot)
    wait, rows = _distinct(waiting, team[leaf], leaf, count)
    behind, _ = _distinct(team[blocked], awaited, blocked, count)
    _, numbers = np.unique(behind, return_counts=True)
    keys = expanded.snapshot.items.key
    made: dict[Wait, TeamWait] = {}
    pairs, first = np.unique(wait, return_index=True)
    for pair, number, found in zip(pairs.tolist(), numbers.tolist(), np.split(rows, first)[1:], strict=True):
        one, other = divmod(pair, count)
        largest = found[np.argsort(-hours[found], kind="stable")[:shown]].tolist()
        named = tuple(keys[row] for row in largest)
        made[one, other] = TeamWait(keys[one], keys[other], float(hours[found].sum()), len(found), number, named)
    listed = (one for wait, one in made.items() if focus.people[list(wait)].any())
    ranked = sorted(listed, key=lambda one: (-one.hours, -one.leaves, one.waiting, one.awaited))
    teams = {keys[row] for row in np.flatnonzero(focus.people).tolist()}
    return tuple(ranked), tuple(one for one in _cycles(made, keys) if not teams.isdisjoint(one.teams))


def _distinct(waiting: Ints, awaited: Ints, row: Ints, count: int) -> tuple[NDArray[np.int64], Ints]:
    """Return each pair of teams (as one number) with each of its rows once, ordered by both."""
    pair = waiting.astype(np.int64) * count + awaited
    order = np.lexsort((row, pair))
    pair, row = pair[order], row[order]
    new = np.append(True, (pair[1:] != pair[:-1]) | (row[1:] != row[:-1]))[: len(pair)]
    return pair[new], row[new]


def _relations(expanded: Expanded, team: Ints, seen: Flags) -> tuple[Ints, Ints, Ints, Ints]:
    """Return (team that waits, open leaf) and (team that is waited for, item that waits), teams always different."""
    ends, spelt = _ends(expanded, seen)
    waiting, leaf = [team[ends[1]]], [ends[0]]
    awaited, blocked = [team[ends[0]]], [ends[1]]
    for before, after in spelt:
        for source, target, teams, rows in ((after, before, waiting, leaf), (before, after, awaited, blocked)):
            found = np.unique(team[source])
            teams.append(np.repeat(found, len(target)))
            rows.append(np.tile(target, len(found)))
    parts = []
    for teams, rows in ((waiting, leaf), (awaited, blocked)):
        one, row = np.concatenate(teams), np.concatenate(rows)
        between = (one >= 0) & (team[row] >= 0) & (one != team[row])
        between &= seen[one] & seen[team[row]]
        parts += [one[between], row[between]]
    return parts[0], parts[1], parts[2], parts[3]


def _ends(expanded: Expanded, seen: Flags) -> tuple[tuple[Ints, Ints], list[tuple[Ints, Ints]]]:
    """Return the ends of open waits between items without parts, and, for the others, the open leaves at both ends."""
    snapshot, canon = expanded.snapshot, expanded.canon
    places = np.unique(expanded.all_arcs.origin)
    places = places[with_role(snapshot, Role.WAITS)[places]]
    start, end = canon[snapshot.edges.start[places]], canon[snapshot.edges.end[places]]
    usable = expanded.is_open[start] & expanded.is_open[end] & seen[start] & seen[end]
    start, end = start[usable], end[usable]
    plain = ~expanded.is_container[start] & ~expanded.is_container[end]
    containment = Containment.of(expanded)
    under: dict[int, Ints] = {}
    for row in np.unique(np.concatenate([start[~plain], end[~plain]])).tolist():
        leaves = containment.leaves(row) if expanded.is_container[row] else np.array([row], dtype=np.int32)
        under[row] = leaves[expanded.is_open[leaves] & seen[leaves]]
    spelt = [
        (under[one], under[other]) for one, other in zip(start[~plain].tolist(), end[~plain].tolist(), strict=True)
    ]
    return (start[plain], end[plain]), spelt


def _cycles(waits: Mapping[Wait, TeamWait], keys: Sequence[str]) -> tuple[WaitCycle, ...]:
    """Return the circles of teams, those with most to cut first."""
    teams = sorted({team for wait in waits for team in wait})
    place = {team: at for at, team in enumerate(teams)}
    arcs = sorted((place[one], place[other]) for one, other in waits)
    tails, heads = np.array(arcs, dtype=np.int32).reshape(-1, 2).T
    matrix = csr_array((np.ones(len(heads), dtype=np.int8), heads, rows_of(tails, len(teams))), shape=(len(teams),) * 2)
    count, component = connected_components(matrix, directed=True, connection="strong")
    found = []
    for circle in range(count):
        inside = [teams[at] for at in np.flatnonzero(component == circle).tolist()]
        if len(inside) > 1:
            cut, exact = feedback_cut(inside, {wait: one.hours for wait, one in waits.items()})
            chosen = tuple(waits[wait] for wait in cut)
            hours = sum(one.hours for one in chosen)
            found.append(WaitCycle(tuple(sorted(keys[team] for team in inside)), chosen, hours, exact))
    return tuple(sorted(found, key=lambda one: (-one.hours, one.teams)))


def feedback_cut(teams: Sequence[int], hours: Mapping[Wait, float]) -> tuple[list[Wait], bool]:
    """Return the waits among some teams whose end leaves no circle, with the fewest hours, and whether that is exact.

    In every order of the teams the waits that run backwards are such a choice. Up to 10 teams the best order is found
    by dynamic programming over subsets, O(2^k k²); beyond it is the greedy one of Eades, Lin and Smyth (1993).
    """
    known = set(teams)
    inner = {wait: size for wait, size in hours.items() if known >= set(wait)}
    order = _best_order(teams, inner) if len(teams) <= _EXACT else _greedy_order(teams, inner)
    place = {team: at for at, team in enumerate(order)}
    return sorted(wait for wait in inner if place[wait[0]] > place[wait[1]]), len(teams) <= _EXACT


def _best_order(teams: Sequence[int], hours: Mapping[Wait, float]) -> list[int]:
    """Return the order whose backward waits have the fewest hours, then are the fewest."""
    count = len(teams)
    weight = np.array([[hours.get((one, other), 0.0) for other in teams] for one in teams])
    number = np.array([[float((one, other) in hours) for other in teams] for one in teams])
    best: list[tuple[float, float, int]] = [(0.0, 0.0, -1)] + [(np.inf, np.inf, -1)] * ((1 << count) - 1)
    for before in range(1 << count):
        members = [at for at in range(count) if before >> at & 1]
        for last in range(count):
            if not before >> last & 1:
                back = float(weight[last, members].sum()), float(number[last, members].sum())
                cost = best[before][0] + back[0], best[before][1] + back[1], last
                best[before | 1 << last] = min(best[before | 1 << last], cost)
    order, left = [], (1 << count) - 1
    while left:
        order.append(best[left][2])
        left ^= 1 << order[-1]
    return [teams[at] for at in reversed(order)]


def _greedy_order(teams: Sequence[int], hours: Mapping[Wait, float]) -> list[int]:
    """Return an order with few backward hours: sinks last, sources first, else the one with most surplus first."""
    left, first, last = list(teams), list[int](), list[int]()
    weight: Floats = np.array([[hours.get((one, other), 0.0) for other in teams] for one in teams])
    there = np.array([[(one, other) in hours for other in teams] for one in teams])
    place = {team: at for at, team in enumerate(teams)}
    while left:
        at = [place[team] for team in left]
        leaves, enters = there[np.ix_(at, at)].any(axis=1), there[np.ix_(at, at)].any(axis=0)
        surplus = weight[np.ix_(at, at)].sum(axis=1) - weight[np.ix_(at, at)].sum(axis=0)
        if not leaves.all():
            last.insert(0, left.pop(int(np.argmin(leaves))))
        elif not enters.all():
            first.append(left.pop(int(np.argmin(enters))))
        else:
            first.append(left.pop(int(np.argmax(surplus))))
    return first + last
