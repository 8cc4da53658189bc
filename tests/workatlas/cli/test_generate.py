from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from workatlas.cli import app
from workatlas.errors import SettingsError
from workatlas.exporters.jsonl import lines
from workatlas.generator import records


def _run(*arguments: str) -> bytes:
    result = CliRunner().invoke(app, ["generate", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.stdout_bytes


def test_it_writes_what_the_generator_yields(tmp_path: Path) -> None:
    target = tmp_path / "organization.jsonl"
    answer = orjson.loads(_run(str(target), "--items", "300", "--seed", "4", "--json"))
    expected = b"".join(lines(records(300, 4)))
    assert target.read_bytes() == expected
    assert answer["items"] == 300
    assert answer["edges"] == expected.count(b'{"edge":')
    assert answer["bytes"] == len(expected)
    assert [file.name for file in tmp_path.iterdir()] == ["organization.jsonl"]


def test_compressed_files_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    _run(str(first), "--items", "120")
    _run(str(second), "--items", "120")
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()) == b"".join(lines(records(120, 0)))


def test_a_dash_prints_nothing_but_the_data() -> None:
    assert _run("-", "--items", "150", "--seed", "9") == b"".join(lines(records(150, 9)))


def test_an_existing_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    target = tmp_path / "mine.jsonl"
    target.write_text("precious")
    with pytest.raises(SettingsError, match="--force"):
        _run(str(target), "--items", "100")
    assert target.read_text() == "precious"
    _run(str(target), "--items", "100", "--force", "--today", "2030-05-01")
    assert b'"2030-' in target.read_bytes()


@pytest.mark.parametrize(
    ("name", "items", "message"),
    [
        ("a.csv", "100", "neither .jsonl nor .jsonl.gz"),
        ("a.jsonl", "99", "at least 100"),
        ("no/such/folder/a.jsonl", "100", "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, name: str, items: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        _run(str(tmp_path / name), "--items", items)
    assert list(tmp_path.iterdir()) == []
