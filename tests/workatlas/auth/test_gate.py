"""Keys and tokens at the API's gate: who comes in, as what, into which workspace, and for how long."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import pytest

from graph.batch import Batch, EdgeRow, NodeRow, Ref, new_id
from graph.connection import Connection
from graph.records import api_keys
from graph.records.api_keys import ApiKey
from graph.store import Store, open_store
from graph.writing.writer import Mode, write
from resolvers.access import Access, Role, Viewer
from resolvers.errors import RefusedError
from tests.workatlas.auth.provider import AUDIENCE, signing_server
from tests.workatlas.client import Client
from workatlas.app import AppOptions, create_app
from workatlas.auth.gate import KEPT_SECONDS, LocalGate, TokenGate
from workatlas.auth.keys import digest_of, new_token
from workatlas.auth.oidc import TokenReader
from workatlas.auth.provider import Provider
from workatlas.auth.subject import Subject
from workatlas.cli.serve import prepare

Answer = TypeVar("Answer")
NOW = time.time()
MILLIS = int(NOW * 1000)
ASK = {"json": {"query": "{ workspace { id } }"}}


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace with Ada, who is in one team and not in another."""

    workspace: str
    ada: str
    team: str


@pytest.fixture(scope="module")
def place(connection: Connection) -> Place:
    place = Place(f"gate-{uuid.uuid4().hex[:12]}", new_id(), new_id())
    asyncio.run(prepare(connection, place.workspace))
    nodes = [
        NodeRow("Person", "test", "P-1", {"title": "Ada", "email": "Ada@Example.com"}, key="P-1", id=place.ada),
        NodeRow("Team", "test", "TEAM-1", {"title": "Hers"}, key="TEAM-1", id=place.team),
        NodeRow("Team", "test", "TEAM-2", {"title": "Another"}, key="TEAM-2"),
        NodeRow("Person", "test", "P-2", {"title": "Twin", "email": "twin@example.com"}, key="P-2"),
        NodeRow("Person", "test", "P-3", {"title": "Twin", "email": "twin@example.com"}, key="P-3"),
    ]
    edges = [EdgeRow("MEMBER_OF", Ref("key", "P-1"), Ref("key", "TEAM-1"), {})]

    async def work(store: Store) -> None:
        await write(store, place.workspace, Batch(nodes, edges), mode=Mode.EDIT, now=MILLIS)

    _run(connection, work)
    return place


