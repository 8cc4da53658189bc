from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from workatlas.embedded import class_archive
from workatlas.embedded.class_archive import archive_flags, archive_path, build, build_in_background
from workatlas.embedded.library import Library
from workatlas.embedded.profile import Profile
from workatlas.settings import Settings


@pytest.fixture(autouse=True)
def _keep_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the tests' own process at its priority, which cannot be raised again."""
    monkeypatch.setattr(os, "nice", lambda _: 0)


def _java(folder: Path, script: str) -> Path:
    """Make a program that stands for Java's dump of an archive, so that a test can say how that goes."""
    java = folder / "java"
    java.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    java.chmod(0o755)
    return java


def _work(archive: Path, name: str) -> Path:
    folder = archive.with_suffix(f".{name}.building")
    folder.mkdir()
    (folder / "java.arguments").write_text("", encoding="utf-8")
    return folder


WRITES = 'folder=${1#@}; folder=${folder%/*}; echo new > "$folder/neo4j-2.jsa"'


def test_a_new_archive_replaces_those_of_other_versions_and_what_killed_builds_left(tmp_path: Path) -> None:
    archive = tmp_path / "neo4j-2.jsa"
    (tmp_path / "neo4j-1.jsa").write_text("old", encoding="utf-8")
    remains, folder = _work(archive, "killed"), _work(archive, "mine")
    build(_java(tmp_path, WRITES), archive, folder)
    assert archive.read_text() == "new\n"
    assert not (tmp_path / "neo4j-1.jsa").exists()
    assert not remains.exists()
    assert not folder.exists()


def test_a_build_that_comes_second_leaves_the_first_ones_files_alone(tmp_path: Path) -> None:
    archive = tmp_path / "neo4j-2.jsa"
    first, second = _work(archive, "first"), _work(archive, "second")
    with FileLock(archive.with_suffix(".lock")):
        build(_java(tmp_path, WRITES), archive, second)
    assert not archive.exists()
    assert (first / "java.arguments").exists()
    assert not second.exists()


def test_a_failed_build_keeps_the_archive_that_is_there(tmp_path: Path) -> None:
    archive = tmp_path / "neo4j-2.jsa"
    archive.write_text("good", encoding="utf-8")
    folder = _work(archive, "mine")
    build(_java(tmp_path, f"{WRITES}; exit 1"), archive, folder)
    assert archive.read_text() == "good"
    assert not folder.exists()


def test_nothing_is_built_without_a_list_of_classes_or_beside_an_archive(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", cache=tmp_path)
    profile, library, java = Profile.of(settings), Library.at(tmp_path), _java(tmp_path, "exit 0")
    profile.prepare()
    assert not build_in_background(settings, java, library, profile)
    assert archive_flags(java, library, profile) == [f"-XX:DumpLoadedClassList={profile.folder / 'classes.list'}"]

    (profile.folder / "classes.list").write_text("java/lang/Object\n", encoding="utf-8")
    archive = archive_path(java, library)
    archive.write_text("good", encoding="utf-8")
    assert not build_in_background(settings, java, library, profile)
    assert f"-XX:SharedArchiveFile={archive}" in archive_flags(java, library, profile)


def test_a_cache_that_cannot_be_written_costs_the_archive_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path / "home", cache=tmp_path / "cache")
    profile, library, java = Profile.of(settings), Library.at(settings.cache), _java(tmp_path, "exit 0")
    profile.prepare()
    (profile.folder / "classes.list").write_text("java/lang/Object\n", encoding="utf-8")
    monkeypatch.setattr(class_archive.subprocess, "Popen", None)
    assert not settings.cache.exists()  # so that making a folder in it fails, also for an administrator
    assert not build_in_background(settings, java, library, profile)
