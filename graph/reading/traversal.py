"""Runs a nested read: one round trip for a selection of usual size, one more for each part that was left out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.reading.gathering import Gathering, Read, row_alone
from graph.reading.rounds import Program, Round, Step
from graph.reading.selection import Page
from graph.reading.words import Words
from graph.records.sight import Sight
from graph.store import Rows, Store

MAX_IDS: Final = 1_000
"""Items that one statement goes on from."""


@dataclass(frozen=True, slots=True)
class Traversed:
    """What a traversal found: the root's rows, the number of all its items, the workspace's statuses as JSON."""

    rows: Rows
    total: int
    statuses: str


async def traverse(
    store: Store,
    sight: Sight,
    program: Program,
    pages: Sequence[Page],
    names: Sequence[str] | None = None,
    words: Words | None = None,
    gathering: Gathering | None = None,
) -> Traversed:
    """Run a traversal; ``pages`` are the root's and the hops' by their numbers, ``names`` those of a root by name.

    ``words`` is what is searched for, where the root is what a search finds. ``gathering`` joins the reads of named
    items with those that others ask for at the same moment.

    The rounds are transactions of their own: what is written between two of them may show in the later one only.

    Raises:
        StoreError: The database failed.

    """
    if not (program.rows or program.total or program.statuses):
        return Traversed([], 0, "{}")  # nothing is asked of the items but that they could be
    first = program.first
    own = _values(first, pages)
    if names is not None:
        own["names"] = list(names)
    if words is not None:
        own |= words.parameters(sight.workspace)
    read = Read(first.text, _limits(first, pages), own)
    if gathering is not None and program.named:
        answer = await gathering.row(sight, read)
    else:
        answer = await row_alone(store, sight, read)
    statuses = answer.pop() if program.statuses else []
    total = answer.pop() if program.total else 0
    rows = answer[0] if program.rows else []
    for one in first.then:
        await _go_on(store, sight, one, rows[: pages[0].limit - 1] if program.paged else rows, pages)
    return Traversed(rows, total, statuses[0] if statuses else "{}")


async def _go_on(store: Store, sight: Sight, one: Round, rows: Rows, pages: Sequence[Page]) -> None:
    """Fill in what a round left out of its rows; an item that went away meanwhile gets empty lists."""
    ends = list(_followed(rows, one.path, pages))
    ids = list({row[0]: None for row in ends})
    found: dict[str, list[Any]] = {}
    parameters = {**sight.parameters, **_limits(one, pages), **_values(one, pages)}
    for start in range(0, len(ids), MAX_IDS):
        part = ids[start : start + MAX_IDS]
        answer = await store.rows(one.text, ids=part, **parameters)
        found |= {row[0]: row for row in answer[0][0]}
    for row in ends:
        values = found.get(row[0])
        for number, (place, nothing) in enumerate(one.filled, start=1):
            row[place] = nothing if values is None else values[number]
    for further in one.then:
        await _go_on(store, sight, further, list(found.values()), pages)


def _followed(rows: Rows, path: Sequence[Step], pages: Sequence[Page]) -> Iterator[list[Any]]:
    """Yield the rows at the end of a path; the row that only tells of a next page is left out at every hop."""
    if not path:
        yield from rows
        return
    (place, number, counted), *rest = path
    limit = pages[number].limit - 1
    for row in rows:
        rows_there = row[place][0] if counted else row[place]
        yield from _followed(rows_there[:limit], rest, pages)


def _limits(one: Round, pages: Sequence[Page]) -> dict[str, Any]:
    return {f"f{number}": pages[number].limit for number in one.numbers}


def _values(one: Round, pages: Sequence[Page]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for number in one.numbers:
        page = pages[number]
        for place, value in enumerate(page.cursor):
            values[f"c{number}_{place}"] = value
        for place, value in enumerate(page.values):
            values[f"w{number}_{place}"] = value
    return values
