"""Which of several server processes does the work that only one may do: whoever holds the lease in the database."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator
from typing import Final

from graph.errors import GraphError
from graph.records import leases
from graph.store import Store
from workatlas.keeping import keeping

LEASE_SECONDS: Final = 15.0
"""How long a process that died still holds its lease, unless told otherwise: so long nobody does the work at most."""
LEAVE_SECONDS: Final = 2.0
_LOG: Final = logging.getLogger("workatlas.leadership")


class Leadership:
    """Whether this process leads. It stops to lead by its own clock, too, when the lease could not be held longer."""

    def __init__(self, store: Store, name: str, seconds: float = LEASE_SECONDS) -> None:
        self._store = store
        self._name = name
        self._seconds = seconds
        self._holder = uuid.uuid4().hex
        self._until = 0.0

    def leads(self) -> bool:
        """Tell whether this process is the one."""
        return time.monotonic() < self._until

    async def renew(self) -> None:
        """Take the lease if it is free, or hold it for longer.

        Raises:
            StoreError: The database failed; the lease counts until its end.

        """
        # Counted from before it is asked for: in the database the lease ends later than here.
        begin, led = time.monotonic(), self.leads()
        taken = await leases.take(self._store, self._name, self._holder, self._seconds)
        self._until = begin + self._seconds if taken else 0.0
        if led != taken:
            _LOG.info("this process %s %s", "takes over" if taken else "no longer leads", self._name)

    async def leave(self) -> None:
        """Let another process lead at once."""
        self._until = 0.0
        with contextlib.suppress(GraphError, TimeoutError):  # then it waits for the lease to end
            async with asyncio.timeout(LEAVE_SECONDS):
                await leases.leave(self._store, self._name, self._holder)


@contextlib.asynccontextmanager
async def leading(store: Store, name: str, seconds: float = LEASE_SECONDS) -> AsyncIterator[Leadership]:
    """Try to lead during the block."""
    leadership = Leadership(store, name, seconds)
    with contextlib.suppress(GraphError):  # it is tried again below
        await leadership.renew()
    try:
        async with keeping(f"holding the lease {name!r}", leadership.renew, seconds / 3):
            yield leadership
    finally:
        await leadership.leave()
