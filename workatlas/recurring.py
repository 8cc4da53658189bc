"""Keeps recurring work coming while the server runs."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from graph.store import Store
from graph.writing.operations import spawn
from workatlas.keeping import always, keeping

_LOG = logging.getLogger("workatlas.recurring")
DAY: Final = 86_400_000
"""Milliseconds of a day."""


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
async def spawning(
    store: Store, workspace: str, seconds: float, ahead_days: float, leads: Callable[[], bool] = always
) -> AsyncIterator[None]:
    """Spawn during the block what falls due within ``ahead_days``, ``seconds`` apart; 0 seconds: do nothing.

    Any number of servers may do so at once.
    """
    said: set[str] = set()

    async def work() -> None:
        nonlocal said
        said = await _spawn(store, workspace, ahead_days, said)

    async with keeping(f"spawning the recurring work of {workspace}", work, seconds, leads):
        yield
