"""Write the native exchange format: one JSON object a line, the inverse of ``workatlas.importers.jsonl``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, PolicyValues, Record, StatusNames
from graph.calendars import WorkingCalendars


def lines(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield one line, its newline included, for each record; anomalies are reports and not data, so they are left out.

    Memory does not grow with the number of records. Keys are written in a fixed order and properties in the order in
    which the row holds them, so the same rows always give the same bytes.
    """
    for record in records:
        match record:
            case NodeRow():
                yield _line(_node(record))
            case EdgeRow():
                yield _line(_edge(record))
            case StatusNames():
                yield _line({"meta": "statuses", "values": dict(record.values)})
            case FieldNames():
                yield _line({"meta": "fields", "values": dict(record.values)})
            case PolicyValues():
                yield _line({"meta": "policy", "values": dict(record.values)})
            case WorkingCalendars():
                values = {name: one and one.to_dict() for name, one in record.values.items()}
                yield _line({"meta": "calendars", "values": values})
            case Anomaly():
                continue


class JsonlWriter:
    """Writes each record as it comes."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._file = files[""].open("wb")

    def write(self, record: Record) -> None:
        """Write one record."""
        self._file.writelines(lines([record]))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _node(row: NodeRow) -> dict[str, object]:
    line: dict[str, object] = {"node": row.kind}
    if row.id is not None:
        line["id"] = row.id
    if row.key is not None:
        line["key"] = row.key
    line.update(row.properties)
    line["source"] = row.source
    line["sourceId"] = row.source_id
    return line


def _edge(row: EdgeRow) -> dict[str, object]:
    return {"edge": row.kind, "from": str(row.start), "to": str(row.end), **row.properties}


def _line(value: dict[str, object]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
