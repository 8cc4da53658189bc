from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEM = "/usr/bin:/bin"

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "workatlas"
version = "1"
"""

# The smallest editable build, so that a real pip and a real uv install a real project without a network.
BACKEND = """\
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "workatlas-1-py3-none-any.whl", "workatlas-1.dist-info"
    files = {
        "workatlas.pth": os.getcwd(),
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: workatlas\\nVersion: 1\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": "[console_scripts]\\nworkatlas = shell:main\\n",
    }
    record = "".join(f"{file},,\\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(file, text)
    return name

build_wheel = build_editable
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone that needs no package: the script itself, beside a project with empty locks."""
    root = tmp_path / "a clone"
    (root / "scripts").mkdir(parents=True)
    for name in ("install", "run"):
        shutil.copy(ROOT / "scripts" / name, root / "scripts" / name)
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    (root / "shell.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n", encoding="utf-8")
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (root / lock).write_text("", encoding="utf-8")
    return root


def _tools(folder: Path, **targets: str) -> str:
    """Make a folder that offers each name as the program given, for use in PATH."""
    folder.mkdir()
    for name, target in targets.items():
        (folder / name).write_text(f'#!/bin/sh\nexec "{target}" "$@"\n', encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


def _run(project: Path, path: str, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command or ("scripts/install",),
        cwd=project,
        env={"PATH": path, "HOME": str(project.parent), "PIP_NO_INDEX": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _path(folder: Path, *, uv: bool) -> str:
    """Return a PATH with a Python, and with uv or without."""
    tools = {"python3": str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")}
    if uv:
        found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert found is not None, "uv belongs to the packages of --dev"
        tools["uv"] = found
    return f"{_tools(folder / 'tools', **tools)}{os.pathsep}{SYSTEM}"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return _path(tmp_path, uv=True)


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_it_installs_from_nothing_then_has_nothing_to_do(project: Path, tmp_path: Path, uv: bool) -> None:
    path = _path(tmp_path, uv=uv)
    first = _run(project, path)
    assert first.returncode == 0, first.stderr
    assert first.stdout == ""  # what `run --json` prints must stay JSON
    assert (project / ".venv" / "bin" / "workatlas").is_file()

    shutil.rmtree(tmp_path / "tools")
    broken = _tools(tmp_path / "tools", python3="/bin/false", uv="/bin/false")
    second = _run(project, f"{broken}{os.pathsep}{SYSTEM}")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_run_installs_passes_its_arguments_on_and_survives_a_move(project: Path, path: str) -> None:
    assert _run(project, path).returncode == 0
    moved = project.with_name("moved")
    project.rename(moved)
    ran = _run(moved, path, "scripts/run", "--no-serve", "two words")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "['demo', '--no-serve', 'two words']\n"


def test_it_installs_again_when_the_lock_changes_or_a_try_broke_off(project: Path, path: str) -> None:
    assert _run(project, path).returncode == 0
    with (project / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    assert "Installing" in _run(project, path).stderr
    assert _run(project, path).stderr == ""

    (project / ".venv" / "workatlas-installed").unlink()
    assert "Installing" in _run(project, path).stderr


def test_what_contributors_need_is_not_lost_by_a_plain_install(project: Path, path: str) -> None:
    assert _run(project, path, "scripts/install", "--dev").returncode == 0
    plain = _run(project, path)
    assert (plain.returncode, plain.stderr) == (0, "")


def test_a_package_without_a_locked_hash_is_refused(project: Path, path: str) -> None:
    (project / "requirements.lock").write_text("annotated-doc==0.0.7\n", encoding="utf-8")
    refused = _run(project, path)
    assert refused.returncode == 1
    assert "hash" in refused.stderr
    assert "requirements.lock could not be installed" in refused.stderr
    assert not (project / ".venv" / "workatlas-installed").exists()


def test_an_old_python_ends_in_one_sentence(project: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "cat", "cksum", "dirname", "env", "rm"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    old = tools / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    refused = _run(project, str(tools))
    assert refused.returncode == 1
    assert refused.stderr == (
        "workatlas needs Python 3.11 or newer (found: Python 3.9.2): "
        "install one, name it in WORKATLAS_PYTHON, or install uv.\n"
    )
    assert not (project / ".venv").exists()


def test_no_other_python_than_the_named_one_is_taken(project: Path, path: str) -> None:
    refused = _run(project, path, WORKATLAS_PYTHON="no-such-python")
    assert refused.returncode == 1
    assert "name it in WORKATLAS_PYTHON" in refused.stderr
    assert not (project / ".venv").exists()


def test_compiled_loops_are_made_again_when_one_that_they_may_call_has_changed(project: Path, path: str) -> None:
    kept = project / "analytics" / "__pycache__" / "callers.loop-1.nbi"
    kept.parent.mkdir(parents=True)
    modules = {"callers.py": "@compiled\n", "called.py": "@compiled\n", "other.py": "pass\n"}
    for age, (name, text) in enumerate(modules.items(), start=100):
        (project / "analytics" / name).write_text(text, encoding="utf-8")
        os.utime(project / "analytics" / name, (age, age))
    kept.write_bytes(b"")
    os.utime(kept, (200, 200))

    (project / "analytics" / "other.py").touch()
    assert _run(project, path).returncode == 0
    assert kept.exists()
    (project / "analytics" / "called.py").touch()
    assert _run(project, path).returncode == 0
    assert not kept.exists()
