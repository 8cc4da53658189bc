"""Works out what a stretch of the change log did to a snapshot; what the log does not say by itself is read.

The log holds what changed, not what stayed: an item that comes back from the archive, and the Updates on an item of
which one changed, are read from the database, and what was written since then is taken back again. So the answer is
exact, whoever writes meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from graph import cypher
from graph.model import NODES
from graph.records import history, workspace
from graph.rules.validation import arrived, arrived_edge
from graph.snapshots.item_columns import LATEST, UPDATE_PROPERTIES
from graph.snapshots.patching import Patch, rows_of
from graph.snapshots.replay import ItemState, Replay, ends_of, inverse
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_reading import later
from graph.store import Store

_REPORTS: Final = "REPORTS_ON"
_PAGE: Final = 5_000


async def patch_to(store: Store, base: Snapshot, replay: Replay, seq: int) -> Patch:
    """Return what a replay from ``base`` to change ``seq`` comes to. O(touched), and a few queries.

    Raises:
        StoreError: The database failed.

    """
    rows = rows_of(base, replay.items)
    reporters, targets = ends_of(replay.edges, _REPORTS)
    unknown = {item for item, row in rows.items() if row < 0 and not replay.items[item].whole}
    unknown |= {item for item in reporters if not replay.is_whole(item)}
    read, complete = Replay(), False
    # Once as a rule: again only where somebody took a report off its target, or put it on another, meanwhile.
    while not complete and (unknown or targets):
        read = await _read(store, base.workspace, unknown)
        targets |= ends_of(read.edges, _REPORTS)[1] | {item for item, one in read.items.items() if one.kind != "Update"}
        asked = len(unknown), len(targets)
        await _read_reports(store, base.workspace, targets, read, replay)
        read.only = read.items.keys() | unknown
        read.ends = read.only | targets
        await workspace.settled(store, base.workspace)  # what was read of a change may be there before its log is
        async for change in history.stream(store, base.workspace, seq, newest_first=True):
            read.take(inverse(change))
        reports = [name for name, one in read.edges.items() if name[1] == _REPORTS and one is not None]
        unknown |= {start for start, _, _ in reports if start not in read.only and not replay.is_whole(start)}
        targets |= {end for start, _, end in reports if start in read.items}
        complete = asked == (len(unknown), len(targets))
    return _patch(rows, replay, read, targets)


async def _read(store: Store, workspace: str, items: Collection[str]) -> Replay:
    """Read items and all their edges as they are now; those that do not exist are left out."""
    read = Replay()
    asked = sorted(items)
    for start in range(0, len(asked), _PAGE):
        page = asked[start : start + _PAGE]
        labels = await store.rows(cypher.KINDS_OF_IDS, workspace=workspace, ids=page)
        for label in {label for _, label in labels}:
            read.items |= await _states(store, workspace, label, [item for item, one in labels if one == label])
        edges = await store.rows(cypher.EDGES_WITH_STATE_AT, workspace=workspace, ids=page)
        read.edges |= {(first, kind, last): arrived_edge(values) for first, kind, last, values in edges[0][0]}
    return read


async def _states(store: Store, workspace: str, label: str, ids: list[str]) -> dict[str, ItemState]:
    found = await store.rows(cypher.read_nodes(NODES[label]), workspace=workspace, ids=ids)
    return {item: ItemState(label, arrived(label, values), whole=True) for item, values in found[0][0]}


async def _read_reports(store: Store, workspace: str, targets: Iterable[str], read: Replay, replay: Replay) -> None:
    """Read every Update on the targets that is not known yet."""
    pairs = (await store.rows(cypher.REPORTS_ON, workspace=workspace, ids=sorted(targets)))[0][0]
    lacking = sorted({update for update, _ in pairs if update not in read.items and not replay.is_whole(update)})
    read.items |= await _states(store, workspace, "Update", lacking)
    for update, target in pairs:
        if update in read.items:
            read.edges.setdefault((update, _REPORTS, target), {})


def _patch(rows: dict[str, int], replay: Replay, read: Replay, targets: set[str]) -> Patch:
    states = {**replay.items, **{item: one for item, one in read.items.items() if item in rows}}
    appeared = {item: one for item, one in states.items() if one.whole and _has_row(one)}
    altered = {item: one for item, one in states.items() if not one.whole and rows[item] >= 0 and _has_row(one)}
    gone = frozenset(item for item, row in rows.items() if row >= 0 and item not in appeared and item not in altered)
    edges = {name: one for name, one in read.edges.items() if name[0] in rows or name[2] in rows}
    edges |= {
        name: one for name, one in replay.edges.items() if name[0] not in read.items and name[2] not in read.items
    }
    items = {name: one for name, one in edges.items() if name[1] != _REPORTS}
    return Patch(appeared, altered, gone, items, _latest(replay, read, targets), replay.calendars)


def _has_row(one: ItemState) -> bool:
    return not (one.gone or one.archived or one.kind == "Update")


def _latest(replay: Replay, read: Replay, targets: Iterable[str]) -> dict[str, Sequence[Any]]:
    """Return what is last reported on each target."""
    known = {**replay.items, **read.items}
    updates = {item: one for item, one in known.items() if one.whole and one.kind == "Update"}
    said: dict[str, list[tuple[str, ItemState]]] = {target: [] for target in targets}
    for (update, kind, target), state in {**replay.edges, **read.edges}.items():
        if kind == _REPORTS and state is not None and target in said and update in updates:
            said[target].append((update, updates[update]))
    return {target: _last_words(some) for target, some in said.items()}


def _last_words(updates: list[tuple[str, ItemState]]) -> Sequence[Any]:
    known: Sequence[Any] = [None] * len(LATEST)
    # A placeholder of an Update is not dated yet, and says nothing.
    present = [(item, one) for item, one in updates if not (one.gone or one.archived) and one.state.get("at")]
    for _, one in sorted(present, key=lambda pair: (pair[1].state["at"], pair[0])):
        known = later(known, [one.state.get(name) for name in UPDATE_PROPERTIES])
    return known
