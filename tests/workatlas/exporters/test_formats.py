"""What is exported in each format is read back by programs that know nothing of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from graph.batch import EdgeRow, NodeRow, Record, Ref, StatusNames
from graph.values import Type
from workatlas.exporters import FORMATS
from workatlas.exporters.tables import EDGE_COLUMNS, NODE_COLUMNS, edge_cells, node_cells
from workatlas.generator import records

TASK, ANN = "0190a000-0000-7000-8000-000000000001", "0190a000-0000-7000-8000-000000000002"
ODD: list[Record] = [
    StatusNames({"Cooking": "STARTED"}),
    NodeRow("Task", "jira", "1", {
        "title": 'comma, "quote"\nline\r\n<tag> & \x0b 漢字 😀', "labels": ["a,b", "ü"], "fields": {"squad": "x"},
        "estimate": 16, "due": "2026-Q4", "createdAt": "2026-10-01T08:30:00.123Z",
    }, key="T-1", id=TASK),
    NodeRow("Person", "jira", "2", {"title": "=cmd", "active": False}, key="ann", id=ANN),
    EdgeRow("BLOCKS", Ref("id", TASK), Ref("jira", "X<9>"), {"type": "SS", "lag": -2.5}),
]  # fmt: skip


def written(name: str, rows: list[Record], folder: Path) -> Path:
    form = FORMATS[name]
    path = folder / ("out" if form.tables else f"out.{name}")
    files = form.files(path)
    for file in files.values():
        file.parent.mkdir(exist_ok=True)
    writer = form.writer(files)
    for row in rows:
        writer.write(row)
    writer.close()
    return path


def cells(rows: list[Record]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The cells that are to be found again, absent ones left out."""
    nodes = [node_cells(row) for row in rows if isinstance(row, NodeRow)]
    edges = [edge_cells(row) for row in rows if isinstance(row, EdgeRow)]
    return (
        [{name: value for name, value in one.items() if value is not None} for one in nodes],
        [{name: value for name, value in one.items() if value is not None} for one in edges],
    )


def parsed(columns: Mapping[str, Type], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of text as values; the empty text is none."""
    plain = {Type.INTEGER, Type.NUMBER, Type.BOOLEAN, Type.JSON, Type.TEXTS}
    return {
        name: json.loads(value) if columns[name] in plain and isinstance(value, str) else value
        for name, value in row.items()
        if value not in ("", None)
    }


@pytest.mark.parametrize("rows", [ODD, list(records(300, seed=3))], ids=["odd", "generated"])
def test_csv_is_read_by_its_standard_reader(rows: list[Record], tmp_path: Path) -> None:
    path = written("csv", rows, tmp_path)
    nodes, edges = cells(rows)
    for name, columns, expected in (("nodes", NODE_COLUMNS, nodes), ("edges", EDGE_COLUMNS, edges)):
        with (path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            assert list(reader.fieldnames or ()) == list(columns)
            assert [parsed(columns, row) for row in reader] == expected


@pytest.mark.parametrize("rows", [ODD, list(records(300, seed=3))], ids=["odd", "generated"])
def test_parquet_is_read_by_arrow_with_its_types(rows: list[Record], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = written("parquet", rows, tmp_path)
    nodes, edges = cells(rows)
    for name, columns, expected in (("nodes", NODE_COLUMNS, nodes), ("edges", EDGE_COLUMNS, edges)):
        table = parquet.read_table(path / f"{name}.parquet")
        assert table.column_names == list(columns)
        found = []
        for row in table.to_pylist():
            for column, value in row.items():
                if isinstance(value, datetime):
                    row[column] = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            found.append({key: value for key, value in parsed_json(columns, row).items() if value is not None})
        assert found == [instants(columns, one) for one in expected]


def parsed_json(columns: Mapping[str, Type], row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.loads(value) if columns[name] is Type.JSON and value is not None else value
        for name, value in row.items()
    }


def instants(columns: Mapping[str, Type], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose instants are written in one way."""
    return {
        name: datetime.fromisoformat(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if columns[name] is Type.INSTANT
        else value
        for name, value in row.items()
    }


@pytest.mark.parametrize("rows", [ODD, list(records(300, seed=3))], ids=["odd", "generated"])
def test_graphml_is_read_by_networkx(rows: list[Record], tmp_path: Path) -> None:
    graph: Any = nx.read_graphml(written("graphml", rows, tmp_path), force_multigraph=True)
    nodes, edges = cells(rows)
    found = {name: data for name, data in graph.nodes(data=True) if data}
    assert [parsed(NODE_COLUMNS, data) for data in found.values()] == [
        {name: legal(value) for name, value in one.items()} for one in nodes
    ]
    ends = [(one["from"], one["to"]) for one in edges]
    told = [{name: value for name, value in one.items() if name not in ("from", "to")} for one in edges]
    shown = [(start, end, parsed(EDGE_COLUMNS, data)) for start, end, data in graph.edges(data=True)]
    expected = [(*pair, one) for pair, one in zip(ends, told, strict=True)]
    key = repr
    assert sorted(shown, key=key) == sorted(expected, key=key)


def legal(value: Any) -> Any:
    """A text as XML holds it: characters that it cannot hold are replaced, and ends of lines are one character."""
    return value.replace("\x0b", "\ufffd").replace("\r\n", "\n") if isinstance(value, str) else value
