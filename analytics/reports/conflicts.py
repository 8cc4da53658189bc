"""Conflicts: where dates, statuses and edges contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded, eligible_edges
from analytics.expansion.finishes import early_finishes, finish_days
from analytics.expansion.ownership import sure_edges
from analytics.expansion.readiness import Readiness
from analytics.expansion.roles import with_role
from analytics.expansion.scope import Focus
from analytics.expansion.steps import cut_edge
from analytics.expansion.waits import has_started
from analytics.objectives.budgets import Ledger
from analytics.results import Completeness, Explanation, as_date, counted, iso, table
from graph.model import Role
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Days, Flags, Floats, Ints
from graph.snapshots.snapshot import CATEGORIES, EDGE_KINDS, WAIT_TYPES, Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Conflict:
    """One contradiction: its kind, the items concerned, the place of the edge (if one is), and the facts."""

    kind: str
    keys: tuple[str, ...]
    sentence: str
    facts: dict[str, Any]
    edge: int | None = None

    def explain(self) -> Explanation:
        """Return the facts and the sentence that quotes them."""
        return Explanation(self.sentence, {"kind": self.kind, "keys": list(self.keys), "edge": self.edge} | self.facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(self.explain().facts) | {"explanation": self.sentence}


@dataclass(frozen=True, slots=True)
class Conflicts:
    """All contradictions, by kind and then by keys; ``counts`` says how many there are of each kind."""

    conflicts: tuple[Conflict, ...]
    counts: dict[str, int]
    completeness: Completeness

    def __iter__(self) -> Iterator[Conflict]:
        return iter(self.conflicts)

    def __len__(self) -> int:
        return len(self.conflicts)

    def explain(self) -> Explanation:
        """Return how many there are, and the first."""
        total = sum(self.counts.values())
        facts: dict[str, Any] = {"total": total, "counts": dict(self.counts)}
        if not self.conflicts:
            return self.completeness.explained("Nothing contradicts anything else.", facts)
        facts["first"] = dict(self.conflicts[0].explain().facts)
        return self.completeness.explained(
            f"{counted(total, 'conflict')}; the first: {self.conflicts[0].sentence}", facts
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "conflicts": [conflict.to_dict() for conflict in self.conflicts],
            "counts": dict(self.counts),
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per conflict."""
        rows = ({"kind": one.kind, "keys": list(one.keys), "explanation": one.sentence} for one in self.conflicts)
        return table(rows, ("kind", "keys", "explanation"))


