"""Stores what an examination of the graph saw, part by part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from graph import cypher
from graph.records import workspace
from graph.records.findings import (
    Finding,
    State,
    log_findings,
    met,
    read_some,
    write_findings,
)
from graph.records.history import Author
from graph.records.sightings import Sighting
from graph.store import Store, Transaction

PART: Final = 2_000
"""Most sightings, and most stored findings, of one transaction: some ten megabytes of the database's memory."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examination did to the stored findings, by id. ``seqs`` are the changes that log it, none if nothing did.

    Their numbers follow each other unless somebody else wrote in between.
    """

    raised: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    seqs: tuple[int, ...] = ()


@dataclass(slots=True)
class _Part:
    """What became of the findings up to and with ``upto`` in the order of their ids; ``None``: of all that are left."""

    upto: str | None
    before: dict[str, Finding] = field(default_factory=dict)
    turned: list[Finding] = field(default_factory=list)
    seq: int | None = None


async def record(store: Store, workspace_id: str, sightings: Collection[Sighting], now: int, today: date) -> Examined:
    """Store what an examination saw: all of it, since what it did not see counts as resolved.

    Examining the same state again changes no finding but for when it was last seen. Findings are stored in the order of
    their ids, ``PART`` by ``PART``, each part in a transaction that logs it; where one fails, those before it stay, and
    the next examination finds them done.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    seen = sorted({one.identity: one for one in sightings}.items())
    ids = [identity for identity, _ in seen]
    parts: list[_Part] = []
    after, place = "", 0
    while True:
        waiting = [sighting for _, sighting in seen[place : place + PART]]
        end = ids[place + PART - 1] if place + PART < len(ids) else None
        part = await _record_part(store, workspace_id, waiting, (after, end), now, today)
        parts.append(part)
        if part.upto is None:
            return _examined(parts)
        after, place = part.upto, bisect_right(ids, part.upto)


async def _record_part(
    store: Store,
    workspace_id: str,
    sightings: Sequence[Sighting],
    between: tuple[str, str | None],
    now: int,
    today: date,
) -> _Part:
    """Store what findings become whose ids follow the first of ``between`` and come up to the other (``None``: all).

    If there are too many of them, the part ends earlier.
    """
    after, end = between

    async def work(transaction: Transaction) -> _Part:
        settings = await workspace.lock(transaction, workspace_id, "findings")
        ids = [one.identity for one in sightings]
        unresolved = (State.OPEN, State.ACCEPTED)
        before = await read_some(transaction, workspace_id, ids, unresolved, after=after, upto=end, first=PART)
        part = _Part(end if len(before) < PART else max(before), before)
        reached = [one for one in sightings if part.upto is None or one.identity <= part.upto]
        known = met(before, reached, now, today)
        altered = [one for one in known.values() if one.id not in before or not _same(before[one.id], one)]
        part.turned = [one for one in altered if one.id not in before or before[one.id].state is not one.state]
        if altered:
            await write_findings(transaction, workspace_id, altered)
        if part.turned:
            part.seq = settings.seq + 1
            await log_findings(transaction, settings, before, part.turned, now, Author(system=True))
        if part.upto is None:
            await transaction.rows(cypher.WRITE_EXAMINED, workspace=workspace_id, now=now)
        return part

    return await store.write(work)


def _same(before: Finding, after: Finding) -> bool:
    """Tell whether a finding stays as it is, but for when it was last seen: of that the workspace tells."""
    return (before.state, before.sentence, before.accepted_until) == (after.state, after.sentence, after.accepted_until)


def _examined(parts: Sequence[_Part]) -> Examined:
    turned = [(one, one.id in part.before) for part in parts for one in part.turned]
    return Examined(
        tuple(one.id for one, known in turned if not known),
        tuple(one.id for one, known in turned if known and one.state is State.OPEN),
        tuple(one.id for one, _ in turned if one.state is State.RESOLVED),
        tuple(part.seq for part in parts if part.seq is not None),
    )
