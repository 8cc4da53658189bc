from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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
from workatlas.importers import IMPORTERS, ImportOptions


def read(path: Path) -> list[Record]:
    return list(IMPORTERS["beads"].read([path], ImportOptions()))


def write(folder: Path, *issues: object) -> Path:
    path = folder / "issues.jsonl"
    path.write_text("\n".join(issue if isinstance(issue, str) else json.dumps(issue) for issue in issues))
    return path


def raw(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def assert_nothing_lost(path: Path) -> None:
    issues, records = raw(path), read(path)
    assert_conforms(records)
    counted = anomalies(records)
    dropped = counted["duplicateId"] + counted["contradictoryDuplicate"] + counted["tombstone"] + counted["missingId"]
    work = [row for row in nodes(records) if row.kind != "Person"]
    assert len(issues) == len(work) + dropped
    types = {issue["id"]: issue["issue_type"] for issue in issues}
    assert {row.source_id for row in work if row.kind == "Project"} == {i for i, t in types.items() if t == "epic"}
    assert {row.source_id for row in work if row.kind == "Issue"} == {i for i, t in types.items() if t == "bug"}
    links = {(d["type"], d["issue_id"], d["depends_on_id"]) for issue in issues for d in issue.get("dependencies", [])}
    assert pairs(records, "BLOCKS") == {(after, before) for kind, before, after in links if kind == "blocks"}
    assert pairs(records, "PART_OF") == {(part, whole) for kind, part, whole in links if kind == "parent-child"}
    related = {(a, b) for kind, a, b in links if kind in {"related", "discovered-from"}}
    assert pairs(records, "RELATES_TO") == related
    closed = {issue["id"] for issue in issues if issue["status"] == "closed"}
    meaning = statuses(records)
    assert {row.source_id for row in work if meaning[str(row.properties["status"])] == "DONE"} == closed


def test_a_cut_of_a_real_tracker() -> None:
    path = FIXTURES / "beads" / "issues.jsonl"
    assert_nothing_lost(path)
    records = read(path)
    assert anomalies(records)["contradictoryDuplicate"] == len(raw(path)) - len({issue["id"] for issue in raw(path)})
    # Of the eight copies of bd-d3e5 the one that was changed last is taken.
    assert (
        by_id(records)["bd-d3e5"].properties["createdAt"]
        == max(
            str(row["created_at"]) for row in raw(path) if row["id"] == "bd-d3e5" and "-08:00" in row["created_at"]
        ).replace("2025-12-14T16", "2025-12-15T00")[:23]
        + "Z"
    )


@pytest.mark.parametrize(
    "parts",
    [
        ("beads-self", "issues.2025-12-07.711dd9ccd402.jsonl"),
        ("beads-self", "issues.2025-12-14.87625b99e4e5.jsonl"),
        ("beads-viewer", ".beads", "issues.jsonl"),
    ],
)
def test_real_trackers_lose_nothing(parts: tuple[str, ...]) -> None:
    assert_nothing_lost(shared(*parts))


def test_a_folder_stands_for_its_tracker() -> None:
    folder = shared("beads-viewer")
    assert read(folder) == read(folder / ".beads" / "issues.jsonl")


def test_the_week_in_which_zero_was_left_out_still_means_urgent() -> None:
    before = by_id(read(shared("beads-self", "issues.2025-12-07.711dd9ccd402.jsonl")))
    after = by_id(read(shared("beads-self", "issues.2025-12-14.87625b99e4e5.jsonl")))
    urgent = {name for name, row in before.items() if row.properties["priority"] == "URGENT"}
    assert len(urgent) == 7
    assert all(after[name].properties["priority"] == "URGENT" for name in urgent & after.keys())


def test_all_that_may_be_wrong_is_counted(tmp_path: Path) -> None:
    def on(target: str, kind: str = "blocks") -> dict[str, str]:
        return {"depends_on_id": target, "type": kind}

    path = write(
        tmp_path,
        {"id": "a", "title": "A", "status": "open", "issue_type": "bug", "priority": 1, "assignee": "Ann"},
        {"id": "b", "title": "B", "status": "open", "dependencies": [on("a", "parent-child"), on("gone"), on("b")]},
        {"id": "c", "title": "C", "status": "tombstone"},
        {"id": "d", "title": "D", "status": "frobbed", "dependencies": [on("c"), on("a", "likes"), "x"]},
        {"id": "e", "title": "E", "status": "open", "priority": 9, "created_at": "2025-30-01", "estimated_minutes": 90},
        {"id": "e", "title": "E", "status": "open", "priority": 9, "created_at": "2025-30-01", "estimated_minutes": 90},
        {"title": "no id"},
        "{",
    )
    records = read(path)
    assert_conforms(records)
    assert anomalies(records) == {
        "unfitWhole": 1,
        "targetOutsideExport": 1,
        "selfReference": 1,
        "tombstone": 2,
        "unknownStatus": 1,
        "unknownLink": 1,
        "brokenDependency": 1,
        "unknownPriority": 1,
        "badDate": 1,
        "duplicateId": 1,
        "missingId": 1,
        "brokenJson": 1,
    }
    (held,) = [edge for edge in edges(records, "BLOCKS") if edge.end.value == "a"]
    assert (held.start.value, held.properties["type"]) == ("b", "FF")
    assert ("gone", "b") in pairs(records, "BLOCKS")
    assert pairs(records, "ASSIGNED_TO") == {("a", "user/ann")}
    row = by_id(records)
    assert (row["a"].properties["severity"], row["a"].properties["priority"]) == ("HIGH", "HIGH")
    assert row["e"].properties["estimate"] == 1.5
