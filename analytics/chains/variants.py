"""Variants of a chain: the longest paths in time between two items, in order."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.chains.chains import Chain, Walk, chain_along
from analytics.expansion.clock import Clock, has_own_calendars
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import UNREACHED, longest_to, spread, ways_to
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Step, Steps
from analytics.expansion.trees import target_row
from analytics.results import Completeness, Explanation, amount, as_date, counted, table
from graph.snapshots.columns import Flags, Floats, Ints
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

_LOOKED: Final = 1_000
"""Paths among which those with a step in a scope are looked for."""
_EXACT: Final = 2.0**53
"""Paths up to which their number is exact."""


@dataclass(frozen=True, slots=True)
class Variants:
    """The k longest paths in time from an item to a goal: those that delay it first, then by length.

    ``total`` is how many there are (``None`` beyond 2^53). Each variant is a ``Chain`` that begins at ``root``.
    """

    root: str
    goal: str
    total: int | None
    chains: tuple[Chain, ...]
    completeness: Completeness

    def __len__(self) -> int:
        return len(self.chains)

    def __iter__(self) -> Iterator[Chain]:
        return iter(self.chains)

    def __getitem__(self, place: int) -> Chain:
        return self.chains[place]

    def explain(self) -> Explanation:
        """Return how many paths there are, and how much longer the first is than the second."""
        facts: dict[str, Any] = {"root": self.root, "goal": self.goal, "total": self.total, "shown": len(self.chains)}
        if not self.chains:
            return self.completeness.explained(f"No open path leads from {self.root} to {self.goal}.", facts)
        lengths = [chain.length_hours for chain in self.chains]
        facts["lengthHours"] = lengths
        number = "More than 9 quadrillion paths" if self.total is None else counted(self.total, "path")
        verb = "leads" if self.total == 1 else "lead"
        text = f"{number} {verb} from {self.root} to {self.goal}; the longest needs {amount(lengths[0])} working hours"
        if len(lengths) > 1:
            text += f", the next {amount(lengths[1])}"
        return self.completeness.explained(f"{text}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "root": self.root,
            "goal": self.goal,
            "total": self.total,
            "variants": [chain.to_dict() for chain in self.chains],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per step of every variant."""
        names = tuple(Step(kind="").to_dict())
        rows = (
            {"variant": number, "step": place, "lengthHours": chain.length_hours} | step.to_dict()
            for number, chain in enumerate(self.chains, 1)
            for place, step in enumerate(chain.steps, 1)
        )
        return table(rows, ("variant", "step", "lengthHours", *names))


