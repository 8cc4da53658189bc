"""Whatever the schema lets a client ask, the server has an answer to; ``scripts/faults fuzzing`` asks far more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.connection import Connection
from graph.store import Store
from tests.faults.campaign import FIELDS, Campaign, figures
from tests.faults.fuzzing import AGAIN, Fuzzed, Fuzzer, opened

EXAMPLES = 20


@pytest.fixture(scope="module")
def fuzzer(connection: Connection) -> Iterator[Fuzzer]:
    with opened(connection) as made:
        yield made


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[" ".join(one) for one in FIELDS])
def test_no_operation_is_too_much_for_the_server(fuzzer: Fuzzer, kind: str, name: str) -> None:
    found = fuzzer.run(kind.title(), name, EXAMPLES)
    assert found.sent >= EXAMPLES / 2
    assert found.defects == {}


def test_what_fails_is_kept_with_its_answer_and_its_log(fuzzer: Fuzzer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Store, "rows", broken)
    found = Fuzzed()
    for text in ("{ items(first: 1) { nodes { id } } }", "{ items { totalCount } }", "{ items { nodes { key } } }"):
        fuzzer.send(text, found)
    ((what, defect),) = found.defects.items()
    assert what.startswith("RuntimeError in broken, line ")
    assert defect.request == "{ items { totalCount } }"
    assert "INTERNAL" in defect.answer
    assert "broken on purpose" in defect.log


class _Slow:
    """Runs out of time so many times, and then answers."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def ask(self, text: str) -> httpx.Response:
        self.left -= 1
        if self.left >= 0:
            return httpx.Response(504, json={"errors": [{"extensions": {"code": "TIMEOUT"}}]})
        return httpx.Response(200, json={"data": {}})


def test_what_runs_out_of_time_is_asked_again(fuzzer: Fuzzer, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Fuzzed()
    monkeypatch.setattr(fuzzer, "_app", _Slow(AGAIN - 1))
    fuzzer.send("{ a }", found)
    assert (found.sent, found.waited, found.defects, found.codes) == (1, 1, {}, {"answered": 1})
    monkeypatch.setattr(fuzzer, "_app", _Slow(AGAIN))
    fuzzer.send("{ b }", found)
    assert (found.sent, found.waited, found.codes["TIMEOUT"]) == (2, 1, 1)
    assert [(one.request, one.status) for one in found.defects.values()] == [("{ b }", 504)]


def test_a_campaign_goes_on_where_it_was(connection: Connection, tmp_path: Path) -> None:
    campaign = Campaign(tmp_path / "record.jsonl", examples=4, processes=2)
    fields = [("query", "viewer"), ("query", "workspace"), ("mutation", "purgeItem")]
    campaign.run(connection, fields[:2])
    assert sorted(one["field"] for one in campaign.rows()) == ["query viewer", "query workspace"]
    text = campaign.record.read_text(encoding="utf-8")
    lines = [line.replace('"defects": {}', '"defects": {"x": {}}') if "viewer" in line else line
             for line in text.splitlines()]  # fmt: skip
    campaign.record.write_text("\n".join([*lines, ""]), encoding="utf-8")
    replace(campaign, processes=1).run(connection, fields, resume=True)
    names = [json.loads(line)["field"] for line in campaign.record.read_text(encoding="utf-8").splitlines()]
    assert sorted(names[:2]) == ["query viewer", "query workspace"]
    assert names[2:] == ["query viewer", "mutation purgeItem"]
    assert all(one.holds for one in figures(campaign.rows(), 3))
    assert not all(one.holds for one in figures(campaign.rows(), 4))
    assert replace(campaign, examples=5).rows() == []
