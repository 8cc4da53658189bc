from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _pinned(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package; a package may have several, for different platforms or Pythons."""
    versions: dict[str, set[str]] = {}
    for name, version in PINNED.findall((ROOT / lock).read_text(encoding="utf-8")):
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return versions


def _unmet(requirements: list[str], pinned: dict[str, set[str]]) -> list[str]:
    parsed = [Requirement(text) for text in requirements]
    return [
        str(one)
        for one in parsed
        if not (found := pinned.get(canonicalize_name(one.name)))
        or not all(one.specifier.contains(version, prereleases=True) for version in found)
    ]


def test_the_locks_satisfy_what_the_project_declares(project: Any) -> None:
    build = project["build-system"]["requires"]
    extras = project["project"]["optional-dependencies"]
    user = [*project["project"]["dependencies"], *build]
    assert _unmet(user, _pinned("requirements.lock")) == [], "run scripts/lock"
    assert _unmet([*user, *extras["dev"], *extras["notebook"]], _pinned("requirements-dev.lock")) == [], (
        "run scripts/lock"
    )


def test_both_locks_pin_the_same_versions() -> None:
    everything = _pinned("requirements-dev.lock")
    assert {name: everything.get(name) for name in _pinned("requirements.lock")} == _pinned("requirements.lock")


def test_the_build_tools_are_locked_as_declared(project: Any) -> None:
    assert project["dependency-groups"]["build"] == project["build-system"]["requires"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "//" not in text
    assert "--index" not in text
    blocks = re.split(r"\n(?=\S)", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    assert len(blocks) > 50
    assert [block for block in blocks if "--hash=sha256:" not in block or not PINNED.match(block)] == []
