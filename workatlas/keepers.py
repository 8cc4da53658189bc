"""The snapshots that a server keeps: those of the workspaces that were asked for last."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Final

from graph.records.tail import Tail
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store

_MOST_TAILS: Final = 1000
MOST: Final = 8
"""Workspaces whose snapshots are kept: each holds its whole graph in memory."""


class _Watched(SnapshotKeeper):
    """Knows when its snapshot was last found to be the newest."""

    def __init__(self, store: Store, workspace: str) -> None:
        super().__init__(store, workspace)
        self.confirmed: float | None = None

    async def current(self) -> Snapshot:
        found = await super().current()
        self.confirmed = time.monotonic()
        return found


class Keepers:
    """One keeper a workspace, made when it is first asked for; the least recently used ones are let go."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keepers: OrderedDict[str, _Watched] = OrderedDict()

    def of(self, workspace: str) -> SnapshotKeeper:
        """Return the keeper of a workspace."""
        keeper = self._keepers.setdefault(workspace, _Watched(self._store, workspace))
        self._keepers.move_to_end(workspace)
        if len(self._keepers) > MOST:
            self._keepers.popitem(last=False)
        return keeper

    def age(self) -> float:
        """Return the seconds since the oldest kept snapshot was last found to be the newest; 0 without any."""
        confirmed = [keeper.confirmed for keeper in self._keepers.values() if keeper.confirmed is not None]
        return time.monotonic() - min(confirmed) if confirmed else 0.0


class Tails:
    """One tail of the change log a workspace, made when it is first listened to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tails: dict[str, Tail] = {}

    def of(self, workspace: str) -> Tail:
        """Return the tail of a workspace; those that nobody listens to are let go when there are many."""
        if len(self._tails) >= _MOST_TAILS:
            self._tails = {name: tail for name, tail in self._tails.items() if tail.is_followed}
        return self._tails.setdefault(workspace, Tail(self._store, workspace))

    async def aclose(self) -> None:
        """Stop all of them."""
        await asyncio.gather(*(tail.close() for tail in self._tails.values()))
