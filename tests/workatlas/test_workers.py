"""Servers as processes of their own: several on one address, killed, replaced, and told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import websockets
from typer.testing import CliRunner

from graph.connection import Connection
from tests.workatlas.commands import environment_of
from tests.workatlas.webhooks.receiver import receiving
from workatlas.cli import app

CREATE = 'mutation ($key: String!) { createTask(input: { title: "x", key: $key }) { changeSeq userErrors { code } } }'


@dataclass(slots=True)
class Served:
    """A server that runs, and a way in."""

    process: subprocess.Popen[str]
    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    @property
    def host(self) -> tuple[str, int]:
        address = httpx.URL(self.url)
        return address.host, address.port or 80

    def workers(self) -> list[psutil.Process]:
        found = []
        for one in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # or a zombie, which is one of them
                found += [one] if "spawn_main" in " ".join(one.cmdline()) else []
        return found

    def create(self, key: str) -> int:
        """Write over a connection of its own, so that any of the processes may get it."""
        body = {"query": CREATE, "variables": {"key": key}}
        answer = httpx.post(f"{self.url}/graphql", json=body, headers=self.headers, timeout=30).json()
        return int(answer["data"]["createTask"]["changeSeq"])

    def measures(self) -> str:
        return httpx.get(f"{self.url}/metrics", headers=self.headers, timeout=30).text

    def stop(self) -> float:
        """Tell it to stop, and return how long that took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=15) in {0, 143, -signal.SIGTERM}
        return time.monotonic() - begin


@pytest.fixture
def environment(connection: Connection, tmp_path: Path) -> dict[str, str]:
    name = f"workers-{uuid.uuid4().hex[:12]}"
    home = tmp_path / "home"
    return environment_of(connection, home, WORKATLAS_WORKSPACE=name, WORKATLAS_WEBHOOK_PRIVATE="on")


@contextlib.contextmanager
def _serving(environment: dict[str, str], *options: str) -> Iterator[Served]:
    made = CliRunner(env=environment).invoke(app, ["key", "create", "--role", "admin", "--json"])
    token = json.loads(made.stdout)["token"]
    line = [sys.executable, "-c", "from workatlas.cli import main; main()", "serve", "--port", "0", "--json", *options]
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Served(process, json.loads(process.stdout.readline())["ready"], token)
    finally:
        for one in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.kill()
        process.communicate()


async def _subscribed(served: Served) -> Any:
    options: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"]}
    client = await websockets.connect(f"{served.url.replace('http', 'ws', 1)}/graphql", **options)
    await client.send(json.dumps({"type": "connection_init", "payload": served.headers}))
    assert json.loads(await client.recv()) == {"type": "connection_ack"}
    payload = {"query": "subscription { changes(after: 0) { seq } }"}
    await client.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    return client


async def _heard(client: Any) -> int:
    message = json.loads(await asyncio.wait_for(client.recv(), 30))
    return int(message["payload"]["data"]["changes"]["seq"])


def test_several_processes_are_one_server(environment: dict[str, str]) -> None:
    """Subscribers of each hear of all, measures are told together, and a killed one is replaced."""

    async def scenario(served: Served) -> None:
        clients = [await _subscribed(served) for _ in range(6)]
        for number in range(5):
            await asyncio.to_thread(served.create, f"A-{number}")
        for client in clients:
            assert [await _heard(client) for _ in range(5)] == [1, 2, 3, 4, 5]
        measures = await asyncio.to_thread(served.measures)
        (counted,) = [line for line in measures.splitlines() if line.startswith("workatlas_request_seconds_count")]
        assert float(counted.split()[-1]) >= 5
        assert "workatlas_loop_lag_seconds " in measures
        killed = served.workers()
        assert len(killed) == 2
        killed[0].kill()
        async with asyncio.timeout(60):
            while killed[0].pid in (now := {one.pid for one in served.workers()}) or len(now) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert await asyncio.to_thread(served.create, "B-1") == 6
        for client in clients:
            with contextlib.suppress(websockets.ConnectionClosed):  # it was the killed one's
                assert await _heard(client) == 6
            await client.close()
        resumed = await _subscribed(served)
        assert [await _heard(resumed) for _ in range(6)] == [1, 2, 3, 4, 5, 6]
        await resumed.close()

    with _serving(environment, "--workers", "2") as served:
        asyncio.run(scenario(served))
        assert served.stop() <= 15


