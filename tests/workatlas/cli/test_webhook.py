"""``workatlas webhook``, against a receiver of its own."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import standardwebhooks

from graph.connection import Connection
from graph.records import webhooks
from graph.records.webhooks import DeadLetter
from graph.store import open_store
from tests.workatlas.commands import Run, answer, command, environment_of
from tests.workatlas.webhooks.receiver import Receiver, receiving
from workatlas.cli.serve import prepare

WORKSPACE = f"hook-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    asyncio.run(prepare(connection, WORKSPACE))
    environment = environment_of(
        connection, tmp_path / "home", WORKATLAS_WORKSPACE=WORKSPACE, WORKATLAS_WEBHOOK_PRIVATE="on", COLUMNS="300"
    )
    return lambda *words, **more: command(environment | more)(*words)


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


def test_a_webhook_from_its_beginning_to_its_end(run: Run, receiver: Receiver, connection: Connection) -> None:
    made = answer(run("webhook", "create", receiver.url, "--kind", "Task", "--kind", "Issue", "--json"))
    assert (made["url"], made["kinds"], made["active"]) == (receiver.url, ["Task", "Issue"], True)
    listed = run("webhook", "list", "--json")
    assert answer(listed) == [{name: value for name, value in made.items() if name != "secret"}]
    assert made["secret"] not in run("webhook", "list").output
    assert answer(run("webhook", "test", made["id"], "--json")) == {"delivered": True, "status": 204, "problem": None}
    (trial,) = receiver.received
    standardwebhooks.Webhook(made["secret"]).verify(trial.body, trial.headers)
    receiver.behaviours.append(500)
    assert answer(run("webhook", "test", made["id"], "--json"), 1)["status"] == 500
    _buried(connection, made["id"])
    (letter,) = answer(run("webhook", "dead", "--json"))
    assert (letter["after"], letter["lastSeq"], letter["problem"]) == (0, 0, "no answer")
    assert letter["id"] in run("webhook", "dead", made["id"]).output
    assert "Delivered" in run("webhook", "redeliver", letter["id"]).output
    assert answer(run("webhook", "dead", "--json")) == []
    assert answer(run("webhook", "pause", made["id"], "--json")) == {"id": made["id"], "active": False}
    assert not answer(run("webhook", "list", "--json"))[0]["active"]
    assert answer(run("webhook", "resume", made["id"], "--json"))["active"]
    assert answer(run("webhook", "revoke", made["id"], "--json")) == {"revoked": made["id"]}
    assert answer(run("webhook", "list", "--json")) == []


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
