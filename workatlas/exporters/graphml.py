"""Write GraphML, which yEd, Gephi, NetworkX and igraph read: http://graphml.graphdrawing.org.

Every property is an attribute with its type; instants and dates are text, lists and objects JSON. What an edge leads to
and nobody has described is a node without attributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import orjson

from graph.batch import EdgeRow, NodeRow, Record
from graph.values import Type
from workatlas.exporters.tables import EDGE_COLUMNS, NODE_COLUMNS, edge_cells, node_cells

_TYPES: Final = {Type.INTEGER: "long", Type.NUMBER: "double", Type.BOOLEAN: "boolean"}
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, however they are written."""
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'


class GraphmlWriter:
    """Writes each record as it comes; words and calendars have no place in a graph."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._file = files[""].open("w", encoding="utf-8", newline="\n")
        self._known: set[str] = set()
        self._file.write(_HEAD)
        for mark, columns in (("node", NODE_COLUMNS), ("edge", EDGE_COLUMNS)):
            for name, kind in columns.items():
                text = _TYPES.get(kind, "string")
                self._file.write(f'<key id="{mark}-{name}" for="{mark}" attr.name="{name}" attr.type="{text}"/>\n')
        self._file.write('<graph edgedefault="directed">\n')

    def write(self, record: Record) -> None:
        """Write one record."""
        if isinstance(record, NodeRow):
            cells = node_cells(record)
            self._node(str(record.id or record.key), cells)
        elif isinstance(record, EdgeRow):
            cells = edge_cells(record)
            start, end = cells.pop("from"), cells.pop("to")
            for name in (start, end):
                if name not in self._known:
                    self._node(name, {})
            self._file.write(f"<edge source={quoteattr(_legal(start))} target={quoteattr(_legal(end))}>")
            self._file.write(_data("edge", cells) + "</edge>\n")

    def _node(self, name: str, cells: Mapping[str, Any]) -> None:
        self._known.add(name)
        self._file.write(f"<node id={quoteattr(_legal(name))}>{_data('node', cells)}</node>\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.write("</graph>\n</graphml>\n")
        self._file.close()


def _data(mark: str, cells: Mapping[str, Any]) -> str:
    return "".join(
        f'<data key="{mark}-{name}">{escape(_legal(_text(value)))}</data>'
        for name, value in cells.items()
        if value is not None
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