def conflicts(
    snapshot: Snapshot,
    *,
    scope: Hashable | None = None,
    limit: int = 1000,
    today: date | None = None,
    hidden: Flags | None = None,
) -> Conflicts:
    """Return every place where dates, statuses and edges contradict each other.

    DATES_VIOLATE_EDGE (planned dates of two open items that no order of work could keep; days decide, so a handover on
    one day is none), FINISHED_WHILE_BLOCKED, STARTED_WHILE_WAITING, OPEN_PART_OF_DONE_WHOLE,
    OPEN_PART_OF_CANCELLED_WHOLE, DUE_BEFORE_EARLIEST_FINISH (needs ``today``), CANCELLED_PREDECESSOR, CANCELLED_CHILD
    (it keeps its share of its goal), INACTIVE_HOLDER (somebody who takes no part any more owns or is to do open work),
    CYCLE, SELF_REFERENCE, OVER_BUDGET.

    Parameters
    ----------
    snapshot
        n items and m edges.
    scope
        Only conflicts with an item of it are listed and counted; see ``analytics.expansion.scope``.
    limit
        How many conflicts of each kind to return at most; ``counts`` has all of them.
    today
        First day of work.
    hidden
        Items that the viewer may not see, shape (n,): conflicts with one of them are omitted and counted.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``limit`` is less than 1.

    Notes
    -----
    O(n + m), and O(m) per cycle. An empty snapshot has none.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 conflict")
    expanded = Expanded.of(snapshot, today)
    focus = Focus.of(expanded, scope, hidden)
    finder = _Finder(expanded, focus.items, hidden)
    finder.find()
    made: list[Conflict] = []
    for kind in sorted(finder.found):
        made += sorted(finder.found[kind], key=lambda one: one.keys)[:limit]
    limited = tuple(
        f"the first {limit} of {count} {kind}" for kind, count in sorted(finder.counts.items()) if count > limit
    )
    completeness = Completeness(snapshot.seq, limited, finder.unseen, expanded.self_references, focus.key)
    return Conflicts(tuple(made), dict(sorted(finder.counts.items())), completeness)


class _Finder:
    """Collects conflicts that touch what is ``inside`` a scope (shape (n,)), kind by kind."""

    def __init__(self, expanded: Expanded, inside: Flags, hidden: Flags | None) -> None:
        self.expanded, self._inside = expanded, inside
        self.found: dict[str, list[Conflict]] = {}
        self.counts: Counter[str] = Counter()
        self.unseen = 0
        snapshot, edges = expanded.snapshot, expanded.snapshot.edges
        self._hidden = hidden
        self._items, self._edges = snapshot.items, edges
        self._start, self._end = expanded.canon[edges.start], expanded.canon[edges.end]
        self._inner = eligible_edges(snapshot) & (self._start != self._end)
        self._waits = self._inner & with_role(snapshot, Role.WAITS)
        self._parts = self._inner & with_role(snapshot, Role.CONTAINS)

    def find(self) -> None:
        """Look for every kind."""
        self._dates()
        self._statuses()
        self._cancelled_children()
        self._waiting()
        self._too_late()
        self._inactive()
        self._cycles()
        self._budgets()

    def _add(self, kind: str, rows: tuple[int, ...], text: str, edge: int | None = None, **facts: Any) -> None:
        if not any(self._inside[row] for row in rows):
            return
        if self._hidden is not None and any(self._hidden[row] for row in rows):
            self.unseen += 1
            return
        keys = tuple(self._items.key[row] for row in rows)
        self.counts[kind] += 1
        self.found.setdefault(kind, []).append(Conflict(kind, keys, text.format(*keys, **facts), facts, edge))

    def _edge_conflicts(self, kind: str, chosen: Flags, text: str) -> None:
        for place in np.flatnonzero(chosen).tolist():
            facts = {"edgeKind": EDGE_KINDS[self._edges.kind[place]]}
            self._add(kind, (int(self._start[place]), int(self._end[place])), text, place, **facts)

    def _dates(self) -> None:
        """Compare planned dates over waits, containment and contributions."""
        both = self._inner & self.expanded.is_open[self._start] & self.expanded.is_open[self._end]
        start, due = self._items.start, self.expanded.due
        lag = self._edges.lag.astype(np.float64)
        none = np.zeros(len(lag))
        kinds = {name: self._waits & (self._edges.wait_type == code) for code, name in enumerate(WAIT_TYPES)}
        whole = self._parts | (self._inner & with_role(self.expanded.snapshot, Role.SERVES))
        ends, starts = kinds["FS"] | kinds["FF"], kinds["FS"] | kinds["SS"]
        # What starts cannot end sooner, and what is due cannot start later: either day may be the only one given.
        rules = (
            (kinds["FS"], due, start, lag, "is due on {first}, but {1}, which waits for it, starts on {second}"),
            (ends, due, due, lag, "is due on {first}, but {1}, which waits for it, on {second}"),
            (starts, start, start, lag, "starts on {first}, but {1}, which waits for that, on {second}"),
            (self._waits, start, due, lag, "starts on {first}, but {1}, which waits for that, is due on {second}"),
            (whole, due, due, none, "is due on {first}, but {1}, which it is to complete, on {second}"),
        )
        seen = np.zeros(len(lag), dtype=np.bool_)
        for chosen, first, second, hours, text in rules:
            found = both & chosen & ~seen & self._before(second[self._end], first[self._start], hours)
            seen |= found
            for place in np.flatnonzero(found).tolist():
                rows = int(self._start[place]), int(self._end[place])
                days = {"first": iso(as_date(first[rows[0]])), "second": iso(as_date(second[rows[1]]))}
                facts = days | {"lag": float(hours[place]), "edgeKind": EDGE_KINDS[self._edges.kind[place]]}
                self._add("DATES_VIOLATE_EDGE", rows, "{0} " + text + ".", place, **facts)

    def _before(self, day: Days, other: Days, lag: Floats) -> Flags:
        """Return where a day comes before another one and its lag (working hours, whole days of it)."""
        known = ~np.isnat(day) & ~np.isnat(other)
        earliest = np.where(known, other, np.datetime64("1970-01-01", "D"))
        moved = self.expanded.calendar.shifted(earliest, np.trunc(lag / self.expanded.calendar.hours_per_day))
        return known & (day < moved)

    def _statuses(self) -> None:
        """Compare the statuses of the two ends of an edge."""
        snapshot, is_open = self.expanded.snapshot, self.expanded.is_open
        done = snapshot.category == CATEGORIES.index(Category.DONE)
        cancelled = snapshot.category == CATEGORIES.index(Category.CANCELLED)
        from_start = np.isin(self._edges.wait_type, [WAIT_TYPES.index("SS"), WAIT_TYPES.index("SF")])
        blocking = self._waits & is_open[self._start] & ~(from_start & has_started(snapshot)[self._start])
        self._edge_conflicts(
            "FINISHED_WHILE_BLOCKED", blocking & done[self._end], "{1} is done, but {0}, which blocks it, is open."
        )
        gone = self._waits & cancelled[self._start] & is_open[self._end]
        self._edge_conflicts("CANCELLED_PREDECESSOR", gone, "{1} waited for {0}, which was cancelled.")
        parts = self._parts & is_open[self._start]
        self._edge_conflicts(
            "OPEN_PART_OF_DONE_WHOLE", parts & done[self._end], "{0} is open, but {1}, of which it is a part, is done."
        )
        self._edge_conflicts(
            "OPEN_PART_OF_CANCELLED_WHOLE",
            parts & cancelled[self._end],
            "{0} is open, but {1}, of which it is a part, was cancelled.",
        )
        itself = eligible_edges(snapshot) & (self._start == self._end)
        for place in np.flatnonzero(itself).tolist():
            kind = EDGE_KINDS[self._edges.kind[place]]
            self._add(
                "SELF_REFERENCE",
                (int(self._start[place]),),
                "{0} is tied to itself by {edgeKind}.",
                place,
                edgeKind=kind,
            )

    def _cancelled_children(self) -> None:
        goals, snapshot = self.expanded.goals, self.expanded.snapshot
        gone = snapshot.category[goals.child] == CATEGORIES.index(Category.CANCELLED)
        gone &= self.expanded.is_open[goals.parent] & (goals.share > 0)
        for at in np.flatnonzero(gone).tolist():
            facts = {"percent": round(100 * float(goals.share[at]))}
            rows = int(goals.child[at]), int(goals.parent[at])
            text = "{0} was cancelled, but still holds {percent} % of {1}."
            self._add("CANCELLED_CHILD", rows, text, int(goals.edge[at]), **facts)

    def _waiting(self) -> None:
        """Find started leaves that still wait, and what they wait for first."""
        expanded = self.expanded
        readiness = Readiness.of(expanded)
        started = expanded.snapshot.category == CATEGORIES.index(Category.STARTED)
        for row in np.flatnonzero(readiness.leaf & readiness.waits & started).tolist():
            self._add("STARTED_WHILE_WAITING", (row,), "{0} has started, but waits for something open.")

    def _too_late(self) -> None:
        """Compare each due date with the earliest finish."""
        expanded = self.expanded
        if expanded.today is None:
            return
        rows = np.flatnonzero((expanded.finish >= 0) & expanded.is_open & ~np.isnat(expanded.due))
        units = expanded.unit[expanded.finish[rows]]
        hours: Floats = early_finishes(expanded)[units]
        finish = finish_days(expanded, units)
        late: Ints = np.flatnonzero(finish > expanded.due[rows]).astype(np.int32)
        for at in late.tolist():
            row = int(rows[at])
            facts = {
                "due": iso(as_date(expanded.due[row])),
                "finish": iso(as_date(finish[at])),
                "hours": float(hours[at]),
            }
            text = "{0} is due on {due}, but cannot be finished before {finish}."
            self._add("DUE_BEFORE_EARLIEST_FINISH", (row,), text, None, **facts)

    def _inactive(self) -> None:
        """Find open work and goals with an owner or assignee who is inactive."""
        held = (("OWNS", self._edges.end, self._edges.start), ("ASSIGNED_TO", self._edges.start, self._edges.end))
        for kind, item, holder in held:
            places = sure_edges(self.expanded.snapshot, kind)
            gone = self._items.inactive[holder[places]] & self.expanded.is_open[item[places]]
            for place in places[gone].tolist():
                verb = "is owned by" if kind == "OWNS" else "is assigned to"
                text = f"{{0}} {verb} {{1}}, who is inactive."
                self._add("INACTIVE_HOLDER", (int(item[place]), int(holder[place])), text, place, edgeKind=kind)

    def _cycles(self) -> None:
        for unit in np.flatnonzero(self.expanded.is_cycle).tolist():
            place = cut_edge(self.expanded, unit)
            rows = tuple(self.expanded.members(unit).tolist())
            ends = [self._items.key[self._edges.start[place]], self._items.key[self._edges.end[place]]]
            names = ", ".join(f"{{{at}}}" for at in range(len(rows)))
            text = names + " wait for each other; cut it where {cut[0]} leads to {cut[1]}."
            self._add("CYCLE", rows, text, place, cut=ends)

    def _budgets(self) -> None:
        """Find items that, or whose parts together, have spent more than their own budget, each currency for itself.

        Where a budget is only the sum of those of parts, it is a part that is over it.
        """
        for row, one in Ledger(self.expanded).budgets():
            if one.over > 0 and one.granted:
                names = ("currency", "budget", "spent", "partsSpent", "over")
                facts = {name: value for name, value in one.to_dict().items() if name in names}
                text = one.explain().sentence.replace("{", "{{").replace("}", "}}")
                self._add("OVER_BUDGET", (row,), text, None, **facts)
