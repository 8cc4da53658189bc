"""The ready queue: what can start now, ordered by the goal value that waits for it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.ownership import Ownership
from analytics.expansion.readiness import Readiness, ready_from
from analytics.expansion.scope import Focus
from analytics.expansion.worth import goals_reached, item_worth
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from graph.snapshots.columns import NO_CODE, Flags, Ints
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ReadyItem:
    """Something that can start now, or on ``ready_from`` when only a lag or a start date is awaited.

    ``goals`` are the open goals that it leads to, ``value`` what they are worth, none counted beside its ancestor.
    ``cannot_finish_yet``: a finish-finish or start-finish wait or an active issue still keeps it from finishing.
    """

    key: str
    title: str
    kind: str
    owner: str | None
    goals: tuple[str, ...]
    value: float
    due: date | None
    remaining_hours: float
    ready_from: date | None
    cannot_finish_yet: bool

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values in the shape that scripts rely on."""
        return {
            "key": self.key,
            "title": self.title,
            "owner": self.owner,
            "goals": list(self.goals),
            "value": self.value,
            "kind": self.kind,
            "due": iso(self.due),
            "remainingHours": self.remaining_hours,
            "readyFrom": iso(self.ready_from),
            "cannotFinishYet": self.cannot_finish_yet,
        }


@dataclass(frozen=True, slots=True)
class ReadyQueue:
    """What can start now (``items``), and what waits for a day only (``upcoming``); the most valuable first."""

    items: tuple[ReadyItem, ...]
    upcoming: tuple[ReadyItem, ...]
    total: int
    person: str | None
    completeness: Completeness

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[ReadyItem]:
        return iter(self.items)

    def explain(self) -> Explanation:
        """Return how much can start, and what comes first and why."""
        whose = f" for {self.person}" if self.person else ""
        sentence = f"{counted(self.total, 'item')} can start now{whose}"
        facts: dict[str, Any] = {"total": self.total, "person": self.person, "upcoming": len(self.upcoming)}
        if self.items:
            first = self.items[0]
            facts["first"] = first.to_dict()
            waiting = ", ".join(first.goals[:3]) or "no goal"
            facts["goalsShown"] = list(first.goals[:3])
            sentence += f"; first {first.key}, for which {waiting} {'wait' if len(first.goals) > 1 else 'waits'}"
            sentence += f", worth {amount(first.value)}" if first.value else ""
            facts["valueShown"] = amount(first.value)
        return self.completeness.explained(sentence + ".", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "items": [item.to_dict() for item in self.items],
            "upcoming": [item.to_dict() for item in self.upcoming],
            "total": self.total,
            "person": self.person,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item that can start now."""
        columns = ("key", "title", "owner", "goals", "value", "kind", "due", "remainingHours", "readyFrom",
                   "cannotFinishYet")  # fmt: skip
        return table((item.to_dict() for item in self.items), columns)


def ready_queue(
    snapshot: Snapshot,
    person: Hashable | None = None,
    *,
    scope: Hashable | None = None,
    limit: int = 1000,
    today: date | None = None,
    hidden: Flags | None = None,
) -> ReadyQueue:
    """Return the open leaves of work that can start now.

    Ready: neither STARTED nor BLOCKED, and every finish-start and start-start wait on it or on a whole of it satisfied:
    the blocker closed (started) and the lag passed, or a negative lag at least the blocker's remaining hours.
    Finish-finish and start-finish waits never prevent starting. Ordered by value, priority, due date, key.

    Parameters
    ----------
    snapshot
        n items and m edges.
    person
        Only what this person (or team, with its members) owns or is assigned to, by name or id.
    scope
        Only items of it are listed and counted; see ``analytics.expansion.scope``.
    limit
        How many of each kind to return at most.
    today
        Without it no date and no lag holds anything back unless its beginning is unknown.
    hidden
        Items that the viewer may not see, shape (n,): they are omitted and counted.

    Raises
    ------
    KeyError
        There is no such person or scope, or it is hidden.
    ValueError
        ``limit`` is less than 1.

    Notes
    -----
    O(n + m) and O((n + m) g / 64) for g goals, once per snapshot and day. Members of a cycle wait for each other and
    are never ready. An empty snapshot has an empty queue.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 item")
    expanded = Expanded.of(snapshot, today)
    focus, readiness = Focus.of(expanded, scope, hidden), Readiness.of(expanded)
    who = None if person is None else snapshot.row(person, hidden)
    whose = focus.items if who is None else focus.items & answered_by(snapshot, who)
    seen = np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    unseen = int(np.count_nonzero((readiness.ready | readiness.later) & whose & ~seen))
    ready = _sorted(expanded, readiness.ready & whose & seen)
    later = _sorted(expanded, readiness.later & whose & seen)
    limited = tuple(
        f"the first {limit} of {len(rows)} {word}"
        for rows, word in ((ready, "ready items"), (later, "upcoming items"))
        if len(rows) > limit
    )
    return ReadyQueue(
        items=_items(expanded, ready[:limit], hidden),
        upcoming=_items(expanded, later[:limit], hidden),
        total=len(ready),
        person=None if who is None else snapshot.items.key[who],
        completeness=Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key),
    )


