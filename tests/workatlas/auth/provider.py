"""An identity provider in the test process: signs tokens, and serves its keys over HTTP as real ones do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

AUDIENCE = "workatlas-tests"


class SigningServer:
    """Serves a discovery document and a key set; counts how often the set is read."""

    def __init__(self) -> None:
        self.keys: dict[str, RSAKey | ECKey | OctKey] = {"first": RSAKey.generate_key(2048, {"kid": "first"})}
        self.reads = 0
        self.down = False
        self.issuer = ""

    def token(
        self, key: str = "first", algorithm: str = "RS256", header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """Return a token of this provider that is good for five minutes, unless the claims say otherwise."""
        now = int(time.time())
        given = {"iss": self.issuer, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300} | claims
        given = {name: value for name, value in given.items() if value is not None}
        headers = {"alg": algorithm, "kid": key} | (header or {})
        return jwt.encode(headers, given, self.keys[key], algorithms=[algorithm])

    def answer(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        self.reads += 1
        return KeySet(list(self.keys.values())).as_dict(private=False)


@contextmanager
def signing_server() -> Iterator[SigningServer]:
    provider = SigningServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = (503, {}) if provider.down else (200, provider.answer(self.path))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
