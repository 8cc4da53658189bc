from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pytest

from analytics import CriticalPath, critical_path
from graph.batch import EdgeRow, NodeRow, Record
from graph.calendars import Leave, WorkingCalendar, WorkingCalendars
from graph.rules.lifecycle import DEFAULT_STATUSES
from graph.snapshots.snapshot import Snapshot
from tests.workatlas.importers.conformance import FIXTURES, anomalies, assert_conforms, by_id, edges, nodes, shared
from workatlas.errors import ImportFailedError
from workatlas.importers import IMPORTERS, ImportOptions
from workatlas.importers.mspdi_values import hours, texts

HOUSE, ODD = FIXTURES / "mspdi" / "house.xml", FIXTURES / "mspdi" / "odd.xml"


def read(*paths: Path, source: str | None = None) -> list[Record]:
    return list(IMPORTERS["mspdi"].read(paths, ImportOptions(source=source)))


def pair(edge: EdgeRow) -> tuple[str, str]:
    return edge.start.value, edge.end.value


def found_calendars(records: list[Record]) -> dict[str, WorkingCalendar]:
    stated = [record for record in records if isinstance(record, WorkingCalendars)]
    return {name: one for record in stated for name, one in record.values.items() if one}


def test_tasks_links_and_containment() -> None:
    records = read(HOUSE)
    assert_conforms(records)
    rows = by_id(records)
    assert (rows["house"].kind, rows["house"].properties["start"]) == ("Project", "2026-01-05")
    assert rows["house/2"].properties == {
        "title": "Plans", "status": "Planned", "duration": 16.0, "estimate": 16.0, "priority": "URGENT",
    }  # fmt: skip
    assert "duration" not in rows["house/1"].properties
    assert rows["house/4"].properties["due"] == "2026-01-20"
    assert rows["house/8"].kind == "Milestone"
    waits = {
        (e.start.value, e.end.value): (e.properties["type"], e.properties["lag"]) for e in edges(records, "BLOCKS")
    }
    assert waits["house/4", "house/5"] == ("FS", 8)
    assert waits["house/3", "house/6"] == ("SS", 8)
    assert waits["house/6", "house/7"] == ("FF", 0)
    assert waits["house/1", "house/8"] == ("FS", 0)
    parts = {(e.start.value, e.end.value) for e in edges(records, "PART_OF")}
    assert {("house/1", "house"), ("house/5", "house/1"), ("house/8", "house")} <= parts
    assert anomalies(records) == {"workingException": 1, "recurringException": 1, "badDate": 1}
    assert found_calendars(records) == {}


def test_a_calendar_inherits_from_its_base_and_comes_with_who_has_it(tmp_path: Path) -> None:
    ann = "<UID>7</UID><Name>Ann</Name><CalendarUID>2</CalendarUID><MaxUnits>0.5</MaxUnits>"
    resource = f"<Resources><Resource>{ann}</Resource></Resources>"
    file = tmp_path / "house.xml"
    file.write_text(HOUSE.read_text(encoding="utf-8").replace("</Project>", f"{resource}</Project>"), encoding="utf-8")
    records = read(file)
    leave = (Leave(date(2026, 1, 7), date(2026, 1, 7)), Leave(date(2026, 2, 2), date(2026, 2, 4)))
    wanted = WorkingCalendar("mspdi/house/2", "Ann", (8, 8, 8, 8, 4, 0, 0), leave=leave)
    assert found_calendars(records) == {"mspdi/house/2": wanted}
    (person,) = nodes(records, "Person")
    assert person.properties == {"title": "Ann", "calendar": "mspdi/house/2", "weeklyHours": 18.0}


