"""Risks: every open item that threatens a goal, with all the reasons why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.chains.threatened import BIT, FORCES, Threatened
from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import UNREACHED, Words, reach_bits
from analytics.expansion.ownership import Ownership
from analytics.expansion.readiness import Readiness
from analytics.expansion.roles import with_role
from analytics.expansion.scope import Focus
from analytics.expansion.trees import ChainTree
from analytics.expansion.worth import chosen_goals, outermost
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from graph.model import Role
from graph.snapshots.columns import NO_CODE, Codes, Flags, Floats, Ints
from graph.snapshots.snapshot import KINDS, Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Threat:
    """One item, the goals that it threatens, what they are worth, and each reason with its facts."""

    key: str
    title: str
    kind: str
    owner: str | None
    goals: tuple[str, ...]
    value: float
    reasons: dict[str, dict[str, Any]]

    def explain(self) -> Explanation:
        """Return the item's reasons as facts and as one sentence."""
        facts = self.to_dict()
        because = "; ".join(_because(reason, given) for reason, given in self.reasons.items())
        many = len(self.goals)
        facts["goalCount"] = many
        facts["valueShown"] = amount(self.value)
        goals = self.goals[0] if many == 1 else counted(many, "goal")
        return Explanation(f"{self.key} threatens {goals}, worth {amount(self.value)}: {because}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "owner": self.owner,
            "goals": list(self.goals),
            "value": self.value,
            "reasons": {reason: dict(given) for reason, given in self.reasons.items()},
        }


