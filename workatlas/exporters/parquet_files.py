"""Write two Parquet tables, ``nodes.parquet`` and ``edges.parquet``: typed columns for data frames and query engines.

Instants are timestamps in UTC, dates stay text (they may be coarse), objects are JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from graph.batch import EdgeRow, NodeRow, Record
from graph.values import Type
from workatlas.errors import SettingsError
from workatlas.exporters.tables import EDGE_COLUMNS, NODE_COLUMNS, edge_cells, node_cells

_GROUP: Final = 10_000
"""Rows that are held before they are written."""


class ParquetWriter:
    """Writes records in groups; words and calendars have no place in the tables.

    Raises:
        SettingsError: pyarrow is not installed.

    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        try:
            import pyarrow  # only callers who want Parquet need it
            import pyarrow.parquet
        except ImportError as error:
            raise SettingsError("Parquet needs pyarrow; install workatlas with the extra 'parquet'.") from error
        self._arrow: Any = pyarrow
        self._columns = {"nodes": NODE_COLUMNS, "edges": EDGE_COLUMNS}
        self._schemas = {name: self._schema(columns) for name, columns in self._columns.items()}
        self._files = {
            name: pyarrow.parquet.ParquetWriter(files[name], schema) for name, schema in self._schemas.items()
        }
        self._rows: dict[str, list[dict[str, Any]]] = {"nodes": [], "edges": []}

    def _schema(self, columns: Mapping[str, Type]) -> Any:
        arrow = self._arrow
        types = {
            Type.INTEGER: arrow.int64(), Type.NUMBER: arrow.float64(), Type.BOOLEAN: arrow.bool_(),
            Type.INSTANT: arrow.timestamp("ms", tz="UTC"), Type.TEXTS: arrow.list_(arrow.string()),
        }  # fmt: skip
        return arrow.schema([(name, types.get(kind, arrow.string())) for name, kind in columns.items()])

    def write(self, record: Record) -> None:
        """Write one record."""
        if isinstance(record, NodeRow):
            self._add("nodes", node_cells(record))
        elif isinstance(record, EdgeRow):
            self._add("edges", edge_cells(record))

    def _add(self, name: str, cells: dict[str, Any]) -> None:
        columns = self._columns[name]
        self._rows[name].append({column: _value(columns[column], value) for column, value in cells.items()})
        if len(self._rows[name]) == _GROUP:
            self._flush(name)

    def _flush(self, name: str) -> None:
        rows, self._rows[name] = self._rows[name], []
        self._files[name].write_table(self._arrow.Table.from_pylist(rows, schema=self._schemas[name]))

    def close(self) -> None:
        """Finish the files."""
        for name, file in self._files.items():
            self._flush(name)
            file.close()


def _value(kind: Type, value: Any) -> Any:
    match kind:
        case Type.INSTANT if isinstance(value, str):
            return datetime.fromisoformat(value)
        case Type.NUMBER if value is not None:
            return float(value)
        case Type.JSON if value is not None:
            return orjson.dumps(value).decode()
    return value
