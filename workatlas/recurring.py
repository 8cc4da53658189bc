"""Keeps recurring work coming while the server runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Final

from graph.errors import GraphError
from graph.operations import spawn
from graph.store import Store

_LOG = logging.getLogger("workatlas.recurring")
DAY: Final = 86_400_000
"""Milliseconds of a day."""
_STOP_SECONDS: Final = 5.0
"""How long a pass that is going on may take to end when the server stops; then it is broken off."""


async def keep_spawning(
    store: Store, workspace: str, seconds: float, ahead_days: float, stopped: asyncio.Event
) -> None:
    """Spawn what falls due within ``ahead_days``, again and again, ``seconds`` apart, until ``stopped`` is set.

    Any number of servers may do so at once, and a database that does not answer is asked again the next time.
    """
    said: set[str] = set()
    while not stopped.is_set():
        try:
            said = await _spawn(store, workspace, ahead_days, said)
        except GraphError as error:
            _LOG.warning("recurring work of %s could not be looked at: %s", workspace, error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), seconds)


async def _spawn(store: Store, workspace: str, ahead_days: float, said: set[str]) -> set[str]:
    """Spawn once; return the problems that it met, those that were not there before also to the log."""
    now = time.time_ns() // 1_000_000
    results = await spawn(store, workspace, until=now + round(ahead_days * DAY), now=now)
    for one in results:
        if one.tasks:
            _LOG.info("%s: operation %s spawned %s", workspace, one.operation, ", ".join(one.tasks))
    problems = {f"operation {one.operation}: {problem}" for one in results for problem in one.problems}
    for text in sorted(problems - said):
        _LOG.warning("%s: nothing can be spawned from %s", workspace, text)
    return problems


@contextlib.asynccontextmanager
async def spawning(store: Store, workspace: str, seconds: float, ahead_days: float) -> AsyncIterator[None]:
    """Keep spawning during the block; 0 seconds: do nothing."""
    if not seconds:
        yield
        return
    stopped = asyncio.Event()
    task = asyncio.create_task(keep_spawning(store, workspace, seconds, ahead_days, stopped))
    try:
        yield
    finally:
        stopped.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, _STOP_SECONDS)
