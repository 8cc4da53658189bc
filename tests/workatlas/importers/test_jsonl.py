from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, PolicyValues, Record, Ref, StatusNames
from graph.calendars import WorkingCalendar, WorkingCalendars
from graph.model import EDGES, NODES
from tests.workatlas.importers.conformance import anomalies, assert_conforms, edges, nodes
from workatlas.errors import ImportFailedError
from workatlas.importers import IMPORTERS, ImportOptions
from workatlas.importers.importer import MAX_KEY


def read(text: str | bytes) -> list[Record]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.jsonl"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(IMPORTERS["jsonl"].read([path], ImportOptions()))


def test_the_example_of_the_model_page() -> None:
    records = read(
        '{"node": "Task", "key": "CORE-7", "title": "x", "estimate": 16, "due": "2026-12", "source": "jira", '
        '"sourceId": "10017"}\n'
        '{"edge": "BLOCKS", "from": "CORE-7", "to": "jira:10018", "type": "FS", "lag": -2}\n'
        '{"meta": "statuses", "values": {"In progress": "STARTED"}}\n'
        '{"meta": "fields", "values": {"risk": "number"}}\n'
        '{"meta": "calendars", "values": {"office": {"hours": [8, 8, 8, 8, 6, 0, 0], "holidays": ["2026-12-25"]}, '
        '"old": null}}\n'
        '{"meta": "policy", "values": {"hoursPerDay": 7.5, "holidays": ["2026-12-25"]}}\n'
    )
    office = WorkingCalendar("office", hours=(8, 8, 8, 8, 6, 0, 0), holidays=(date(2026, 12, 25),))
    properties: dict[str, object] = {"title": "x", "estimate": 16, "due": "2026-12"}
    assert records == [
        NodeRow("Task", "jira", "10017", properties, key="CORE-7", where="file.jsonl:1"),
        EdgeRow("BLOCKS", Ref("key", "CORE-7"), Ref("jira", "10018"), {"type": "FS", "lag": -2}, where="file.jsonl:2"),
        StatusNames({"In progress": "STARTED"}, "file.jsonl:3"),
        FieldNames({"risk": "number"}, "file.jsonl:4"),
        WorkingCalendars({"office": office, "old": None}, "file.jsonl:5"),
        PolicyValues({"hoursPerDay": 7.5, "holidays": ["2026-12-25"]}, "file.jsonl:6"),
    ]


def test_a_key_may_be_as_long_as_the_limit() -> None:
    for length, problems in ((MAX_KEY, []), (MAX_KEY + 1, ["badValue"])):
        records = list(read(f'{{"node": "Task", "key": "{"k" * length}", "title": "a"}}'))
        assert [one.kind for one in records if isinstance(one, Anomaly)] == problems


def test_identity_falls_back_to_id_then_key() -> None:
    first, second = nodes(
        read(
            '{"node": "Team", "id": "01890A5D-AC96-774B-BCCE-B302099A8057", "key": "A", "name": "a"}\n'
            '{"node": "Team", "key": "B", "title": "b"}'
        )
    )
    assert (first.source, first.source_id) == ("workatlas", "01890a5d-ac96-774b-bcce-b302099a8057")
    assert first.properties == {"title": "a"}
    assert (second.source, second.source_id) == ("workatlas", "B")


