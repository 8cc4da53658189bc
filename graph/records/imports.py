"""Imports that are going on: marks on the workspace, by which readers know that they may see half of one.

A run says so before each part that it writes. One that is done takes its own mark away, and those of runs of its source
that have said nothing since it began: what they left half done is whole now. A run that still goes on keeps its mark,
whichever of them ends first.
"""

from __future__ import annotations

import orjson

from graph import cypher
from graph.records import workspace
from graph.store import Store, Transaction


async def mark(store: Store, workspace_id: str, run: str, source: str) -> int:
    """Say that a run of a source is going on, and return a number that is larger than those of all marks before.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """

    async def work(transaction: Transaction) -> int:
        marks = (await workspace.lock(transaction, workspace_id, run)).imports
        number = 1 + max((one for _, one in marks.values()), default=0)
        await _write(transaction, workspace_id, marks | {run: (source, number)})
        return number

    return await store.write(work)


async def unmark(store: Store, workspace_id: str, run: str, source: str, completed: int | None) -> None:
    """Say that a run has ended.

    ``completed`` is the number with which it began, if it is done; ``None`` if it wrote nothing at all.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """

    async def work(transaction: Transaction) -> None:
        marks = (await workspace.lock(transaction, workspace_id, run)).imports
        # Marks of before there were sources name none.
        left = {
            name: (other, number)
            for name, (other, number) in marks.items()
            if name != run and not (completed is not None and other in {source, ""} and number <= completed)
        }
        await _write(transaction, workspace_id, left)

    await store.write(work)


async def _write(transaction: Transaction, workspace_id: str, marks: dict[str, tuple[str, int]]) -> None:
    text = orjson.dumps(marks).decode() if marks else None
    await transaction.rows(cypher.WRITE_IMPORTS, workspace=workspace_id, imports=text)
