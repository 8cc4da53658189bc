"""What one caller may ask for in a minute, and how many operations run at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from resolvers.access import Viewer
from resolvers.bounds import Bounds, Budget
from workatlas.graphql_request import RequestRefused

WAIT_SECONDS: Final = 2.0
"""How long an operation waits for its turn."""


@dataclass(frozen=True, slots=True)
class Standing(Budget):
    """What is left of one budget; ``exhausted``: what was asked for is more than there was."""

    exhausted: bool = False

    def sentence(self, what: str) -> str:
        """Return in one sentence that it is used up."""
        return f"{what} of one minute, {self.limit:,}, are used up: wait {self.seconds} s"

    def headers(self) -> dict[str, str]:
        """Return the headers that tell it to a client."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.seconds),
        }


class Budgets:
    """The budgets of all callers of this process, in minutes that begin with a caller's first request."""

    def __init__(self, bounds: Bounds) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._requests = _per_minute(bounds.rate_requests)
        self._cost = _per_minute(bounds.rate_cost)
        self._failures = _per_minute(bounds.rate_failures)

    async def request(self, viewer: Viewer) -> Standing | None:
        """Count a request; ``None`` for callers without limit."""
        return await self._spend("requests", self._requests, viewer, 1)

    async def cost(self, viewer: Viewer, cost: int) -> Standing | None:
        """Count what an operation costs; ``None`` for callers without limit."""
        return await self._spend("cost", self._cost, viewer, cost)

    async def failure(self, address: str) -> None:
        """Count a key or token that was refused."""
        if self._failures:
            await self._limiter.hit(self._failures, "failures", address)

    async def check_failures(self, address: str) -> None:
        """Refuse an address that sent too many wrong keys: looking each of them up costs a query.

        Raises:
            RequestRefused: It did.

        """
        if self._failures and not await self._limiter.test(self._failures, "failures", address):
            message = "this address sent too many keys that do not count: wait a minute"
            raise RequestRefused(message, 429, "RATE_LIMITED", Retry_After="60")

    async def _spend(
        self, what: str, limit: RateLimitItemPerMinute | None, viewer: Viewer, amount: int
    ) -> Standing | None:
        if limit is None or not viewer.limited:
            return None
        caller = f"key {viewer.key}" if viewer.key else f"subject {viewer.subject}"
        allowed = await self._limiter.hit(limit, what, caller, cost=amount)
        stats = await self._limiter.get_window_stats(limit, what, caller)
        seconds = max(ceil(stats.reset_time - time.time()), 1)
        return Standing(limit.amount, max(stats.remaining, 0), seconds, not allowed)


def _per_minute(amount: int) -> RateLimitItemPerMinute | None:
    return RateLimitItemPerMinute(amount) if amount else None


class Turns:
    """Lets a bounded number of operations run and a bounded number wait; others are told to come again.

    Beyond what the machine can do at once, more operations would only make all of them late.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._free = asyncio.Semaphore(bounds.running)
        self._places = bounds.waiting
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the block.

        Raises:
            RequestRefused: Too many operations wait, or this one waited too long.

        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()  # at once
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if self._waiting >= self._places:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1


def _busy() -> RequestRefused:
    return RequestRefused("the server has too much to do: try again in a moment", 503, "BUSY", Retry_After="1")