@dataclass(frozen=True, slots=True)
class Risks:
    """Threats, most goal value first; ``untriaged`` are open issues that affect something but have no severity."""

    threats: tuple[Threat, ...]
    untriaged: tuple[str, ...]
    total: int
    completeness: Completeness

    def __len__(self) -> int:
        return len(self.threats)

    def __iter__(self) -> Iterator[Threat]:
        return iter(self.threats)

    def explain(self) -> Explanation:
        """Return how many items threaten goals, and the gravest."""
        facts: dict[str, Any] = {"total": self.total, "untriaged": list(self.untriaged)}
        verb = "threatens" if self.total == 1 else "threaten"
        sentence = f"{counted(self.total, 'open item')} {verb} goals."
        if self.threats:
            first = self.threats[0].explain()
            return self.completeness.explained(f"{sentence} {first.sentence}", facts | {"first": first.facts})
        return self.completeness.explained(sentence, facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "threats": [threat.to_dict() | {"explanation": threat.explain().sentence} for threat in self.threats],
            "untriaged": list(self.untriaged),
            "total": self.total,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per threat."""
        rows = (threat.to_dict() | {"reasons": list(threat.reasons)} for threat in self.threats)
        return table(rows, ("key", "title", "kind", "owner", "goals", "value", "reasons"))


def _because(reason: str, facts: dict[str, Any]) -> str:
    match reason:
        case "WAIT":
            return f"{', '.join(facts['waiting'])} waits for it" if facts["waiting"] else "its wholes are waited for"
        case "AFFECTS":
            return f"it affects {', '.join(facts['affected'])}"
        case "LATE":
            overdue = facts["overdueDays"]
            forced = [f"it alone forces {goal} past its due date" for goal in facts["forces"][:1]]
            days = [f"it is {counted(overdue, 'working day')} overdue"] if overdue is not None else []
            return ", and ".join(days + forced)
        case "STALLED":
            return "it is blocked by nothing open" if facts["status"] == "BLOCKED" else "it was started and left alone"
    return "nobody owns it"


def risks(
    snapshot: Snapshot,
    goals: Iterable[Hashable] | None = None,
    *,
    scope: Hashable | None = None,
    limit: int = 1000,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Risks:
    """Return the open items that threaten goals: most goal value first, then most reasons, then by key.

    An item threatens a goal that it leads to in the expanded graph, for one or more reasons: WAIT (something on the
    way waits for it, or for what it leads to, by BLOCKS), AFFECTS (it is an active issue), LATE (it is overdue, or
    from today on it and what follows it, along the path of most hours and everybody working in their own calendar,
    alone end after the goal is due), STALLED (status BLOCKED without an open blocker, or STARTED and untouched for the
    policy's number of days), UNOWNED.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goals
        Names or ids; by default all open goals. At most 256 are looked at, the most valuable ones.
    scope
        Only items of it are listed, whatever goals they threaten; see ``analytics.expansion.scope``.
    limit
        How many threats to return at most.
    today
        Without it nothing is LATE, nor STALLED for being untouched.
    hidden
        Items that the viewer may not see, shape (n,): they are omitted and counted.

    Raises
    ------
    KeyError
        There is no such goal or scope.
    ValueError
        An item is no goal.

    Notes
    -----
    O(g (n + m)) for g goals. Members of a cycle threaten together what the cycle leads to.

    """
    expanded = Expanded.of(snapshot, today)
    focus = Focus.of(expanded, scope, hidden)
    chosen, limited = chosen_goals(expanded, goals, hidden)
    reasons = _Reasons(expanded)
    found = reasons.of_goals(chosen)
    value, number = found.values(expanded, outermost(expanded, chosen)), found.numbers()
    inside = focus.items[found.rows]
    shown = inside if hidden is None else inside & ~hidden[found.rows]
    order = _first(np.flatnonzero(shown), value, number, limit)
    keys = snapshot.items.key
    ranked = sorted(order, key=lambda at: (-value[at], -number[at], keys[int(found.rows[at])]))[:limit]
    total = int(np.count_nonzero(shown))
    if total > limit:
        limited = (*limited, f"the first {limit} of {total} threats")
    threats = tuple(reasons.threat(found, at, float(value[at]), hidden) for at in ranked)
    unseen = int(np.count_nonzero(inside)) - total
    return Risks(
        threats, _untriaged(snapshot, focus.items, hidden), total,
        Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key),
    )  # fmt: skip


def _first(places: NDArray[np.intp], value: Floats, number: Ints, limit: int) -> list[int]:
    """Return the first ``limit`` of some places by value and number of reasons, and all that are equal to the last."""
    order = places[np.lexsort((-number[places], -value[places]))]
    if len(order) > limit > 0:
        last = order[limit - 1]
        tied = (value[order[limit:]] == value[last]) & (number[order[limit:]] == number[last])
        order = order[: limit + int(np.count_nonzero(tied))]
    return [int(at) for at in order]


def threatened(expanded: Expanded, goals: list[int], among: Flags) -> dict[int, dict[int, tuple[str, ...]]]:
    """Return for each item ``among`` some (shape (n,)) the goals that it threatens, with the reasons; see ``risks``.

    Items and goals are rows; the goals are in the order in which they were given. O(g (n + m)) for g goals.
    """
    found = _Reasons(expanded, among).of_goals(goals)
    made = {}
    for at, row in enumerate(found.rows.tolist()):
        named, bits = found.of_row(at)
        reasons = (tuple(reason for reason, bit in BIT.items() if one & bit) for one in bits.tolist())
        made[row] = dict(zip(named, reasons, strict=True))
    return made


def _waits(expanded: Expanded, goals: list[int]) -> Words:
    """Return which goals each unit reaches through a wait, as bits. Shape (u, ⌈g / 64⌉)."""
    bits = np.zeros((len(expanded.hours), max(1, -(-len(goals) // 64))), dtype=np.uint64)
    for place, goal in enumerate(goals):
        bits[expanded.unit[expanded.finish[goal]], place // 64] |= np.uint64(1 << (place % 64))
    through = np.zeros_like(bits)
    marked = with_role(expanded.snapshot, Role.WAITS)[expanded.arcs.origin]
    reach_bits(expanded.pointer, expanded.heads, bits, marked, through)
    # Whatever is in a cycle of waits waits for itself.
    through[expanded.is_cycle] |= bits[expanded.is_cycle]
    return through


class _Reasons:
    """Why items threaten goals: what holds whatever the goal is worked out once."""

    def __init__(self, expanded: Expanded, among: Flags | None = None) -> None:
        snapshot = expanded.snapshot
        self._expanded = expanded
        counts = (expanded.gate >= 0) & expanded.is_open & (snapshot.items.kind != OPERATION)
        rows = np.flatnonzero(counts if among is None else counts & among)
        self._rows = rows
        self._gate, self._end = expanded.unit[expanded.gate[rows]], expanded.unit[expanded.finish[rows]]
        self._owners = Ownership.of(snapshot)
        stalled = Readiness.of(expanded).stalled[rows]
        late = np.zeros(len(rows), dtype=np.bool_)
        if expanded.today is not None:
            late = snapshot.items.due[rows] < np.datetime64(expanded.today, "D")
        origins = np.unique(expanded.all_arcs.origin)
        self._waiting = self._ends(origins[with_role(snapshot, Role.WAITS)[origins]])
        self._affected = self._ends(origins[with_role(snapshot, Role.AFFECTS)[origins]])
        active = np.isin(rows, np.fromiter(self._affected, dtype=np.int64, count=len(self._affected)))
        whatever = {"AFFECTS": active, "LATE": late, "STALLED": stalled, "UNOWNED": self._owners.owner[rows] < 0}
        self._always = np.zeros(len(rows), dtype=np.uint8)
        for reason, holds in whatever.items():
            self._always[holds] |= BIT[reason]

    def _ends(self, places: Any) -> dict[int, list[int]]:
        edges, canon = self._expanded.snapshot.edges, self._expanded.canon
        found: dict[int, list[int]] = {}
        for start, end in zip(canon[edges.start[places]].tolist(), canon[edges.end[places]].tolist(), strict=True):
            found.setdefault(start, []).append(end)
        return found

    def of_goals(self, goals: list[int]) -> Threatened:
        """Return the items that threaten goals. O(g (n + m)) for g goals."""
        waits, rows, bits = _waits(self._expanded, goals), [], []
        for place, tree in enumerate(ChainTree.each(self._expanded, goals)):
            found = self._of_goal(tree, (waits[:, place // 64] >> np.uint64(place % 64) & np.uint64(1)) > 0)
            threatening = np.flatnonzero(found)
            rows.append(self._rows[threatening])
            bits.append(found[threatening])
        return Threatened.of(goals, rows, bits)

    def _of_goal(self, tree: ChainTree, waits: Flags) -> Codes:
        """Return the bits of the reasons why each item threatens a goal; ``waits``: units that reach it by a wait."""
        reach = tree.distance > UNREACHED
        bits = self._always.copy()
        bits[waits[self._gate] | waits[self._end]] |= BIT["WAIT"]
        bits[tree.late()[self._gate]] |= BIT["LATE"] | FORCES
        bits[~(reach[self._gate] | reach[self._end]) | (self._rows == tree.row)] = 0
        return bits

    def threat(self, found: Threatened, at: int, value: float, hidden: Flags | None) -> Threat:
        """Return one threat with the facts of its reasons."""
        items, row = self._expanded.snapshot.items, int(found.rows[at])
        goals, bits = found.of_row(at)
        owners = [owner for owner in self._owners.named(row) if hidden is None or not hidden[owner]]
        forced = [goal for goal, forces in zip(goals, (bits & FORCES).tolist(), strict=True) if forces]
        union = int(np.bitwise_or.reduce(bits))
        return Threat(
            key=items.key[row],
            title=items.title[row],
            kind=KINDS[items.kind[row]],
            owner=", ".join(items.title[owner] or items.key[owner] for owner in owners) or None,
            goals=tuple(items.key[goal] for goal in goals),
            value=value,
            reasons={reason: self._facts(reason, row, forced, hidden) for reason, bit in BIT.items() if union & bit},
        )

    def _facts(self, reason: str, row: int, forced: list[int], hidden: Flags | None) -> dict[str, Any]:
        expanded, items = self._expanded, self._expanded.snapshot.items

        def keys(rows: list[int]) -> list[str]:
            return [items.key[at] for at in dict.fromkeys(rows) if hidden is None or not hidden[at]][:20]

        match reason:
            case "WAIT":
                return {"waiting": keys(self._waiting.get(row, []))}
            case "AFFECTS":
                return {"affected": keys(self._affected.get(row, []))}
            case "LATE":
                due, today = as_date(items.due[row]), expanded.today
                past = expanded.calendar.days_after(due, today) if due and today and due < today else None
                return {"due": iso(due), "overdueDays": past, "forces": keys(forced)}
            case "STALLED":
                status = expanded.snapshot.status(row)
                return {"status": status.value if status else None, "touched": iso(as_date(items.updated_at[row]))}
        return {}


def _untriaged(snapshot: Snapshot, inside: Flags, hidden: Flags | None) -> tuple[str, ...]:
    """Return the open issues in a scope that affect something but have no severity: nobody knows if they matter."""
    edges = snapshot.edges
    issues = np.unique(edges.start[with_role(snapshot, Role.AFFECTS)])
    issues = issues[inside[issues] & snapshot.is_open[issues] & (snapshot.items.severity[issues] == NO_CODE)]
    return tuple(snapshot.items.key[row] for row in issues.tolist() if hidden is None or not hidden[row])
