"""Keeps findings up with the graph while the server runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Final

from analytics import examination
from graph.records import workspace
from graph.records.examinations import record
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store
from workatlas.keeping import always, keeping

_LOG = logging.getLogger("workatlas.examining")

LONGEST_SECONDS: Final = 600.0
"""How long it is waited after failures in a row: what a database has no room for now, it will have none for soon."""

Seen = tuple[int, date] | None
"""The change and the day that were examined last."""


async def examine_once(store: Store, keeper: SnapshotKeeper, workspace_id: str, today: date, seen: Seen) -> Seen:
    """Examine the newest state unless that was done, and return what was.

    What the examination itself logs is no reason to examine again.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    settings = await workspace.read(store, workspace_id)
    if seen == (settings.seq, today) or settings.import_run is not None:
        return seen
    snapshot = await keeper.current()
    sightings = await asyncio.to_thread(examination, snapshot, today)
    done = await record(store, workspace_id, sightings, time.time_ns() // 1_000_000, today)
    if done.seqs:
        _LOG.info("%s: %d findings raised, %d resolved", workspace_id, len(done.raised), len(done.resolved))
    # Somebody else may have written in between: then that is examined the next time.
    alone = done.seqs == tuple(range(snapshot.seq + 1, snapshot.seq + 1 + len(done.seqs)))
    return (snapshot.seq + len(done.seqs) if alone else snapshot.seq), today


@contextlib.asynccontextmanager
async def examining(
    store: Store, keeper: SnapshotKeeper, workspace_id: str, today: Callable[[], date], seconds: float,
    leads: Callable[[], bool] = always,
) -> AsyncIterator[None]:  # fmt: skip
    """Look every few seconds during the block whether the change log moved, and examine once for all that came.

    0 seconds: do nothing.
    """
    seen: Seen = None

    async def work() -> None:
        nonlocal seen
        seen = await examine_once(store, keeper, workspace_id, today(), seen)

    async with keeping(f"examining {workspace_id}", work, seconds, leads, longest=LONGEST_SECONDS):
        yield
