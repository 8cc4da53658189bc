from __future__ import annotations

from pathlib import Path

import orjson

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, PolicyValues, Record, Ref, StatusNames
from graph.calendars import Leave, WorkingCalendar, WorkingCalendars
from workatlas.exporters.jsonl import lines
from workatlas.generator import records
from workatlas.importers import jsonl
from workatlas.importers.importer import ImportOptions


def test_lines_read_as_the_format_says() -> None:
    rows: list[Record] = [
        StatusNames({"In progress": "STARTED"}),
        FieldNames({"risk": "text"}),
        PolicyValues({"hoursPerDay": 7.5}),
        WorkingCalendars({"ada": WorkingCalendar("ada", leave=(Leave.parse("2026-08-03/2026-08-21"),)), "old": None}),
        NodeRow("Task", "jira", "10017", {"title": "Fix", "estimate": 16}, key="CORE-7"),
        EdgeRow("BLOCKS", Ref("key", "CORE-7"), Ref("jira", "10018"), {"type": "FS", "lag": 0}),
        Anomaly("badDate", "not data"),
    ]
    assert [orjson.loads(line) for line in lines(rows)] == [
        {"meta": "statuses", "values": {"In progress": "STARTED"}},
        {"meta": "fields", "values": {"risk": "text"}},
        {"meta": "policy", "values": {"hoursPerDay": 7.5}},
        {
            "meta": "calendars",
            "values": {"ada": {"hours": [8, 8, 8, 8, 8, 0, 0], "leave": ["2026-08-03/2026-08-21"]}, "old": None},
        },
        {"node": "Task", "key": "CORE-7", "title": "Fix", "estimate": 16, "source": "jira", "sourceId": "10017"},
        {"edge": "BLOCKS", "from": "CORE-7", "to": "jira:10018", "type": "FS", "lag": 0},
    ]


def test_the_importer_reads_back_what_was_written(tmp_path: Path) -> None:
    written = list(records(500, seed=5))
    file = tmp_path / "all.jsonl"
    file.write_bytes(b"".join(lines(written)))
    read = list(jsonl.read([file], ImportOptions()))
    assert not [row for row in read if isinstance(row, Anomaly)]
    assert list(lines(read)) == list(lines(written))
