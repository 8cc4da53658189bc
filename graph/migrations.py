"""Brings a database to the schema of this program, whatever earlier version it was."""

from __future__ import annotations

from typing import Final

from graph import cypher
from graph.errors import MigrationError
from graph.store import Store, Transaction

SCHEMA_VERSION: Final = 6
"""Raised with every change that stored data must follow."""

_MARKED_IMPORT: Final = """
MATCH (w:Workspace) WHERE w.importRun IS NOT NULL
SET w.imports = '{"' + w.importRun + '":["",0]}' REMOVE w.importRun
"""
MIGRATIONS: Final[dict[int, tuple[str, ...]]] = {1: (), 2: (), 3: (), 4: (), 5: (), 6: (_MARKED_IMPORT,)}
"""Version → statements that bring the data of the version before to it. Each is safe to repeat, and frozen once out."""

_READ: Final = "OPTIONAL MATCH (s:Schema {id: 'workatlas'}) RETURN s.version"
_PROBE: Final = "MATCH (s:Schema {id: 'workatlas'}) SET s.probedAt = $now RETURN s.version"
_LOCK: Final = "MERGE (s:Schema {id: 'workatlas'}) SET s.locked = true RETURN s.version"
_DONE: Final = "MATCH (s:Schema {id: 'workatlas'}) SET s.version = $version REMOVE s.locked RETURN s.version"


async def stored_version(store: Store) -> int:
    """Return the schema version in the database, 0 if it holds none."""
    rows = await store.rows(_READ)
    return int(rows[0][0] or 0)


async def probe(store: Store, now: int) -> int:
    """Return the stored schema version by a small write, which proves that the database can be written.

    Raises:
        StoreError: The database does not answer, or cannot be written.

    """

    async def work(transaction: Transaction) -> int:
        rows = await transaction.rows(_PROBE, now=now)
        return int(rows[0][0] or 0) if rows else 0

    return await store.write(work)


async def migrate(store: Store) -> int:
    """Create constraints and indexes and run the missing migrations; safe to repeat and to run twice at once.

    Returns the number of migrations that were run.

    Raises:
        MigrationError: The database was written by a newer workatlas.

    """
    version = await stored_version(store)
    if version > SCHEMA_VERSION:
        raise MigrationError(
            f"the database has schema version {version}, this workatlas knows {SCHEMA_VERSION}: upgrade workatlas"
        )
    if version == SCHEMA_VERSION:
        return 0
    for statement in cypher.schema_statements():
        await store.alone(statement)
    await store.alone("CALL db.awaitIndexes(300)")
    return await store.write(_migrate)


async def _migrate(transaction: Transaction) -> int:
    # Reading only after the lock is taken: whoever comes second finds the work done.
    await transaction.rows(_LOCK)
    version = int((await transaction.rows(_READ))[0][0] or 0)
    missing = [number for number in sorted(MIGRATIONS) if number > version]
    for number in missing:
        for statement in MIGRATIONS[number]:
            await transaction.rows(statement)
    await transaction.rows(_DONE, version=SCHEMA_VERSION)
    return len(missing)
