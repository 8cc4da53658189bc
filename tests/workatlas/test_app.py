"""The web application: hostile requests, media types, health, and what an error may tell."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import httpx
import pytest

from graph.connection import Connection
from resolvers.bounds import Bounds
from resolvers.schema import printed
from tests.workatlas.client import Client
from workatlas.app import AppOptions, create_app
from workatlas.cli.serve import is_loopback, needs_tokens, prepare
from workatlas.graphql_request import GRAPHQL, JSON
from workatlas.settings import Settings

QUERY = '{"query": "{ __typename }"}'


@pytest.fixture(scope="module")
def client(connection: Connection) -> Client:
    workspace = f"app-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, workspace))
    return Client(create_app(AppOptions(connection, workspace)))


def _post(client: Client, body: str | bytes, **headers: str) -> httpx.Response:
    return client.post("/graphql", content=body, headers={"content-type": JSON, **headers})


def test_an_empty_workspace_answers(client: Client) -> None:
    answer = client.post("/graphql", json={"query": "{ items { totalCount nodes { key } } snapshot { seq } }"})
    assert answer.status_code == 200
    assert answer.json() == {
        "data": {"items": {"totalCount": 0, "nodes": []}, "snapshot": {"seq": 0}},
        "extensions": {"cost": {"requested": 27, "limit": 100_000, "remaining": 99_973}},
    }


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"42", b"[]", b'"text"', b"{", b"{}", b'{"query": null}', b'{"query": 1}', b'{"query": " "}',
        b'{"query": "\xff"}', b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}', b'{"query": "{ __typename }", "operationName": 7}',
        b'{"query": "{ __typename }", "operationName": "\\ud800"}', b'{"query": "{ __typename }", "extensions": 1}',
        b'[{"query": "{ __typename }"}]', b'{"query":' + b"[" * 50_000, b'{"variables":' + b"[" * 90 + b"]" * 90 + b"}",
        b"\xef\xbb\xbf{}", b"NaN", b"\x00",
    ],
)  # fmt: skip
def test_a_malformed_body_is_the_clients_error(client: Client, body: bytes) -> None:
    for accept in (JSON, GRAPHQL):
        answer = _post(client, body, accept=accept)
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith(accept)
        assert "data" not in answer.json()
        assert answer.json()["errors"][0]["extensions"]["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("query", ["{", "{ nothing }", "{ item }", "query A { __typename } query B { __typename }"])
def test_a_document_that_cannot_run(client: Client, query: str) -> None:
    answer = client.post("/graphql", json={"query": query}, headers={"accept": GRAPHQL})
    assert answer.status_code == 400
    assert "data" not in answer.json()
    assert client.post("/graphql", json={"query": query}, headers={"accept": JSON}).status_code == 200


def test_variables_that_do_not_fit(client: Client) -> None:
    query = "query ($f: Int!) { items(first: $f) { totalCount } }"
    for given in ({}, {"f": "x"}, {"f": 2**40}, {"f": None}):
        answer = client.post("/graphql", json={"query": query, "variables": given}, headers={"accept": GRAPHQL})
        assert answer.status_code == 400
        assert "data" not in answer.json()


def test_media_types_and_methods(client: Client) -> None:
    assert _post(client, QUERY, accept=GRAPHQL).headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    for accept in ("*/*", JSON, f"{GRAPHQL};q=0.1, {JSON}", f"{GRAPHQL};q=0, */*"):
        assert _post(client, QUERY, accept=accept).headers["content-type"] == f"{JSON}; charset=utf-8"
    assert _post(client, QUERY, accept="text/html").status_code == 406
    assert client.post("/graphql", content=QUERY, headers={"content-type": "text/plain"}).status_code == 415
    assert client.post("/graphql", content=QUERY).status_code == 415
    assert _post(client, QUERY, **{"content-type": f"{JSON}; charset=latin-1"}).status_code == 415
    assert _post(client, b" " * (Bounds().body + 1)).status_code == 413
    assert client.request("PATCH", "/graphql").status_code == 405


def test_get_needs_a_header_that_a_foreign_page_cannot_send(client: Client) -> None:
    given = {"query": "query ($n: Int!) { items(first: $n) { totalCount } }", "variables": '{"n": 1}'}
    assert client.get("/graphql", params=given).status_code == 400
    answer = client.get("/graphql", params=given, headers={"graphql-require-preflight": "1"})
    assert answer.json()["data"] == {"items": {"totalCount": 0}}
    given["variables"] = "["
    assert client.get("/graphql", params=given, headers={"x-requested-with": "x"}).status_code == 400


def test_requests_under_a_foreign_name_are_refused(client: Client) -> None:
    assert _post(client, QUERY, host="rebound.example").status_code == 400
    assert _post(client, QUERY, host="localhost:8000").status_code == 200


def test_health_schema_and_landing_page(client: Client) -> None:
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").json()["status"] == "ready"
    assert client.get("/graphql/schema").text == printed()
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for path in ("/graphql", "/graphql/schema", "/livez", "/readyz"):
        assert path in page.text


def test_a_missing_workspace_is_said(connection: Connection) -> None:
    client = Client(create_app(AppOptions(connection, "there-is-none")))
    answer = client.post("/graphql", json={"query": "{ workspace { id } }"}).json()
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.filterwarnings("ignore:Using a driver after it has been closed:DeprecationWarning")
def test_an_outage_tells_no_secrets(connection: Connection) -> None:
    client = Client(create_app(AppOptions(connection)), outage=True)
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503
    answer = client.post("/graphql", json={"query": "{ items { totalCount } }"}).json()
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    for secret in (connection.uri, connection.password, "MATCH", "Traceback", ".py"):
        assert secret not in str(answer)


def test_a_slow_operation_is_stopped(connection: Connection) -> None:
    client = Client(create_app(AppOptions(connection, bounds=Bounds(seconds=0))))
    answer = client.post("/graphql", json={"query": "{ items { totalCount } }"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (504, "TIMEOUT")


def test_only_this_machines_own_database_on_loopback_needs_no_key() -> None:
    own = Settings.from_environ({})
    for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"):
        assert is_loopback(host)
        assert not needs_tokens(own, host)
        assert needs_tokens(replace(own, neo4j_uri="bolt://127.0.0.1"), host)
        assert needs_tokens(Settings.from_environ({"WORKATLAS_AUTH": "required"}), host)
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com"):
        assert needs_tokens(own, host)
