from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.batch import Record
from tests.workatlas.importers.conformance import (
    FIXTURES,
    anomalies,
    assert_conforms,
    by_id,
    edges,
    nodes,
    pairs,
    shared,
    statuses,
)
from workatlas.errors import ImportFailedError
from workatlas.importers import IMPORTERS, ImportOptions
from workatlas.importers.github_text import Mention, Relation, mentions


def read(*paths: Path) -> list[Record]:
    records = list(IMPORTERS["github"].read(paths, ImportOptions()))
    assert_conforms(records)
    return records


def write(folder: Path, value: object) -> Path:
    path = folder / "issues.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def issue(number: int, **members: object) -> dict[str, object]:
    page = f"https://github.com/o/r/issues/{number}"
    return {"number": number, "title": f"#{number}", "state": "open", "html_url": page, **members}


def test_a_cut_of_real_answers() -> None:
    path = FIXTURES / "github" / "issues.json"
    given: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    records = read(path)
    numbers = {entry["number"] for entry in given}
    pulls = {entry["number"] for entry in given if "pull_request" in entry}
    assert {int(row.source_id.split("#")[1]) for row in nodes(records, "Task")} == pulls
    assert {int(row.source_id.split("#")[1]) for row in nodes(records, "Issue")} == numbers - pulls
    assert anomalies(records)["duplicateId"] == len(given) - len(numbers)
    assert anomalies(records)["pullRequest"] == len(pulls)
    assert {row.properties["title"] for row in nodes(records, "Person")} == {entry["user"]["login"] for entry in given}
    (milestone,) = nodes(records, "Milestone")
    assert milestone.properties["title"] == "v0.11.0"
    assert (milestone.source_id, "panjf2000/ants") in pairs(records, "PART_OF")
    row = by_id(records)["panjf2000/ants#22"]
    assert row.properties["labels"] == ["enhancement"]
    assert statuses(records)[str(row.properties["status"])] == "DONE"


def test_a_real_archive_loses_nothing() -> None:
    path = shared("github-archive-datagram", "archive.json")
    archive = json.loads(path.read_text(encoding="utf-8"))
    records = read(path)
    assert {row.source_id for row in nodes(records, "Issue")} == {
        f"quicwg/datagram#{i['number']}" for i in archive["issues"]
    }
    assert {row.source_id for row in nodes(records, "Task")} == {
        f"quicwg/datagram#{p['number']}" for p in archive["pulls"]
    }
    assigned = {
        (f"quicwg/datagram#{item['number']}", f"user/{name.lower()}")
        for item in archive["issues"] + archive["pulls"]
        for name in item["assignees"]
    }
    assert pairs(records, "ASSIGNED_TO") == assigned
    fixed = {
        (f"quicwg/datagram#{pull['number']}", f"quicwg/datagram#{number}")
        for pull in archive["pulls"]
        for number in re.findall(r"(?:Fixes|Closes) #(\d+)", pull["body"])
    }
    assert len(fixed) == 29
    assert pairs(records, "BLOCKS") | pairs(records, "RELATES_TO") == fixed
    abandoned = {f"quicwg/datagram#{pull['number']}" for pull in archive["pulls"] if pull["state"] == "CLOSED"}
    assert {start for start, _ in pairs(records, "RELATES_TO")} <= abandoned
    assert all(edge.properties["confidence"] == 0.7 for edge in edges(records, "BLOCKS"))
    meaning = statuses(records)
    cancelled = {
        row.source_id for row in nodes(records, "Task") if meaning[str(row.properties["status"])] == "CANCELLED"
    }
    assert cancelled == abandoned


def test_a_raw_table_loses_nothing() -> None:
    path = shared("devlake", "backend", "plugins", "github", "e2e", "raw_tables", "_raw_github_api_issues.csv")
    lines = path.read_text(encoding="utf-8").count('""ConnectionId""')
    records = read(path)
    assert len(nodes(records, "Issue")) + len(nodes(records, "Task")) + anomalies(records)["duplicateId"] == lines


