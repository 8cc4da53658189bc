"""The one real Neo4j that all tests share; each test keeps to workspaces of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from graph.connection import Connection
from workatlas.embedded import NEO4J_VERSION, ensure_running
from workatlas.errors import WorkatlasError
from workatlas.settings import Settings

_LONGEST: Final = (
    "test_fuzzing.py", "test_database.py", "test_workers.py", "test_canaries.py", "test_install.py", "test_key.py",
)  # fmt: skip


# How long it takes to draw an example, and to try it, is the machine's business.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: at the end, one process would have such a file and the other none."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of this run, the same for all processes that share it."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def connection(run_folder: Path) -> Iterator[Connection]:
    """Reach ``NEO4J_URI`` if it is set, else a container where Docker is there, else the embedded database.

    The processes of a run share the embedded one, as commands do: the last that leaves stops it. Without any of them
    the tests that need one are skipped, or fail where ``CI`` is set.
    """
    given = Settings.from_environ(os.environ)
    if given.neo4j_uri is None and _docker_answers():
        yield from _container()
        return
    try:
        database = ensure_running(replace(given, home=run_folder / "home", profile="tests"))
    except WorkatlasError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Neo4j: {error}")
    # A run that is asked to end (by `timeout`, say) must not leave its server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with database:
        yield database.connection


@pytest.fixture
def whole_database(run_folder: Path) -> Iterator[None]:
    """Keep a test apart from others that forget the old answers of all workspaces, or rely on their own."""
    with FileLock(run_folder / "whole_database.lock"):
        yield


def _docker_answers() -> bool:
    """Tell whether a Docker engine is there, and not just its command."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _container() -> Iterator[Connection]:
    from testcontainers.neo4j import Neo4jContainer

    with Neo4jContainer(f"neo4j:{NEO4J_VERSION}-community", password="only-for-tests") as container:
        yield Connection(container.get_connection_url(), password="only-for-tests")
