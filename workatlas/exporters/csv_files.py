"""Write two tables of comma-separated values, ``nodes.csv`` and ``edges.csv``, for spreadsheets and data frames.

Lists and objects are JSON in their cell, absent values empty cells; text is UTF-8.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from graph.batch import EdgeRow, NodeRow, Record
from workatlas.exporters.tables import EDGE_COLUMNS, NODE_COLUMNS, edge_cells, node_cells


class CsvWriter:
    """Writes each record as it comes; words and calendars have no place in the tables."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = [files[name].open("w", encoding="utf-8", newline="") for name in ("nodes", "edges")]
        self._nodes, self._edges = (csv.writer(file) for file in self._files)
        self._nodes.writerow(NODE_COLUMNS)
        self._edges.writerow(EDGE_COLUMNS)

    def write(self, record: Record) -> None:
        """Write one record."""
        if isinstance(record, NodeRow):
            self._nodes.writerow(_row(node_cells(record), NODE_COLUMNS))
        elif isinstance(record, EdgeRow):
            self._edges.writerow(_row(edge_cells(record), EDGE_COLUMNS))

    def close(self) -> None:
        """Finish the files."""
        for file in self._files:
            file.close()


def _row(cells: Mapping[str, Any], columns: Mapping[str, object]) -> list[str]:
    return [_cell(cells.get(name)) for name in columns]


def _cell(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()
