"""A workspace's own node: its words, its policy, its counters and its lock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from graph import cypher
from graph.errors import UnknownWorkspaceError
from graph.policy import Policy
from graph.rules.lifecycle import DEFAULT_STATUSES, Category
from graph.rules.validation import Vocabulary
from graph.store import Rows, Store, Transaction
from graph.values import Type

_PURGED: Final = 5_000
"""Items that one transaction of a purge removes, with their edges."""


@dataclass(slots=True)
class Workspace:
    """What is stored on the Workspace node.

    ``counters`` hold the last number given out per key prefix, ``imports`` source and number of each import that is
    going on, or was broken off, by its run (``graph.records.imports``).
    """

    id: str
    seq: int
    statuses: dict[str, Category]
    fields: dict[str, Type]
    policy: Policy
    counters: dict[str, int]
    imports: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def import_run(self) -> str | None:
        """The import that is going on; of several, the one that has said so least lately."""
        return min(self.imports, key=lambda run: self.imports[run][1], default=None)

    @property
    def words(self) -> Vocabulary:
        """The workspace's statuses and custom fields, for validation."""
        return Vocabulary(self.statuses, self.fields)

    def copy(self) -> Workspace:
        """Return a workspace that can be altered without this one."""
        return replace(self, statuses=dict(self.statuses), fields=dict(self.fields), counters=dict(self.counters))


async def ensure(store: Store, workspace: str, now: int) -> None:
    """Create the workspace with the default statuses and policy unless it is there."""

    async def work(transaction: Transaction) -> None:
        await transaction.rows(
            cypher.ENSURE_WORKSPACE,
            workspace=workspace,
            statuses=orjson.dumps(DEFAULT_STATUSES).decode(),
            policy=orjson.dumps(Policy().to_dict()).decode(),
            now=now,
        )

    await store.write(work)


async def lock(transaction: Transaction, workspace: str, request: str) -> Workspace:
    """Become the workspace's only writer until the transaction ends, and return what it holds.

    Raises:
        UnknownWorkspaceError: There is no such workspace.

    """
    return decoded(workspace, await transaction.rows(cypher.LOCK_WORKSPACE, workspace=workspace, request=request))


async def read(store: Store, workspace: str) -> Workspace:
    """Return what the workspace holds.

    Raises:
        UnknownWorkspaceError: There is no such workspace.

    """
    return decoded(workspace, await store.rows(cypher.READ_WORKSPACE, workspace=workspace))


async def settled(store: Store, workspace: str) -> Workspace:
    """Return what the workspace holds, when every change up to its number can be read in full.

    Neo4j shows a commit to readers piece by piece: the number may be there before the items that the change altered,
    and before the log's index knows of it. It gives up its locks only when all is there, so this waits for the lock,
    for as long as the writes in progress take.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """

    async def work(transaction: Transaction) -> Workspace:
        return await lock(transaction, workspace, "reader")

    return await store.write(work)


def decoded(workspace: str, rows: Rows) -> Workspace:
    """Return what a workspace holds from the row of its settings.

    Raises:
        UnknownWorkspaceError: There is no row.

    """
    if not rows:
        raise UnknownWorkspaceError(
            f"there is no workspace {workspace!r}; import something into it, or choose another with --workspace"
        )
    seq, statuses, fields, policy, counters, imports = rows[0]
    return Workspace(
        workspace,
        seq,
        {name: Category(category) for name, category in orjson.loads(statuses).items()},
        {name: Type(kind) for name, kind in orjson.loads(fields).items()},
        Policy.from_dict(orjson.loads(policy)),
        orjson.loads(counters),
        {run: (source, number) for run, (source, number) in orjson.loads(imports or "{}").items()},
    )


async def save_settings(transaction: Transaction, workspace: Workspace) -> None:
    """Store statuses, custom fields, counters and policy; the transaction must hold the lock."""
    stored = (workspace.statuses, workspace.fields, workspace.counters, workspace.policy.to_dict())
    row = [orjson.dumps(one).decode() for one in stored]
    await transaction.write(cypher.WRITE_SETTINGS, {("settings",): row}, workspace=workspace.id)


async def purge(store: Store, workspace: str) -> None:
    """Remove a workspace and everything in it, its log included, in parts of bounded memory. There is no way back."""

    async def some(transaction: Transaction) -> int:
        rows = await transaction.rows(cypher.PURGE_ITEMS, workspace=workspace, first=_PURGED)
        return int(rows[0][0])

    # One statement that removes them in inner transactions holds all of them in memory before it begins.
    while await store.write(some):
        pass
    for label in ("Change", "Idempotency", "Finding", "Calendar", "Webhook", "DeadLetter"):
        await store.alone(cypher.purge_system(label), workspace=workspace)
    await store.alone(cypher.PURGE_WORKSPACE, workspace=workspace)
