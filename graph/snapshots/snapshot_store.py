"""Reads a snapshot from Neo4j, and keeps it up with the change log."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from graph.records import history, workspace
from graph.records.calendar_store import read_calendars
from graph.snapshots.assembly import arranged, without_edges
from graph.snapshots.patching import Patch, can_recode, patched
from graph.snapshots.refresh import patch_to
from graph.snapshots.replay import Replay
from graph.snapshots.snapshot import Edges, Items, Snapshot
from graph.snapshots.snapshot_reading import read_columns
from graph.store import Store


async def load_snapshot(store: Store, workspace_id: str) -> Snapshot:
    """Read a workspace's whole graph, archived items apart. O(n + m); see ``benchmarks/results.md`` for seconds.

    The change sequence number is read first, and what was written while the graph was read is taken from the log
    afterwards: the snapshot is exactly the graph after change ``seq``, however many write meanwhile.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    before = await workspace.settled(store, workspace_id)
    items, edges = await read_columns(store, workspace_id, tuple(before.statuses))
    base = replace(
        await asyncio.to_thread(_assembled, before, items, edges), calendars=await read_calendars(store, workspace_id)
    )
    after = await workspace.settled(store, workspace_id)
    return await advanced(store, base, after) if can_recode(base, after) else await load_snapshot(store, workspace_id)


def _assembled(settings: workspace.Workspace, items: Items, edges: Edges) -> Snapshot:
    bare = without_edges(settings.id, settings.seq, settings.policy, settings.statuses, items)
    return replace(bare, edges=arranged(edges, items, bare.is_open, settings.policy), import_run=settings.import_run)


async def refresh(store: Store, snapshot: Snapshot) -> Snapshot:
    """Return the newest snapshot, made of an older one and the change log; the same one where nothing changed.

    O(changes), and O(n + m) to copy what they touch. A log longer than the snapshot, one that was cut, and the loss of
    a status name are answered by reading everything again.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    settings = await workspace.read(store, snapshot.workspace)
    if snapshot.seq != settings.seq:
        settings = await workspace.settled(store, snapshot.workspace)
        sizes = await history.sizes(store, snapshot.workspace, snapshot.seq, settings.seq)
        whole = len(sizes) == settings.seq - snapshot.seq
        if not whole or sum(size for _, size in sizes) > len(snapshot) + len(snapshot.edges.kind):
            return await load_snapshot(store, snapshot.workspace)
    if not can_recode(snapshot, settings):
        return await load_snapshot(store, snapshot.workspace)
    return await advanced(store, snapshot, settings)


async def advanced(store: Store, base: Snapshot, settings: workspace.Workspace) -> Snapshot:
    """Return the snapshot at the number and with the words of ``settings``, which may be older than the newest ones.

    O(changes in between), and O(n + m) to copy what they touch. ``base`` must not be newer, and ``can_recode``.

    Raises:
        StoreError: The database failed.

    """
    if base.seq != settings.seq:
        replay = Replay()
        async for change in history.stream(store, base.workspace, base.seq, settings.seq):
            replay.take(change)
        patch = await patch_to(store, base, replay, settings.seq)
        return await asyncio.to_thread(patched, base, patch, settings)
    statuses = dict(zip(base.status_names, base.status_categories, strict=True))
    if statuses == settings.statuses and base.policy == settings.policy:
        return base if base.import_run == settings.import_run else replace(base, import_run=settings.import_run)
    return await asyncio.to_thread(patched, base, Patch(), settings)


class SnapshotKeeper:
    """Holds a workspace's newest snapshot, and brings it up to the change log when that has moved.

    Each snapshot keeps what analyses derive from it: a newer one begins without.
    """

    def __init__(self, store: Store, workspace_id: str) -> None:
        self._store = store
        self._workspace = workspace_id
        self._snapshot: Snapshot | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> Snapshot:
        """Return a snapshot that holds every change committed before this call.

        Raises:
            UnknownWorkspaceError: There is no such workspace.
            StoreError: The database failed.

        """
        async with self._lock:
            if self._snapshot is None:
                self._snapshot = await load_snapshot(self._store, self._workspace)
            else:
                self._snapshot = await refresh(self._store, self._snapshot)
            return self._snapshot
