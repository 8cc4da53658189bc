"""Joins reads that differ in their values only, and are asked for at the same moment, into one statement.

A statement has a price of its own, in the driver and in Neo4j, which for a small read is most of what it costs. Where
many clients ask at once, the reads of equal shape and sight that are asked for in one turn of the event loop are sent
together, each with its own values, and each gets its own answer. Nothing waits for that: a server with little to do
finds one read a turn and sends it as it is, and the more it has to do the more it joins.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graph.errors import StoreError
from graph.records.sight import Sight
from graph.store import Store

MAX_JOINED: Final = 16
"""Reads that one statement answers at most: Neo4j works out one after another."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """One read that answers with one row: its text, and its parameters.

    ``own`` are the values that reads of one text differ in, ``limits`` those that must be equal in reads that are
    joined, as Cypher takes no other limits.
    """

    text: str
    limits: Values
    own: Values


@dataclass(slots=True)
class _Group:
    """Reads that are joined, and who waits for each."""

    sight: Sight
    waiting: list[tuple[Read, asyncio.Future[list[Any]]]] = field(default_factory=list)


class Gathering:
    """The reads of one store that are about to begin. Use it in one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._groups: dict[Hashable, _Group] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def row(self, sight: Sight, read: Read) -> list[Any]:
        """Return the row of a read, which may be joined with others.

        A statement that was begun takes no more reads, so that each sees all that was written before it was asked for.
        One that fails for several is run again for each: what is wrong with one read does not harm another.

        Raises:
            StoreError: The database failed.

        """
        loop = asyncio.get_running_loop()
        key = (sight, read.text, *read.limits.values())
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(sight)
            loop.call_soon(self._begin, key, group)
        elif len(group.waiting) + 1 == MAX_JOINED:
            del self._groups[key]
        answer: asyncio.Future[list[Any]] = loop.create_future()
        group.waiting.append((read, answer))
        return await answer

    def _begin(self, key: Hashable, group: _Group) -> None:
        if self._groups.get(key) is group:
            del self._groups[key]
        task = asyncio.get_running_loop().create_task(self._answer(group))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        for _, answer in group.waiting:
            answer.add_done_callback(lambda done: done.cancelled() and _nobody_waits(group) and task.cancel())

    async def _answer(self, group: _Group) -> None:
        waiting = [(read, answer) for read, answer in group.waiting if not answer.done()]
        if len(waiting) > 1:
            try:
                rows = await self._joined(group.sight, [read for read, _ in waiting])
            except StoreError:
                pass  # each finds out by itself
            else:
                for (_, answer), row in zip(waiting, rows, strict=True):
                    _answered(answer, row)
                return
        await asyncio.gather(*(self._alone(group.sight, read, answer) for read, answer in waiting))

    async def _joined(self, sight: Sight, reads: list[Read]) -> list[list[Any]]:
        asked = [{"at": at, **read.own} for at, read in enumerate(reads)]
        text, limits = joined(reads[0].text), reads[0].limits
        found = (await self._store.rows(text, asked=asked, **limits, **sight.parameters))[0][0]
        rows = {row.pop(): row for row in found}
        return [rows[at] for at in range(len(reads))]

    async def _alone(self, sight: Sight, read: Read, answer: asyncio.Future[list[Any]]) -> None:
        try:
            row = await row_alone(self._store, sight, read)
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
            if not answer.done():
                answer.set_exception(error)
        else:
            _answered(answer, row)


async def row_alone(store: Store, sight: Sight, read: Read) -> list[Any]:
    """Return the row of a read that is a statement of its own.

    Raises:
        StoreError: The database failed.

    """
    return (await store.rows(read.text, **read.own, **read.limits, **sight.parameters))[0]


def _answered(answer: asyncio.Future[list[Any]], row: list[Any]) -> None:
    if not answer.done():
        answer.set_result(row)


def _nobody_waits(group: _Group) -> bool:
    return all(answer.cancelled() for _, answer in group.waiting)


_OWN: Final = re.compile(r"\$(names|[cw]\d+_\d+)\b")
"""Parameters whose values are a read's own. Texts hold no values, so that nothing else in them looks like one."""


@lru_cache(maxsize=1024)
def joined(text: str) -> str:
    """Return the text that answers several reads of one text, each by a list of what it returns and its place."""
    returned = _OWN.sub(r"a.\1", text.removeprefix("RETURN "))
    return f"UNWIND $asked AS a RETURN collect([{returned}, a.at])"
