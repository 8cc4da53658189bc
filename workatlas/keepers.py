"""The snapshots that a server keeps: those of the workspaces that were asked for last."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from graph.snapshot_store import SnapshotKeeper
from graph.store import Store

MOST: Final = 8
"""Workspaces whose snapshots are kept: each holds its whole graph in memory."""


class Keepers:
    """One keeper a workspace, made when it is first asked for; the least recently used ones are let go."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keepers: OrderedDict[str, SnapshotKeeper] = OrderedDict()

    def of(self, workspace: str) -> SnapshotKeeper:
        """Return the keeper of a workspace."""
        keeper = self._keepers.setdefault(workspace, SnapshotKeeper(self._store, workspace))
        self._keepers.move_to_end(workspace)
        if len(self._keepers) > MOST:
            self._keepers.popitem(last=False)
        return keeper
