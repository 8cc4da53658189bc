"""Forgets the answers that are kept by idempotency key, once they are old, while the server runs."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Final

from graph.store import Store
from graph.writing.idempotency import forget_answers
from workatlas.keeping import keeping

INTERVAL: Final = 600.0
"""Seconds between two looks."""
_DAY: Final = 86_400_000
_LOG = logging.getLogger("workatlas.tidying")


@contextlib.asynccontextmanager
async def tidying(store: Store, days: float, seconds: float = INTERVAL) -> AsyncIterator[None]:
    """Forget during the block what was answered more than ``days`` ago, in all workspaces; 0: nothing.

    Any number of servers may do so at once.
    """

    async def work() -> None:
        removed = await forget_answers(store, time.time_ns() // 1_000_000 - round(days * _DAY))
        if removed:
            _LOG.info("%d kept answers were forgotten", removed)

    async with keeping("forgetting kept answers", work, seconds if days else 0):
        yield