def _run(connection: Connection, work: Callable[[Store], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        async with open_store(connection) as store:
            return await work(store)

    return asyncio.run(run())


async def _key(store: Store, workspace: str | None, role: str = "viewer", **options: Any) -> tuple[str, str]:
    key_id, token = new_token()
    given = {"scopes": tuple(Access), "person": None, "created_at": MILLIS} | options
    await api_keys.create(store, ApiKey(key_id, digest_of(token), "test", role, workspace=workspace, **given))
    return key_id, token


async def _refused(work: Awaitable[object]) -> str:
    with pytest.raises(RefusedError) as refused:
        await work
    return refused.value.code


def test_tokens_are_random_and_stored_as_digests_only(connection: Connection, place: Place) -> None:
    tokens = {new_token()[1] for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token.rsplit("_", 1)[1]) for token in tokens} == {48}, "192 bits in hexadecimal"

    async def work(store: Store) -> None:
        key_id, token = await _key(store, place.workspace)
        (row,) = await store.rows("MATCH (k:ApiKey {id: $id}) RETURN properties(k)", id=key_id)
        assert token not in str(row)
        assert token.rsplit("_", 1)[1] not in str(row)
        assert row[0]["digest"] == digest_of(token)

    _run(connection, work)


def test_a_key_opens_its_workspace_as_its_role_person_and_scopes(connection: Connection, place: Place) -> None:
    async def work(store: Store) -> None:
        gate = TokenGate(store, "default", clock=lambda: NOW)
        key_id, token = await _key(store, place.workspace, "editor", scopes=("read",), person=place.ada)
        expected = Viewer(
            "key test",
            place.workspace,
            Role.EDITOR,
            place.ada,
            frozenset({place.team}),
            frozenset({Access.READ}),
            key_id,
        )
        assert await gate.viewer(token, None) == expected
        assert await gate.viewer(token, place.workspace) == expected
        assert await _refused(gate.viewer(token, "default")) == "FORBIDDEN"
        assert await _refused(gate.viewer(None, None)) == "UNAUTHENTICATED"

    _run(connection, work)


def test_what_is_no_working_key_is_refused(connection: Connection, place: Place) -> None:
    async def work(store: Store) -> None:
        gate = TokenGate(store, "default", clock=lambda: NOW)
        key_id, token = await _key(store, place.workspace)
        wrong = f"{token[:-1]}{'0' if token[-1] != '0' else '1'}"
        expired = (await _key(store, place.workspace, expires_at=MILLIS))[1]
        for one in (
            wrong,
            expired,
            f"wa_{key_id}",
            token.upper(),
            f"{token} ",
            f"wa_{'0' * 16}_{'0' * 48}",
            "x",
            "a.b.c",
        ):
            assert await _refused(gate.viewer(one, None)) == "UNAUTHENTICATED"
        assert (await gate.viewer(token, None)).key == key_id

    _run(connection, work)


def test_a_revoked_or_expired_key_ends_within_seconds(connection: Connection, place: Place) -> None:
    assert KEPT_SECONDS <= 30

    async def work(store: Store) -> None:
        now = [NOW]
        gate = TokenGate(store, "default", clock=lambda: now[0])
        key_id, token = await _key(store, place.workspace)
        brief = (await _key(store, place.workspace, expires_at=MILLIS + 2000))[1]
        assert (await gate.viewer(token, None)).key == key_id
        await gate.viewer(brief, None)
        assert await api_keys.revoke(store, key_id, MILLIS)
        now[0] += 2.5
        assert await _refused(gate.viewer(brief, None)) == "UNAUTHENTICATED"
        now[0] = NOW + KEPT_SECONDS
        assert await _refused(gate.viewer(token, None)) == "UNAUTHENTICATED"
        assert await api_keys.revoke(store, key_id, MILLIS + 1), "revoking twice is no error"
        assert (await api_keys.find(store, key_id)) is not None
        assert not await api_keys.revoke(store, "unknown", MILLIS)

    _run(connection, work)


def test_the_last_use_is_kept_to_the_minute(connection: Connection, place: Place) -> None:
    async def work(store: Store) -> None:
        now = [NOW]
        gate = TokenGate(store, "default", clock=lambda: now[0])
        key_id, token = await _key(store, place.workspace)

        async def last_used() -> int | None:
            await gate.viewer(token, None)
            found = await api_keys.find(store, key_id)
            assert found is not None
            return found.last_used_at

        assert await last_used() == int(NOW * 1000)
        now[0] += 30
        assert await last_used() == int(NOW * 1000)
        now[0] += 31
        assert await last_used() == int(now[0] * 1000)

    _run(connection, work)


def test_many_answers_are_kept_but_not_without_end(
    connection: Connection, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workatlas.auth.gate._MOST_KEPT", 5)

    async def work(store: Store) -> None:
        gate = TokenGate(store, "default", clock=lambda: NOW)
        for number in range(20):
            await _refused(gate.viewer(f"wa_{number}", None))
        assert len(gate._kept) == 5

    _run(connection, work)


def test_a_key_of_every_workspace_chooses(connection: Connection, place: Place) -> None:
    async def work(store: Store) -> None:
        gate = TokenGate(store, "home", clock=lambda: NOW)
        token = (await _key(store, None, "admin"))[1]
        assert (await gate.viewer(token, None)).workspace == "home"
        assert (await gate.viewer(token, place.workspace)).workspace == place.workspace

    _run(connection, work)


def test_a_providers_token_opens_the_workspaces_that_it_names(connection: Connection, place: Place) -> None:
    with signing_server() as provider:

        async def work(store: Store) -> None:
            async with httpx.AsyncClient() as client:
                gate = TokenGate(store, "default", TokenReader(Provider(provider.issuer, AUDIENCE), client))
                roles = {place.workspace: "editor", "other": "viewer"}
                token = provider.token(email="ada@example.com", workatlas_roles=roles)
                ada = await gate.viewer(token, place.workspace)
                assert (ada.person, ada.teams, ada.role) == (place.ada, frozenset({place.team}), Role.EDITOR)
                other = await gate.viewer(token, "other")
                assert (other.person, other.teams, other.role) == (None, frozenset(), Role.VIEWER)
                assert await _refused(gate.viewer(token, None)) == "FORBIDDEN"
                twin = provider.token(sub="twin", email="twin@example.com", workatlas_roles=roles)
                assert (await gate.viewer(twin, place.workspace)).person is None, "an address of two people is nobody's"
                assert await _refused(gate.viewer(provider.token(), place.workspace)) == "FORBIDDEN"
                assert await _refused(gate.viewer(provider.token(aud="x"), place.workspace)) == "UNAUTHENTICATED"

        _run(connection, work)


def test_the_workspace_is_the_wanted_one_the_servers_or_the_only_one() -> None:
    viewer, admin = Role.VIEWER, Role.ADMIN
    assert Subject("s", {"a": viewer}).choose(None, "home") == ("a", viewer)
    assert Subject("s", {"a": viewer, "home": admin}).choose(None, "home") == ("home", admin)
    assert Subject("s", {"*": admin}).choose(None, "home") == ("home", admin)
    assert Subject("s", {"*": viewer, "a": admin}).choose("a", "home") == ("a", admin)
    assert Subject("s", {"*": viewer, "a": admin}).choose("b", "home") == ("b", viewer)
    for roles, wanted in (({}, None), ({}, "a"), ({"a": viewer}, "home"), ({"a": viewer, "b": viewer}, None)):
        with pytest.raises(RefusedError, match="no role in workspace"):
            Subject("s", roles).choose(wanted, "home")


def test_the_only_user_is_the_administrator_of_any_workspace() -> None:
    gate = LocalGate("home")
    assert asyncio.run(gate.viewer(None, None)) == Viewer.local("home")
    assert asyncio.run(gate.viewer("anything", "other")) == Viewer.local("other")


# Over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(connection: Connection, place: Place) -> Client:
    return Client(create_app(AppOptions(connection, place.workspace, tokens=True)))


@pytest.fixture
def make_key(connection: Connection) -> Callable[..., str]:
    return lambda *given, **options: _run(connection, lambda store: _key(store, *given, **options))[1]


def test_without_a_key_nothing_is_answered(client: Client) -> None:
    for headers in ({}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer"}, {"authorization": "Bearer wa_1"}):
        for answer in (
            client.post("/graphql", headers=headers, **ASK),
            client.post("/graphql", headers=headers, json={"query": "{ __schema { queryType { name } } }"}),
            client.get("/graphql?query={__typename}", headers={"graphql-require-preflight": "1", **headers}),
            client.post("/graphql", headers={"content-type": "application/json", **headers}, content=b"{"),
        ):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "data" not in answer.json()
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    for path in ("/livez", "/readyz", "/", "/graphql/schema"):
        assert client.get(path).status_code == 200


def test_a_key_in_the_header_opens_under_any_name_of_the_server(
    client: Client, place: Place, make_key: Callable[..., str]
) -> None:
    headers = {"authorization": f"bearer  {make_key(place.workspace)}", "host": "atlas.example.com"}
    answer = client.post("/graphql", headers=headers, **ASK)
    assert answer.json()["data"] == {"workspace": {"id": place.workspace}}
    answer = client.post("/graphql", headers=headers | {"x-workatlas-workspace": "elsewhere"}, **ASK)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


def test_a_role_that_may_not_is_told_so(client: Client, place: Place, make_key: Callable[..., str]) -> None:
    token = make_key(place.workspace, "admin", scopes=("write",))
    headers = {"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"}
    answer = client.post("/graphql", headers=headers, **ASK)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert "data" not in answer.json()


@pytest.mark.filterwarnings("ignore:Using a driver after it has been closed:DeprecationWarning")
def test_an_outage_at_the_gate_is_no_refusal(connection: Connection, place: Place) -> None:
    client = Client(create_app(AppOptions(connection, place.workspace, tokens=True)), outage=True)
    answer = client.post("/graphql", headers={"authorization": f"Bearer {new_token()[1]}"}, **ASK)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert int(answer.headers["retry-after"]) > 0
