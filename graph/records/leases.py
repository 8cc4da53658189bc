"""Leases: which of several processes does what only one may do at a time.

Time is the database's own, so that the clocks of the processes need not agree. A process that dies keeps its lease
until that ends.
"""

from __future__ import annotations

from typing import Final

from graph.store import Store, Transaction

# Writing before reading takes the node's lock: of two that come at once the second sees what the first did.
_LOCK: Final = """
MERGE (l:Lease {name: $name}) SET l.lockedBy = $holder
RETURN l.holder, l.until IS NOT NULL AND l.until > datetime.realtime()
"""
_TAKE: Final = """
MATCH (l:Lease {name: $name})
SET l.holder = $holder, l.until = datetime.realtime() + duration({milliseconds: $milliseconds})
"""
_LEAVE: Final = "MATCH (l:Lease {name: $name, holder: $holder}) DELETE l"


async def take(store: Store, name: str, holder: str, seconds: float) -> bool:
    """Take a lease, or hold it for longer; return whether ``holder`` has it for the next ``seconds``.

    Raises:
        StoreError: The database failed.

    """

    async def work(transaction: Transaction) -> bool:
        ((owner, runs),) = await transaction.rows(_LOCK, name=name, holder=holder)
        if runs and owner != holder:
            return False
        await transaction.rows(_TAKE, name=name, holder=holder, milliseconds=round(seconds * 1000))
        return True

    return await store.write(work)


async def leave(store: Store, name: str, holder: str) -> None:
    """Give a lease back, so that the next need not wait for its end; one that another has is left alone."""

    async def work(transaction: Transaction) -> None:
        await transaction.rows(_LEAVE, name=name, holder=holder)

    await store.write(work)
