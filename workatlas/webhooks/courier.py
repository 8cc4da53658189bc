"""Sends signed messages over HTTP, as the Standard Webhooks specification says."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final

import httpcore
from standardwebhooks import Webhook as Signer

from graph.records.webhooks import Webhook
from resolvers.courier import Message, RefusedAddressError, Sent
from workatlas import __version__
from workatlas.webhooks import addresses

SECONDS: Final = 8.0
"""How long one attempt may take from the name to the answer."""
MAX_ANSWER: Final = 16 * 1024
"""Bytes of an answer that are read, so that the connection can be used again; nothing is done with them."""
CONNECTIONS: Final = 32
"""Deliveries at a time."""
_LONGEST_REST: Final = 3600


class HttpCourier:
    """Sends messages to any public address, or any address at all where ``private`` ones are allowed.

    Redirects are not followed: where they lead was not what was checked.
    """

    def __init__(
        self, pool: httpcore.AsyncConnectionPool, *, private: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._pool = pool
        self._private = private
        self._clock = clock

    async def check(self, url: str) -> None:
        """Look at an address before it is stored; see ``Courier``."""
        await addresses.resolved(*addresses.checked(url, private=self._private), private=self._private)

    async def send(self, hook: Webhook, message: Message) -> Sent:
        """Try once to deliver a message; see ``Courier``."""
        try:
            addresses.checked(hook.url, private=self._private)
            async with (
                asyncio.timeout(SECONDS),
                self._pool.stream("POST", hook.url, headers=self._headers(hook, message), content=message.body.encode())
                as response,
            ):  # fmt: skip
                return await _read(response)
        except RefusedAddressError as refused:
            return Sent(problem=str(refused))
        except (TimeoutError, httpcore.TimeoutException):
            return Sent(problem=f"the receiver did not answer within {SECONDS:g} s")
        except (httpcore.ConnectError, httpcore.NetworkError):
            return Sent(problem="no connection to the receiver, or it was lost")
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            return Sent(problem="the receiver's answer is not HTTP")

    def _headers(self, hook: Webhook, message: Message) -> dict[bytes | str, bytes | str]:
        now = datetime.fromtimestamp(int(self._clock()), UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": f"workatlas/{__version__}",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(hook.secret).sign(message.id, now, message.body),
        }


async def _read(response: httpcore.Response) -> Sent:
    size = 0
    with contextlib.suppress(httpcore.ProtocolError, httpcore.NetworkError):
        # What was answered is known by now: a body that breaks off changes nothing.
        async for part in response.aiter_stream():
            size += len(part)
            if size > MAX_ANSWER:
                break
    status = response.status
    if 200 <= status < 300:
        return Sent(status)
    headers = {name.lower(): value for name, value in response.headers}
    rest = headers.get(b"retry-after", b"")
    wait = int(rest) if rest.isdigit() and len(rest) < 10 else 0
    return Sent(status, f"the receiver answered with status {status}", min(wait, _LONGEST_REST))


@contextlib.asynccontextmanager
async def open_courier(*, private: bool = False) -> AsyncIterator[HttpCourier]:
    """Open a courier for the block."""
    async with addresses.pool(private=private, connections=CONNECTIONS) as pool:
        yield HttpCourier(pool, private=private)
