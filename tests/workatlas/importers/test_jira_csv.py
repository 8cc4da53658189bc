from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

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
from workatlas.importers.jira_values import hours, number


def read(*paths: Path, mapping: Path | None = None) -> list[Record]:
    records = list(IMPORTERS["jira-csv"].read(paths, ImportOptions(mapping=mapping)))
    assert_conforms(records)
    return records


def write(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle))


JIRA = [FIXTURES / "jira-csv" / "Jira.csv", "jira-csv-tes/Jira.csv"]


@pytest.mark.parametrize("path", JIRA, ids=str)
def test_a_jira_export(path: Path | str) -> None:
    file = path if isinstance(path, Path) else shared(*path.split("/"))
    given, records = table(file), read(file)
    rows = by_id(records)
    assert {row.source_id for row in nodes(records, "Task")} == {entry["Issue key"] for entry in given}
    assert anomalies(records) == {}
    assert pairs(records, "IN_SPRINT") == {(e["Issue key"], f"sprint/{e['Sprint']}") for e in given if e["Sprint"]}
    assert pairs(records, "PART_OF") == {(entry["Issue key"], "project/TES") for entry in given}
    assigned = {(e["Issue key"], f"user/{e['Assignee Id']}") for e in given if e["Assignee"]}
    assert pairs(records, "ASSIGNED_TO") == assigned
    assert statuses(records) == {"To Do": "PLANNED", "In Progress": "STARTED", "Done": "DONE"}
    done = {entry["Issue key"] for entry in given if entry["Resolved"]}
    assert {name for name, row in rows.items() if "completedAt" in row.properties} == done
    assert rows["TES-19"].properties["createdAt"] == "2025-09-03T09:21:00.000Z"
    assert {row.properties["due"] for row in rows.values() if "due" in row.properties} == {"2025-09-17", "2025-09-18"}
    assert rows["project/TES"].key == "TES"
    assert ("user/5db9d8eb4ff1890d31036b89", "project/TES") in pairs(records, "OWNS")


@pytest.mark.parametrize(
    ("bugs", "duplicates"),
    [
        (FIXTURES / "gitbugs" / "bugs.csv", FIXTURES / "gitbugs" / "duplicates.csv"),
        ("hadoop_bugs.csv", "hadoop_bugs-combined.csv"),
    ],
    ids=["cut", "whole"],
)
def test_bugs_and_a_table_of_duplicates(bugs: Path | str, duplicates: Path | str) -> None:
    first, second = (
        path if isinstance(path, Path) else shared("gitbugs", "hadoop", path) for path in (bugs, duplicates)
    )
    records = read(first, second, mapping=Path("bugs"))
    given = table(first)
    assert {row.source_id for row in nodes(records, "Issue")} == {entry["Issue id"] for entry in given}
    resolutions = Counter(entry["Resolution"] for entry in given if entry["Resolution"])
    assert (
        Counter(row.properties["resolution"] for row in nodes(records) if "resolution" in row.properties) == resolutions
    )
    said = [(e["Issue id"], other.strip()) for e in table(second) for other in e["Duplicate id"].split(",")]
    assert {frozenset(pair) for pair in pairs(records, "DUPLICATES")} == {frozenset(pair) for pair in said}
    assert len(edges(records, "DUPLICATES")) + anomalies(records)["mutualLink"] == len(set(said))
    known = {entry["Issue id"] for entry in given}
    outside = [name for pair in pairs(records, "DUPLICATES") for name in pair if name not in known]
    assert anomalies(records)["targetOutsideExport"] == len(outside)
    assert statuses(records)["Patch Available"] == "STARTED"


def test_cycle_times_closed_before_they_were_created() -> None:
    file = shared("jira-csv-rueedlinger", "data", "jira.csv")
    given, records = table(file), read(file)
    rows = by_id(records)
    assert {row.key for row in nodes(records, "Task")} == {entry["id"] for entry in given}
    assert anomalies(records)["closedBeforeCreated"] == sum(e["finished_date"] < e["created_date"] for e in given)
    assert anomalies(records)["columnNotMapped"] == 1
    assert all(rows[e["id"]].properties["status"] == "Done" for e in given if e["finished_date"])