def test_what_texts_and_answers_say(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        [
            issue(
                1,
                body="Blocked by #2 and o/other#9. Depends on https://github.com/o/r/issues/3",
                labels=[{"name": "P1"}],
            ),
            issue(2, body="blocks #4\n> blocked by #5\n```\nduplicate of #5\n```", sub_issues=[issue(5)]),
            issue(
                3, body="- [ ] #4\n- [x] #5", milestone={"number": 7, "title": "M", "due_on": "2026-05-01T07:00:00Z"}
            ),
            issue(4, state="closed", state_reason="not_planned", comments=[{"body": "Duplicate of #3"}]),
            issue(5, body="blocked by #5", labels=["severity: high"]),
            issue(6, body="Fixes #1", pull_request={"merged_at": None}, draft=True),
        ],
    )
    records = read(path)
    blocks = {(edge.start.value[4:], edge.end.value[4:]): edge for edge in edges(records, "BLOCKS")}
    finish = {pair for pair, edge in blocks.items() if edge.properties.get("type") == "FF"}
    assert finish == {("5", "2"), ("4", "3"), ("5", "3"), ("6", "1")}
    assert blocks.keys() - finish == {("2", "1"), ("her#9", "1"), ("3", "1"), ("2", "4")}
    assert blocks["5", "2"].properties["confidence"] == 1.0
    (duplicate,) = edges(records, "DUPLICATES")
    assert (duplicate.start.value, duplicate.end.value, duplicate.properties["confidence"]) == ("o/r#4", "o/r#3", 0.6)
    assert ("o/r#3", "o/r/milestone/7") in pairs(records, "PART_OF")
    assert anomalies(records) == {"targetOutsideExport": 1, "selfReference": 1, "pullRequest": 1}
    row = by_id(records)
    assert row["o/r#1"].properties["priority"] == "HIGH"
    assert row["o/r#5"].properties["severity"] == "HIGH"
    assert row["o/r#4"].properties["resolution"] == "not planned"
    assert row["o/r#6"].properties["status"] == "draft"
    assert row["o/r/milestone/7"].properties["due"] == "2026-05-01"


def test_pages_after_one_another_and_what_is_broken(tmp_path: Path) -> None:
    pages = json.dumps([issue(1, created_at="2026-02-30T00:00:00Z"), 7, {"title": "x"}]) + json.dumps([issue(2)]) + "[{"
    records = read(write(tmp_path, pages))
    assert {row.source_id for row in nodes(records, "Issue")} == {"o/r#1", "o/r#2"}
    assert anomalies(records) == {"badDate": 1, "notAnObject": 1, "missingId": 1, "brokenJson": 1}
    for text in ("{", "plain", "\xff", ""):
        with pytest.raises(ImportFailedError, match=r"issues\.json .* again\.$"):
            read(write(tmp_path, text))


def test_a_later_state_wins(tmp_path: Path) -> None:
    old, new = issue(1, updated_at="2026-01-01T00:00:00Z"), issue(1, updated_at="2026-01-02T00:00:00Z", title="new")
    for pair in ([old, new], [new, old]):
        records = read(write(tmp_path, pair))
        assert anomalies(records) == {"contradictoryDuplicate": 1}
        assert by_id(records)["o/r#1"].properties["title"] == "new"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fixes: #3", {Mention(Relation.FIXES, "", 3)}),
        ("Closes #1, #2 and #3", {Mention(Relation.FIXES, "", number) for number in (1, 2, 3)}),
        ("dup of GH-4", {Mention(Relation.DUPLICATES, "", 4)}),
        ("prefixes #3; see #4; unblocks #5; part-of-speech #6", set()),
        ("`blocked by #3` <!-- blocked by #4 -->", set()),
        ("part of a/b#8", {Mention(Relation.PART_OF, "a/b", 8)}),
        ("supersedes #8", {Mention(Relation.SUPERSEDES, "", 8)}),
    ],
)
def test_statements(text: str, found: set[Mention]) -> None:
    assert set(mentions(text)) == found


@given(st.text("#1 fixes`>-[]\n,and/", max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert all(mention.number >= 0 for mention in mentions(text))
