"""Differences between two snapshots: what came, went and changed, which dates, goals and chains moved."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analytics.changes.compared import Comparison, PropertyDifference, compared_edges, compared_items
from analytics.expansion.expanded import Expanded
from analytics.expansion.finishes import finish_day_of
from analytics.expansion.scope import Focus
from analytics.expansion.trees import ChainTree
from analytics.results import Completeness, Explanation, as_date, counted, iso, table
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import EDGE_KINDS, Snapshot

if TYPE_CHECKING:
    import pandas as pd

_DATES: Final = ("start", "due", "period_start", "period_end")


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """An item that was added or removed, or whose properties changed (``change`` says which)."""

    key: str
    title: str
    kind: str
    change: str
    edits: tuple[PropertyDifference, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        named = {"key": self.key, "title": self.title, "kind": self.kind, "change": self.change}
        return named | {"edits": [edit.to_dict() for edit in self.edits]}


@dataclass(frozen=True, slots=True)
class EdgeDifference:
    """An edge between two items, by key, that was added or removed, or whose properties changed."""

    kind: str
    start: str
    end: str
    change: str
    edits: tuple[PropertyDifference, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        named = {"kind": self.kind, "start": self.start, "end": self.end, "change": self.change}
        return named | {"edits": [edit.to_dict() for edit in self.edits]}


@dataclass(frozen=True, slots=True)
class DateMove:
    """A date that moved: ``which`` of an item's (``start``, ``due``, …), or a goal's ``finish``.

    ``days`` are working days, positive for later; ``None`` where there is no date before or after.
    """

    key: str
    title: str
    which: str
    before: date | None
    after: date | None
    days: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "which": self.which,
            "before": iso(self.before),
            "after": iso(self.after),
            "days": self.days,
        }


@dataclass(frozen=True, slots=True)
class ChainDifference:
    """A blocking chain, by its root and its goal, that appeared or vanished; ``length_hours`` is its length there."""

    goal: str
    root: str
    title: str
    change: str
    length_hours: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "goal": self.goal,
            "root": self.root,
            "title": self.title,
            "change": self.change,
            "lengthHours": self.length_hours,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different between two snapshots, each list ordered by key; ``counts`` says how much of each there is."""

    before_seq: int
    after_seq: int
    items: tuple[ItemDifference, ...]
    edges: tuple[EdgeDifference, ...]
    dates: tuple[DateMove, ...]
    goals: tuple[DateMove, ...]
    chains: tuple[ChainDifference, ...]
    counts: dict[str, int]
    completeness: Completeness

    def explain(self) -> Explanation:
        """Return how much is different, and the goal that moved most."""
        facts: dict[str, Any] = {"beforeSeq": self.before_seq, "afterSeq": self.after_seq, "counts": dict(self.counts)}
        if not any(self.counts.values()):
            return self.completeness.explained("Nothing is different.", facts)
        sentence = f"Different: {', '.join(counted(self.counts[name], _COUNTED[name]) for name in _LISTS)}."
        moved = [(abs(goal.days), goal.key, goal) for goal in self.goals if goal.days]
        if moved:
            days, _, worst = max(moved)
            facts["moved"] = worst.to_dict()
            way = "later" if worst.days == days else "earlier"
            sentence += f" {worst.key} moved most: {counted(days, 'working day')} {way}, to {iso(worst.after)}."
        return self.completeness.explained(sentence, facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "beforeSeq": self.before_seq,
            "afterSeq": self.after_seq,
            **{name: [one.to_dict() for one in getattr(self, name)] for name in _LISTS},
            "counts": dict(self.counts),
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per changed property, and one per item or edge that came or went."""
        rows = (
            {"what": what, "name": name, "change": change, **edit.to_dict()}
            for what, name, change, edits in self._named()
            for edit in edits or (PropertyDifference("", None, None),)
        )
        return table(rows, ("what", "name", "change", "property", "before", "after"))

    def _named(self) -> Iterator[tuple[str, str, str, tuple[PropertyDifference, ...]]]:
        yield from ((one.kind, one.key, one.change, one.edits) for one in self.items)
        yield from ((one.kind, f"{one.start} → {one.end}", one.change, one.edits) for one in self.edges)


_COUNTED: Final = {"items": "item", "edges": "edge", "dates": "date", "goals": "goal", "chains": "chain"}
_LISTS: Final = tuple(_COUNTED)


def difference(
    before: Snapshot,
    after: Snapshot,
    *,
    today: date | None = None,
    then: date | None = None,
    scope: Hashable | None = None,
    limit: int = 1000,
    hidden: tuple[Flags | None, Flags | None] = (None, None),
) -> Difference:
    """Return what is different between two snapshots of one workspace.

    Items are the same where their ids are, edges where kind and ends are. A chain is named by its root and its goal,
    one that is open in both snapshots. Removed is what was archived, purged, or became something that has no row.

    Parameters
    ----------
    before, after
        n items and m edges each.
    today, then
        First day of work in ``after``, and in ``before`` (``today`` unless given). Without ``today`` no goal has a
        finish that could move.
    scope
        Only items and dates of it, edges at one of its items, goals that it holds or serves and chains with a step in
        it are listed and counted, be it in either snapshot; see ``analytics.expansion.scope``.
    limit
        How much of each list to return at most; ``counts`` has all.
    hidden
        Items of ``before`` and of ``after`` that the viewer may not see: what touches one is omitted and counted.

    Raises
    ------
    KeyError
        There is no such scope in either snapshot.
    ValueError
        ``limit`` is less than 1.

    Notes
    -----
    O((n + m) log (n + m)), and O(n + m) per goal that is open in both. Two equal snapshots have no difference.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 difference of each sort")
    graphs = Expanded.of(before, then or today), Expanded.of(after, today)
    items = compared_items(before, after, hidden)
    focus = _focus(graphs, scope, items.seen)
    items = items.among((focus[0].items, focus[1].items))
    edges = compared_edges(before, after, hidden).among((_at(before, focus[0]), _at(after, focus[1])))
    goals, chains = _goals(graphs, items, focus)
    lists: dict[str, list[Any]] = {
        "items": _items(before, after, items),
        "edges": _edges(before, after, edges),
        "dates": _dates(before, after, items, today),
        "goals": goals,
        "chains": chains,
    }
    counts = {name: len(found) for name, found in lists.items()}
    limited = tuple(f"the first {limit} of {len(found)} {name}" for name, found in lists.items() if len(found) > limit)
    completeness = Completeness(after.seq, limited, items.hidden, scope=focus[1].key or focus[0].key)
    shown = {name: tuple(found[:limit]) for name, found in lists.items()}
    return Difference(before.seq, after.seq, **shown, counts=counts, completeness=completeness)


def _focus(graphs: tuple[Expanded, Expanded], scope: Hashable | None, seen: tuple[Flags, Flags]) -> tuple[Focus, Focus]:
    """Look a scope up in both graphs; in one of them it may not be there."""
    found: list[Focus] = []
    missing: list[KeyError] = []
    for expanded, shown in zip(graphs, seen, strict=True):
        try:
            found.append(Focus.of(expanded, scope, ~shown))
        except KeyError as error:
            missing.append(error)
            found.append(Focus.nothing(len(shown)))
    if len(missing) == len(graphs):
        raise missing[-1]
    return found[0], found[1]


def _at(snapshot: Snapshot, focus: Focus) -> Flags:
    """Return which edges have an end in focus. Shape (m,)."""
    return np.asarray(focus.items[snapshot.edges.start] | focus.items[snapshot.edges.end], dtype=np.bool_)


def _items(before: Snapshot, after: Snapshot, found: Comparison) -> list[ItemDifference]:
    def named(snapshot: Snapshot, row: int, change: str, edits: tuple[PropertyDifference, ...] = ()) -> ItemDifference:
        return ItemDifference(snapshot.items.key[row], snapshot.items.title[row], snapshot.label(row), change, edits)

    made = [named(after, row, "added") for row in found.added.tolist()]
    made += [named(before, row, "removed") for row in found.removed.tolist()]
    made += [named(after, int(found.after[at]), "changed", edits) for at, edits in found.edits.items()]
    return sorted(made, key=lambda one: (one.key, one.change))


def _edges(before: Snapshot, after: Snapshot, found: Comparison) -> list[EdgeDifference]:
    def named(
        snapshot: Snapshot, place: int, change: str, edits: tuple[PropertyDifference, ...] = ()
    ) -> EdgeDifference:
        start, end = (snapshot.items.key[int(rows[place])] for rows in (snapshot.edges.start, snapshot.edges.end))
        return EdgeDifference(EDGE_KINDS[snapshot.edges.kind[place]], start, end, change, edits)

    made = [named(after, place, "added") for place in found.added.tolist()]
    made += [named(before, place, "removed") for place in found.removed.tolist()]
    made += [named(after, int(found.after[at]), "changed", edits) for at, edits in found.edits.items()]
    return sorted(made, key=lambda one: (one.kind, one.start, one.end, one.change))


def _dates(before: Snapshot, after: Snapshot, found: Comparison, today: date | None) -> list[DateMove]:
    moves = []
    calendar = Expanded.of(after, today).calendar
    for at in found.edits:
        old, new = int(found.before[at]), int(found.after[at])
        for name in _DATES:
            was, now = as_date(getattr(before.items, name)[old]), as_date(getattr(after.items, name)[new])
            if was != now:
                days = None if was is None or now is None else calendar.days_after(was, now)
                moves.append(DateMove(after.items.key[new], after.items.title[new], name, was, now, days))
    return sorted(moves, key=lambda one: (one.key, one.which))


def _goals(
    graphs: tuple[Expanded, Expanded], found: Comparison, focus: tuple[Focus, Focus]
) -> tuple[list[DateMove], list[ChainDifference]]:
    """Compare the finish and the roots of every goal that is open in both."""
    old, new = graphs
    before, after = old.snapshot, new.snapshot
    moves: list[DateMove] = []
    chains: list[ChainDifference] = []
    both = before.is_goal[found.before] & after.is_goal[found.after]
    for was, now in zip(found.before[both].tolist(), found.after[both].tolist(), strict=True):
        if old.finish[was] < 0 or new.finish[now] < 0 or not (old.is_open[was] and new.is_open[now]):
            continue
        key, title = after.items.key[now], after.items.title[now]
        first, last = finish_day_of(old, was), finish_day_of(new, now)
        if first != last and (focus[0].goals[was] or focus[1].goals[now]):
            days = None if first is None or last is None else new.calendar.days_after(first, last)
            moves.append(DateMove(key, title, "finish", first, last, days))
        trees = ChainTree.to(old, was), ChainTree.to(new, now)
        chains += _chains(key, (trees[0], focus[0], found.seen[0]), (trees[1], focus[1], found.seen[1]))
    return sorted(moves, key=lambda one: one.key), sorted(chains, key=lambda one: (one.goal, one.root))


Side = tuple[ChainTree, Focus, Flags]


def _chains(goal: str, before: Side, after: Side) -> Iterator[ChainDifference]:
    (old, old_focus, old_seen), (new, new_focus, new_seen) = before, after
    first, last = _roots(old, old_seen), _roots(new, new_seen)
    appeared, vanished = _roots(new_focus.chains(new), new_seen), _roots(old_focus.chains(old), old_seen)
    for change, roots, others in (("appeared", appeared, first), ("vanished", vanished, last)):
        for identity, (key, title, hours) in roots.items():
            if identity not in others:
                yield ChainDifference(goal, key, title, change, hours)


def _roots(tree: ChainTree, seen: Flags) -> dict[bytes, tuple[str, str, float]]:
    """Return the roots of the chains to a goal by id: key, title and the length of the chain in hours."""
    items = tree.expanded.snapshot.items
    rows = [(tree.root_row(int(unit)), float(tree.distance[unit])) for unit in tree.roots]
    return {items.ids[at].tobytes(): (items.key[at], items.title[at], hours) for at, hours in rows if seen[at]}