def answered_by(snapshot: Snapshot, who: int) -> Flags:
    """Return which items a person (or a team, with its members) answers for or is assigned to. Shape (n,). O(n + m)."""
    edges = snapshot.edges
    members = snapshot.edges_of("MEMBER_OF")
    group = np.zeros(len(snapshot), dtype=np.bool_)
    group[who] = True
    group[edges.start[members[edges.end[members] == who]]] = True
    owner = Ownership.of(snapshot).owner
    found = (owner >= 0) & group[owner]
    for kind, item, other in (("ASSIGNED_TO", edges.start, edges.end), ("OWNS", edges.end, edges.start)):
        places = snapshot.edges_of(kind)
        found[item[places[group[other[places]]]]] = True
    return np.asarray(found, dtype=np.bool_)


def _sorted(expanded: Expanded, chosen: Flags) -> Ints:
    """Return the chosen rows by value, priority, due date and key."""
    items, rows = expanded.snapshot.items, np.flatnonzero(chosen)
    worth = item_worth(expanded)[rows]
    priority = np.where(items.priority[rows] == NO_CODE, -1, items.priority[rows].astype(np.int16))
    due = np.where(np.isnat(items.due[rows]), np.datetime64("9999-12-31"), items.due[rows])
    keys = np.array([items.key[row] for row in rows.tolist()], dtype=object)
    names = np.empty(len(rows), dtype=np.int64)
    names[np.argsort(keys, kind="stable")] = np.arange(len(rows))
    return rows[np.lexsort((names, due, -priority, -worth))].astype(np.int32)


def _items(expanded: Expanded, rows: Ints, hidden: Flags | None) -> tuple[ReadyItem, ...]:
    snapshot, owners = expanded.snapshot, Ownership.of(expanded.snapshot)
    items, worth, tied = snapshot.items, item_worth(expanded), Readiness.of(expanded).tied
    made = []
    for row, goals in zip(rows.tolist(), goals_reached(expanded, rows.tolist()), strict=True):
        named = [at for at in owners.named(row) if hidden is None or not hidden[at]]
        made.append(
            ReadyItem(
                key=items.key[row],
                title=items.title[row],
                kind=snapshot.label(row),
                owner=", ".join(items.title[at] or items.key[at] for at in named) or None,
                goals=tuple(items.key[goal] for goal in goals if hidden is None or not hidden[goal]),
                value=float(worth[row]),
                due=as_date(items.due[row]),
                remaining_hours=float(expanded.durations.remaining[row]),
                ready_from=ready_from(expanded, row),
                cannot_finish_yet=bool(tied[row]),
            )
        )
    return tuple(made)
