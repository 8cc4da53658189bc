"""Node with the packages that are locked beside these tests, and workspaces of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from filelock import FileLock

from graph.connection import Connection
from workatlas.cli.serve import prepare

HERE: Final = Path(__file__).parent
LOCK: Final = HERE / "package-lock.json"
INSTALLED: Final = HERE / "node_modules" / ".package-lock.json"


@dataclass(frozen=True, slots=True)
class Node:
    """Runs scripts of this folder."""

    path: str

    def run(self, script: str, *arguments: str) -> str:
        """Return what a script printed."""
        command = [self.path, str(HERE / script), *arguments]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, (done.stderr + done.stdout)[-2000:]
        return done.stdout

    def found(self, script: str, *arguments: str) -> Any:
        """Return what a script printed as JSON."""
        return json.loads(self.run(script, *arguments))


@pytest.fixture(scope="session")
def node(run_folder: Path) -> Node:
    """Node, where it is installed, with the locked packages beside the scripts."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        _missing("node and npm are not installed")
    with FileLock(run_folder / "npm.lock"):
        _install(str(npm))
    return Node(str(found))


def _install(npm: str) -> None:
    if INSTALLED.is_file() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    command = [npm, "ci", "--prefer-offline"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=400, check=False)
    if done.returncode != 0:
        _missing(f"the packages cannot be had: {done.stderr.strip()[-200:]}")


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def workspace(connection: Connection) -> str:
    """Name of a new workspace."""
    name = f"web-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, name))
    return name
