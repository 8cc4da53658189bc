"""Several server processes on one address: each runs the whole application, one of them what only one may do.

They share the listening socket, the database, and a folder for their measures and the budgets of their callers: changes
reach subscribers of any process by the log, and leases in the database say whose turn it is. A process that dies
is replaced.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from prometheus_client.multiprocess import mark_process_dead
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from workatlas.app import AppOptions, create_app
from workatlas.counters import open_counters
from workatlas.errors import WorkatlasError
from workatlas.serving import announced, bound, collect_seldom, server_config

STOP_SECONDS: Final = 13.0
"""How long processes may take to end; then they are killed."""
HEALTH_SECONDS: Final = 30
"""How long a process may not answer its parent; then it is replaced. Analyses may keep it busy for seconds."""
SHARED_MEASURES: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes' measures meet: read by the Prometheus library when it is imported."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Makes the application in a process of its own, after ``prepare``; both must be such as can be pickled."""

    options: AppOptions
    prepare: Callable[[], None]

    def __call__(self) -> ASGIApp:
        """Return the application; the process ends with its parent, however that ends."""
        parent = multiprocessing.parent_process()
        if parent is not None:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        self.prepare()
        app = create_app(self.options)
        collect_seldom()
        return app


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


class _Supervisor(Multiprocess):
    def init_processes(self) -> None:
        super().init_processes()
        self._hear_of_ends()

    def keep_subprocess_alive(self) -> None:
        before = {one.pid for one in self.processes}
        super().keep_subprocess_alive()
        self._hear_of_ends()
        for pid in before - {one.pid for one in self.processes}:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]

    def _hear_of_ends(self) -> None:
        """Close here what the processes answer by: while it is open, one that ends when it is asked is waited for."""
        if os.name == "posix":  # elsewhere a process may not have taken it over yet
            for one in self.processes:
                one.child_conn.close()

    def join_all(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for one in self.processes:
            one.process.join(max(deadline - time.monotonic(), 0.1))
            if one.process.is_alive():
                one.process.kill()
                one.process.join()


def serve_workers(worker: Worker, host: str, port: int, number: int, on_ready: Callable[[str], None]) -> None:
    """Serve with so many processes until SIGINT or SIGTERM; see ``serving.serve_app``.

    Raises:
        WorkatlasError: The address cannot be listened on, or a process cannot start.

    """
    with bound(host.strip("[]"), port) as listening, _shared() as folder:
        shared = replace(worker, options=replace(worker.options, shared=folder))
        config = server_config(shared, host, port)
        config.factory, config.workers = True, number
        config.timeout_worker_healthcheck = HEALTH_SECONDS
        supervisor = _Supervisor(config, sockets=[listening])
        port = listening.getsockname()[1]
        threading.Thread(target=announced, args=(host, port, on_ready, supervisor.should_exit), daemon=True).start()
        supervisor.run()
        if any(one.exitcode == STARTUP_FAILURE for one in supervisor.processes):
            raise WorkatlasError("a server process could not start: the lines above say why.")


@contextlib.contextmanager
def _shared() -> Iterator[Path]:
    """Give the processes a folder for what they share: their measures, and what their callers have spent."""
    with tempfile.TemporaryDirectory(prefix="workatlas-") as folder, open_counters(Path(folder)):
        os.environ[SHARED_MEASURES] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[SHARED_MEASURES]
