from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from workatlas.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def _instructions(name: str) -> list[str]:
    return re.findall(rf"^\s*{name} +(.*)$", DOCKERFILE, re.MULTILINE)


def test_it_has_two_stages_and_the_last_is_not_run_by_root() -> None:
    build, final = _instructions("FROM")
    assert build == f"{final} AS build"
    user = _instructions("USER")
    assert user == ["workatlas"]
    assert DOCKERFILE.index("USER workatlas") > DOCKERFILE.rindex("FROM ")


def test_only_locked_packages_are_installed() -> None:
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert len(installs) == 2
    assert "--require-hashes --requirement requirements.lock" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]


def test_its_variables_are_settings() -> None:
    (text,) = _instructions("ENV")
    variables = dict(part.split("=", 1) for part in text.split() if part.startswith("WORKATLAS_"))
    settings = Settings.from_environ(variables)
    assert settings.home == Path("/var/lib/workatlas")
    assert settings.cache.is_relative_to(settings.home)
    assert _instructions("VOLUME") == [str(settings.home)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Build from the files that the Dockerfile copies, and from no other; return the names in the wheel."""
    folder = tmp_path_factory.mktemp("context")
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in _instructions("COPY"):
        if line.startswith("--from"):
            continue
        *sources, _ = line.split()
        for source in sources:
            assert source in kept, f".dockerignore leaves {source} out"
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / source)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"], cwd=folder, check=True, capture_output=True
    )
    (built,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_file_of_the_packages(wheel: list[str]) -> None:
    wanted = {
        str(path.relative_to(ROOT))
        for package in ("graph", "analytics", "resolvers", "workatlas")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "workatlas/embedded/artifacts.txt" in wanted
    assert sorted(wanted - set(wheel)) == []


def test_the_wheel_brings_no_other_package(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"graph", "analytics", "resolvers", "workatlas"}
