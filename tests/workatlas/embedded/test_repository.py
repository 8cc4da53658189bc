from __future__ import annotations

from pathlib import Path

import pytest

from workatlas.embedded.repository import central_mirror, repository_root
from workatlas.errors import SettingsError
from workatlas.settings import Settings

MIRROR = "https://maven.example.org/all/"


def maven_settings(folder: Path, mirror_of: str, namespace: str = "") -> Path:
    path = folder / "settings.xml"
    mirrors = [("snapshots", "http://no.example"), (mirror_of, MIRROR)]
    inner = "".join(f"<mirror><mirrorOf>{of}</mirrorOf><url> {url} </url></mirror>" for of, url in mirrors)
    path.write_text(f"<settings{namespace}><mirrors>{inner}</mirrors></settings>", encoding="utf-8")
    return path


def settings(tmp_path: Path, repository: str | None = None) -> Settings:
    return Settings(home=tmp_path, cache=tmp_path, maven_repository=repository)


@pytest.mark.parametrize("mirror_of", ["central", "*", "external:*", "a, central", "*,!internal"])
def test_a_mirror_of_central_in_the_users_maven_settings_is_used(tmp_path: Path, mirror_of: str) -> None:
    path = maven_settings(tmp_path, mirror_of)
    assert repository_root(settings(tmp_path), path) == MIRROR.rstrip("/")


@pytest.mark.parametrize("mirror_of", ["snapshots", "*,!central", "central2"])
def test_a_mirror_of_something_else_is_not(tmp_path: Path, mirror_of: str) -> None:
    assert central_mirror(maven_settings(tmp_path, mirror_of)) is None


def test_maven_settings_with_their_namespace_are_read(tmp_path: Path) -> None:
    path = maven_settings(tmp_path, "central", ' xmlns="urn:of-maven"')
    assert central_mirror(path) == MIRROR


def test_our_own_setting_wins(tmp_path: Path) -> None:
    path = maven_settings(tmp_path, "*")
    assert repository_root(settings(tmp_path, "http://own.example/maven/"), path) == "http://own.example/maven"
    assert repository_root(settings(tmp_path, str(tmp_path)), path) == tmp_path
    assert repository_root(settings(tmp_path, f"file://{tmp_path}"), path) == tmp_path


def test_without_either_the_librarys_default_is_used(tmp_path: Path) -> None:
    from jgo.constants import MAVEN_CENTRAL_URL

    assert repository_root(settings(tmp_path), tmp_path / "absent.xml") == MAVEN_CENTRAL_URL


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="WORKATLAS_MAVEN_REPOSITORY is ftp://x, which is neither"):
        repository_root(settings(tmp_path, "ftp://x"))


def test_broken_maven_settings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "settings.xml"
    path.write_text("<settings>", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"settings\.xml cannot be read as Maven settings"):
        repository_root(settings(tmp_path), path)
