"""Blocking chains: from each thing that can be acted on now, the longest path in time to a goal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, overload

import numpy as np

from analytics.expansion.durations import Basis
from analytics.expansion.expanded import Expanded
from analytics.expansion.finishes import finish_day_of
from analytics.expansion.kernels import gather_bits
from analytics.expansion.scope import Focus
from analytics.expansion.steps import Step, Steps
from analytics.expansion.trees import ChainTree, target_row
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

_ENTRIES: Final = 256
"""Entries into a goal that alternatives are looked for among."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The longest path in time from one root to a goal.

    ``length_hours`` is Σ durations + lags by start/finish arithmetic, the goal's own duration included if it is work;
    ``finish`` the day that the chain alone forces from today on; ``delay_days`` the working days from ``due`` to it,
    negative if before. ``share`` is the chain's share of the goal; where the goal has enough without it, ``delays`` is
    false, ``delay_days`` is ``None`` and ``value_at_risk`` says what it puts at risk. ``assumed_share`` (0 to 1) is how
    much of the length nobody gave a figure for. ``alternatives`` are the other items next to the goal that the root
    also reaches.
    """

    goal: str
    goal_title: str
    due: date | None
    finish: date | None
    delay_days: int | None
    length_hours: float
    assumed_share: float
    share: float
    delays: bool
    value_at_risk: float
    root: Step
    steps: tuple[Step, ...]
    alternatives: tuple[str, ...]
    completeness: Completeness

    def explain(self) -> Explanation:
        """Return the chain's facts and a sentence that quotes only them."""
        return Explanation(_sentence(self), self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "goal": self.goal,
            "goalTitle": self.goal_title,
            "due": iso(self.due),
            "finish": iso(self.finish),
            "delayDays": self.delay_days,
            "lengthHours": self.length_hours,
            "assumedPercent": round(100 * self.assumed_share),
            "share": self.share,
            "sharePercent": round(100 * self.share),
            "delays": self.delays,
            "valueAtRisk": self.value_at_risk,
            "stepCount": len(self.steps),
            "root": self.root.to_dict(),
            "steps": [step.to_dict() for step in self.steps],
            "edges": [place for step in self.steps for place in step.edges],
            "alternatives": list(self.alternatives),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values in the shape that scripts rely on."""
        facts = self._facts()
        root = {name: facts["root"][name] for name in ("key", "title", "owner", "status")}
        root["state"] = self.root.state
        return facts | {
            "root": root,
            "explanation": _sentence(self),
            "completeness": self.completeness.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class BlockingChains:
    """The k worst chains to one goal, worst first; ``roots`` counts all roots that reach it.

    ``finish`` is when the goal has enough, ``full_finish`` when everything is finished; ``None`` without a day, and
    ``finish`` also where cancelled children make it impossible.
    """

    goal: str
    goal_title: str
    due: date | None
    finish: date | None
    full_finish: date | None
    roots: int
    chains: tuple[Chain, ...]
    completeness: Completeness

    def __len__(self) -> int:
        return len(self.chains)

    def __iter__(self) -> Iterator[Chain]:
        return iter(self.chains)

    @overload
    def __getitem__(self, place: int) -> Chain: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Chain, ...]: ...
    def __getitem__(self, place: int | slice) -> Chain | tuple[Chain, ...]:
        return self.chains[place]

    def explain(self) -> Explanation:
        """Return the worst chain's sentence, with how many there are; or that nothing stands before the goal."""
        facts: dict[str, Any] = {
            "goal": self.goal,
            "goalTitle": self.goal_title,
            "roots": self.roots,
            "shown": len(self.chains),
            "due": iso(self.due),
            "finish": iso(self.finish),
            "fullFinish": iso(self.full_finish),
        }
        if not self.chains:
            return self.completeness.explained(f"Nothing open stands before {self.goal}.", facts)
        worst = self.chains[0].explain()
        verb = "leads" if self.roots == 1 else "lead"
        sentence = f"{counted(self.roots, 'chain')} {verb} to {self.goal}. {worst.sentence}"
        return self.completeness.explained(sentence, facts | {"worst": worst.facts})

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(self.explain().facts) | {
            "worst": None,
            "chains": [chain.to_dict() for chain in self.chains],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per step of every chain."""
        names = tuple(Step(kind="").to_dict())
        rows = (
            {"chain": number, "step": place, "delayDays": chain.delay_days, "lengthHours": chain.length_hours}
            | step.to_dict()
            for number, chain in enumerate(self.chains, 1)
            for place, step in enumerate(chain.steps, 1)
        )
        return table(rows, ("chain", "step", "delayDays", "lengthHours", *names))


def blocking_chains(
    snapshot: Snapshot,
    goal: Hashable,
    k: int = 10,
    *,
    scope: Hashable | None = None,
    today: date | None = None,
    hidden: Flags | None = None,
) -> BlockingChains:
    """Return the chains that hold a goal back, worst first: by delay, then length, then key.

    A *root* is an open leaf of work that waits for nothing open, a cycle unit, or something whose closing or starting
    alone is waited for: a goal that nothing contributes to, a container without an open part, a container that has not
    started and whose start is waited for. Per root there is one chain, the path of most working hours. When it ends,
    and by how much it delays the goal, is told with everybody working in their own calendar. By somebody's leave
    another path may end later, which ``finish`` counts; ``ChainTree`` says why it is not chosen for that.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goal
        Name or id of any Work or Goal.
    k
        Number of chains, at least 1.
    scope
        Only chains with a step in it are listed, and counted as ``roots``; see ``analytics.expansion.scope``.
    today
        First day of work. Without it only hours are computed: finishes and delays are ``None``.
    hidden
        Items that the viewer may not see, shape (n,): such steps show only their kind.

    Raises
    ------
    KeyError
        There is no such item, or the viewer may not see it.
    ValueError
        ``k`` is less than 1, or the item is neither Work nor Goal.

    Notes
    -----
    One pass over the expanded graph from the goal backwards, O(n + m), and O(roots log roots) to order them; the
    expanded graph itself is made once per snapshot and day. Each cycle is one step whose hours are an upper bound.
    A goal that is closed, or that nothing open leads to, has no chains. Longest paths in a directed acyclic graph by
    dynamic programming: Cormen et al., Introduction to Algorithms, 24.2.

    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least 1 chain")
    expanded = Expanded.of(snapshot, today)
    row = target_row(expanded, goal, hidden)
    focus = Focus.of(expanded, scope, hidden)
    if not expanded.is_open[row]:
        closed = Completeness(snapshot.seq, self_references=expanded.self_references, scope=focus.key)
        return _result(expanded, row, 0, (), closed)
    tree = focus.chains(ChainTree.to(expanded, row))
    chosen = tree.worst(k)
    steps = Steps(expanded, hidden)
    reached, limited = _entries(expanded, tree, chosen)
    chains = tuple(_chain(tree, steps, unit, reached[unit], hidden) for unit in chosen)
    unseen = len({place for chain in chains for step in chain.steps if step.hidden for place in step.edges})
    if len(tree.roots) > k:
        limited = (f"the {k} worst of {len(tree.roots)} chains", *limited)
    completeness = Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key)
    return _result(expanded, row, len(tree.roots), chains, completeness)


def _entries(expanded: Expanded, tree: ChainTree, chosen: list[int]) -> tuple[dict[int, list[int]], tuple[str, ...]]:
    """Return, for each chosen root, the arcs into the target that it reaches."""
    pointer, arcs = expanded.into
    entries = arcs[pointer[tree.target] : pointer[tree.target + 1]]
    limited: tuple[str, ...] = ()
    if len(entries) > _ENTRIES:
        limited = (f"alternatives among {_ENTRIES} of {len(entries)} entries",)
        far = expanded.weights[entries] + tree.distance[tree.target]
        entries = entries[np.argsort(-far, kind="stable")[:_ENTRIES]]
    bits = np.zeros((len(expanded.hours), max(1, -(-len(entries) // 64))), dtype=np.uint64)
    for place, arc in enumerate(entries.tolist()):
        bits[expanded.tails[arc], place // 64] |= np.uint64(1 << (place % 64))
    gather_bits(expanded.pointer, expanded.heads, bits)
    return {
        unit: [arc for place, arc in enumerate(entries.tolist()) if int(bits[unit, place // 64]) >> (place % 64) & 1]
        for unit in chosen
    }, limited


def _chain(tree: ChainTree, steps: Steps, unit: int, reached: list[int], hidden: Flags | None) -> Chain:
    """Return the chain of one root."""
    units, arcs = tree.walk(unit)
    finish = as_date(tree.finish_days(np.array([unit], dtype=np.int32))[0])
    walk = Walk(tree.row, units, arcs, float(tree.distance[unit]), finish, bool(tree.delays[unit]))
    return chain_along(tree.expanded, walk, steps, reached, hidden)


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through the expanded graph to the item at ``row``: its ``length`` in hours, and the day on which it ends.

    Nothing else holds it back until then. ``delays``: whether the item is late when the way is.
    """

    row: int
    units: list[int]
    arcs: list[int]
    length: float
    finish: date | None
    delays: bool


def chain_along(
    expanded: Expanded, walk: Walk, steps: Steps, reached: list[int] | None = None, hidden: Flags | None = None
) -> Chain:
    """Return a way as a chain; ``reached`` are the arcs into its target among which alternatives are named."""
    snapshot, row, units, finish = expanded.snapshot, walk.row, walk.units, walk.finish
    due = as_date(expanded.due[row])
    share = float(np.prod(expanded.arc_share[walk.arcs])) if walk.arcs else 1.0
    made = steps.along(units, walk.arcs)
    entry = {int(expanded.item[expanded.order.nodes[expanded.order.pointer[at]]]) for at in units[-2:-1]}
    others = [expanded.members(int(expanded.tails[arc]))[0] for arc in reached or ()]
    seen = [at for at in dict.fromkeys(others) if at not in entry and (hidden is None or not hidden[at])]
    value = float(expanded.goals.value[row]) if snapshot.is_goal[row] else 0.0
    return Chain(
        goal=snapshot.items.key[row],
        goal_title=snapshot.items.title[row],
        due=due,
        finish=finish,
        delay_days=expanded.calendar.days_after(due, finish) if due and finish and walk.delays else None,
        length_hours=walk.length,
        assumed_share=_assumed(expanded, units, walk.length),
        share=share,
        delays=walk.delays,
        value_at_risk=value * share,
        root=made[0],
        steps=made,
        alternatives=tuple(snapshot.items.key[at] for at in seen),
        completeness=Completeness(snapshot.seq, (), sum(step.hidden for step in made), expanded.self_references),
    )


def _assumed(expanded: Expanded, units: list[int], length: float) -> float:
    """Return the share of a length that rests on durations which nobody gave."""
    if length <= 0:
        return 0.0
    basis = expanded.durations.basis[expanded.item[expanded.order.nodes[expanded.order.pointer[units]]]]
    assumed = (basis >= Basis.POINTS) | expanded.is_cycle[units]
    return min(1.0, float(expanded.hours[units] @ assumed) / length)


def _result(
    expanded: Expanded, row: int, roots: int, chains: tuple[Chain, ...], completeness: Completeness
) -> BlockingChains:
    items, is_open = expanded.snapshot.items, bool(expanded.is_open[row])
    return BlockingChains(
        goal=items.key[row],
        goal_title=items.title[row],
        due=as_date(expanded.due[row]),
        finish=finish_day_of(expanded, row) if is_open else None,
        full_finish=finish_day_of(expanded, row, full=True) if is_open else None,
        roots=roots,
        chains=chains,
        completeness=completeness,
    )


def _sentence(chain: Chain) -> str:
    root = chain.root
    if root.hidden:
        name = f"A hidden {root.kind}"
    elif root.members:
        name = f"The cycle {', '.join(root.members)}"
    else:
        key = root.key or ""
        name = key if root.title in ("", key, None) else f"{key} '{root.title}'"
        about = [root.owner or "no owner"]
        if root.age_days is not None:
            about.append(f"{root.age_since} {counted(root.age_days, 'day')} ago")
        name = f"{name} ({', '.join(about)})"
    hours = f"the chain needs {amount(chain.length_hours)} working hours"
    if chain.assumed_share > 0:
        hours += f", {round(100 * chain.assumed_share)} % of it assumed"
    text = f"{name} is the first of {counted(len(chain.steps), 'step')} to {chain.goal}; {hours}"
    if chain.finish is not None:
        text += f"; it ends on {chain.finish.isoformat()}{_against_due(chain)}"
    if not chain.delays:
        text += f"; it puts {round(100 * chain.share)} % of {chain.goal} at risk, which has enough without it"
    return text + "."


def _against_due(chain: Chain) -> str:
    if chain.delay_days is None or chain.due is None:
        return ""
    due = f"the due date {chain.due.isoformat()}"
    if chain.delay_days == 0:
        return f", {due}" if chain.finish == chain.due else f", with no working day between it and {due}"
    side = "after" if chain.delay_days > 0 else "before"
    return f", {counted(abs(chain.delay_days), 'working day')} {side} {due}"