def test_what_cannot_be_kept_is_counted() -> None:
    records = read(ODD, source="plans")
    assert_conforms(records)
    assert anomalies(records) == {
        "badDate": 2, "missingTitle": 1, "elapsedTime": 2, "selfReference": 1, "targetOutsideExport": 1,
        "crossProjectLink": 1, "missingEnd": 1, "badValue": 1, "constraintLoosened": 1, "constraintDropped": 1,
        "percentLag": 1, "noPerson": 1, "unusedAssignment": 1,
    }  # fmt: skip
    rows = by_id(records)
    first = rows["odd/1"].properties
    assert (first["status"], first["duration"], first["remaining"], first["spent"]) == ("In progress", 4, 6, 5)
    assert (first["startedAt"], first["calendar"]) == ("2026-01-05T08:00:00.000Z", "plans/odd/3")
    assert found_calendars(records)["plans/odd/3"].hours == (2, 8, 8, 8, 8, 0, 0)
    assert (rows["odd/2"].properties["status"], rows["odd/2"].properties["start"]) == ("Done", "2026-01-09")
    third = rows["odd/3"].properties
    assert (third["status"], third["due"], third["priority"]) == ("Cancelled", "2026-02-01", "LOW")
    assert (rows["odd/4"].kind, rows["odd/4"].properties["labels"]) == ("Task", ["milestone"])
    lags = {e.end.value: e.properties["lag"] for e in edges(records, "BLOCKS") if e.start.value != "odd/77"}
    assert lags == {"odd/2": 12, "odd/3": 8}
    people = {row.properties["title"]: row for row in [*nodes(records, "Person"), *nodes(records, "Team")]}
    assert people["Ann"].properties["weeklyHours"] == 20
    assert people["Masons"].kind == "Team"
    shares = {(e.start.value, e.end.value): e.properties["share"] for e in edges(records, "ASSIGNED_TO")}
    assert shares == {("odd/1", "odd/resource/1"): 0.5, ("odd/2", "odd/resource/3"): 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE Project SYSTEM "file:///etc/passwd"><Project/>', "document type"),
        ('<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><Project>&d;</Project>', "document type"),
        ("<Project><Tasks></Project>", "no XML"),
        ("", "no XML"),
        ("<html/>", "html"),
        ("\x00", "no XML"),
    ],
)
def test_what_is_no_project_is_refused_and_no_entity_is_read(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "plan.xml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ImportFailedError, match=words):
        read(file)


def computed(path: Path, records: list[Record], today: date) -> CriticalPath:
    """Return the critical path of what was read, with no database between."""
    graph: Any = nx.MultiDiGraph()
    renamed = {"weeklyHours": "weekly_hours"}
    wanted = {"duration", "remaining", "estimate", "start", "due", "calendar", "weeklyHours"}
    for record in records:
        if isinstance(record, NodeRow):
            values = {renamed.get(name, name): value for name, value in record.properties.items() if name in wanted}
            status = record.properties.get("status")
            category = DEFAULT_STATUSES[str(status)].value if status else None
            graph.add_node(record.source_id, kind=record.kind, status=category, **values)
        elif isinstance(record, EdgeRow):
            values = {name: value for name, value in record.properties.items() if name != "source"}
            graph.add_edge(record.start.value, record.end.value, kind=record.kind, **values)
    calendars = list(found_calendars(records).values())
    return critical_path(Snapshot.from_networkx(graph, calendars=calendars), today=today)


def disagreements(path: Path) -> Counter[str]:
    """Compare dates, floats and flags task by task; return the reasons why some differ, and count what agrees.

    A task may differ because its own duration does not fit between its own dates (the file was scheduled by hours that
    it does not hold), or because a finish on the next morning is the same moment as on the evening before. Floats all
    differ by as much as the whole project ends later for the first reason.
    """
    root = ElementTree.parse(path).getroot()
    header, reasons = texts(root), Counter[str]()
    records = read(path)
    found = computed(path, records, date.fromisoformat(header["StartDate"][:10]))
    leaves = [task for task in map(texts, root.iterfind("{*}Tasks/{*}Task")) if _is_leaf(task)]
    shift = max((_misfit(task) for task in leaves), default=0.0)
    for task in leaves:
        item = found.items[f"{header.get('Name') or path.stem}/{task['UID']}"]
        assert str(item.early_start_date) == task["EarlyStart"][:10], task["Name"]
        assert item.critical == (task["Critical"] == "1"), task["Name"]
        if str(item.early_finish_date) == task["EarlyFinish"][:10]:
            reasons["agrees"] += 1
        elif _misfit(task):
            reasons["durationOutsideItsDates"] += 1
        else:
            assert task["EarlyFinish"][11:] == "08:00:00", task["Name"]
            reasons["sameMoment"] += 1
        assert item.total_float - float(task["TotalSlack"]) / 600 == (0 if item.critical else shift), task["Name"]
    return reasons


def _is_leaf(task: dict[str, str]) -> bool:
    return task.get("Summary") != "1" and task.get("UID") != "0" and "EarlyStart" in task


def _misfit(task: dict[str, str]) -> float:
    """Return by how many hours a task's duration exceeds the weekdays between its early dates."""
    first, last = (date.fromisoformat(task[name][:10]) for name in ("EarlyStart", "EarlyFinish"))
    # A finish when work begins in the morning is one on the evening before.
    end = last.toordinal() + (task["EarlyFinish"][11:] > "08:00:00")
    days = sum((date.fromordinal(day).weekday() < 5) for day in range(first.toordinal(), end))
    return max((hours(task.get("Duration")) or 0.0) - 8.0 * days, 0.0)


def test_the_critical_path_of_our_own_project_is_what_its_file_says() -> None:
    assert disagreements(HOUSE) == {"agrees": 7}


@pytest.mark.parametrize("name", ["caltest", "mspdipriority", "mspextattr", "alias", "headertest9"])
def test_the_critical_path_of_foreign_projects_agrees(name: str) -> None:
    path = shared("mpxj-msproject", "junit", "data", "legacy", f"{name}.xml")
    assert disagreements(path).keys() <= {"agrees"}


def test_each_disagreement_with_a_foreign_project_has_a_reason() -> None:
    path = shared("mpxj-msproject", "junit", "data", "legacy", "sample.xml")
    assert disagreements(path) == {"agrees": 14, "durationOutsideItsDates": 1, "sameMoment": 1}


def test_a_project_without_computed_times_is_read_all_the_same() -> None:
    path = shared("mpxj-msproject", "junit", "data", "legacy", "sample1.xml")
    records = read(path)
    assert_conforms(records)
    assert {e.properties["type"] for e in edges(records, "BLOCKS")} == {"FS", "SS", "FF", "SF"}
    assert disagreements(path) == {}  # it holds no early dates to compare with
