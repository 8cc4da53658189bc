"""Delivers what the change log holds to every webhook, each in order and for itself, as far as it got."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from graph.errors import GraphError
from graph.records import webhooks
from graph.records.webhooks import DeadLetter, Webhook
from graph.store import Store
from resolvers.courier import Courier, Sent
from resolvers.messages import coming, identity
from workatlas.keeping import keeping
from workatlas.leadership import Leadership

LOOK_SECONDS: Final = 0.5
"""How often it is looked whether there is something to deliver."""
_LOG: Final = logging.getLogger("workatlas.webhooks")


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a message is tried, and how long is waited in between: twice as long each time, by half at random."""

    tries: int = 12
    first: float = 2.0
    longest: float = 3600.0

    def pause(self, failed: int, dice: random.Random) -> float:
        """Return the seconds until the next attempt after so many that failed."""
        return min(self.first * 2.0 ** (failed - 1), self.longest) * dice.uniform(0.5, 1.0)


class Deliverer:
    """Sends messages in this process; of several processes only the one that ``leads`` should.

    ``workspace`` is the one whose webhooks it delivers to, ``None`` for all of them. ``clock`` gives epoch
    milliseconds, UTC. ``told`` hears of each attempt.
    """

    def __init__(
        self,
        store: Store,
        courier: Courier,
        leads: Callable[[], bool],
        retries: Retries = Retries(),
        *,
        workspace: str | None = None,
        told: Callable[[Sent], None] = lambda sent: None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._store = store
        self._courier = courier
        self._leads = leads
        self._retries = retries
        self._workspace = workspace
        self._told = told
        self._clock = clock
        self._dice = random.Random()
        self._running: dict[str, asyncio.Task[None]] = {}

    async def look(self) -> None:
        """Begin to deliver to each webhook that has something to come and is not being delivered to.

        Raises:
            StoreError: The database failed.

        """
        # Read while it is delivered to, a webhook may be behind what it was told by now: that would be sent again.
        busy = set(self._running)
        for hook in await webhooks.due(self._store, self._clock(), self._workspace):
            if hook.id not in busy:
                task = asyncio.create_task(self._deliver(hook))
                self._running[hook.id] = task
                task.add_done_callback(partial(self._ended, hook.id))

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        self._running.pop(name, None)

    async def stop(self) -> None:
        """Break off: what was not acknowledged is sent again by whoever goes on."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, hook: Webhook) -> None:
        """Send one message after the other until nothing is left, or one fails."""
        try:
            current: Webhook | None = hook
            while current is not None and self._leads():
                current = await self._step(current)
        except GraphError as error:
            _LOG.warning("webhook %s waits: %s", hook.id, error)

    async def _step(self, hook: Webhook) -> Webhook | None:
        """Deliver the next message; return the webhook as it is then, ``None`` where nothing is to be done now."""
        found = await coming(self._store, hook)
        if found.last == hook.cursor:
            return None
        if found.message is None:
            return await self._moved(hook, hook.moved_to(found.last))
        if hook.pending is None:
            # Known before it is sent: after a crash the same changes go out under the same identity.
            reserved = await self._moved(hook, replace(hook, pending=found.last))
            if reserved is None:
                return None
            hook = reserved
        sent = await self._courier.send(hook, found.message)
        self._told(sent)
        if sent.delivered:
            return await self._moved(hook, hook.moved_to(found.last))
        return await self._failed(hook, found.last, sent)

    async def _failed(self, hook: Webhook, last: int, sent: Sent) -> Webhook | None:
        problem, now, attempts = sent.problem or "", self._clock(), hook.attempts + 1
        if sent.gone:
            _LOG.warning("webhook %s is no longer active: its receiver answered 410", hook.id)
            await self._moved(hook, replace(hook, active=False, problem=problem))
            return None
        if attempts < self._retries.tries:
            pause = max(self._retries.pause(attempts, self._dice), sent.wait)
            later = replace(hook, attempts=attempts, next_at=now + round(pause * 1000), problem=problem)
            await self._moved(hook, later)
            return None
        _LOG.warning("webhook %s: gave up the changes up to %d: %s", hook.id, last, problem)
        name = identity(hook, hook.cursor, last)
        letter = DeadLetter(name, hook.workspace, hook.id, hook.cursor, last, attempts, now, problem)
        return await self._moved(hook, hook.moved_to(last), letter)

    async def _moved(self, was: Webhook, becomes: Webhook, letter: DeadLetter | None = None) -> Webhook | None:
        """Store how far it is; ``None`` where somebody else moved or removed it meanwhile."""
        return becomes if await webhooks.move(self._store, was, becomes, letter) else None


@contextlib.asynccontextmanager
async def delivering(deliverer: Deliverer, leadership: Leadership) -> AsyncIterator[None]:
    """Deliver during the block, while this process leads."""
    try:
        async with keeping("delivering to webhooks", deliverer.look, LOOK_SECONDS, leadership.leads):
            yield
    finally:
        await deliverer.stop()
