"""Commits the requests that wait at the same moment together: one transaction costs as much for sixty as for one.

There is one committer a process. Requests of a workspace are done in the order in which they came; each gets its own
answer, its own change in the log and its own refusal, as if it had been alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from graph.errors import BatchRefusedError, GraphError, StoreBusyError, StoreError
from graph.records import workspace
from graph.store import Store, Transaction
from graph.writing.draft import Draft, Mode, Outcome
from graph.writing.foresight import Hints, lock_and_foresee
from graph.writing.holding import HoldingTransaction
from graph.writing.writer import Request, write_within

MAX_TOGETHER: Final = 64
"""Most requests in one transaction."""
MAX_WAITING: Final = 1_000
"""Most requests of one workspace that wait."""

PATIENCE_SECONDS: Final = 0.004
"""How long a group waits for those that came with the last one: as long as one more round to the database takes."""

Result = Outcome | Exception


class _SpoiledError(Exception):
    """A request was refused after some of what it wrote had been sent to the database."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


@dataclass(slots=True)
class _Waiting:
    request: Request
    answer: asyncio.Future[Outcome]


@dataclass(slots=True)
class _Queue:
    """The requests of one workspace that wait, and what is known from those before them."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    worker: asyncio.Task[None] | None = None
    hints: Hints = field(default_factory=Hints)
    likely: int = 1
    """How many came together the last time: whoever got an answer often sends the next request at once."""
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    """That as many wait."""

    def add(self, one: _Waiting) -> None:
        self.waiting.append(one)
        if len(self.waiting) >= self.likely:
            self.enough.set()

    async def settled(self) -> None:
        """Wait for a moment, if there are fewer than there are likely to be."""
        if len(self.waiting) < self.likely:
            self.enough.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.enough.wait(), PATIENCE_SECONDS)

    def take(self, most: int) -> list[_Waiting]:
        """Take those whose turn it is, without those whose callers have gone."""
        taken = [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]
        self.likely = max(len(taken), 1)
        return [one for one in taken if not one.answer.done()]


class Committer:
    """Takes requests and commits those that wait together; close it to let those that wait be done."""

    def __init__(self, store: Store, *, together: int = MAX_TOGETHER, waiting: int = MAX_WAITING) -> None:
        self._store = store
        self._together = together
        self._most = waiting
        self._queues: dict[str, _Queue] = defaultdict(_Queue)
        self._closed = False

    async def submit(self, workspace_id: str, request: Request) -> Outcome:
        """Do what a request asks for, and return once it is committed.

        A caller that is cancelled takes back a request that still waits; one that is being committed is done.

        Raises:
            StoreBusyError: Too many requests wait, or the committer is closed; nothing was done.
            BatchRefusedError: The request breaks a rule; nothing was written for it.
            UnknownWorkspaceError: There is no such workspace.
            StoreError: The database failed; where ``lost`` is set, the request may have been done all the same.

        """
        queue = self._queues[workspace_id]
        if self._closed or len(queue.waiting) >= self._most:
            raise StoreBusyError("too many writes wait here: try again in a moment")
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        queue.add(waiting)
        if queue.worker is None:
            queue.worker = asyncio.create_task(self._work(workspace_id, queue))
        return await waiting.answer

    async def close(self) -> None:
        """Refuse further requests, and wait until those that wait are done."""
        self._closed = True
        await asyncio.gather(*(queue.worker for queue in self._queues.values() if queue.worker))

    async def _work(self, workspace_id: str, queue: _Queue) -> None:
        taken: list[_Waiting] = []
        try:
            while queue.waiting:
                await queue.settled()
                taken = queue.take(self._together)
                for one, result in zip(taken, await self._results(workspace_id, taken), strict=True):
                    _answer(one, result)
        finally:
            # Only a loop that is being torn down leaves some of them without an answer.
            queue.worker = None
            for one in (*taken, *queue.waiting):
                one.answer.cancel()

    async def _results(self, workspace_id: str, taken: Sequence[_Waiting]) -> list[Result]:
        try:
            return await self._done(workspace_id, [one.request for one in taken])
        except Exception as error:  # noqa: BLE001 - a defect reaches those who asked, and the next ones get their turn
            return [error] * len(taken)

    async def _done(self, workspace_id: str, requests: Sequence[Request]) -> list[Result]:
        """Do requests together; where one spoils that: those before it, then it alone, then those after it."""
        try:
            return await self._commit(workspace_id, requests)
        except _SpoiledError as spoiled:
            place = spoiled.place
            parts = (requests[:place], requests[place : place + 1], requests[place + 1 :])
            return [result for part in parts for result in await self._done(workspace_id, part)]
        except StoreError as error:
            if error.lost or len(requests) < 2:
                return [error] * len(requests)
            return await self._alone(workspace_id, requests)
        except GraphError as error:
            return [error] * len(requests)

    async def _alone(self, workspace_id: str, requests: Sequence[Request]) -> list[Result]:
        return [result for one in requests for result in await self._done(workspace_id, [one])]

    async def _commit(self, workspace_id: str, requests: Sequence[Request]) -> list[Result]:
        if not requests:
            return []

        async def work(transaction: Transaction) -> list[Result]:
            holding = HoldingTransaction(transaction, workspace_id)
            return await _within(holding, workspace_id, requests, self._queues[workspace_id].hints)

        return await self._store.write(work)


@contextlib.asynccontextmanager
async def open_committer(store: Store) -> AsyncIterator[Committer]:
    """Open a committer, and let those that wait be done at the end of the block."""
    committer = Committer(store)
    try:
        yield committer
    finally:
        await committer.close()


def _answer(waiting: _Waiting, result: Result) -> None:
    if waiting.answer.done():
        return
    if isinstance(result, Outcome):
        waiting.answer.set_result(result)
    else:
        waiting.answer.set_exception(result)


async def _within(
    transaction: HoldingTransaction, workspace_id: str, requests: Sequence[Request], hints: Hints
) -> list[Result]:
    """Do requests one after the other in one transaction; each sees what those before it did.

    Raises:
        _SpoiledError: One was refused after some of what it wrote had been sent, and was not alone.

    """
    settings, memory = await lock_and_foresee(transaction, workspace_id, requests, hints)
    counters, settings_changed = settings.counters, False
    results: list[Result] = []
    for place, request in enumerate(requests):
        own = settings.copy()
        branch = memory.branch()
        draft = Draft(transaction, own, Mode.EDIT, request.author, request.now, branch, request.sight)
        try:
            results.append(await write_within(draft, request))
        except BatchRefusedError as error:
            if draft.has_sent:
                # Only undoing the transaction takes that back.
                raise error if len(requests) == 1 else _SpoiledError(place) from error
            transaction.take_back()
            results.append(error)
            continue
        transaction.settle()
        memory.absorb(branch)
        settings = own
        settings_changed = settings_changed or draft.settings_changed
    if settings_changed or counters != settings.counters:
        await workspace.save_settings(transaction, settings)
    await transaction.flush()
    hints.take(settings, memory.directory)
    return results
