"""The life of a real server: these tests start one several times and share one folder of data, in this order."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psutil
import pytest

from graph.connection import Connection
from graph.errors import StoreError
from graph.store import check_connection, open_store
from workatlas.embedded import ensure_running, fetch, revive, status, stop
from workatlas.embedded.profile import Profile
from workatlas.embedded.reviving import LOOK_SECONDS
from workatlas.errors import DatabaseError
from workatlas.settings import Settings

COMMAND = """\
import json, os, sys
from workatlas.cli import app, main
from workatlas.cli.database import open_database
from workatlas.embedded import status
from workatlas.settings import Settings

@app.command()
def hold() -> None:
    settings = Settings.from_environ(os.environ)
    with open_database(settings) as database:
        print(json.dumps({"started": database.started, "pid": status(settings).pid}), flush=True)
        sys.stdin.read()

main()
"""


def environ_of(settings: Settings) -> dict[str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "WORKATLAS_"))}
    return environ | {
        "WORKATLAS_HOME": str(settings.home),
        "WORKATLAS_CACHE": str(settings.cache),
        "WORKATLAS_PROFILE": settings.profile,
        "WORKATLAS_NEO4J_HEAP": settings.heap_size,
        "WORKATLAS_NEO4J_PAGE_CACHE": settings.page_cache_size,
        "WORKATLAS_NEO4J_TRANSACTION_MEMORY": settings.transaction_memory,
    }


def command_line(settings: Settings, *arguments: str) -> Any:
    """Run a command to its end, and return what it printed as JSON."""
    line = [sys.executable, "-c", "from workatlas.cli import main; main()", *arguments, "--json"]
    done = subprocess.run(line, env=environ_of(settings), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    given = replace(Settings.from_environ(os.environ), neo4j_uri=None, profile="life")
    small = replace(given, heap_size="384m", page_cache_size="32m", transaction_memory="128m")
    try:
        fetch(small)
    except DatabaseError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Neo4j: {error}")
    chosen = replace(small, home=tmp_path_factory.mktemp("home with a blank"))
    yield chosen
    stop(chosen)


@dataclass
class Command:
    """Another process that uses the database until it is told to leave."""

    process: subprocess.Popen[str]

    @classmethod
    def begin(cls, settings: Settings) -> Command:
        pipe = subprocess.PIPE
        line = [sys.executable, "-c", COMMAND, "hold"]
        environ = environ_of(settings)
        # A group of its own, as a shell gives each command, so that Ctrl+C can be imitated.
        return cls(subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True, env=environ, start_new_session=True))

    def answer(self) -> dict[str, int]:
        assert self.process.stdout is not None
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        return answer

    def leave(self) -> int:
        """Let the command end by itself, and return its exit status."""
        self.process.communicate()
        return self.process.returncode

    def signal(self, number: int) -> int:
        """Send a signal to the command and all that share its group, and return its exit status."""
        os.killpg(self.process.pid, number)
        return self.leave()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def has_ended(pid: int) -> bool:
    """Tell whether a process is gone, or waits for nothing but its parent to take notice."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def write_survivor(connection: Connection) -> None:
    async with open_store(connection) as store:
        await store.write(lambda transaction: transaction.rows("CREATE (s:Survivor) RETURN s.name AS name"))


async def count_survivors(connection: Connection) -> int:
    async with open_store(connection) as store:
        rows = await store.rows("MATCH (s:Survivor) RETURN count(s) AS survivors")
    return int(rows[0][0])


def version(connection: Connection) -> str:
    return asyncio.run(check_connection(connection, 10))


def test_two_commands_at_the_same_moment_share_one_server_and_the_last_stops_it(settings: Settings) -> None:
    commands = [Command.begin(settings), Command.begin(settings)]
    answers = [command.answer() for command in commands]

    assert sorted(answer["started"] for answer in answers) == [False, True]
    assert answers[0]["pid"] == answers[1]["pid"]
    assert status(settings).users == 2
    # The one that started it leaves first, by Ctrl+C: the server must not hear that.
    first, second = commands if answers[0]["started"] else commands[::-1]
    assert first.signal(signal.SIGINT) == 130
    assert status(settings).pid == answers[0]["pid"]
    assert second.leave() == 0
    assert has_ended(answers[0]["pid"])
    assert not status(settings).running


def test_a_killed_command_leaves_a_server_that_the_next_one_stops(settings: Settings) -> None:
    killed = Command.begin(settings)
    pid = killed.answer()["pid"]
    killed.kill()
    assert status(settings).pid == pid
    assert status(settings).users == 0

    following = Command.begin(settings)
    assert following.answer() == {"started": False, "pid": pid}
    assert following.signal(signal.SIGTERM) == 143
    assert has_ended(pid)


