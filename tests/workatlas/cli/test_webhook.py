"""``workatlas webhook``, against a receiver of its own."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from typer.testing import CliRunner, Result

from graph import webhooks
from graph.connection import Connection
from graph.store import open_store
from graph.webhooks import DeadLetter
from tests.workatlas.webhooks.receiver import Receiver, receiving
from workatlas.cli import app
from workatlas.cli.serve import prepare

Run = Callable[..., Result]
WORKSPACE = f"hook-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    asyncio.run(prepare(connection, WORKSPACE))
    environment = {
        **os.environ,
        "NEO4J_URI": connection.uri,
        "NEO4J_USERNAME": connection.username,
        "NEO4J_PASSWORD": connection.password,
        "NEO4J_DATABASE": connection.database,
        "WORKATLAS_HOME": str(tmp_path / "home"),
        "WORKATLAS_WORKSPACE": WORKSPACE,
        "WORKATLAS_WEBHOOK_PRIVATE": "on",
        "COLUMNS": "300",
    }
    return lambda *arguments, **more: CliRunner(env=environment | more).invoke(app, list(arguments))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver in a thread: commands bring an event loop of their own."""
    with asyncio.Runner() as runner:
        serving = receiving()
        made = runner.run(serving.__aenter__())
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield made
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=10)
            runner.run(serving.__aexit__(None, None, None))


def _answer(result: Result, code: int = 0) -> Any:
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_a_webhook_from_its_beginning_to_its_end(run: Run, receiver: Receiver, connection: Connection) -> None:
    made = _answer(run("webhook", "create", receiver.url, "--kind", "Task", "--kind", "Issue", "--json"))
    assert (made["url"], made["kinds"], made["active"]) == (receiver.url, ["Task", "Issue"], True)
    listed = run("webhook", "list", "--json")
    assert _answer(listed) == [{name: value for name, value in made.items() if name != "secret"}]
    assert made["secret"] not in run("webhook", "list").output
    assert _answer(run("webhook", "test", made["id"], "--json")) == {"delivered": True, "status": 204, "problem": None}
    (trial,) = receiver.received
    standardwebhooks.Webhook(made["secret"]).verify(trial.body, trial.headers)
    receiver.behaviours.append(500)
    assert _answer(run("webhook", "test", made["id"], "--json"), 1)["status"] == 500
    _buried(connection, made["id"])
    (letter,) = _answer(run("webhook", "dead", "--json"))
    assert (letter["after"], letter["lastSeq"], letter["problem"]) == (0, 0, "no answer")
    assert letter["id"] in run("webhook", "dead", made["id"]).output
    assert "Delivered" in run("webhook", "redeliver", letter["id"]).output
    assert _answer(run("webhook", "dead", "--json")) == []
    assert _answer(run("webhook", "pause", made["id"], "--json")) == {"id": made["id"], "active": False}
    assert not _answer(run("webhook", "list", "--json"))[0]["active"]
    assert _answer(run("webhook", "resume", made["id"], "--json"))["active"]
    assert _answer(run("webhook", "revoke", made["id"], "--json")) == {"revoked": made["id"]}
    assert _answer(run("webhook", "list", "--json")) == []


def _buried(connection: Connection, hook_id: str) -> None:
    async def work() -> None:
        async with open_store(connection) as store:
            hook = await webhooks.find(store, WORKSPACE, hook_id)
            assert hook is not None
            letter = DeadLetter(f"msg_{hook_id}_0_0", WORKSPACE, hook_id, 0, 0, 12, 1_700_000_000_000, "no answer")
            assert await webhooks.move(store, hook, hook, letter)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create", "https://127.0.0.1/"), "public internet"),
        (("create", "http://example.com/"), "https"),
        (("create", "https://127.0.0.1/", "--kind", "Tusk"), "public internet"),
        (("revoke", "nobody"), "no webhook"),
        (("pause", "nobody"), "no webhook"),
        (("test", "nobody"), "no webhook"),
        (("redeliver", "nobody"), "no message"),
    ],
)
def test_what_is_refused_is_said(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    result = run("webhook", *arguments, WORKATLAS_WEBHOOK_PRIVATE="off")
    assert result.exit_code == 1
    assert sentence in str(result.exception)
