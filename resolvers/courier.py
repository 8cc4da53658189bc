"""What sends a webhook's messages; resolvers know only what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from graph.records.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its identity, the same for each attempt to deliver it, and its body as JSON."""

    id: str
    body: str


class RefusedAddressError(Exception):
    """Nothing is sent to this address; the message is for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt: the ``status`` that the receiver answered with, if it did, or else the ``problem``.

    ``wait``: the receiver asks for so many seconds of rest.
    """

    status: int | None = None
    problem: str | None = None
    wait: int = 0

    @property
    def delivered(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.problem is None

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no more messages at all."""
        return self.status == 410


class Courier(Protocol):
    """Sends messages."""

    async def check(self, url: str) -> None:
        """Look at an address before it is stored.

        Raises:
            RefusedAddressError: Nothing would be sent there.

        """
        ...

    async def send(self, hook: Webhook, message: Message) -> Sent:
        """Try once to deliver a message; whatever happens is told, nothing raised."""
        ...
