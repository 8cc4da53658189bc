"""``workatlas key``, and what having one means to ``workatlas serve``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import pytest

from graph.connection import Connection
from resolvers.access import Access
from tests.workatlas.commands import Run, answer, command, environment_of
from workatlas.cli import serve
from workatlas.cli.key import Scope

ASK = {"json": {"query": "{ workspace { id } }"}}


@pytest.fixture
def environment(connection: Connection, tmp_path: Path) -> dict[str, str]:
    return environment_of(connection, tmp_path / "home")


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    return command(environment)


def test_a_key_is_made_listed_and_revoked(run: Run) -> None:
    workspace = f"keys-{uuid.uuid4().hex[:12]}"
    made = answer(run("key", "create", "--role", "viewer", "--workspace", workspace, "--name", "board", "--json"))
    assert made["token"].startswith(f"wa_{made['id']}_")
    (listed,) = [one for one in answer(run("key", "list", "-w", workspace, "--json")) if one["name"] == "board"]
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert (listed["role"], listed["workspace"], listed["state"]) == ("viewer", workspace, "works")
    assert listed["expiresAt"] > listed["createdAt"]
    assert made["token"] not in run("key", "list", "-w", workspace).output
    assert answer(run("key", "revoke", made["id"], "--json")) == {"revoked": made["id"]}
    (listed,) = [one for one in answer(run("key", "list", "-w", workspace, "--json")) if one["name"] == "board"]
    assert listed["state"] == "revoked"
    other = answer(run("key", "list", "-w", f"{workspace}-other", "--json"))
    assert made["id"] not in {one["id"] for one in other}


def test_scopes_are_those_of_the_api() -> None:
    assert {one.value for one in Scope} == {one.value for one in Access}


def test_a_token_alone_is_printed_to_standard_output(run: Run) -> None:
    result = run("key", "create", "-w", f"keys-{uuid.uuid4().hex[:12]}", "--days", "0")
    assert result.stdout.startswith("wa_")
    assert len(result.stdout.split()) == 1
    assert "cannot be shown again" in result.stderr


def test_what_cannot_be_is_refused(run: Run) -> None:
    workspace = f"keys-{uuid.uuid4().hex[:12]}"
    for arguments, sentence in (
        (("key", "revoke", "unknown"), "there is no key 'unknown'"),
        (("key", "create", "-w", workspace, "--person", "P-404"), "has no person 'P-404'"),
        (("key", "create", "-w", workspace, "--all-workspaces"), "leave one of the options out"),
    ):
        result = run(*arguments)
        assert result.exit_code != 0
        assert sentence in str(result.exception)
    assert run("key", "create", "--role", "king").exit_code == 2


def test_serving_without_any_way_in_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(connection: Connection) -> bool:
        return False

    monkeypatch.setattr(serve, "_has_key", nobody)
    result = run("serve", "--host", "0.0.0.0", "--port", "0")
    assert result.exit_code != 0
    assert "nobody has one yet: make one with `workatlas key create" in str(result.exception)


def test_a_server_lets_in_who_has_a_key(run: Run, environment: dict[str, str]) -> None:
    workspace = f"keys-{uuid.uuid4().hex[:12]}"
    token = answer(run("key", "create", "-w", workspace, "--json"))["token"]
    line = [sys.executable, "-c", "from workatlas.cli import main; main()", "serve", "--port", "0", "--json"]
    environment["WORKATLAS_WORKSPACE"] = workspace
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            ready = json.loads(server.stdout.readline())
            with httpx.Client(headers={"authorization": f"Bearer {token}"}) as client:
                response = client.post(ready["graphql"], **ASK)  # type: ignore[arg-type]
                assert response.json()["data"] == {"workspace": {"id": workspace}}
            assert httpx.post(ready["graphql"], **ASK).status_code == 401  # type: ignore[arg-type]
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) in {0, 143}