def test_a_caller_has_one_budget_whichever_process_answers(environment: dict[str, str]) -> None:
    with _serving(environment | {"WORKATLAS_LIMIT_RATE_REQUESTS": "15"}, "--workers", "3") as served:
        ask = partial(
            httpx.post, f"{served.url}/graphql", json={"query": "{ __typename }"}, headers=served.headers, timeout=60
        )
        answers = [ask() for _ in range(20)]  # over a connection each, so that any of the processes may get it
        assert [one.status_code for one in answers] == [200] * 15 + [429] * 5
        left = [int(one.headers["ratelimit-remaining"]) for one in answers]
        assert left == [*range(14, -1, -1), *[0] * 5]
        served.workers()[0].kill()
        time.sleep(0.5)
        assert ask().status_code == 429


def test_webhooks_go_on_when_the_process_that_delivers_is_killed(environment: dict[str, str]) -> None:
    async def scenario(served: Served) -> None:
        async with receiving() as receiver:
            create = ["webhook", "create", receiver.url, "--after", "0", "--json"]
            made = await asyncio.to_thread(CliRunner(env=environment).invoke, app, create)
            assert made.exit_code == 0, made.output
            for number in range(3):
                await asyncio.to_thread(served.create, f"A-{number}")
            await receiver.until(1)
            receiver.behaviours += ["hang"]
            await asyncio.to_thread(served.create, "B-1")
            async with asyncio.timeout(60):
                while receiver.behaviours:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            # Whoever delivers waits for an answer by now; both are killed, one after the other, and replaced.
            for worker in served.workers():
                worker.kill()
            async with asyncio.timeout(90):
                while len({one.pid for one in served.workers()}) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                while (await asyncio.to_thread(_ready, served)) != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                await asyncio.to_thread(served.create, "C-1")
                while not any(5 in one.seqs for one in receiver.received):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        firsts: list[int] = []
        by_id: dict[str, list[int]] = {}
        for one in receiver.received:
            assert by_id.setdefault(one.headers["webhook-id"], one.seqs) == one.seqs
            firsts += [seq for seq in one.seqs if seq not in firsts]
        assert firsts == [1, 2, 3, 4, 5]

    own = {"WORKATLAS_WEBHOOKS": "own", "WORKATLAS_LEASE_SECONDS": "2"}
    with _serving(environment | own, "--workers", "2") as served:
        asyncio.run(scenario(served))


def _ready(served: Served) -> int:
    try:
        return httpx.get(f"{served.url}/readyz", timeout=10).status_code
    except httpx.TransportError:
        return 0


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one process", "two processes"])
def test_what_runs_is_finished_and_who_listens_is_told(environment: dict[str, str], options: tuple[str, ...]) -> None:
    with _serving(environment, *options) as served, asyncio.Runner() as runner:
        listener = runner.run(_subscribed(served))
        body = json.dumps({"query": "{ workspace { id } }"})
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client = socket.create_connection(served.host, timeout=30)
        client.sendall((head + body[:10]).encode())
        stream = httpx.Client(timeout=30)
        asked = stream.build_request(
            "POST", f"{served.url}/graphql", json={"query": "subscription { changes { seq } }"},
            headers=served.headers | {"accept": "text/event-stream"},
        )  # fmt: skip
        events = stream.send(asked, stream=True)
        assert events.status_code == 200
        time.sleep(0.5)
        begin = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        time.sleep(1.0)
        client.sendall(body[10:].encode())
        answer = b""
        while part := client.recv(65536):
            answer += part
        assert answer.startswith(b"HTTP/1.1 200 ")
        with contextlib.suppress(httpx.RemoteProtocolError):
            events.read()
        stream.close()
        client.close()
        runner.run(asyncio.wait_for(listener.wait_closed(), 15))
        assert listener.close_code == 1012
        served.process.wait(timeout=15)
        assert time.monotonic() - begin <= 15
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(served.host, timeout=5)


def test_processes_that_cannot_start_are_an_error() -> None:
    code = (
        "from graph.connection import Connection\n"
        "from workatlas import workers\n"
        "from workatlas.app import AppOptions\n"
        "from workatlas.workers import Worker, serve_workers\n"
        "workers.HEALTH_SECONDS = 3600  # that one has ended is heard, not waited for\n"
        "serve_workers(Worker(AppOptions(Connection('http://no.bolt')), int), "
        "'127.0.0.1', 0, 2, print)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 1
    assert "a server process could not start" in done.stderr
    assert done.stdout == ""


def test_workers_do_not_outlive_their_parent(environment: dict[str, str]) -> None:
    with _serving(environment, "--workers", "2") as served:
        workers = served.workers()
        assert len(workers) == 2
        served.process.kill()
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert alive == []