@pytest.mark.parametrize(
    ("line", "kind", "word", "skipped"),
    [
        ('{"node": "Task", "key": "A", "title": "a", "colour": "red"}', "unknownProperty", "estimate", False),
        ('{"node": "Quest", "key": "A"}', "unknownKind", "Milestone", True),
        ('{"edge": "LIKES", "from": "A", "to": "B"}', "unknownKind", "RELATES_TO", True),
        ('{"edge": "BLOCKS", "from": "A"}', "missingEnd", "to", True),
        ('{"edge": "BLOCKS", "from": "A", "to": "A"}', "selfReference", "A", True),
        ('{"edge": "BLOCKS", "from": "A", "to": "B", "type": "XX"}', "badValue", "FS", False),
        ('{"node": "Task", "title": "a"}', "missingId", "key", True),
        ('{"node": "Task", "key": "A", "title": 7}', "badValue", "title", False),
        ('{"node": "Task", "key": "A", "title": "a", "due": "2025-30-01"}', "badDate", "2025-30-01", False),
        ('{"node": "Task", "key": "A", "title": "a", "due": "9999-W53"}', "badDate", "due", False),
        ('{"node": "Task", "id": "7", "key": "A", "title": "a"}', "badValue", "UUID", False),
        ('{"node": "Task", "key": "a:b", "title": "a"}', "badValue", "colon", False),
        ('{"node": "Task", "key": "A", ', "brokenJson", "JSON", True),
        ('["node"]', "unknownLine", "node", True),
        ('{"node": "Task", "edge": "BLOCKS"}', "unknownLine", "exactly one", True),
        ('{"meta": "colours", "values": {}}', "unknownMeta", "statuses", True),
        ('{"meta": "statuses", "values": {"Open": "OPEN"}}', "badValue", "BACKLOG", False),
        ('{"meta": "policy", "values": {"hoursPerDay": 0, "cadenceDays": 7}}', "badPolicy", "hoursPerDay", True),
        ('{"meta": "policy", "values": {"mood": 7}}', "badPolicy", "mood", True),
        ('{"meta": "calendars", "values": {"a": 7}}', "badCalendar", "object", True),
        ('{"meta": "calendars", "values": {"a": {"hours": [8]}}}', "badCalendar", "seven", True),
        ('{"meta": "calendars", "values": {"a": {"holidays": ["25.12.2026"]}}}', "badCalendar", "25.12", True),
        ("[" * 100_000, "brokenJson", "JSON", True),
    ],
)
def test_what_cannot_be_used_is_said_and_the_rest_loads(line: str, kind: str, word: str, skipped: bool) -> None:
    records = read("\n" + line + '\n{"node": "Team", "key": "T", "title": "t"}\n')
    (found,) = [record for record in records if isinstance(record, Anomaly)]
    assert (found.kind, found.where, found.skipped) == (kind, "file.jsonl:2", skipped)
    assert word in found.detail
    assert [row.key for row in nodes(records) if row.kind == "Team"] == ["T"]
    assert (len(nodes(records)) + len(edges(records)) == 1) == (skipped or line.startswith('{"meta'))
    assert_conforms(records)


def test_invalid_utf8_spoils_only_its_line() -> None:
    records = read(b'\xef\xbb\xbf{"node": "Team", "key": "T", "title": "t"}\r\n{"node": "\xff"}\n\n')
    assert len(nodes(records)) == 1
    assert anomalies(records) == {"invalidUtf8": 1}


def test_repeated_nodes() -> None:
    one, other = '{"node": "Team", "key": "T", "title": "t"}', '{"node": "Team", "key": "T", "title": "u"}'
    records = read("\n".join([one, one, other]))
    assert anomalies(records) == {"duplicateId": 1, "contradictoryDuplicate": 1}
    assert [row.properties["title"] for row in nodes(records)] == ["t"]
    assert [record.skipped for record in records if isinstance(record, Anomaly)] == [False, True]


def test_gzip_and_unreadable_files(tmp_path: Path) -> None:
    good = tmp_path / "a.jsonl.gz"
    good.write_bytes(gzip.compress(b'{"node": "Team", "key": "T", "title": "t"}\n' * 2000))
    cut = tmp_path / "b.jsonl.gz"
    cut.write_bytes(good.read_bytes()[:-20])
    assert len(list(IMPORTERS["jsonl"].read([good], ImportOptions()))) == 2000
    for path in (cut, tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(ImportFailedError, match=path.name):
            list(IMPORTERS["jsonl"].read([path], ImportOptions()))


texts = st.text("aé:\x00\ud800 ", max_size=5)  # a lone surrogate among them: not every text can be written
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(["A", "2026-Q1", "FS"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)


@st.composite
def native_lines(draw: st.DrawFn) -> bytes:
    word = draw(st.sampled_from(["node", "edge", "meta"]))
    table = {
        "node": {label: [item.name for item in kind.properties] for label, kind in NODES.items()},
        "edge": {name: ["from", "to", *(item.name for item in kind.properties)] for name, kind in EDGES.items()},
        "meta": {"statuses": ["values"], "fields": ["values"]},
    }[word]
    kind = draw(st.sampled_from(sorted(table)))
    names = draw(st.lists(st.sampled_from(table[kind]), max_size=6))
    line = {word: kind, **{name: draw(json_values) for name in names}}
    return json.dumps(line, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@given(st.binary() | st.lists(native_lines() | st.binary(max_size=20)).map(b"\n".join))
def test_any_bytes_give_conforming_records_and_no_line_is_lost(data: bytes) -> None:
    records = read(data)
    assert_conforms(records)
    where = {record.where for record in records}

    def filled() -> Iterator[int]:
        for number, line in enumerate(data.split(b"\n"), 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip(b" \t\r\x0b\x0c"):
                yield number

    assert where == {f"file.jsonl:{number}" for number in filled()}
