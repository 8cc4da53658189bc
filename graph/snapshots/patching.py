"""Makes the next snapshot of the one before and of what changed; columns that nothing changed are shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.calendars import WorkingCalendar
from graph.records.workspace import Workspace
from graph.rules.ties import EdgeName
from graph.rules.validation import State
from graph.snapshots.assembly import EDGE_MAKERS, makers, rows_of_teams, walked, without_edges
from graph.snapshots.columns import Ints, TextColumn, identities, rows_of_identities
from graph.snapshots.item_columns import LATEST, PROPERTY_OF, columns_of, plain_values
from graph.snapshots.replay import ItemState
from graph.snapshots.snapshot import EDGE_KINDS, Edges, Items, Snapshot
from graph.snapshots.snapshot_reading import EDGE_PROPERTY_OF

_COLUMNS: Final = (*PROPERTY_OF, "kind", *LATEST)
"""Columns that follow from an item itself; the row of its team follows from other items too."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What changed since a snapshot, by id.

    ``appeared`` are complete items that get a row (in place of the one that they have), ``altered`` the changed
    properties of items that keep theirs, ``gone`` items that lose it. ``edges`` are the edges that changed: their
    state, ``None`` where they are gone; so are ``calendars``. ``latest`` is what is last reported on an item, in the
    order of ``LATEST``.
    """

    appeared: Mapping[str, ItemState] = field(default_factory=dict)
    altered: Mapping[str, ItemState] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    edges: Mapping[EdgeName, State | None] = field(default_factory=dict)
    latest: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    calendars: Mapping[str, State | None] = field(default_factory=dict)


def patched(base: Snapshot, patch: Patch, settings: Workspace) -> Snapshot:
    """Return the snapshot after a patch, at the number and with the words and policy of ``settings``.

    ``base`` was read from the database. O(n + m) copying where items came or went, else of the columns that changed;
    O(changes) apart from that.
    """
    columns: dict[str, Any] = {one.name: getattr(base.items, one.name) for one in fields(Items)}
    columns["status"] = _recoded(base, settings)
    columns, rows = _with_rows(columns, patch, tuple(settings.statuses))
    _assign(columns, patch, tuple(settings.statuses))
    # An item may be somebody's team and change its kind: then it is a team no longer.
    if any(columns[name] is not getattr(base.items, name) for name in ("ids", "kind", "team_id")):
        columns["team"] = rows_of_teams(columns["ids"], columns["kind"], columns["team_id"])
    items = Items(**columns)
    bare = without_edges(settings.id, settings.seq, settings.policy, settings.statuses, items)
    edges = _with_edges(_moved(base.edges, rows), patch.edges, items.ids)
    made = walked(edges, items, bare.is_open, settings.policy)
    calendars = _with_calendars(base.calendars, patch.calendars)
    return replace(bare, edges=made, calendars=calendars, import_run=settings.import_run)


def _with_calendars(
    before: Sequence[WorkingCalendar], changed: Mapping[str, State | None]
) -> tuple[WorkingCalendar, ...]:
    kept = {one.id: one for one in before if one.id not in changed}
    kept |= {name: WorkingCalendar.from_dict(name, state) for name, state in changed.items() if state is not None}
    return tuple(kept[name] for name in sorted(kept))


def rows_of(snapshot: Snapshot, items: Iterable[str]) -> dict[str, int]:
    """Return the row of each item by id, -1 where it has none. O(items log n)."""
    asked = list(items)
    return dict(zip(asked, rows_of_identities(snapshot.items.ids, identities(asked)).tolist(), strict=True))


def can_recode(base: Snapshot, settings: Workspace) -> bool:
    """Tell whether the codes of a snapshot's statuses still hold: names may have been added, none taken away."""
    return tuple(settings.statuses)[: len(base.status_names)] == base.status_names


def _recoded(base: Snapshot, settings: Workspace) -> NDArray[np.uint16]:
    """Return the codes of statuses: the code that means none is one more than the last name's."""
    none, status = len(base.status_names), base.items.status
    if len(settings.statuses) == none:
        return status
    return np.where(status == none, np.uint16(len(settings.statuses)), status)


def _with_rows(columns: dict[str, Any], patch: Patch, statuses: Sequence[str]) -> tuple[dict[str, Any], Ints | None]:
    """Take rows away and put new ones in, in the order of ids; return the new row of each old one, -1 where it went."""
    ids = columns["ids"]
    leaving = rows_of_identities(ids, identities([*patch.gone, *patch.appeared]))
    leaving = leaving[leaving >= 0]
    if not len(leaving) and not patch.appeared:
        return columns, None
    kept = np.delete(np.arange(len(ids)), leaving)
    names = sorted(patch.appeared, key=lambda item: item.replace("-", "").lower())
    added = identities(names)
    places = np.searchsorted(ids[kept].view("S16").ravel(), added.view("S16").ravel())
    block = _block(names, patch.appeared, statuses)
    made = {
        name: column.edited(kept, places, block[name])
        if isinstance(column, TextColumn)
        else np.insert(column[kept], places, block[name], axis=0)
        for name, column in columns.items()
        if name != "team"
    }
    rows = np.full(len(ids), -1, dtype=np.int32)
    rows[kept] = np.delete(np.arange(len(kept) + len(names)), places + np.arange(len(names)))
    return made, rows


