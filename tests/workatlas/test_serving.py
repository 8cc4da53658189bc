"""How the application is put on a socket."""

from __future__ import annotations

import asyncio
import gc
import socket

from workatlas.serving import bound, collect_seldom


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


def test_garbage_is_not_looked_for_among_what_stays() -> None:
    before, stays = gc.get_threshold(), [["what is there when the server begins"]]
    try:
        collect_seldom()
        assert not any(one is stays for one in gc.get_objects())
        passing = [["what a request makes"]]
        assert any(one is passing for one in gc.get_objects())
        assert gc.get_threshold() > before
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
