"""The one real Neo4j that all tests share; each test keeps to workspaces of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from graph.connection import Connection
from workatlas.embedded import NEO4J_VERSION, ensure_running
from workatlas.errors import WorkatlasError
from workatlas.settings import Settings


@pytest.fixture(scope="session")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Reach ``NEO4J_URI`` if it is set, else a container where Docker is there, else the embedded database.

    Without any of them the tests that need one are skipped, or fail where ``CI`` is set.
    """
    settings = Settings.from_environ(os.environ)
    if settings.neo4j_uri is None and _docker_answers():
        yield from _container()
        return
    try:
        database = ensure_running(replace(settings, home=tmp_path_factory.mktemp("home"), profile="tests"))
    except WorkatlasError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Neo4j: {error}")
    # A run that is asked to end (by `timeout`, say) must not leave its server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with database:
        yield database.connection


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
