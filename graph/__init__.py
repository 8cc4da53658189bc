"""The work graph: kinds, the model table, the store, the write path and the snapshot.

The names below are the public ones. Each is imported when it is first asked for, because the store brings the Neo4j
driver, which takes longer to import than ``workatlas --help`` may take.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from graph.batch import Anomaly, Batch, EdgeRow, FieldNames, NodeRow, PolicyValues, Record, Ref, StatusNames
    from graph.calendars import WorkingCalendar, WorkingCalendars
    from graph.connection import Connection
    from graph.errors import (
        BatchRefusedError,
        BeyondHistoryError,
        ConflictError,
        CycleError,
        GraphError,
        MigrationError,
        Problem,
        StoreError,
        UnknownWorkspaceError,
    )
    from graph.migrations import migrate
    from graph.model import EDGES, NODES, EdgeKind, NodeKind, Property, Role
    from graph.policy import Policy
    from graph.records.history import Author
    from graph.records.spans import StatusSpan, status_spans
    from graph.rules.lifecycle import Category
    from graph.snapshots.past import as_of
    from graph.snapshots.snapshot import Snapshot
    from graph.snapshots.snapshot_store import SnapshotKeeper, load_snapshot
    from graph.store import Store, open_store
    from graph.writing.loading import LoadOptions, LoadReport, load
    from graph.writing.writer import Mode, Outcome, write

__all__ = [
    "EDGES",
    "NODES",
    "Anomaly",
    "Author",
    "Batch",
    "BatchRefusedError",
    "BeyondHistoryError",
    "Category",
    "ConflictError",
    "Connection",
    "CycleError",
    "EdgeKind",
    "EdgeRow",
    "FieldNames",
    "GraphError",
    "LoadOptions",
    "LoadReport",
    "MigrationError",
    "Mode",
    "NodeKind",
    "NodeRow",
    "Outcome",
    "Policy",
    "PolicyValues",
    "Problem",
    "Property",
    "Record",
    "Ref",
    "Role",
    "Snapshot",
    "SnapshotKeeper",
    "StatusNames",
    "StatusSpan",
    "Store",
    "StoreError",
    "UnknownWorkspaceError",
    "WorkingCalendar",
    "WorkingCalendars",
    "as_of",
    "load",
    "load_snapshot",
    "migrate",
    "open_store",
    "status_spans",
    "write",
]

_HOMES: Final = {
    "graph.batch": (
        "Anomaly",
        "Batch",
        "EdgeRow",
        "FieldNames",
        "NodeRow",
        "PolicyValues",
        "Record",
        "Ref",
        "StatusNames",
    ),
    "graph.calendars": ("WorkingCalendar", "WorkingCalendars"),
    "graph.connection": ("Connection",),
    "graph.errors": (
        "BatchRefusedError",
        "BeyondHistoryError",
        "ConflictError",
        "CycleError",
        "GraphError",
        "MigrationError",
        "Problem",
        "StoreError",
        "UnknownWorkspaceError",
    ),
    "graph.records.history": ("Author",),
    "graph.rules.lifecycle": ("Category",),
    "graph.writing.loading": ("LoadOptions", "LoadReport", "load"),
    "graph.migrations": ("migrate",),
    "graph.model": ("EDGES", "EdgeKind", "NODES", "NodeKind", "Property", "Role"),
    "graph.snapshots.past": ("as_of",),
    "graph.policy": ("Policy",),
    "graph.snapshots.snapshot": ("Snapshot",),
    "graph.snapshots.snapshot_store": ("SnapshotKeeper", "load_snapshot"),
    "graph.records.spans": ("StatusSpan", "status_spans"),
    "graph.store": ("Store", "open_store"),
    "graph.writing.writer": ("Mode", "Outcome", "write"),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its module; later accesses find it at once."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'graph' has no attribute {name!r}")
    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(globals().keys() | set(__all__))
