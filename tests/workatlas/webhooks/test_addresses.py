"""Where webhooks may lead: to the public internet only, and to what was checked only."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpcore
import pytest

from resolvers.courier import RefusedAddressError
from workatlas.webhooks.addresses import MAX_URL, CheckedNetwork, checked, is_public, resolved


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "https://", "http://example.com/", "ftp://example.com", "file:///etc/passwd", "gopher://example.com",
        "https://user@example.com/", "https://user:secret@example.com/", "https://example.com/#part",
        "https://exämple.com/", "https://example.com:port/", "https://example.com:99999/", "https://[::1",
        f"https://example.com/{'a' * (MAX_URL - 19)}", "javascript:alert(1)", "//example.com",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        checked(url, private=False)


def test_what_is_an_address() -> None:
    assert checked("https://example.com/hook?a=b", private=False) == ("example.com", 443)
    assert checked("https://example.com:8443/", private=False) == ("example.com", 8443)
    assert checked("http://127.0.0.1:8080/", private=True) == ("127.0.0.1", 8080)
    longest = f"https://example.com/{'a' * (MAX_URL - 20)}"
    assert len(longest) == MAX_URL
    assert checked(longest, private=False) == ("example.com", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "::1", "0.0.0.0"])
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(RefusedAddressError):
        asyncio.run(resolved(host, 443, private=False))


def test_a_name_that_leads_elsewhere_later_is_refused_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look-up is the one that counts: between check and connection a name's owner may turn it inwards."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["8.8.8.8", "10.0.0.1"]])

    async def scenario() -> None:
        async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in next(answers)]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        assert await resolved("rebound.example", 443, private=False) == ["8.8.8.8"]
        network = CheckedNetwork(private=False)
        for _ in range(2):
            with pytest.raises(RefusedAddressError):
                await network.connect_tcp("rebound.example", 443, timeout=5)

    asyncio.run(scenario())


def test_the_next_address_is_tried_where_the_first_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        network = CheckedNetwork(private=True)

        async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.2", "127.0.0.1")]

        with monkeypatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
            stream = await network.connect_tcp("two.example", port, timeout=5)
        await stream.aclose()
        server.close()
        with pytest.raises(httpcore.ConnectError):
            await network.connect_tcp("127.0.0.1", port, timeout=5)

    asyncio.run(scenario())
