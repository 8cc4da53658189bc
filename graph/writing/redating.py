"""Applies a cascade of dates that was worked out on a snapshot, if nothing that it rests on has changed since."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from graph import cypher
from graph.batch import Batch, NodeRow, Ref
from graph.errors import ConflictError, Problem
from graph.records.history import EdgeChange, NodeChange, unpack
from graph.writing.draft import Draft
from graph.writing.writer import Plan

MAX_SINCE: Final = 1_000
"""Changes since the snapshot that are looked at; after more of them it is made anew."""


@dataclass(frozen=True, slots=True)
class NewDates:
    """Dates that an item is to have, as ISO days; ``None``: what it has stays. ``duration`` is in working hours."""

    id: str
    start: str | None = None
    due: str | None = None
    duration: float | None = None


def apply_dates(dates: Sequence[NewDates], seq: int, rests_on: Container[str]) -> Plan:
    """Give items new dates, all of them or none, as they were worked out at change ``seq``.

    They rest on the items with these ids, on their edges, and on people, calendars and the policy. Where one of these
    changed since, the plan is refused (``ConflictError``): they have to be worked out anew.
    """

    async def plan(draft: Draft) -> Batch:
        if draft.settings.seq != seq:
            rows = await draft.transaction.rows(
                cypher.READ_CHANGES, workspace=draft.settings.id, after=seq, first=MAX_SINCE + 1
            )
            if len(rows) > MAX_SINCE or any(_matters(row[-1], rests_on) for row in rows):
                message = "what these dates rest on has changed since: look at them again"
                raise ConflictError([Problem("CONFLICT", message, field="token")])
        return Batch(list(_rows(dates)), about=[one.id for one in dates])

    return Plan(plan, [Ref("id", one.id) for one in dates])


def _matters(data: bytes, rests_on: Container[str]) -> bool:
    nodes, edges, settings = unpack(data)
    return any(one.kind in {"Calendar", "Policy"} for one in settings) or _touches(nodes, edges, rests_on)


def _touches(nodes: Iterable[NodeChange], edges: Iterable[EdgeChange], rests_on: Container[str]) -> bool:
    if any(one.kind == "Person" or one.id in rests_on for one in nodes):
        return True
    return any(one.start in rests_on or one.end in rests_on for one in edges)


def _rows(dates: Iterable[NewDates]) -> Iterable[NodeRow]:
    for one in dates:
        values = {"start": one.start, "due": one.due, "duration": one.duration}
        given: dict[str, object] = {name: value for name, value in values.items() if value is not None}
        yield NodeRow("", "", "", given, of=Ref("id", one.id))
