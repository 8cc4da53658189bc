"""Other people's audits and clients, from npm, try the API over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from graph.connection import Connection
from tests.workatlas.served import served
from workatlas.app import AppOptions, create_app
from workatlas.cli.serve import prepare

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def node() -> str:
    """Return the path of node, with the locked packages installed beside the scripts."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        _missing("node and npm are not installed")
    if not (HERE / "node_modules" / ".package-lock.json").is_file():
        done = subprocess.run([str(npm), "ci"], cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode != 0:
            _missing(f"the packages cannot be had: {done.stderr.strip()[-200:]}")
    return str(found)


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def workspace(connection: Connection) -> str:
    name = f"web-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, name))
    return name


def _run(node: str, script: str, *arguments: str) -> Any:
    command = [node, str(HERE / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_every_audit_of_graphql_over_http_passes(connection: Connection, workspace: str, node: str) -> None:
    with served(create_app(AppOptions(connection, workspace))) as address:
        found = _run(node, "audits.mjs", f"http://{address}/graphql")
    assert [one for one in found if one["status"] != "ok"] == []
    assert len(found) == 61
