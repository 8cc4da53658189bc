"""Other people's audits, from npm, try the API over a real socket."""

from __future__ import annotations

from graph.connection import Connection
from tests.web.conftest import Node
from tests.workatlas.served import served
from workatlas.app import AppOptions, create_app


def test_every_audit_of_graphql_over_http_passes(connection: Connection, workspace: str, node: Node) -> None:
    with served(create_app(AppOptions(connection, workspace))) as address:
        found = node.found("audits.mjs", f"http://{address}/graphql")
    assert [one for one in found if one["status"] != "ok"] == []
    assert len(found) == 61
