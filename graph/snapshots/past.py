"""The past of a workspace: its snapshot as of an earlier change, and how far back that reaches.

The newest snapshot is replayed backwards. What comes back is what the workspace held then: what was imported later is
not in it, however old it is in its source. Status names are those of today: they are only ever added to, and none has
come to mean something else.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from graph import cypher
from graph.errors import BeyondHistoryError
from graph.records import history, workspace
from graph.snapshots.patching import patched
from graph.snapshots.refresh import patch_to
from graph.snapshots.replay import Replay, inverse
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import load_snapshot, refresh
from graph.store import Store
from graph.values import instant_to_millis, millis_to_instant

Moment = date | datetime | int
"""A day (its end, UTC), an instant (without a zone: UTC), or the number of a change."""


_NO_MOMENT = "{!r} is no moment of the past (write the number of a change, 2026-12-01 or 2026-12-01T09:30:00Z)"


def moment(text: str) -> Moment:
    """Read a moment: ``42``, ``2026-12-01`` or ``2026-12-01T09:30:00Z``.

    Raises:
        ValueError: The text is none of the three.

    """
    try:
        if re.fullmatch(r"\d{1,18}", text, re.ASCII):
            return int(text)
        when = date.fromisoformat(text) if len(text) == len("2026-12-01") else datetime.fromisoformat(text)
        _millis(when)  # refuses what an offset carries out of the calendar
    except ValueError as error:
        raise ValueError(_NO_MOMENT.format(text)) from error
    return when


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the past can be opened: from change ``first`` to ``last``; times in epoch milliseconds, UTC.

    ``first`` is 0, before anything was written, unless the log was cut; then ``since`` is ``None``.
    """

    first: int
    last: int
    since: int | None


async def reach(store: Store, workspace_id: str) -> Reach:
    """Return how far back the past of a workspace can be opened.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    settings = await workspace.read(store, workspace_id)
    rows = await store.rows(cypher.FIRST_CHANGE, workspace=workspace_id)
    if not rows:
        return Reach(settings.seq, settings.seq, None)
    first, at = rows[0]
    return Reach(first - 1, settings.seq, at if first > 1 else None)


async def seq_at(store: Store, workspace_id: str, when: Moment) -> int:
    """Return the number of the last change that was written by a moment, 0 where that was none.

    Raises:
        BeyondHistoryError: The log does not reach back, or has not come, that far.
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    bounds = await reach(store, workspace_id)
    seq = when if isinstance(when, int) else await _last_by(store, workspace_id, _millis(when))
    if bounds.first <= seq <= bounds.last:
        return seq
    begun = f", from {millis_to_instant(bounds.since)} on" if bounds.since is not None else ""
    raise BeyondHistoryError(
        f"the log of workspace {workspace_id!r} opens the past after changes {bounds.first} to {bounds.last}{begun}, "
        f"not {when}; choose a later or an earlier moment"
    )


def _millis(when: date | datetime) -> int:
    return instant_to_millis(when if isinstance(when, datetime) else datetime.combine(when, time.max, UTC))


async def _last_by(store: Store, workspace_id: str, millis: int) -> int:
    rows = await store.rows(cypher.LAST_CHANGE_BY, workspace=workspace_id, at=millis)
    if rows[0][0] is not None:
        return int(rows[0][0])
    first = await store.rows(cypher.FIRST_CHANGE, workspace=workspace_id)
    return 0 if not first or first[0][0] == 1 else -1


async def as_of(store: Store, workspace_id: str, when: Moment, newest: Snapshot | None = None) -> Snapshot:
    """Return a workspace's snapshot as it was at a moment; ``newest`` saves reading the graph if it is at hand.

    O(n + m + changes since then); memory grows with the items and edges that were touched since then.

    Raises:
        BeyondHistoryError: The log does not reach back, or has not come, that far.
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    seq = await seq_at(store, workspace_id, when)
    newest = await (load_snapshot(store, workspace_id) if newest is None else refresh(store, newest))
    settings = replace(await workspace.read(store, workspace_id), seq=seq, imports={})
    replay = Replay()
    async for change in history.stream(store, workspace_id, seq, newest.seq, newest_first=True):
        replay.take(inverse(change))
    patch = await patch_to(store, newest, replay, seq)
    settings.policy = newest.policy.changed(replay.policy)
    return await asyncio.to_thread(patched, newest, patch, settings)
