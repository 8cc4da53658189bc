"""Working calendars in the database: system nodes, read with the snapshot and written in a workspace's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph import cypher
from graph.calendars import WorkingCalendar
from graph.records.history import NodeChange
from graph.store import Rows, Store, Transaction


async def read_calendars(store: Store, workspace: str) -> tuple[WorkingCalendar, ...]:
    """Return a workspace's calendars by id; none for a workspace that does not exist. O(their number)."""
    return _decoded(await store.rows(cypher.READ_CALENDARS, workspace=workspace))


async def write_calendars(
    transaction: Transaction, workspace: str, calendars: Mapping[str, WorkingCalendar | None]
) -> list[NodeChange]:
    """Store calendars as they are given, remove those that are ``None``, and return what that altered.

    The transaction must hold the workspace's lock.
    """
    if not calendars:
        return []
    before = {one.id: one for one in _decoded(await transaction.rows(cypher.READ_CALENDARS, workspace=workspace))}
    changes: list[NodeChange] = []
    for name in sorted(calendars):
        was, now = before.get(name), calendars[name]
        if was != now:
            operation = "purge" if now is None else "update" if was else "create"
            changes.append(NodeChange(name, "Calendar", operation, _state(was), _state(now)))
    kept = [{"id": one.id, **_stored(one)} for change in changes if (one := calendars[change.id]) is not None]
    gone = [change.id for change in changes if calendars[change.id] is None]
    await transaction.rows(cypher.WRITE_CALENDARS, workspace=workspace, rows=kept)
    await transaction.rows(cypher.REMOVE_CALENDARS, workspace=workspace, ids=gone)
    return changes


def _state(calendar: WorkingCalendar | None) -> dict[str, Any]:
    return {} if calendar is None else calendar.to_dict()


def _stored(calendar: WorkingCalendar) -> dict[str, Any]:
    empty: dict[str, Any] = {"name": "", "holidays": [], "leave": [], "timezone": None}
    return empty | calendar.to_dict()


def _decoded(rows: Rows) -> tuple[WorkingCalendar, ...]:
    names = ("name", "hours", "holidays", "leave", "timezone")
    return tuple(WorkingCalendar.from_dict(row[0], dict(zip(names, row[1:], strict=True))) for row in rows)
