from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import workatlas
from graph.errors import StoreError
from workatlas import cli
from workatlas.errors import DatabaseError


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NEO4J_URI", "WORKATLAS_PROFILE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORKATLAS_HOME", str(tmp_path))
    monkeypatch.setattr("signal.signal", lambda number, handler: None)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run ``workatlas`` with the arguments in this process, and return its exit status."""
    monkeypatch.setattr(sys, "argv", ["workatlas", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_the_version_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"workatlas {workatlas.__version__}\n"


def test_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys, workatlas.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "httpx", "neo4j", "psutil", "pandas", "scipy", "numba", "networkx", "strawberry", "starlette"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize("error", [DatabaseError("Out of [red]order[/]: mend it."), StoreError("Gone: look for it.")])
def test_what_is_refused_is_one_sentence_on_standard_error_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def refuse() -> None:
        raise error

    monkeypatch.setattr(cli, "app", refuse)
    assert run(monkeypatch) == 2
    assert capsys.readouterr() == ("", f"{error}\n")


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KeyError("bug")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(KeyError):
        cli.main()


@pytest.mark.parametrize(("variable", "coloured"), [("FORCE_COLOR", True), ("NO_COLOR", False)])
def test_errors_are_red_unless_no_color_is_set(tmp_path: Path, variable: str, coloured: bool) -> None:
    environ = {"WORKATLAS_HOME": str(tmp_path), "WORKATLAS_PROFILE": "..", "FORCE_COLOR": "1", variable: "1"}
    line = [sys.executable, "-c", "from workatlas.cli import main; main()", "db", "status"]
    done = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "WORKATLAS_PROFILE is '..'" in done.stderr
    assert "Traceback" not in done.stderr
    assert ("\x1b[31m" in done.stderr) == coloured


def test_the_status_of_a_database_that_was_never_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "db", "status", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {
        "running": False,
        "pid": None,
        "uri": None,
        "version": "2026.08.1",
        "folder": str(tmp_path / "databases" / "default"),
        "size": 0,
        "pinned": False,
        "users": 0,
    }
    assert list(tmp_path.iterdir()) == [], "asking changes nothing"
    assert run(monkeypatch, "db", "status") == 0
    assert "not running" in capsys.readouterr().out


def test_stopping_what_does_not_run_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "db", "stop", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"stopped": False}


@pytest.mark.parametrize("command", ["start", "stop", "status"])
def test_the_embedded_database_is_not_managed_while_another_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("NEO4J_URI", "bolt://db.example:7687")
    monkeypatch.setenv("NEO4J_PASSWORD", "secret")
    assert run(monkeypatch, "db", command) == 2
    assert "unset NEO4J_URI" in capsys.readouterr().err


def test_a_folder_as_repository_that_lacks_the_files_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKATLAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WORKATLAS_MAVEN_REPOSITORY", str(tmp_path))
    assert run(monkeypatch, "db", "fetch") == 2
    assert "is not in" in capsys.readouterr().err