def test_a_pinned_server_stays_until_stop_and_survives_a_kill_with_its_data(settings: Settings) -> None:
    begun = command_line(settings, "db", "start")
    assert begun["started"]
    assert command_line(settings, "db", "start")["started"] is False
    found = status(settings)
    assert (found.running, found.pinned, found.users, found.uri) == (True, True, 0, begun["uri"])
    assert found.size > 100_000
    assert command_line(settings, "db", "status")["pid"] == found.pid

    with ensure_running(settings) as database:
        asyncio.run(write_survivor(database.connection))
    process = psutil.Process(found.pid)
    process.kill()  # leaves a stale pid file and a store that was not closed
    psutil.wait_procs([process], timeout=10)
    assert not status(settings).running
    with ensure_running(settings) as database:
        assert database.started
        assert database.connection.uri == begun["uri"]
        assert asyncio.run(count_survivors(database.connection)) == 1
    assert status(settings).running, "it was pinned"

    # Without its pid file the server is still found, and nothing is started beside it.
    (found.folder / "server.pid").unlink()
    with ensure_running(settings) as database:
        assert not database.started
    # Without its configuration nobody knows its port.
    (found.folder / "conf" / "neo4j.conf").unlink()
    with pytest.raises(DatabaseError, match="which names its port, is gone: run `workatlas db stop`"):
        ensure_running(settings)
    assert status(settings).running
    assert command_line(settings, "db", "stop") == {"stopped": True}
    assert command_line(settings, "db", "stop") == {"stopped": False}
    assert not status(settings).pinned


def _readiness(url: str) -> int:
    """Return what ``/readyz`` answers, 0 where its connection was cut before it did."""
    try:
        return httpx.get(f"{url}/readyz", timeout=10, trust_env=False).status_code
    except httpx.TransportError:
        return 0


def _until(url: str, status_code: int, seconds: float) -> float:
    """Wait until ``/readyz`` answers so, and return how long that took."""
    begin = time.monotonic()
    while _readiness(url) != status_code:
        assert time.monotonic() - begin < seconds, f"/readyz did not become {status_code}"
        time.sleep(0.1)
    return time.monotonic() - begin


def test_a_server_brings_back_a_database_that_ended_by_itself(settings: Settings) -> None:
    options = ["--workers", "2", "--port", "0", "--json"]
    line = [sys.executable, "-c", "from workatlas.cli import main; main()", "serve", *options]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environ_of(settings))
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["ready"]
        killed = psutil.Process(status(settings).pid)
        assert _readiness(url) == 200
        killed.kill()
        assert _until(url, 503, 5) < 5
        answer = httpx.post(f"{url}/graphql", json={"query": "{ workspace { seq } }"}, timeout=15, trust_env=False)
        # It is told, or it waits until the database is back, which may be in time.
        told = [one["extensions"]["code"] for one in answer.json().get("errors", ())]
        assert told[:1] in (["UNAVAILABLE"], ["BUSY"], ["TIMEOUT"]) or answer.json()["data"] == {
            "workspace": {"seq": 0}
        }
        _until(url, 200, 120)
        assert status(settings).pid != killed.pid
        answer = httpx.post(f"{url}/graphql", json={"query": "{ workspace { seq } }"}, timeout=15, trust_env=False)
        assert answer.json()["data"] == {"workspace": {"seq": 0}}
        # What somebody stopped is not brought back, but used again once somebody starts it.
        assert stop(settings)
        _until(url, 503, 5)
        time.sleep(4 * LOOK_SECONDS)
        assert not status(settings).running
        with ensure_running(settings) as database:
            assert database.started
            assert _until(url, 200, 10) < 10
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert not status(settings).running


def test_a_database_whose_port_was_taken_is_not_brought_back_elsewhere(settings: Settings) -> None:
    with ensure_running(settings) as database:
        killed = psutil.Process(status(settings).pid)
        killed.kill()
        psutil.wait_procs([killed], timeout=10)
        port = int(database.connection.uri.rpartition(":")[2])
        with closing(socket.create_server(("127.0.0.1", port))):
            with pytest.raises(DatabaseError, match=f"Port {port} of the database is taken"):
                revive(settings)
            assert not status(settings).running
        assert revive(settings)
        assert not revive(settings)
        assert version(database.connection) == database.version


def test_a_port_taken_at_the_last_moment_is_replaced(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = Profile.choose_port
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(
            Profile, "choose_port", lambda self, *, avoid=None: choose(self, avoid=avoid) if avoid else taken
        )
        with ensure_running(settings) as database:
            assert not database.connection.uri.endswith(f":{taken}")


def test_a_server_that_cannot_start_ends_in_a_sentence_and_leaves_nothing_behind(settings: Settings) -> None:
    with pytest.raises(DatabaseError, match="WORKATLAS_NEO4J_HEAP is no size that Neo4j can run with"):
        ensure_running(replace(settings, heap_size="much"))
    assert not status(settings).running
    assert status(settings).users == 0


def test_a_java_that_is_none_ends_in_a_sentence(settings: Settings, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text('#!/bin/sh\necho \'openjdk version "25"\' >&2\ntest "$1" = -version\n', encoding="utf-8")
    java.chmod(0o755)
    with pytest.raises(DatabaseError, match="ended at its start"):
        ensure_running(replace(settings, java=java))
    assert not status(settings).running


def test_a_home_that_cannot_be_written_ends_in_a_sentence(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="or set WORKATLAS_HOME to another folder"):
        ensure_running(replace(settings, home=tmp_path / "file" / "home"))


def test_a_full_disk_ends_in_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(DatabaseError, match="only 1 MB are free: free some space, or set WORKATLAS_HOME"):
        ensure_running(settings)
    assert not status(settings).running


def test_a_server_of_ones_own_is_used_and_left_alone(connection: Connection, settings: Settings) -> None:
    own = replace(settings, neo4j_uri=connection.uri, neo4j_password=connection.password)
    with ensure_running(own) as database:
        assert not database.started
        assert database.connection == connection
    assert version(connection) == database.version
    with ExitStack() as stack:
        closed = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        uri = f"bolt://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        with pytest.raises(StoreError):
            ensure_running(replace(own, neo4j_uri=uri))
