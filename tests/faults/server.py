"""``workatlas serve`` as a process of its own, on an embedded Neo4j of its own: what is killed, stormed and lied to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
import psutil

from graph.connection import Connection
from workatlas.embedded import ensure_running, status, stop
from workatlas.settings import Settings

COMMAND: Final = Path(sys.executable).with_name("workatlas")
STOP_SECONDS: Final = 30.0
_TURNS: Final = 5
_PASSING: Final = frozenset({"UNAVAILABLE", "BUSY", "TIMEOUT"})


@dataclass(slots=True)
class Server:
    """One server at one address, and the database under it; only processes that it started are ended."""

    home: Path
    port: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)
    """More settings, by the names of their variables."""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it printed on standard error."""
        return self.home / "serve.log"

    @property
    def settings(self) -> Settings:
        """The settings of its database."""
        return Settings.from_environ(self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its commands: nothing that would lead to another database."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "WORKATLAS_LIMIT"))}
        return own | {"WORKATLAS_HOME": str(self.home)} | dict(self.extra)

    def start(self) -> float:
        """Start it, and return the seconds until it said that it is ready."""
        begin = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port), "--json"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start: {self.log.read_text(encoding='utf-8')[-2000:]}")
        self.port = int(orjson.loads(line)["ready"].rpartition(":")[2])
        return time.perf_counter() - begin

    @property
    def memory(self) -> float:
        """Megabytes that it holds."""
        assert self._process is not None
        return float(psutil.Process(self._process.pid).memory_info().rss) / 1e6

    @property
    def runs(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> float:
        """Ask it to end, and return the seconds that it took."""
        begin = time.perf_counter()
        self._end(signal.SIGTERM)
        return time.perf_counter() - begin

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()

    def open_database(self) -> Connection:
        """Start the database if it does not run, keep it running, and return how to reach it."""
        with ensure_running(self.settings, keep=True) as database:
            return database.connection

    def kill_database(self) -> None:
        """End the database as a power cut would."""
        pid = status(self.settings).pid
        assert pid is not None
        psutil.Process(pid).kill()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of workatlas on the same database."""
        return subprocess.run(
            [COMMAND, *arguments], env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )

    def data(self, query: str, **variables: Any) -> Any:
        """Return the data that answers an operation; one that may be sent twice, as a server may be slow at first.

        Raises:
            RuntimeError: It was answered with an error.

        """
        body = {"query": query, "variables": variables}
        for turn in range(_TURNS):
            answer = httpx.post(f"{self.url}/graphql", json=body, timeout=30, trust_env=False).json()
            codes = {one["extensions"]["code"] for one in answer.get("errors", ())}
            if not codes:
                return answer["data"]
            if not codes <= _PASSING or turn == _TURNS - 1:
                raise RuntimeError(str(answer["errors"])[:1000])
        raise AssertionError("the last turn returns or raises")


@contextmanager
def serving(**extra: str) -> Iterator[Server]:
    """Serve from an empty folder of its own, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="workatlas-faults-") as folder:
        server = Server(Path(folder), extra=extra)
        try:
            server.open_database()
            server.start()
            yield server
        finally:
            server.kill()
            stop(server.settings)
