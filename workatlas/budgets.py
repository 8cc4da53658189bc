"""What one caller may ask for in a minute, and how many operations run at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

from resolvers.access import Viewer
from resolvers.bounds import Bounds, Budget
from resolvers.errors import RefusedError
from workatlas.counters import Counters
from workatlas.graphql_request import RequestRefused

MINUTE: Final = 60.0
WAIT_SECONDS: Final = 2.0
"""How long an operation waits for its turn."""


@dataclass(frozen=True, slots=True)
class Standing(Budget):
    """What is left of one budget of ``what``; ``exhausted``: what was asked for is more than there was."""

    what: str = ""
    exhausted: bool = False

    @property
    def refusal(self) -> RefusedError:
        """What says in one sentence that it is used up."""
        sentence = f"{self.what} of one minute, {self.limit:,}, are used up: wait {self.seconds} s"
        return RefusedError("RATE_LIMITED", sentence)

    def headers(self) -> dict[str, str]:
        """Return the headers that tell it to a client."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.seconds),
        }


class Budgets:
    """The budgets of all callers of those who share counters, in minutes that begin with a first request."""

    def __init__(self, bounds: Bounds, counters: Counters) -> None:
        self._counters = counters
        self._requests = bounds.rate_requests
        self._cost = bounds.rate_cost
        self._plans = bounds.rate_plans
        self._failures = bounds.rate_failures

    def request(self, viewer: Viewer) -> Standing | None:
        """Count a request; ``None`` for callers without limit."""
        return self._spend("this caller's requests", self._requests, viewer, 1)

    def cost(self, viewer: Viewer, cost: int) -> Standing | None:
        """Count what an operation costs; ``None`` for callers without limit."""
        return self._spend("the cost of this caller's operations", self._cost, viewer, cost)

    def plans(self, viewer: Viewer, lists: int) -> Standing | None:
        """Count lists that Neo4j has to plan; ``None`` for callers without limit."""
        return self._spend("the new shapes of this caller's operations", self._plans, viewer, lists)

    def failure(self, address: str) -> None:
        """Count a key or token that was refused."""
        if self._failures:
            self._counters.add(f"failures {address}", 1, MINUTE)

    def check_failures(self, address: str) -> None:
        """Refuse an address that sent too many wrong keys: looking each of them up costs a query.

        Raises:
            RequestRefused: It did.

        """
        if self._failures and self._counters.of(f"failures {address}") >= self._failures:
            message = "this address sent too many keys that do not count: wait a minute"
            raise RequestRefused(message, 429, "RATE_LIMITED", Retry_After="60")

    def _spend(self, what: str, limit: int, viewer: Viewer, amount: int) -> Standing | None:
        if not limit or not viewer.limited:
            return None
        caller = f"key {viewer.key}" if viewer.key else f"subject {viewer.subject}"
        spent = self._counters.add(f"{what} of {caller}", amount, MINUTE)
        left, seconds = max(limit - spent.number, 0), max(ceil(spent.seconds), 1)
        return Standing(limit, left, seconds, what, spent.number > limit)


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
            RefusedError: Too many operations wait, or this one waited too long.

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


def _busy() -> RefusedError:
    return RefusedError("BUSY", "the server has too much to do: try again in a moment")
