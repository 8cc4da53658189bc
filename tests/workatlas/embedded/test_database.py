"""The life of a real server: these tests start one several times and share one folder of data, in this order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from graph.connection import Connection
from graph.errors import StoreError
from graph.store import check_connection
from workatlas.embedded import ensure_running, fetch, status, stop
from workatlas.embedded.profile import Profile
from workatlas.errors import DatabaseError
from workatlas.settings import Settings

COMMAND = """\
import json, os, sys
from workatlas.embedded import ensure_running, status
from workatlas.settings import Settings
settings = Settings.from_environ(os.environ)
with ensure_running(settings) as database:
    print(json.dumps({"started": database.started, "pid": status(settings).pid}), flush=True)
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
"""


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
        environ = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
        environ |= {
            "WORKATLAS_HOME": str(settings.home),
            "WORKATLAS_CACHE": str(settings.cache),
            "WORKATLAS_PROFILE": settings.profile,
            "WORKATLAS_NEO4J_HEAP": settings.heap_size,
            "WORKATLAS_NEO4J_PAGE_CACHE": settings.page_cache_size,
        }
        pipe = subprocess.PIPE
        line = [sys.executable, "-c", COMMAND]
        # A group of its own, as a shell gives each command, so that Ctrl+C can be imitated.
        return cls(subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True, env=environ, start_new_session=True))

    def answer(self) -> dict[str, int]:
        assert self.process.stdout is not None
        answer: dict[str, int] = json.loads(self.process.stdout.readline())
        return answer

    def leave(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        self.leave()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def version(connection: Connection) -> str:
    return asyncio.run(check_connection(connection, 10))


def test_two_commands_at_the_same_moment_share_one_server_and_the_last_stops_it(settings: Settings) -> None:
    commands = [Command.begin(settings), Command.begin(settings)]
    answers = [command.answer() for command in commands]

    assert sorted(answer["started"] for answer in answers) == [False, True]
    assert answers[0]["pid"] == answers[1]["pid"]
    assert status(settings).users == 2
    # The one that started it leaves first, by Ctrl+C: the server must not hear that.
    first, second = commands if answers[0]["started"] else reversed(commands)
    first.interrupt()
    assert status(settings).pid == answers[0]["pid"]
    second.leave()
    assert not psutil.pid_exists(answers[0]["pid"])
    assert not status(settings).running


def test_a_killed_command_leaves_a_server_that_the_next_one_stops(settings: Settings) -> None:
    killed = Command.begin(settings)
    pid = killed.answer()["pid"]
    killed.kill()
    assert status(settings).pid == pid
    assert status(settings).users == 0

    with ensure_running(settings) as database:
        assert not database.started
        assert status(settings).pid == pid
    assert not psutil.pid_exists(pid)


def test_a_pinned_server_stays_until_stop_and_survives_a_kill_with_its_data(settings: Settings) -> None:
    with ensure_running(settings, keep=True) as database:
        assert database.started
        assert database.seconds > 0
        port = database.connection.uri
    found = status(settings)
    assert (found.running, found.pinned, found.users, found.uri) == (True, True, 0, port)
    assert found.size > 100_000
    assert found.pid is not None

    # A kill leaves a stale pid file and a store that was not closed; a new server with other data would refuse the
    # password, because it is made only once.
    psutil.Process(found.pid).kill()
    psutil.wait_procs([psutil.Process(found.pid)] if psutil.pid_exists(found.pid) else [], timeout=10)
    assert not status(settings).running
    with ensure_running(settings) as database:
        assert database.started
        assert database.connection.uri == port
        assert version(database.connection) == database.version
    assert status(settings).running, "it was pinned"

    # Without its pid file the server is still found, and nothing is started beside it.
    (found.folder / "server.pid").unlink()
    with ensure_running(settings) as database:
        assert not database.started
    assert stop(settings)
    assert not stop(settings)
    assert not status(settings).pinned


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