def k_paths(
    snapshot: Snapshot,
    root: Hashable,
    goal: Hashable,
    k: int = 5,
    *,
    scope: Hashable | None = None,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Variants:
    """Return the k longest paths in time from an item to a goal: the variants of its chain.

    The first is the item's blocking chain where it begins one. Paths that delay the goal come before those without
    which it has enough. A path goes through a cycle once, as one step; of several edges between two items the one
    counts that holds back longest.

    Parameters
    ----------
    snapshot
        n items and m edges.
    root, goal
        Names or ids of Work or Goals.
    k
        Number of paths, at least 1.
    scope
        Only paths with a step in it are listed, of the 1,000 longest of either sort; ``total`` counts all
        paths; see ``analytics.expansion.scope``.
    today
        First day of work. Without it finishes and delays are ``None``.
    hidden
        Items that the viewer may not see, shape (n,): such steps show only their kind.

    Raises
    ------
    KeyError
        There is no such item or scope, or the viewer may not see it.
    ValueError
        ``k`` is less than 1, or an item is neither Work nor Goal.

    Notes
    -----
    A path is the longest one but for the arcs where it leaves it; what each such arc loses is known from one backward
    pass, so the next longest path is always one arc away from a path that was found: Eppstein, Finding the k shortest
    paths, SIAM Journal on Computing 28 (1998). O(n + m), and for each path O(its length × out-degree). From an item to
    itself there is no path, unless it is in a cycle.

    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least 1 path")
    expanded = Expanded.of(snapshot, today)
    start, row = (target_row(expanded, name, hidden) for name in (root, goal))
    focus = Focus.of(expanded, scope, hidden)
    looked = k if scope is None else max(k, _LOOKED)
    late = expanded.arc_delays
    every = search = _Search(expanded, start, row, late)
    found = [search.walk(*path, delays=True) for path in search.best(looked) if focus.on_path(expanded, *path)]
    if not late.all():
        every = _Search(expanded, start, row, np.ones_like(late))
        seen = [walk.units for walk in found]
        others = (every.walk(*path, delays=False) for path in every.best(looked) if focus.on_path(expanded, *path))
        found = [*found, *(walk for walk in others if walk.units not in seen)]
    steps = Steps(expanded, hidden)
    chains = tuple(chain_along(expanded, walk, steps, None, hidden) for walk in found[:k])
    total = every.total
    limited = (
        (f"the {k} longest of {'more than 2^53' if total is None else total} paths",) if total != len(chains) else ()
    )
    unseen = len({place for chain in chains for step in chain.steps if step.hidden for place in step.edges})
    keys = snapshot.items.key
    return Variants(
        keys[start], keys[row], total, chains,
        Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key),
    )  # fmt: skip


class _Search:
    """The paths of active arcs from an item to a target, longest first: where each begins, and its arcs.

    Of several arcs between two units only the one that holds back longest is active (of equal ones, the first).
    """

    def __init__(self, expanded: Expanded, start: int, row: int, active: Flags) -> None:
        self._expanded, self._row = expanded, row
        active = widest(expanded, active)
        self._target = int(expanded.unit[expanded.finish[row]])
        rows = (expanded.pointer, expanded.heads)
        own = float(expanded.hours[self._target])
        self._distance, self._first = longest_to(*rows, expanded.weights, active, self._target, own)
        # What a path loses by taking an arc: nothing on the longest path, everything where the target is not reached.
        onward = np.where(active, self._distance[expanded.heads], UNREACHED)
        reached = onward > UNREACHED
        loss = self._distance[expanded.tails] - expanded.weights - np.where(reached, onward, 0.0)
        self._loss: Floats = np.where(reached, np.maximum(loss, 0.0), np.inf)
        self._begins = self._ends_of(start)
        ways = ways_to(*rows, active, self._target)
        self._ways = float(sum(ways[begin] for begin in self._begins))

    def _ends_of(self, start: int) -> list[int]:
        """Return where paths begin: the gate, and the finish where no path from the gate leads through it."""
        expanded = self._expanded
        gate, finish = (int(expanded.unit[ends[start]]) for ends in (expanded.gate, expanded.finish))
        begins = [gate]
        if finish != gate:
            seeds = np.zeros(len(expanded.hours), dtype=np.bool_)
            seeds[gate] = True
            if not spread(expanded.pointer, expanded.heads, seeds)[finish]:
                begins.append(finish)
        reached = [begin for begin in begins if self._distance[begin] > UNREACHED]
        return [begin for begin in reached if begin != self._target or expanded.is_cycle[begin]]

    @property
    def total(self) -> int | None:
        """How many paths there are; ``None`` where there are too many to count."""
        return int(self._ways) if self._ways < _EXACT else None

    def best(self, k: int) -> list[tuple[int, list[int]]]:
        """Return the k longest paths."""
        longest = max((self._distance[begin] for begin in self._begins), default=0.0)
        # Lost hours, a number that keeps the order of equal ones, the path it leaves (none: it begins) and there, arc.
        queue: list[tuple[float, int, int, int, int]] = [
            (float(longest - self._distance[begin]), place, -1, 0, begin) for place, begin in enumerate(self._begins)
        ]
        heapq.heapify(queue)
        found: list[tuple[int, list[int]]] = []
        made = len(queue)
        while queue and len(found) < k:
            lost, _, parent, shared, via = heapq.heappop(queue)
            if parent < 0:
                begin, arcs = via, self._onward(via)
            else:
                begin = found[parent][0]
                arcs = [*found[parent][1][:shared], via, *self._onward(int(self._expanded.heads[via]))]
                shared += 1
            found.append((begin, arcs))
            for place, arc in self._departures(arcs, shared, k - len(found)):
                heapq.heappush(queue, (lost + float(self._loss[arc]), made, len(found) - 1, place, arc))
                made += 1
        return found

    def _onward(self, unit: int) -> list[int]:
        """Return the arcs of the longest path from a unit."""
        arcs = []
        while unit != self._target:
            arcs.append(int(self._first[unit]))
            unit = int(self._expanded.heads[arcs[-1]])
        return arcs

    def _departures(self, arcs: list[int], shared: int, most: int) -> list[tuple[int, int]]:
        """Return where a path is best left after its first ``shared`` arcs: the place on it, and the arc taken then."""
        pointer = self._expanded.pointer
        taken = np.array(arcs[shared:], dtype=np.int64)
        units = self._expanded.tails[taken]
        counts = pointer[units + 1] - pointer[units]
        place: NDArray[np.int64] = np.repeat(np.arange(len(taken)), counts)
        ends = np.cumsum(counts)
        leaving = np.arange(len(place)) - np.repeat(ends - counts, counts) + pointer[units][place]
        possible = np.flatnonzero((leaving != taken[place]) & np.isfinite(self._loss[leaving]))
        best = possible[np.argsort(self._loss[leaving[possible]], kind="stable")[:most]]
        return [(shared + int(place[at]), int(leaving[at])) for at in best]

    def walk(self, begin: int, arcs: list[int], *, delays: bool) -> Walk:
        """Return a path with its length and its end."""
        expanded = self._expanded
        heads: Ints = expanded.heads[arcs]
        units = [begin, *heads.tolist()]
        steps = np.append(expanded.weights[arcs], expanded.hours[self._target])
        left = np.cumsum(steps[::-1])[::-1]
        return Walk(self._row, units, arcs, float(left[0]), self._finish(units, arcs, left), delays)

    def _finish(self, units: list[int], arcs: list[int], left: Floats) -> date | None:
        """Return the day on which a path, and nothing else, would end; ``left`` (by unit) are the hours from there."""
        expanded = self._expanded
        if expanded.today is None:
            return None
        if not has_own_calendars(expanded):
            return expanded.calendar.finish_day(expanded.today, float(np.max(left + expanded.release[units])))
        clock, first = Clock.of(expanded), np.full(len(expanded.hours), -1, dtype=np.int32)
        first[units[:-1]] = arcs
        ends = clock.walks(first, np.array(units[:1], dtype=np.int32))
        return as_date(clock.end_days(ends, np.array([self._target], dtype=np.int32))[0])


def widest(expanded: Expanded, active: Flags) -> Flags:
    """Return one active arc of each pair of units: the one that holds back longest. Shape (a,); O(a log a)."""
    places = np.flatnonzero(active)
    tails, heads = expanded.tails[places], expanded.heads[places]
    order = np.lexsort((-expanded.weights[places], heads, tails))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (np.diff(tails[order]) != 0) | (np.diff(heads[order]) != 0)
    chosen = np.zeros(len(active), dtype=np.bool_)
    chosen[places[order[first]]] = True
    return chosen
