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
from graph import workspace
from graph.errors import GraphError
from graph.findings import record
from graph.snapshot_store import SnapshotKeeper
from graph.store import Store

_LOG = logging.getLogger("workatlas.examining")
_STOP_SECONDS: Final = 5.0
"""How long an examination that is going on may take to end when the server stops; then it is broken off."""

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
    if done.seq is not None:
        _LOG.info("%s: %d findings raised, %d resolved", workspace_id, len(done.raised), len(done.resolved))
    # Somebody else may have written in between: then that is examined the next time.
    return (done.seq if done.seq == snapshot.seq + 1 else snapshot.seq), today


async def keep_examining(
    store: Store, keeper: SnapshotKeeper, workspace_id: str, today: Callable[[], date], seconds: float,
    stopped: asyncio.Event,
) -> None:  # fmt: skip
    """Look every few seconds whether the change log moved, and examine once for all that came, until ``stopped``."""
    seen: Seen = None
    while not stopped.is_set():
        try:
            seen = await examine_once(store, keeper, workspace_id, today(), seen)
        except GraphError as error:
            _LOG.warning("%s could not be examined: %s", workspace_id, error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)


@contextlib.asynccontextmanager
async def examining(
    store: Store, keeper: SnapshotKeeper, workspace_id: str, today: Callable[[], date], seconds: float
) -> AsyncIterator[None]:
    """Keep examining during the block; 0 seconds: do nothing."""
    if not seconds:
        yield
        return
    stopped = asyncio.Event()
    task = asyncio.create_task(keep_examining(store, keeper, workspace_id, today, seconds, stopped))
    try:
        yield
    finally:
        stopped.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, _STOP_SECONDS)
