from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.workatlas.embedded.shop import Shop, artifact, open_shop
from workatlas.embedded import transfer
from workatlas.embedded.artifacts import Artifact
from workatlas.embedded.download import fetch
from workatlas.embedded.library import Library
from workatlas.errors import DatabaseError
from workatlas.settings import Settings


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path, shop: Shop) -> Settings:
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache", maven_repository=shop.url)


@pytest.fixture
def goods(shop: Shop) -> list[Artifact]:
    return [shop.offer(f"part{number}", os.urandom(100_000 + number)) for number in range(8)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_FIRST_PAUSE_SECONDS", 0.001)


def contents(settings: Settings, goods: list[Artifact]) -> dict[str, bytes]:
    folder = Library.at(settings.cache, goods).folder
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "verified.json"}


def expected(shop: Shop, goods: list[Artifact]) -> dict[str, bytes]:
    return {one.file_name: shop.goods[f"/{one.path}"] for one in goods}


def test_the_first_fetch_brings_every_file_and_the_second_none(
    shop: Shop, settings: Settings, goods: list[Artifact]
) -> None:
    seen: list[tuple[int, int]] = []
    total = sum(one.size for one in goods)

    first = fetch(settings, artifacts=goods, progress=lambda done, of: seen.append((done, of)))
    second = fetch(settings, artifacts=goods)

    assert (first.files, first.bytes, first.cached) == (8, total, 0)
    assert (second.files, second.bytes, second.cached) == (0, 0, 8)
    assert contents(settings, goods) == expected(shop, goods)
    assert seen[-1] == (total, total)
    assert set(shop.asked.values()) == {1}


def test_a_file_that_is_not_what_was_locked_is_refused_by_name_and_deleted(
    shop: Shop, settings: Settings, goods: list[Artifact]
) -> None:
    shop.goods[f"/{goods[3].path}"] = b"something else"

    with pytest.raises(DatabaseError, match=r"part3-1\.0\.jar .* is not the file that was locked"):
        fetch(settings, artifacts=goods)

    assert "part3-1.0.jar" not in contents(settings, goods)
    assert not any(name.endswith(".part") for name in contents(settings, goods))


def test_after_a_failure_only_what_is_missing_is_fetched(shop: Shop, settings: Settings, goods: list[Artifact]) -> None:
    right = shop.goods.pop(f"/{goods[0].path}")
    with pytest.raises(DatabaseError, match=r"answers 404 for org/example/part0/1\.0/part0-1\.0\.jar"):
        fetch(settings, artifacts=goods)
    arrived = set(contents(settings, goods))
    shop.goods[f"/{goods[0].path}"] = right
    shop.asked.clear()

    report = fetch(settings, artifacts=goods)

    assert report.cached == len(arrived)
    assert set(shop.asked) == {f"/{one.path}" for one in goods if one.file_name not in arrived}
    assert contents(settings, goods) == expected(shop, goods)


def test_what_a_killed_fetch_left_half_done_is_removed(settings: Settings, shop: Shop, goods: list[Artifact]) -> None:
    folder = Library.at(settings.cache, goods).folder
    folder.mkdir(parents=True)
    (folder / ".part1-1.0.jar.part").write_bytes(b"half")
    (folder / "part2-1.0.jar").write_bytes(b"half, and under its final name")

    assert fetch(settings, artifacts=goods).files == 8
    assert contents(settings, goods) == expected(shop, goods)


@pytest.mark.parametrize("trouble", ["refusals", "breaks"])
def test_a_repository_that_stumbles_is_asked_again(
    shop: Shop, settings: Settings, goods: list[Artifact], trouble: str
) -> None:
    getattr(shop, trouble)[f"/{goods[5].path}"] = 2

    assert fetch(settings, artifacts=goods).files == 8
    assert shop.asked[f"/{goods[5].path}"] == 3
    assert contents(settings, goods) == expected(shop, goods)


