"""Two snapshots side by side: which items and edges are the same, and what differs in those."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.snapshots.columns import NO_CODE, Flags, TextColumn
from graph.snapshots.snapshot import HEALTHS, KINDS, PRIORITIES, RESULT_KINDS, SEVERITIES, WAIT_TYPES, Items, Snapshot

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PropertyDifference:
    """One column of a snapshot before and after, days and instants as ISO text; ``None`` where it is absent."""

    name: str
    before: Any
    after: Any

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"property": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Items or edges of two snapshots, by place: ``before`` and ``after`` (shape (c,)) are those in both.

    ``added`` are places in the second, ``removed`` in the first; ``edits`` are what differs, by place in ``before``.
    ``seen`` says of the items of each snapshot which may be shown; ``hidden`` counts differences that may not.
    """

    before: Rows
    after: Rows
    added: Rows
    removed: Rows
    edits: Mapping[int, tuple[PropertyDifference, ...]]
    seen: tuple[Flags, Flags]
    hidden: int

    def among(self, inside: tuple[Flags, Flags]) -> Comparison:
        """Return only the differences at places that are ``inside`` either snapshot."""
        old, new = inside
        edits = {at: some for at, some in self.edits.items() if old[self.before[at]] or new[self.after[at]]}
        return replace(self, added=self.added[new[self.added]], removed=self.removed[old[self.removed]], edits=edits)


def compared_items(before: Snapshot, after: Snapshot, hidden: tuple[Flags | None, Flags | None]) -> Comparison:
    """Compare the items of two snapshots, by id. O(n log n)."""
    seen = _seen(before, after, hidden)
    old, new = (_identities(one) for one in (before, after))
    _, first, last = np.intersect1d(old, new, assume_unique=True, return_indices=True)
    added, removed = np.flatnonzero(~np.isin(new, old)), np.flatnonzero(~np.isin(old, new))
    edits = _edits(first, last, _beside(_item_columns(before), _item_columns(after)))
    shown = {at: some for at, some in edits.items() if seen[0][first[at]] and seen[1][last[at]]}
    unseen = len(edits) - len(shown) + int((~seen[1][added]).sum()) + int((~seen[0][removed]).sum())
    return Comparison(first, last, added[seen[1][added]], removed[seen[0][removed]], shown, seen, unseen)


def compared_edges(before: Snapshot, after: Snapshot, hidden: tuple[Flags | None, Flags | None]) -> Comparison:
    """Compare the edges of two snapshots, by kind and the ids of their ends. O(m log m)."""
    seen = _seen(before, after, hidden)
    every = np.unique(np.concatenate([_identities(before), _identities(after)]))
    old, new = (_names(one, every) for one in (before, after))
    _, first, last = np.intersect1d(old, new, return_indices=True)
    added, removed = np.flatnonzero(~np.isin(new, old)), np.flatnonzero(~np.isin(old, new))
    visible = [flags[one.edges.start] & flags[one.edges.end] for one, flags in zip((before, after), seen, strict=True)]
    edits = _edits(first, last, _beside(_edge_columns(before), _edge_columns(after)))
    shown = {at: some for at, some in edits.items() if visible[0][first[at]] and visible[1][last[at]]}
    unseen = len(edits) - len(shown) + int((~visible[1][added]).sum()) + int((~visible[0][removed]).sum())
    return Comparison(first, last, added[visible[1][added]], removed[visible[0][removed]], shown, seen, unseen)


def _seen(before: Snapshot, after: Snapshot, hidden: tuple[Flags | None, Flags | None]) -> tuple[Flags, Flags]:
    """Return which items of each snapshot may be shown: what is hidden in one of them is not shown of the other."""
    old = np.ones(len(before), dtype=np.bool_) if hidden[0] is None else ~hidden[0]
    new = np.ones(len(after), dtype=np.bool_) if hidden[1] is None else ~hidden[1]
    ids = _identities(before), _identities(after)
    _, first, last = np.intersect1d(*ids, assume_unique=True, return_indices=True)
    old[first] = new[last] = old[first] & new[last]
    return old, new


def _identities(snapshot: Snapshot) -> NDArray[np.void]:
    return np.ascontiguousarray(snapshot.items.ids).view("S16").ravel()


def _names(snapshot: Snapshot, every: NDArray[Any]) -> NDArray[np.int64]:
    """Return one number per edge that says its kind and ends, alike for both snapshots."""
    place = np.searchsorted(every, _identities(snapshot)).astype(np.int64)
    edges, span = snapshot.edges, np.int64(max(1, len(every)))
    return np.asarray((edges.kind * span + place[edges.start]) * span + place[edges.end], dtype=np.int64)


def _beside(old: Mapping[str, Column], new: Mapping[str, Column]) -> dict[str, tuple[Column, Column]]:
    return {name: (column, new[name]) for name, column in old.items()}


Column = tuple[NDArray[Any], Callable[[Any], Any]]
"""Values that can be compared, and how one of them is written."""


def _edits(
    first: Rows, last: Rows, columns: Mapping[str, tuple[Column, Column]]
) -> dict[int, tuple[PropertyDifference, ...]]:
    found: dict[int, list[PropertyDifference]] = defaultdict(list)
    for name, ((old, write), (new, _)) in columns.items():
        was, now = old[first], new[last]
        both_absent = (was != was) & (now != now)  # NaN and NaT differ from themselves
        for at in np.flatnonzero((was != now) & ~both_absent).tolist():
            found[at].append(PropertyDifference(name, write(was[at]), write(now[at])))
    return {at: tuple(edits) for at, edits in sorted(found.items())}


def _item_columns(snapshot: Snapshot) -> dict[str, Column]:
    """Return every column that says something of an item, ids and the times of writing apart."""
    items = snapshot.items
    columns = {
        one.name: _column(one.name, getattr(items, one.name)) for one in fields(Items) if one.name not in _LEFT_OUT
    }
    columns["status"] = np.array([*snapshot.status_names, None], dtype=object)[items.status], _as_it_is
    columns["team"] = np.array([*items.key, None], dtype=object)[items.team], _as_it_is
    return columns


def _edge_columns(snapshot: Snapshot) -> dict[str, Column]:
    names = ("wait_type", "lag", "weight", "share", "confidence", "leads")
    return {name: _column(name, getattr(snapshot.edges, name)) for name in names}


_LEFT_OUT: Final = frozenset({"ids", "team_id", "created_at", "updated_at"})
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": KINDS,
    "priority": PRIORITIES,
    "severity": SEVERITIES,
    "result_kind": RESULT_KINDS,
    "latest_health": HEALTHS,
    "wait_type": WAIT_TYPES,
}


def _column(name: str, values: Any) -> Column:
    if isinstance(values, TextColumn):
        return np.array([text or None for text in values], dtype=object), _as_it_is
    if name in _CHOICES:
        choices = _CHOICES[name]
        return np.array([*choices, *[None] * (NO_CODE + 1 - len(choices))], dtype=object)[values], _as_it_is
    return values, _WRITERS.get(values.dtype.kind, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


_WRITERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "b": bool,
    "f": lambda value: float(value) if value == value else None,
    "M": lambda value: None if np.isnat(value) else str(value),
    "S": lambda value: value.decode() or None,
}