def _block(names: Sequence[str], states: Mapping[str, ItemState], statuses: Sequence[str]) -> dict[str, Any]:
    """Return the columns of items in the order of ``names``, texts as they are."""
    plain: dict[str, list[Any]] = {name: [None] * len(names) for name in _COLUMNS}
    for place, item in enumerate(names):
        one = states[item]
        plain["kind"][place] = one.kind
        known = columns_of(one.kind)
        for column, value in plain_values(one.kind, one.state).items():
            if column in known:
                plain[column][place] = value
    make = makers(statuses)
    return {name: values if make[name] == TextColumn.of else make[name](values) for name, values in plain.items()}


def _assign(columns: dict[str, Any], patch: Patch, statuses: Sequence[str]) -> None:
    """Write changed values into copies of their columns."""
    ids, make = columns["ids"], makers(statuses)
    changes: dict[str, dict[str, Any]] = {}
    for item, one in patch.altered.items():
        for column, value in {"kind": one.kind, **plain_values(one.kind, one.state)}.items():
            changes.setdefault(column, {})[item] = value
    for item, said in patch.latest.items():
        for column, value in zip(LATEST, said, strict=True):
            changes.setdefault(column, {})[item] = value
    for column, values in changes.items():
        rows = rows_of_identities(ids, identities(values))
        there = rows >= 0
        if isinstance(columns[column], TextColumn):
            texts = dict(zip(rows.tolist(), values.values(), strict=True))
            columns[column] = _replaced(columns[column], {row: texts[row] for row in sorted(texts) if row >= 0})
        else:
            new = make[column](list(values.values()))[there]
            if not np.array_equal(columns[column][rows[there]], new):
                columns[column] = columns[column].copy()
                columns[column][rows[there]] = new


def _replaced(column: TextColumn, texts: Mapping[int, str | None]) -> TextColumn:
    rows = np.fromiter(texts, dtype=np.intp)
    kept = np.delete(np.arange(len(column)), rows)
    return column.edited(kept, rows - np.arange(len(rows)), list(texts.values()))


def _moved(edges: Edges, rows: Ints | None) -> Edges:
    """Return the edges at the new rows of their ends; those of an end that went are gone. Their order stays."""
    if rows is None:
        return edges
    start, end = rows[edges.start], rows[edges.end]
    inside = (start >= 0) & (end >= 0)
    if inside.all():
        return replace(edges, start=start, end=end)
    moved = replace(edges, start=start, end=end)
    return Edges(*(getattr(moved, one.name)[inside] for one in fields(Edges)))


def _with_edges(edges: Edges, changed: Mapping[EdgeName, State | None], ids: NDArray[np.uint8]) -> Edges:
    """Return the edges after the changed ones took the place of those they name."""
    if not changed:
        return edges
    kind = np.array([EDGE_KINDS.index(one) for _, one, _ in changed], dtype=np.int64)
    start = rows_of_identities(ids, identities(one for one, _, _ in changed))
    end = rows_of_identities(ids, identities(one for _, _, one in changed))
    inside = (start >= 0) & (end >= 0)
    span = np.int64(max(1, len(ids)))
    # Kind, start and end as one number: edges are in the order of these, and no two have the same.
    there = (edges.kind * span + edges.start) * span + edges.end
    names = (kind * span + start) * span + end
    found = np.minimum(np.searchsorted(there, names), max(0, len(there) - 1))
    dropped = found[inside & (there[found] == names)] if len(there) else found[:0]
    states = list(changed.values())
    added = np.flatnonzero(inside & np.array([state is not None for state in states], dtype=np.bool_))
    added = added[np.argsort(names[added])]
    places = np.searchsorted(np.delete(there, dropped), names[added])
    new = _edge_block([states[at] or {} for at in added.tolist()])
    new |= {"kind": kind[added], "start": start[added], "end": end[added]}
    return Edges(**{name: np.insert(np.delete(getattr(edges, name), dropped), places, new[name]) for name in _TIES})


def _edge_block(states: Sequence[State]) -> dict[str, Any]:
    """Return the columns of edges, their ends and kinds apart."""
    made = {
        name: make([state.get(EDGE_PROPERTY_OF[name][0]) for state in states]) for name, make in EDGE_MAKERS.items()
    }
    return made | {"traversed": np.zeros(len(states), dtype=np.bool_)}


_TIES: Final = tuple(one.name for one in fields(Edges))