def test_without_a_network_the_sentence_says_what_to_do(settings: Settings, goods: list[Artifact]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://somebody:secret@127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(DatabaseError, match=r"cannot be reached .*: check the network") as caught:
            fetch(replace(settings, maven_repository=url), artifacts=goods)
    assert "secret" not in str(caught.value)


def test_a_local_folder_serves_as_repository(
    tmp_path: Path, shop: Shop, settings: Settings, goods: list[Artifact]
) -> None:
    for one in goods:
        path = tmp_path / "repository" / one.path
        path.parent.mkdir(parents=True)
        path.write_bytes(shop.goods[f"/{one.path}"])
    local = replace(settings, maven_repository=str(tmp_path / "repository"))

    assert fetch(local, artifacts=goods).files == 8
    assert not shop.asked
    missing = [*goods, artifact("absent", b"")]
    with pytest.raises(DatabaseError, match=r"absent-1\.0\.jar is not in "):
        fetch(local, artifacts=missing)


def test_two_fetches_at_once_ask_for_each_file_once(shop: Shop, settings: Settings, goods: list[Artifact]) -> None:
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: fetch(settings, artifacts=goods), range(2)))

    assert sorted(report.files for report in reports) == [0, 8]
    assert set(shop.asked.values()) == {1}


def test_a_file_changed_in_the_cache_is_noticed_and_fetched_again(
    shop: Shop, settings: Settings, goods: list[Artifact]
) -> None:
    fetch(settings, artifacts=goods)
    library = Library.at(settings.cache, goods)
    library.path(goods[1]).write_bytes(b"damaged")
    library.path(goods[2]).unlink()

    assert {one.name for one in library.suspects()} == {"part1", "part2"}
    assert fetch(settings, artifacts=goods).files == 2
    assert contents(settings, goods) == expected(shop, goods)


def test_damage_that_keeps_size_and_time_is_found_by_verifying(
    shop: Shop, settings: Settings, goods: list[Artifact]
) -> None:
    fetch(settings, artifacts=goods)
    path = Library.at(settings.cache, goods).path(goods[4])
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert fetch(settings, artifacts=goods).files == 0
    assert fetch(settings, artifacts=goods, verify=True).files == 1
    assert contents(settings, goods) == expected(shop, goods)


def test_an_untouched_file_with_a_new_time_is_hashed_and_kept(
    shop: Shop, settings: Settings, goods: list[Artifact]
) -> None:
    fetch(settings, artifacts=goods)
    os.utime(Library.at(settings.cache, goods).path(goods[4]))
    shop.asked.clear()

    assert fetch(settings, artifacts=goods).files == 0
    assert not shop.asked
    assert not Library.at(settings.cache, goods).suspects()


def test_a_disk_that_would_fill_is_refused_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, shop: Shop, settings: Settings, goods: list[Artifact]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(DatabaseError, match=r"only 1 MB are free: free some space, or set WORKATLAS_CACHE"):
        fetch(settings, artifacts=goods)
    assert not shop.asked


def test_a_disk_that_fills_during_the_fetch_ends_in_a_sentence_and_keeps_whole_files(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, shop: Shop, goods: list[Artifact]
) -> None:
    written = transfer._receive

    def full(source: transfer._Source, one: Artifact, temporary: Path, tally: transfer._Tally) -> str | None:
        if one.name == "part0":  # the smallest, hence the last
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(source, one, temporary, tally)

    with monkeypatch.context() as patch:
        patch.setattr(transfer, "_receive", full)
        patch.setattr(transfer, "_CONNECTIONS", 1)
        with pytest.raises(DatabaseError, match=r"the disk is full: free some space, or set WORKATLAS_CACHE"):
            fetch(settings, artifacts=goods)
    assert fetch(settings, artifacts=goods).files < 8
    assert contents(settings, goods) == expected(shop, goods)


def test_a_cache_that_cannot_be_written_ends_in_a_sentence(
    tmp_path: Path, settings: Settings, goods: list[Artifact]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="or set WORKATLAS_CACHE to another folder"):
        fetch(replace(settings, cache=tmp_path / "file" / "cache"), artifacts=goods)
