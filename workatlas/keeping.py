"""Work that a server does by itself again and again while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from graph.errors import GraphError

STOP_SECONDS: Final = 2.0
"""How long work that is going on may take to end when the server stops; then it is broken off."""
TURN_SECONDS: Final = 1.0
"""How often is looked whether the work has become this process's to do."""
_LOG: Final = logging.getLogger("workatlas.keeping")


def always() -> bool:
    """Work in any case."""
    return True


@contextlib.asynccontextmanager
async def keeping(
    what: str,
    work: Callable[[], Awaitable[None]],
    seconds: float,
    leads: Callable[[], bool] = always,
    *,
    longest: float = 0.0,
) -> AsyncIterator[None]:
    """Work during the block, ``seconds`` apart (0: never), while ``leads`` says that it is for this process to do.

    What fails is tried again the next time; while it goes on failing the pauses double, up to ``longest`` seconds.
    ``what`` names the work in the log.
    """
    if not seconds:
        yield
        return
    stopped = asyncio.Event()
    task = asyncio.create_task(_keep(what, work, (seconds, longest), leads, stopped))
    try:
        yield
    finally:
        stopped.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, STOP_SECONDS)


async def _keep(
    what: str,
    work: Callable[[], Awaitable[None]],
    pauses: tuple[float, float],
    leads: Callable[[], bool],
    stopped: asyncio.Event,
) -> None:
    seconds, longest = pauses
    failures = 0
    while not stopped.is_set():
        pause = min(seconds, TURN_SECONDS)
        if leads():
            try:
                await work()
                failures = 0
            except GraphError as error:
                failures += 1
                _LOG.warning("%s could not be done now: %s", what, error)
            pause = pause_after(seconds, failures, longest)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), pause)


def pause_after(seconds: float, failures: int, longest: float) -> float:
    """Return how long to wait for the next turn after a number of failures in a row."""
    return max(seconds, min(seconds * 2.0 ** min(failures, 30), longest))