def test_linear_by_its_shipped_mapping() -> None:
    records = read(FIXTURES / "linear-csv" / "linear.csv", mapping=Path("linear"))
    (task,) = nodes(records, "Task")
    assert task.source == "linear"
    assert task.properties == {
        "title": "Make smooth",
        "description": "Just make it smooth",
        "status": "In Progress",
        "startedAt": "2025-04-21T10:17:06.000Z",
        "due": "2025-04-24",
        "createdAt": "2025-04-20T10:17:06.000Z",
        "completedAt": "2025-04-22T01:02:18.000Z",
        "labels": ["Fast"],
        "fields": {"reporter": "michael"},
    }
    assert {row.properties["title"] for row in nodes(records, "Project")} == {"Mobile"}
    assert anomalies(records) == {"missingId": 1, "finishedButOpen": 1}


def test_the_whole_of_jira(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "\ufeffIssue key,Issue id,Issue Type,Status,Status Category,Summary,Priority,Labels,Labels,Sprint,Parent,"
        "Custom field (Epic Link),Outward issue link (Blocks),Inward issue link (Blocks),Outward issue link (Magic),"
        "Original estimate,Time Spent,Custom field (Story Points),Created,Resolved,Comment,Comment,"
        "Custom field (Mood)\n"
        "A-1,1,Epic,In arbeit,In Progress,E,Highest,,,S,,,,,,,,,11/abr/26 8:56 AM,,,,good\n"
        'A-2,2,Historia,Cocinando,To Do,H,Medium,x,y,S,,A-1,A-3,,,7200,2h 30m,"3,5",13/Jan/25 9:01 AM,,c,d,\n'
        "A-3,3,Bug,Cerrado,Done,B,Sparkling,,,com.atlassian.Sprint@1f[id=1,name=S 2,startDate=2026-01-05T08:00:00Z,"
        "endDate=<null>],A-1,,,A-2,,x,,,2025-30-01,2026-05-01 10:00,,,\n"
        "A-4,4,Sub-task,Wachsend,,S,Low,,,,3,,,Z-9,A-2,,,,2026-05-01T10:00:00.000+0200,,,,\n"
        "A-4,4,Sub-task,Wachsend,,S,Low,,,,3,,,Z-9,A-2,,,,2026-05-01T10:00:00.000+0200,,,,\n"
        "A-5,5,Task,Done,To Do,T,Low,,,,A-5\n".replace(
            "A-3,3,Bug,Cerrado,Done,B,Sparkling,,,com", 'A-3,3,Bug,Cerrado,Done,B,Sparkling,,,"com'
        ).replace("endDate=<null>]", 'endDate=<null>]"'),
    )
    records = read(path)
    rows = by_id(records)
    kinds = {name: rows[name].kind for name in ("A-1", "A-2", "A-3", "A-4")}
    assert kinds == {"A-1": "Project", "A-2": "Task", "A-3": "Issue", "A-4": "Task"}
    assert rows["A-1"].properties["createdAt"] == "2026-04-11T08:56:00.000Z"
    assert rows["A-4"].properties["createdAt"] == "2026-05-01T08:00:00.000Z"
    story = rows["A-2"].properties
    assert (story["estimate"], story["spent"], story["points"], story["labels"]) == (2.0, 2.5, 3.5, ["x", "y"])
    assert story["fields"] == {"issueType": "Historia", "comments": 2}
    assert pairs(records, "PART_OF") == {("A-2", "A-1"), ("A-3", "A-1")}
    assert pairs(records, "BLOCKS") == {("A-2", "A-3"), ("Z-9", "A-4"), ("A-4", "A-3")}
    assert pairs(records, "RELATES_TO") == {("A-4", "A-2")}
    assert pairs(records, "IN_SPRINT") == {("A-2", "sprint/S"), ("A-3", "sprint/S 2")}
    assert rows["sprint/S 2"].properties == {"title": "S 2", "start": "2026-01-05"}
    assert statuses(records) == {
        "In arbeit": "STARTED",
        "Cocinando": "PLANNED",
        "Cerrado": "DONE",
        "Wachsend": "BACKLOG",
        "Done": "PLANNED",
    }
    assert anomalies(records) == {
        "unfitSprint": 1,
        "unknownPriority": 1,
        "badDate": 1,
        "badNumber": 1,
        "unfitWhole": 1,
        "targetOutsideExport": 1,
        "unknownLink": 1,
        "unknownStatus": 1,
        "duplicateId": 1,
        "contradictoryStatus": 1,
        "raggedRow": 1,
        "selfReference": 1,
        "columnNotMapped": 1,
    }


