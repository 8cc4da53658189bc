"""Snapshots from and to NetworkX graphs, so that anybody can check a result or bring a graph of their own."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import networkx as nx
import numpy as np

from graph.calendars import WorkingCalendar
from graph.model import EDGES
from graph.policy import Policy
from graph.rules.lifecycle import Category
from graph.snapshots.assembly import EDGE_COLUMNS, ITEM_COLUMNS, assemble, edge_code, items_of
from graph.snapshots.columns import NO_CODE
from graph.snapshots.snapshot import EDGE_KINDS, KINDS, PRIORITIES, SEVERITIES, WAIT_TYPES, Snapshot
from graph.values import CoarseDate, instant_to_millis

_DAYS = frozenset({"start", "due", "period_start", "period_end"})
_MILLIS = frozenset({"created_at", "updated_at", "started_at", "completed_at", "latest_at"})
_FIRST_DAYS = frozenset({"start", "period_start"})
_NUMBERS = ("estimate", "remaining", "spent", "duration", "points", "value", "enough", "weight", "weekly_hours")


def read_networkx(
    graph: nx.DiGraph[Any] | nx.MultiDiGraph[Any], policy: Policy, calendars: Sequence[WorkingCalendar] = ()
) -> Snapshot:
    """Make a snapshot of a NetworkX graph; see ``Snapshot.from_networkx``. O(n + m log m)."""
    nodes: dict[Hashable, Mapping[str, Any]] = dict(graph.nodes(data=True))
    owners = {data["owner"] for data in nodes.values() if data.get("owner") is not None}
    for owner in sorted(owners - nodes.keys(), key=str):
        nodes[owner] = {"kind": "Person", "status": None}
    rows = {name: row for row, name in enumerate(nodes)}
    plain: dict[str, list[Any]] = {name: [] for name in (*ITEM_COLUMNS, "status", "team")}
    for name, data in nodes.items():
        for column, value in _item(name, data).items():
            plain[column].append(value)
    teams = {str(name): row for name, row in rows.items() if nodes[name].get("kind") == "Team"}
    items = items_of(plain, tuple(Category), teams)
    columns: dict[str, list[Any]] = {name: [] for name in EDGE_COLUMNS}
    for start, end, data in graph.edges(data=True):
        _append(columns, rows[start], rows[end], data, f"edge {start!r} → {end!r}")
    for name, data in nodes.items():
        if data.get("owner") is not None:
            _append(columns, rows[data["owner"]], rows[name], {"kind": "OWNS"}, f"owner of {name!r}")
    statuses = {category.value: category for category in Category}
    return assemble("networkx", 0, policy, statuses, items, columns, tuple(nodes), calendars)


def _item(name: Hashable, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return one node's plain columns."""
    kind = data.get("kind", "Task")
    if kind not in KINDS:
        raise ValueError(f"node {name!r}: kind {kind!r} is not one of {', '.join(KINDS)}")
    status = data.get("status", "PLANNED")
    if status is not None and status not in tuple(Category):
        raise ValueError(f"node {name!r}: status {status!r} is not one of {', '.join(Category)}")
    columns: dict[str, Any] = {column: data.get(column) for column in ITEM_COLUMNS}
    for column in _DAYS | _MILLIS:
        columns[column] = _moment(name, column, data.get(column))
    columns |= {
        "ids": str(uuid.uuid5(uuid.NAMESPACE_OID, repr(name))),
        "key": str(data.get("key", name)),
        "title": str(data.get("title", name)),
        "kind": kind,
        "remaining": data.get("remaining", 0.0),
    }
    return columns | {"status": None if status is None else str(status), "team": data.get("team")}


def _moment(name: Hashable, column: str, value: object) -> int | None:
    if value is None:
        return None
    try:
        if column in _MILLIS:
            return instant_to_millis(value if isinstance(value, datetime) else str(value))
        if isinstance(value, datetime):
            value = value.date()
        coarse = CoarseDate.parse(value.isoformat() if isinstance(value, date) else str(value))
    except ValueError as error:
        raise ValueError(f"node {name!r}: {column}: {error}") from error
    day = coarse.first if column in _FIRST_DAYS else coarse.last
    return (day - date(1970, 1, 1)).days


def _append(columns: dict[str, list[Any]], start: int, end: int, data: Mapping[str, Any], what: str) -> None:
    kind, wait_type = data.get("kind", "BLOCKS"), data.get("type", "FS")
    if kind not in EDGES:
        raise ValueError(f"{what}: kind {kind!r} is not one of {', '.join(EDGES)}")
    if wait_type not in WAIT_TYPES:
        raise ValueError(f"{what}: type {wait_type!r} is not one of {', '.join(WAIT_TYPES)}")
    values = (edge_code(kind), start, end, wait_type, data.get("lag", 0.0))
    values += tuple(data.get(name) for name in ("weight", "share", "confidence", "role"))
    for column, value in zip(EDGE_COLUMNS, values, strict=True):
        columns[column].append(value)


def write_networkx(snapshot: Snapshot) -> nx.MultiDiGraph[Any]:
    """Return a snapshot as a NetworkX graph; see ``Snapshot.to_networkx``. O(n + m)."""
    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph(workspace=snapshot.workspace, seq=snapshot.seq)
    items, edges, names = snapshot.items, snapshot.edges, list(snapshot.names)
    for row, name in enumerate(names):
        status = snapshot.status(row)
        data: dict[str, Any] = {
            "kind": snapshot.label(row),
            "key": items.key[row],
            "title": items.title[row],
            "status": status.value if status else None,
        }
        data |= {column: float(getattr(items, column)[row]) for column in _NUMBERS}
        data |= {column: getattr(items, column)[row] or None for column in ("calendar", "timezone")}
        data |= {column: getattr(items, column)[row].item() for column in _DAYS | _MILLIS}
        data["priority"] = _choice(PRIORITIES, items.priority[row])
        data["severity"] = _choice(SEVERITIES, items.severity[row])
        data["inactive"] = True if items.inactive[row] else None
        graph.add_node(name, **{key: value for key, value in data.items() if _given(key, value)})
    for place in range(len(edges.kind)):
        data = {"kind": EDGE_KINDS[edges.kind[place]], "confidence": float(edges.confidence[place])}
        if data["kind"] == "BLOCKS":
            data |= {"type": WAIT_TYPES[edges.wait_type[place]], "lag": float(edges.lag[place])}
        optional = {name: float(getattr(edges, name)[place]) for name in ("weight", "share")}
        data |= {name: value for name, value in optional.items() if not np.isnan(value)}
        graph.add_edge(names[edges.start[place]], names[edges.end[place]], **data)
    return graph


def _choice(choices: tuple[str, ...], code: int) -> str | None:
    return None if code == NO_CODE else choices[code]


def _given(key: str, value: object) -> bool:
    if key == "status":  # an absent status must not come back as the default
        return True
    return value is not None and value == value
