"""How the application is put on a socket."""

from __future__ import annotations

import asyncio
import socket

from workatlas.serving import bound


def test_what_is_sent_to_clients_is_not_held_back() -> None:
    """Without TCP_NODELAY the body of an answer waits for the client to acknowledge the headers, up to 40 ms."""

    async def accepted() -> int:
        options = asyncio.Queue[int]()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            await options.put(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = bound("127.0.0.1", 0)
        async with await asyncio.start_server(answer, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            option = await options.get()
            writer.close()
            return option

    assert asyncio.run(accepted()) != 0
