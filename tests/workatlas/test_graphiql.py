"""GraphiQL comes from this server's own files, where it is allowed."""

from __future__ import annotations

import hashlib
import re

from graph.connection import Connection
from tests.workatlas.client import Client
from workatlas.app import AppOptions, create_app
from workatlas.graphiql import FILES


def _pages(connection: Connection, *, tokens: bool = False, graphiql: bool = False) -> list[int]:
    client = Client(create_app(AppOptions(connection, tokens=tokens, graphiql=graphiql)))
    return [client.get(path).status_code for path in ("/graphiql", "/graphiql/files/start.js")]


def test_it_is_there_for_the_only_user_and_where_it_is_wanted(connection: Connection) -> None:
    assert _pages(connection) == [200, 200]
    assert _pages(connection, tokens=True) == [404, 404]
    assert _pages(connection, tokens=True, graphiql=True) == [200, 200]


def test_the_page_asks_nobody_else(connection: Connection) -> None:
    client = Client(create_app(AppOptions(connection)))
    page = client.get("/graphiql")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 5
    for address in addresses:
        assert address.startswith("/graphiql/files/")
        assert client.get(address).status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*", policy)


def test_the_files_are_those_that_the_notice_names() -> None:
    notice = (FILES / "NOTICE").read_text(encoding="utf-8")
    named = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", notice, re.MULTILINE))
    assert set(named.values()) | {"NOTICE", "start.js"} == {path.name for path in FILES.iterdir()}
    for digest, name in named.items():
        assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == digest, name
