"""What every importer's records must satisfy, and where real data lies when it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, PolicyValues, Record, StatusNames
from graph.calendars import WorkingCalendar, WorkingCalendars
from graph.model import EDGES, NODES, Property
from graph.policy import Policy
from graph.rules.lifecycle import Category
from graph.values import Type, check

FIXTURES = Path(__file__).parents[2] / "data"
SHARED = Path(__file__).parents[4] / "shared" / "data"


def shared(*parts: str) -> Path:
    """Return a path of real data, or skip the test where that is not at hand."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no real data at {'/'.join(parts)}")
    return path


def nodes(records: Iterable[Record], kind: str | None = None) -> list[NodeRow]:
    return [record for record in records if isinstance(record, NodeRow) and kind in (None, record.kind)]


def edges(records: Iterable[Record], kind: str | None = None) -> list[EdgeRow]:
    return [record for record in records if isinstance(record, EdgeRow) and kind in (None, record.kind)]


def pairs(records: Iterable[Record], kind: str) -> set[tuple[str, str]]:
    return {(edge.start.value, edge.end.value) for edge in edges(records, kind)}


def anomalies(records: Iterable[Record]) -> Counter[str]:
    return Counter(record.kind for record in records if isinstance(record, Anomaly))


def by_id(records: Iterable[Record]) -> dict[str, NodeRow]:
    return {row.source_id: row for row in nodes(records)}


def statuses(records: Iterable[Record]) -> dict[str, str]:
    return {
        name: category
        for record in records
        if isinstance(record, StatusNames)
        for name, category in record.values.items()
    }


def assert_conforms(records: Iterable[Record]) -> None:
    """Every row fits the model table: kinds, properties, values, ends; and says where it comes from."""
    for record in records:
        table: dict[str, Property] = {}
        match record:
            case NodeRow():
                table = {item.name: item for item in NODES[record.kind].properties}
                assert record.source
                assert record.source_id
                assert record.key is None or (record.key and ":" not in record.key and len(record.key) <= 200)
            case EdgeRow():
                table = {item.name: item for item in EDGES[record.kind].properties}
                assert record.start != record.end
                if record.start.kind and record.end.kind:
                    assert (record.start.kind, record.end.kind) in EDGES[record.kind].pairs, record
            case StatusNames():
                assert set(record.values.values()) <= set(Category)
                continue
            case FieldNames():
                assert set(record.values.values()) <= set(Type)
                continue
            case PolicyValues():
                assert isinstance(Policy().changed(record.values), Policy)
                continue
            case WorkingCalendars():
                for name, calendar in record.values.items():
                    assert calendar is None or WorkingCalendar.from_dict(name, calendar.to_dict()) == calendar
                continue
            case Anomaly():
                assert record.detail
                continue
        assert record.where
        for name, value in record.properties.items():
            assert name in table, f"{record.where}: {name}"
            if value is not None:
                check(table[name].type, value, table[name].choices)
