"""Where webhooks may be sent: an address that a subscriber chose must not open this machine's own network to them.

Names are resolved here and connected to by number, so that what was checked is what is connected to, however often the
name's owner changes where it leads.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from resolvers.courier import RefusedAddressError

MAX_URL: Final = 2000
"""Longest address in characters."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(text: str) -> bool:
    """Tell whether an IP address, or the one that it stands for, belongs to the public internet."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    return _meant(address).is_global and not _meant(address).is_multicast


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    teredo = None if address.teredo is None else address.teredo[1]
    return next((one for one in (address.ipv4_mapped, address.sixtofour, teredo) if one is not None), address)


def checked(url: str, *, private: bool) -> tuple[str, int]:
    """Return host and port of an address; ``private``: it may be one of this network, and without TLS.

    Raises:
        RefusedAddressError: It is not one that messages are sent to.

    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RefusedAddressError("the address cannot be read: write https://HOST/PATH") from None
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise RefusedAddressError("the address must begin with https://")
    if not host or parts.username is not None or parts.fragment or len(url) > MAX_URL or not url.isascii():
        raise RefusedAddressError(
            f"the address must be https://HOST/PATH in ASCII, no user or fragment in it, up to {MAX_URL} characters"
        )
    return host, port or (443 if parts.scheme == "https" else 80)


async def resolved(host: str, port: int, *, private: bool) -> list[str]:
    """Return the IP addresses of a host that messages may be sent to.

    Raises:
        RefusedAddressError: It has none, or one of them is not public.

    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RefusedAddressError("the address's host cannot be found") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not private and not all(is_public(one) for one in addresses):
        raise RefusedAddressError("the address's host is not on the public internet")
    return addresses


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers.

        Raises:
            RefusedAddressError: The host is not one to send to.

        """
        addresses = await resolved(host, port, private=self._private)
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait before a connection is tried again."""
        await self._inner.sleep(seconds)


def pool(*, private: bool, connections: int) -> httpcore.AsyncConnectionPool:
    """Return connections to receivers, whose certificates are checked; nothing of the environment is obeyed."""
    return httpcore.AsyncConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=30,
        network_backend=CheckedNetwork(private=private),
    )
