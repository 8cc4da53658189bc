"""Snapshots of the past, as arguments of root fields name them."""

from __future__ import annotations

from graph.errors import BeyondHistoryError
from graph.snapshots.past import as_of, moment
from graph.snapshots.snapshot import Snapshot
from resolvers.context import Context
from resolvers.errors import RefusedError


async def snapshot_at(context: Context, when: str | None) -> Snapshot:
    """Return the newest snapshot, or the one as of a moment.

    Raises:
        RefusedError: The text is no moment, or the change log does not open the past that far.

    """
    newest = await context.snapshots.current()
    if when is None:
        return newest
    try:
        return await as_of(context.store, newest.workspace, moment(when), newest)
    except (ValueError, BeyondHistoryError) as error:
        raise RefusedError("BAD_USER_INPUT", str(error)) from error
