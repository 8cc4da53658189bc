"""The three servers, each as a process of its own on a free port of this machine, and the time that they compute."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import psutil

from benchmarks.graphql.shapes import Shape, Variables, listed
from graph.connection import Connection
from workatlas.errors import WorkatlasError

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
NAMES: Final = ("workatlas", "peer", "floor")
PROGRAM: Final = str(Path(sys.executable).with_name("workatlas"))


@dataclass(frozen=True, slots=True)
class Server:
    """One server that answers: where, to whom, and its processes."""

    name: str
    url: str
    token: str
    process: psutil.Process

    def address(self, shape: Shape) -> str:
        """Return where a question is sent."""
        return f"{self.url}/{shape.name}" if self.name == "floor" else self.url

    def body(self, shape: Shape, variables: Variables) -> bytes:
        """Return a question as it is sent."""
        if self.name == "floor":
            return orjson.dumps({"variables": variables})
        query = shape.workatlas if self.name == "workatlas" else shape.peer
        asked = shape.ours(variables) if self.name == "workatlas" else variables
        return orjson.dumps({"query": " ".join(query.split()), "variables": asked})

    def rows(self, answer: Any) -> Any:
        """Return an answer as lists of values, the same for all three."""
        if self.name == "floor":
            return answer
        if "errors" in answer:
            raise WorkatlasError(f"{self.name} does not answer: {json.dumps(answer['errors'])[:500]}")
        return listed(answer["data"])

    def seconds(self) -> float:
        """Return how long the server's processes have computed."""
        return computed(self.process)


def computed(process: psutil.Process) -> float:
    """Return the processor time of a process and those below it, in seconds."""
    return sum(one.cpu_times().user + one.cpu_times().system for one in (process, *process.children(recursive=True)))


def database_process(connection: Connection) -> psutil.Process | None:
    """Return the process that listens at Neo4j's port, ``None`` if it is not on this machine."""
    port = urlsplit(connection.uri).port
    for found in psutil.net_connections("tcp"):
        if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port and found.pid:
            return psutil.Process(found.pid)
    return None


def node_packages() -> str:
    """Return node's path, after the locked packages were installed beside these files if they are not there.

    Raises:
        WorkatlasError: Node is not installed, or the packages cannot be had.

    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise WorkatlasError("this benchmark needs node (20 or later) and npm: install them.")
    installed, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run([npm, "ci"], cwd=HERE, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise WorkatlasError(f"npm cannot install the packages: {done.stderr.strip()[-300:]}")
    return node


def loaded(job: Mapping[str, object]) -> dict[str, float]:
    """Let the load tool do a job, and return what it found (``load.mjs``).

    Raises:
        WorkatlasError: The tool failed.

    """
    command = [node_packages(), str(HERE / "load.mjs")]
    done = subprocess.run(command, input=orjson.dumps(job), capture_output=True, check=False)
    if done.returncode != 0:
        raise WorkatlasError(f"the load tool failed: {done.stderr.decode()[-500:]}")
    found: dict[str, float] = orjson.loads(done.stdout)
    return found


def environment(connection: Connection, workspace: str) -> dict[str, str]:
    """Return the environment of a server of ours, without limit to what one caller may ask for in a minute."""
    return dict(os.environ) | {
        "NEO4J_URI": connection.uri, "NEO4J_USERNAME": connection.username, "NEO4J_PASSWORD": connection.password,
        "NEO4J_DATABASE": connection.database, "WORKATLAS_WORKSPACE": workspace,
        "WORKATLAS_LIMIT_RATE_REQUESTS": "0", "WORKATLAS_LIMIT_RATE_COST": "0",
    }  # fmt: skip


def key_for(role: str, workspace: str, environ: Mapping[str, str]) -> str:
    """Return a new key for a role in a workspace, of the server that runs with this environment."""
    command = [PROGRAM, "key", "create", "--role", role, "--workspace", workspace, "--json"]
    made = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return str(json.loads(made.stdout)["token"])


@contextmanager
def running(connection: Connection, workspace: str) -> Iterator[list[Server]]:
    """Start the three servers, and end them at the end whatever happens.

    What one caller may ask for in a minute is without limit, as neither of the others has such a limit.
    """
    node = node_packages()
    token = secrets.token_urlsafe(24)
    environ = environment(connection, workspace) | {
        "WORKSPACE": workspace, "TOKEN": token, "PYTHONPATH": str(ROOT), "NODE_ENV": "production",
    }  # fmt: skip
    ours = key_for("viewer", workspace, environ)
    commands = {
        "workatlas": [PROGRAM, "serve", "--port", "0"],
        "peer": [node, str(HERE / "peer.mjs")],
        "floor": [sys.executable, "-m", "benchmarks.graphql.floor"],
    }
    with ExitStack() as stack:
        servers = []
        for name in NAMES:
            url, process = stack.enter_context(started(name, commands[name], environ))
            own = ours if name == "workatlas" else token
            servers.append(Server(name, f"{url}/graphql" if name == "workatlas" else url, own, process))
        yield servers


@contextmanager
def started(name: str, command: Sequence[str], environ: Mapping[str, str]) -> Iterator[tuple[str, psutil.Process]]:
    """Start a server and yield the address of its line ``ready ADDRESS``."""
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                word, _, address = line.strip().partition(" ")
                if word == "ready":
                    yield address, psutil.Process(process.pid)
                    return
            raise WorkatlasError(f"{name} did not start; what it printed stands above.")
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
