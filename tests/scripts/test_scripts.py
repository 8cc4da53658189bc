from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [path for path in [*(ROOT / "scripts").iterdir(), *(ROOT / ".ci").iterdir()] if not path.suffix]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_can_be_run_and_says_what_it_is_for(script: Path) -> None:
    first, second, *rest = script.read_text(encoding="utf-8").splitlines()
    assert os.access(script, os.X_OK)
    assert first == "#!/usr/bin/env bash"
    assert second.startswith("# ")
    assert any(line.startswith("set -") and "u" in line and "pipefail" in line for line in rest)
    subprocess.run(["bash", "-n", script], check=True)


def test_those_that_the_documentation_promises_are_there() -> None:
    names = {str(path.relative_to(ROOT)) for path in SCRIPTS}
    assert names >= {f"scripts/{name}" for name in ("install", "run", "test", "check", "lock", "bench")} | {".ci/run"}


def test_a_failed_check_fails_but_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "check").write_bytes((ROOT / "scripts" / "check").read_bytes())
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name, status in {"ruff": 0, "mypy": 1, "lint-imports": 0}.items():
        (tools / name).write_text(f"#!/bin/sh\necho {name}\nexit {status}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["bash", tmp_path / "scripts" / "check"], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.split() == ["ruff", "ruff", "mypy", "lint-imports"]
    assert "failed: types" in done.stderr