def test_a_mapping_names_headers_dates_and_words(tmp_path: Path) -> None:
    path = write(tmp_path, "Nr;Was;Wann;Lage;Art;Wer;Laune\nX-1;Dach;12/31/2025;Läuft;Ding;Eva;froh\n".encode("cp1252"))
    mapping = tmp_path / "m.json"
    mapping.write_text(
        json.dumps(
            {
                "source": "haus",
                "columns": {
                    "key": "Nr",
                    "title": ["Was"],
                    "created": "Wann",
                    "status": "Lage",
                    "type": "Art",
                    "assignee": "Wer",
                },
                "fields": {"mood": "Laune"},
                "statuses": {"läuft": "STARTED"},
                "types": {"Ding": "Issue"},
                "dateFormats": ["%m/%d/%Y"],
                "timezone": "Europe/Berlin",
            }
        )
    )
    records = read(path, mapping=mapping)
    row = by_id(records)["X-1"]
    assert (row.kind, row.source, row.properties["createdAt"]) == ("Issue", "haus", "2025-12-30T23:00:00.000Z")
    assert row.properties["fields"] == {"issueType": "Ding", "mood": "froh"}
    assert statuses(records) == {"Läuft": "STARTED"}
    assert anomalies(records) == {"notUtf8": 1}


def test_the_record_that_was_changed_last_wins(tmp_path: Path) -> None:
    head = "Issue key,Summary,Updated\n"
    newer = write(tmp_path, head + "A-1,new,02/Jan/26 9:00 AM\n", "a.csv")
    older = write(tmp_path, head + "A-1,old,01/Jan/26 9:00 AM\n", "b.csv")
    for order in ((newer, older), (older, newer)):
        records = read(*order)
        assert by_id(records)["A-1"].properties["title"] == "new"
        assert anomalies(records) == {"contradictoryDuplicate": 1}


@pytest.mark.parametrize("mapping", ['{"colums": {}}', '{"columns": {"tittle": "x"}}', '{"timezone": "Mars"}', "{"])
def test_a_wrong_mapping_is_refused(tmp_path: Path, mapping: str) -> None:
    file = tmp_path / "m.json"
    file.write_text(mapping)
    with pytest.raises(ImportFailedError, match=r"m\.json"):
        read(write(tmp_path, "Summary\nx\n"), mapping=file)


def test_files_that_are_no_export(tmp_path: Path) -> None:
    for text, said in ((b"", "is empty"), (b"foo,bar\n1,2\n", "mapping"), (b"\x00\x1b[2J\x02", "��")):
        with pytest.raises(ImportFailedError, match=said) as refused:
            read(write(tmp_path, text))
        assert str(refused.value).isprintable()


@given(st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=5))
def test_any_cells_give_conforming_records_and_no_record_is_lost(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "export.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as handle:
        csv.writer(handle).writerows([["Issue key", "Summary", "Status", "Created"], *cells])
    records = read(path)
    counted = anomalies(records)
    filled = sum(any(cell.strip() for cell in row) for row in cells)
    work = len(nodes(records, "Task"))
    assert work + counted["duplicateId"] + counted["contradictoryDuplicate"] + counted["brokenRow"] == filled


@pytest.mark.parametrize(("text", "expected"), [("3600", 1.0), ("1w 2d", 56.0), ("1,5h", 1.5), ("30m", 0.5)])
def test_efforts(text: str, expected: float) -> None:
    assert hours(text) == expected


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "x", "1,2,3"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"convert|finite"):
        number(text)
