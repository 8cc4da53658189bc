"""Dominators: what nobody gets around on the way to a goal, for everything that leads there."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import UNREACHED, Pointers, compiled
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Step, Steps
from analytics.expansion.trees import ChainTree, target_row
from analytics.results import Completeness, Explanation, counted, table
from graph.snapshots.columns import Flags, Ints
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Dominator:
    """Something that leads to a goal: ``through`` is the next thing that every path from it passes, the goal at last.

    ``holds`` counts what has no way to the goal but through it.
    """

    key: str
    title: str
    kind: str
    through: str
    holds: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "kind": self.kind, "through": self.through, "holds": self.holds}


@dataclass(frozen=True, slots=True)
class Dominators:
    """Everything that leads to a goal, what most has no way around first; ``total`` counts it all."""

    goal: str
    total: int
    items: tuple[Dominator, ...]
    completeness: Completeness

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Dominator]:
        return iter(self.items)

    def explain(self) -> Explanation:
        """Return what most has no way around."""
        facts: dict[str, Any] = {"goal": self.goal, "total": self.total}
        if not self.items or not self.items[0].holds:
            return self.completeness.explained(f"Nothing that leads to {self.goal} has to pass anything else.", facts)
        first = self.items[0]
        facts["first"] = first.to_dict()
        verb = "has" if first.holds == 1 else "have"
        of = f"{first.holds} of the {counted(self.total, 'thing')} that lead to {self.goal} {verb}"
        return self.completeness.explained(f"{of} no way around {first.key}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "goal": self.goal,
            "total": self.total,
            "items": [item.to_dict() for item in self.items],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item."""
        return table((item.to_dict() for item in self.items), ("key", "title", "kind", "through", "holds"))


def dominators(
    snapshot: Snapshot,
    goal: Hashable,
    *,
    scope: Hashable | None = None,
    limit: int = 100,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Dominators:
    """Return, for everything open that leads to a goal, the next thing that all of its paths pass.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goal
        Name or id of any Work or Goal.
    scope
        Only items of it are listed, cycles with a member in it too; ``total`` and what each holds stay the
        goal's; see ``analytics.expansion.scope``.
    limit
        How many items to return at most.
    today
        See ``Expanded.of``.
    hidden
        Items that the viewer may not see, shape (n,): omitted and counted; where one is passed next, only its kind.

    Raises
    ------
    KeyError
        There is no such item, or the viewer may not see it.
    ValueError
        ``limit`` is less than 1, or the item is neither Work nor Goal.

    Notes
    -----
    Immediate dominators of the reversed expanded graph: in topological order one pass over the arcs, each a nearest
    common ancestor in the tree so far (Cooper, Harvey and Kennedy, A simple, fast dominance algorithm, 2001) by the
    jump pointers of Myers, Information Processing Letters 17 (1983). O(n + m log n). A cycle is one thing, named by its
    first member; gates of containers are passed silently.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 item")
    expanded = Expanded.of(snapshot, today)
    row = target_row(expanded, goal, hidden)
    focus, key = Focus.of(expanded, scope, hidden), snapshot.items.key[row]
    if not expanded.is_open[row]:
        closed = Completeness(snapshot.seq, self_references=expanded.self_references, scope=focus.key)
        return Dominators(key, 0, (), closed)
    tree = ChainTree.to(expanded, row)
    above = immediate_dominators(expanded.pointer, expanded.heads, tree.distance > UNREACHED, tree.target)
    gate = expanded.is_gate[: tree.target + 1]
    through, holds = _seen(above, gate)
    units = np.flatnonzero((above >= 0) & ~gate)[:-1]
    total, units = len(units), units[focus.units(expanded)[units]]
    steps = Steps(expanded, hidden)
    order = units[np.lexsort((units, -holds[units]))].tolist()
    shown = tuple(_described(order, steps, through, holds, limit))
    unseen = 0 if hidden is None else sum(steps.of_unit(unit).hidden for unit in order)
    limited = () if len(order) - unseen <= limit else (f"the first {limit} of {len(order) - unseen} items",)
    completeness = Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key)
    return Dominators(key, total, shown, completeness)


def _described(order: list[int], steps: Steps, through: Ints, holds: Ints, limit: int) -> Iterator[Dominator]:
    """Yield at most ``limit`` units that the viewer may see."""
    made = 0
    for unit in order:
        step = steps.of_unit(unit)
        if not step.hidden:
            passed = steps.of_unit(int(through[unit]))
            yield Dominator(_key(step), step.title or "", step.kind, _key(passed), int(holds[unit]))
            made += 1
        if made == limit:
            return


def _key(step: Step) -> str:
    return step.key or f"hidden {step.kind}"


@compiled
def immediate_dominators(pointer: Pointers, heads: Ints, reached: Flags, target: int) -> Ints:
    """Return for every unit up to ``target`` the next one that all paths to it pass; -1 for what is not ``reached``.

    The target is its own. O(u + a log u).
    """
    above = np.full(target + 1, -1, dtype=np.int32)
    depth = np.zeros(target + 1, dtype=np.int32)
    jump = np.full(target + 1, target, dtype=np.int32)
    above[target] = target
    for unit in range(target - 1, -1, -1):
        if not reached[unit]:
            continue
        met = -1
        for arc in range(pointer[unit], pointer[unit + 1]):
            other = heads[arc]
            if not reached[other]:
                continue
            if met < 0:
                met = other
            if depth[met] < depth[other]:
                met, other = other, met
            while depth[met] > depth[other]:
                met = jump[met] if depth[jump[met]] >= depth[other] else above[met]
            while met != other:
                # Jumps depend on depths alone, so the two stay level.
                if jump[met] != jump[other]:
                    met, other = jump[met], jump[other]
                else:
                    met, other = above[met], above[other]
        above[unit] = met
        depth[unit] = depth[met] + 1
        far = jump[met]
        jump[unit] = jump[far] if depth[met] - depth[far] == depth[far] - depth[jump[far]] else met
    return above


@compiled
def _seen(above: Ints, gate: Flags) -> tuple[Ints, Ints]:
    """Return each unit's next dominator that is no gate, and how many units that are no gates each one dominates."""
    through = above.copy()
    holds = np.zeros(len(above), dtype=np.int32)
    for unit in range(len(above) - 2, -1, -1):
        if above[unit] >= 0 and gate[above[unit]]:
            through[unit] = through[above[unit]]
    for unit in range(len(above) - 1):
        if above[unit] >= 0:
            holds[above[unit]] += holds[unit] + (0 if gate[unit] else 1)
    return through, holds
