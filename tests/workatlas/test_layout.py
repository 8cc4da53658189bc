from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workatlas import layout
from workatlas.errors import LayoutError


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line where ``folder`` stands before everything else that Python could import."""
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    line = [sys.executable, "-c", "from workatlas.cli import main; main()", "generate", "--help"]
    return subprocess.run(line, cwd=folder, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("file", ["analytics/__init__.py", "analytics.py", "graph/__init__.py"])
def test_another_distributions_package_is_named_in_one_sentence(tmp_path: Path, file: str) -> None:
    stranger = tmp_path / file
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"finds the package '{stranger.relative_to(tmp_path).parts[0].removesuffix('.py')}' in" in done.stderr
    assert str(tmp_path) in done.stderr
    assert "scripts/install" in done.stderr


def test_without_a_stranger_the_command_runs(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "PACKAGES", ("graph", "no_such_package"))
    with pytest.raises(LayoutError, match="'no_such_package' of workatlas is not installed"):
        layout.check_packages()
