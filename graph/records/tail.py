"""Follows a workspace's change log, for any number of listeners in this process by one query at a time.

Listeners hold a cursor of their own and take from the log what follows it: nothing is buffered for a slow one, and one
that comes back with its last number misses nothing, whichever process it comes back to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Final

from graph.errors import GraphError
from graph.records import history, workspace
from graph.records.history import Change
from graph.store import Store

POLL_SECONDS: Final = 0.2
"""How often the log is looked at while somebody listens."""
PAGE: Final = 100
"""Changes that are read at once."""
_RECENT: Final = 1000
_OUTAGE_SECONDS: Final = 1.0
_LOG: Final = logging.getLogger("workatlas.tail")


class Tail:
    """Follows one workspace's log; looks at the database only while somebody listens."""

    def __init__(self, store: Store, workspace_id: str) -> None:
        self._store = store
        self._workspace = workspace_id
        self._seq = 0
        self._recent: deque[Change] = deque(maxlen=_RECENT)
        self._moved = asyncio.Event()
        self._listeners = 0
        self._poller: asyncio.Task[None] | None = None
        self._reading: set[asyncio.Task[list[Change]]] = set()
        self._closing = False

    @property
    def is_followed(self) -> bool:
        """Whether anybody listens."""
        return self._listeners > 0

    async def newest(self) -> int:
        """Return the number of the last change.

        Raises:
            UnknownWorkspaceError: There is no such workspace.
            StoreError: The database failed.

        """
        return (await workspace.read(self._store, self._workspace)).seq

    async def changes(self, after: int) -> AsyncGenerator[list[Change], None]:
        """Yield all changes that follow number ``after``, oldest first, in pages, for ever.

        Raises:
            StoreError: The database failed while old changes were read; what comes later waits for it to come back.

        """
        with self._listening():
            while True:
                page = [one for one in self._recent if one.seq > after][:PAGE]
                if not page or page[0].seq != after + 1:
                    page = await self._read(after)
                if page:
                    after = page[-1].seq
                    yield page
                else:
                    await self._wait(after)

    async def _read(self, after: int) -> list[Change]:
        # A listener may go away at any moment: the query is not broken off with it, which would cost a connection.
        reading = asyncio.create_task(history.read(self._store, self._workspace, after, PAGE))
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        await asyncio.shield(asyncio.wait({reading}))
        return reading.result()

    async def moved(self, after: int) -> int:
        """Wait until there is a change after number ``after``, and return the number of the last one."""
        with self._listening():
            await self._wait(after)
            return self._seq

    async def _wait(self, after: int) -> None:
        while self._seq <= after:
            await self._moved.wait()

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        self._listeners += 1
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            self._listeners -= 1

    async def close(self) -> None:
        """Stop looking at the database, and wait for the looks that are going on."""
        self._closing = True
        await asyncio.gather(*self._reading, return_exceptions=True)
        if self._poller is not None:
            await self._poller

    async def _poll(self) -> None:
        try:
            await self._look()
        finally:
            self._poller = None

    async def _look(self) -> None:
        # Ends by itself when nobody listens any more: breaking off a query would cost a connection.
        known = False
        while self._listeners and not self._closing:
            try:
                if not known:
                    self._tell(await self.newest(), ())
                    known = True
                page = await history.read(self._store, self._workspace, self._seq, PAGE)
            except GraphError as error:
                _LOG.warning("the log of %s cannot be followed now: %s", self._workspace, error)
                await asyncio.sleep(_OUTAGE_SECONDS)
                continue
            if page:
                self._tell(page[-1].seq, page)
            if len(page) < PAGE:
                await asyncio.sleep(POLL_SECONDS)

    def _tell(self, seq: int, page: Sequence[Change]) -> None:
        if seq > self._seq + len(page):
            self._recent.clear()  # what was written while nobody listened is not among them, and they have no gaps
        self._recent.extend(page)
        self._seq = max(seq, self._seq)
        self._moved.set()
        self._moved = asyncio.Event()
