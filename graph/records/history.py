"""The change log: what one write transaction altered, as it is kept in a ``Change`` node."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from graph import cypher
from graph.store import Store, Transaction


@dataclass(slots=True)
class NodeChange:
    """One altered item: properties before and after, in stored form, only those that differ, and ``updatedAt``.

    ``operation`` is create, update, archive, restore or purge; ``kind`` its label afterwards, ``was`` the one before
    where that was another. A purge holds the whole state before it.
    """

    id: str
    kind: str
    operation: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    was: str = ""


@dataclass(slots=True)
class EdgeChange:
    """One altered edge: ``operation`` is add, update or remove; ``start`` and ``end`` are ids."""

    kind: str
    start: str
    end: str
    operation: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Change:
    """One write transaction, numbered without gaps within its workspace. ``at`` is in epoch milliseconds, UTC."""

    seq: int
    at: int
    actor: str
    request: str
    source: str
    system: bool
    nodes: list[NodeChange]
    edges: list[EdgeChange]
    settings: list[NodeChange] = field(default_factory=list)
    """Altered system nodes: calendars. They are no items."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, for the log: ``actor`` a person or program, ``request`` the id that logs carry."""

    actor: str = "workatlas"
    request: str = ""
    source: str = "workatlas"
    system: bool = False


def pack(nodes: list[NodeChange], edges: list[EdgeChange], settings: Sequence[NodeChange] = ()) -> bytes:
    """Return what was altered as compressed JSON. O(size)."""
    rows = (
        [[one.id, one.kind, one.operation, one.before, one.after, one.was] for one in nodes],
        [[one.kind, one.start, one.end, one.operation, one.before, one.after] for one in edges],
        [[one.id, one.kind, one.operation, one.before, one.after] for one in settings],
    )
    return zlib.compress(orjson.dumps(rows), level=1)


def unpack(data: bytes) -> tuple[list[NodeChange], list[EdgeChange], list[NodeChange]]:
    """Return what ``pack`` was given; changes of before there were calendars hold none."""
    nodes, edges, *rest = orjson.loads(zlib.decompress(data))
    settings = [NodeChange(*row) for row in (rest[0] if rest else ())]
    return [NodeChange(*row) for row in nodes], [EdgeChange(*row) for row in edges], settings


async def append(
    transaction: Transaction,
    workspace: str,
    seq: int,
    now: int,
    author: Author,
    nodes: list[NodeChange],
    edges: list[EdgeChange],
    settings: Sequence[NodeChange] = (),
) -> None:
    """Append one change under the next number, ``seq``; the transaction must hold the workspace's lock."""
    row = [seq, now, author.actor, author.request, author.source, author.system, len(nodes), len(edges)]
    await transaction.write(
        cypher.APPEND_CHANGES, {("change", seq): [*row, pack(nodes, edges, settings)]}, workspace=workspace
    )


async def read(store: Store, workspace: str, after: int, first: int = 100) -> list[Change]:
    """Return up to ``first`` changes that follow number ``after``, oldest first."""
    rows = await store.rows(cypher.READ_CHANGES, workspace=workspace, after=after, first=first)
    changes = []
    for seq, at, actor, request, source, system, data in rows:
        nodes, edges, settings = unpack(data)
        changes.append(Change(seq, at, actor, request, source, system, nodes, edges, settings))
    return changes


PAGE: Final = 20_000
"""Altered items and edges that are unpacked at once: bounds the memory of reading a log of large changes."""


async def sizes(store: Store, workspace: str, after: int, upto: int | None = None) -> list[tuple[int, int]]:
    """Return (number, altered items and edges) of the changes after one and up to another (the newest), in order."""
    rows = await store.rows(cypher.SIZES_OF_CHANGES, workspace=workspace, after=after, upto=upto or _LAST)
    return sorted((seq, size) for seq, size in rows[0][0])


async def stream(
    store: Store, workspace: str, after: int, upto: int | None = None, *, newest_first: bool = False
) -> AsyncIterator[Change]:
    """Yield the changes after one and up to another (the newest), oldest first unless asked otherwise.

    Bounded memory: large changes are read one by one. O(what they altered).

    Raises:
        StoreError: The database failed.

    """
    pages: list[tuple[int, int]] = []
    room = 0
    for seq, size in await sizes(store, workspace, after, upto):
        if not pages or size >= room:
            pages.append((seq, 0))
            room = PAGE
        pages[-1] = (pages[-1][0], pages[-1][1] + 1)
        room -= size + 1
    for first, count in reversed(pages) if newest_first else pages:
        found = await read(store, workspace, first - 1, count)
        for change in reversed(found) if newest_first else found:
            yield change


_LAST: Final = 2**63 - 1
