"""What a resolver may use while one operation runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from graph.reading.gathering import Gathering
from graph.records.tail import Tail
from graph.records.workspace import Workspace, read
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store
from graph.writing.committer import Committer
from graph.writing.draft import Outcome
from graph.writing.writer import Request
from resolvers.access import Viewer
from resolvers.bounds import Bounds, Budget
from resolvers.courier import Courier
from resolvers.documents import Document
from resolvers.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Pinned:
    """The snapshot from which one operation computes, and when it was found to be the newest."""

    snapshot: Snapshot
    at: datetime

    def age(self, now: datetime) -> float:
        """Return the seconds that have passed since."""
        return max((now - self.at).total_seconds(), 0.0)


MAX_ROOT_READS: Final = 20
"""Traversals that one operation may begin: each alias of a root field is one."""


def unlimited(cost: int) -> Budget | None:
    """Spend nothing: who asks has no budget."""
    return None


@dataclass(slots=True)
class Context:
    """Who asks, the workspace that their operation sees, and what it has read of it so far.

    ``spend`` takes the operation's ``cost`` from the caller's budget before it is executed; ``budget`` is what is left
    of it, ``None`` for callers without one. ``planning`` takes lists of a shape that is new from another budget.
    ``turn`` is waited for, and held, while an operation runs that came by a long connection. ``committer`` commits what
    operations write at the same moment together; without one each is committed alone. ``gathering`` joins what they
    read in the same way. Where changes can be followed, ``tail`` does so, and ``renewed`` tells who the viewer has
    become since; ``courier`` sends what webhooks are told. ``distinct``: of a subscription's answers, those that are
    equal to the one before are left out. ``document`` is the operation.
    """

    store: Store
    viewer: Viewer
    snapshots: SnapshotKeeper
    today: Callable[[], date]
    request_id: str
    bounds: Bounds = field(default_factory=Bounds)
    spend: Callable[[int], Budget | None] = field(default=unlimited, repr=False)
    planning: Callable[[int], object] = field(default=unlimited, repr=False)
    turn: Callable[[], AbstractAsyncContextManager[None]] = field(default=nullcontext, repr=False)
    committer: Committer | None = None
    gathering: Gathering | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    tail: Tail | None = None
    renewed: Callable[[], Viewer] | None = field(default=None, repr=False)
    courier: Courier | None = None
    distinct: bool = False
    document: Document | None = field(default=None, repr=False)
    cost: int = 0
    budget: Budget | None = None
    reads: int = 0
    _settings: Workspace | None = field(default=None, repr=False)
    _pinned: Pinned | None = field(default=None, repr=False)
    _pinning: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def workspace(self) -> str:
        """Name of the workspace that is seen."""
        return self.viewer.workspace

    async def settings(self) -> Workspace:
        """Return the workspace's settings, read once per operation.

        Raises:
            UnknownWorkspaceError: There is no such workspace.
            StoreError: The database failed.

        """
        if self._settings is None:
            self._settings = await read(self.store, self.workspace)
        return self._settings

    async def pinned(self) -> Pinned:
        """Return the snapshot from which the operation's computed fields come, the newest when it is first asked for.

        Raises:
            UnknownWorkspaceError: There is no such workspace.
            StoreError: The database failed.

        """
        async with self._pinning:
            if self._pinned is None:
                at = self.now()
                self._pinned = Pinned(await self.snapshots.current(), at)
            return self._pinned

    async def commit(self, request: Request) -> Outcome:
        """Do what a request asks for in the viewer's workspace.

        Raises:
            BatchRefusedError: It breaks a rule; nothing was written.
            UnknownWorkspaceError: There is no such workspace.
            StoreError: The database failed, or too many writes wait.

        """
        committer = self.committer or Committer(self.store)
        self._pinned = None
        return await committer.submit(self.workspace, request)

    def forget(self) -> None:
        """Forget what was read: a subscription asks again, as whoever the viewer is by now."""
        self.reads, self._settings, self._pinned = 0, None, None
        self.viewer = self.renewed() if self.renewed else self.viewer

    def followed(self) -> Tail:
        """Return what follows the change log.

        Raises:
            RefusedError: Changes cannot be listened to in this way.

        """
        if self.tail is None:
            raise RefusedError("BAD_REQUEST", "subscriptions need a websocket or an event stream")
        return self.tail

    def sender(self) -> Courier:
        """Return what sends messages to webhooks.

        Raises:
            RefusedError: This process sends none.

        """
        if self.courier is None:
            raise RefusedError("BAD_REQUEST", "this process sends nothing to webhooks")
        return self.courier

    def count_read(self) -> None:
        """Count a traversal that begins.

        Raises:
            RefusedError: The operation begins too many.

        """
        self.reads += 1
        if self.reads > MAX_ROOT_READS:
            raise RefusedError(
                "TOO_COMPLEX", f"one operation may read at most {MAX_ROOT_READS} root fields: send several operations"
            )
