"""A Maven repository on loopback for tests, which can be told to misbehave."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from workatlas.embedded.artifacts import Artifact


def artifact(name: str, content: bytes) -> Artifact:
    return Artifact("org.example", name, "1.0", "", hashlib.sha256(content).hexdigest(), len(content))


@dataclass
class Shop:
    """What is on offer by path, how often each path was asked for, and what goes wrong how many times."""

    url: str = ""
    goods: dict[str, bytes] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    breaks: Counter[str] = field(default_factory=Counter)

    def offer(self, name: str, content: bytes) -> Artifact:
        made = artifact(name, content)
        self.goods[f"/{made.path}"] = content
        return made


@contextmanager
def open_shop() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shop.asked[self.path] += 1
            content = shop.goods.get(self.path)
            if shop.refusals[self.path] > 0:
                shop.refusals[self.path] -= 1
                self.send_error(503)
            elif content is None:
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if shop.breaks[self.path] > 0:
                    shop.breaks[self.path] -= 1
                    self.wfile.write(content[: len(content) // 2])
                    self.close_connection = True
                else:
                    self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the overridden name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()
