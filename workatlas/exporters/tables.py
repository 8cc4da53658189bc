"""Items and edges as rows of two tables, for formats that have columns: the same columns whatever the workspace holds.

Items have ``node`` (the kind), their identity, and a column for each property of any kind; edges have ``edge`` (the
kind), ``from`` and ``to``. An end is written as in the native format: an id, or, where the item is only referred to,
its key or its source and identity there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from graph.batch import EdgeRow, NodeRow
from graph.model import EDGES, NODES
from graph.rules.validation import KEPT_BY_WRITER, properties_of
from graph.values import Type

_IDENTITY: Final = ("id", "key", "source", "sourceId")


def _columns(first: tuple[str, ...], kinds: Iterable[str]) -> Mapping[str, Type]:
    found = dict.fromkeys(first, Type.TEXT)
    for kind in kinds:
        columns = properties_of(kind).items()
        found |= {name: one.type for name, one in columns if name not in found and name not in KEPT_BY_WRITER}
    return MappingProxyType(found)


NODE_COLUMNS: Final = _columns(("node", *_IDENTITY), NODES)
"""Column of an item → the type of its values; a name means one type, whatever the kind."""
EDGE_COLUMNS: Final = _columns(("edge", "from", "to"), EDGES)


def node_cells(row: NodeRow) -> dict[str, Any]:
    """Return the cells that an item fills, in native form."""
    given = {"node": row.kind, "id": row.id, "key": row.key, "source": row.source, "sourceId": row.source_id}
    return given | row.properties


def edge_cells(row: EdgeRow) -> dict[str, Any]:
    """Return the cells that an edge fills, in native form."""
    return {"edge": row.kind, "from": str(row.start), "to": str(row.end)} | row.properties
