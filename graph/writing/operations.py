"""Spawns the occurrences of recurring work: each becomes the tasks of its operation's template, once.

``Operation.nextAt`` is the first occurrence that has not been spawned. It moves in the transaction that writes the
tasks, which reads it while it holds the workspace's lock: whoever comes second, another process or the same after a
crash, finds the work done. Occurrences that fell due while nothing ran are spawned late, never twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import orjson

from graph.batch import BORN_HERE, Batch, NodeRow, Ref, new_id
from graph.errors import BatchRefusedError, Problem
from graph.records.history import Author
from graph.records.sight import Sight, seen
from graph.records.workspace import read as read_workspace
from graph.rules.recurrence import Recurrence
from graph.rules.template import Spawner, Template
from graph.rules.validation import State
from graph.store import Store
from graph.values import millis_to_instant
from graph.writing.draft import Draft
from graph.writing.plans import found
from graph.writing.writer import Plan, write

MAX_OCCURRENCES: Final = 100
"""Most occurrences of one operation that one transaction spawns."""
PAGE: Final = 200
"""Operations that are looked at at once."""

_DUE: Final = """
MATCH (o:Operation {workspace: $workspace})
WHERE o.archivedAt IS NULL AND o.rrule IS NOT NULL AND o.id > $after
  AND (o.nextAt IS NULL OR o.nextAt <= datetime({epochMillis: $until})) AND ($only IS NULL OR $only IN [o.id, o.key])
RETURN o.id, o.key ORDER BY o.id LIMIT $first
"""
_NAMED: Final = f"""
MATCH (o:Operation {{workspace: $workspace}}) WHERE $name IN [o.id, o.key] AND o.archivedAt IS NULL AND {seen("o")}
RETURN o.id
"""
_PEOPLE: Final = """
MATCH (o:Operation {workspace: $workspace, id: $id})
RETURN COLLECT { MATCH (o)<-[:OWNS]-(p:Item) WHERE p.archivedAt IS NULL RETURN p.id ORDER BY p.id },
       COLLECT { MATCH (o)-[:ASSIGNED_TO]->(p:Item) WHERE p.archivedAt IS NULL RETURN p.id ORDER BY p.id }
"""
_SPAWNED: Final = """
MATCH (:Operation {workspace: $workspace, id: $id})<-[s:SPAWNED_FROM]-(:Task)
WHERE s.occurrence >= datetime({epochMillis: $since}) RETURN s.occurrence.epochMillis AS at
UNION
UNWIND $identities AS i MATCH (:Item {workspace: $workspace, source: $source, sourceId: i[0]}) RETURN i[1] AS at
"""
"""Occurrences that are spawned: by their edges (an import may have brought them), and by their tasks' identities."""


@dataclass(frozen=True, slots=True)
class Spawned:
    """What became of one operation.

    ``tasks`` are keys of the occurrences' tasks, their parts apart. ``next_at`` is in epoch milliseconds, ``None``
    where the series has ended. ``more``: occurrences are left for another call. ``problems`` say why nothing was
    spawned.
    """

    operation: str
    tasks: tuple[str, ...] = ()
    next_at: int | None = None
    more: bool = False
    change_seq: int | None = None
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "operation": self.operation,
            "tasks": list(self.tasks),
            "nextAt": None if self.next_at is None else millis_to_instant(self.next_at),
            "more": self.more,
            "changeSeq": self.change_seq,
            "problems": [str(one) for one in self.problems],
        }


async def spawn(
    store: Store,
    workspace: str,
    *,
    until: int,
    now: int,
    only: str | None = None,
    author: Author | None = None,
) -> list[Spawned]:
    """Spawn the occurrences that fall due up to ``until``, and say what became of each operation that has some.

    ``until`` and ``now`` are in epoch milliseconds; an operation that was never looked at begins with the first
    occurrence from ``now`` on. ``only`` is the id or key of one operation. One transaction an operation, of at most
    ``MAX_OCCURRENCES``: what is wrong with one does not keep the others.

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed; what was spawned before stays.

    """
    await read_workspace(store, workspace)
    spawned: list[Spawned] = []
    after = ""
    while rows := await store.rows(_DUE, workspace=workspace, until=until, only=only, after=after, first=PAGE):
        after = rows[-1][0]
        for item, key in rows:
            result = await _spawn_one(store, workspace, (item, key), until, now, author or Author(request=new_id()))
            spawned += [result] if result.tasks or result.problems or result.change_seq else []
    return spawned


async def find_operation(store: Store, sight: Sight, name: str) -> str | None:
    """Return the id of the operation with this id or key, ``None`` if there is none that is seen.

    Raises:
        StoreError: The database failed.

    """
    rows = await store.rows(_NAMED, name=name, **sight.parameters)
    return str(rows[0][0]) if rows else None


async def _spawn_one(
    store: Store, workspace: str, operation: tuple[str, str], until: int, now: int, author: Author
) -> Spawned:
    item, key = operation
    next_at: int | None = None

    async def plan(draft: Draft) -> Batch:
        nonlocal next_at
        batch, next_at = await _plan(draft, Ref("id", item), until, now)
        return batch

    try:
        outcome = await write(store, workspace, Plan(plan), author=author, now=now)
    except BatchRefusedError as error:
        return Spawned(key, problems=tuple(dict.fromkeys(error.problems)))
    keys = {one.id: one.key for one in outcome.touched}
    tasks = tuple(keys[one] for one in outcome.about)
    return Spawned(key, tasks, next_at, outcome.more, outcome.change_seq)


def occurrences(operation: Ref, until: int, now: int) -> Plan:
    """Spawn an operation's occurrences up to ``until``, as ``spawn`` does.

    The outcome is about the occurrences' tasks, their parts apart; its ``more`` says whether some are left.
    """

    async def plan(draft: Draft) -> Batch:
        return (await _plan(draft, operation, until, now))[0]

    return Plan(plan, [operation])


async def _plan(draft: Draft, ref: Ref, until: int, now: int) -> tuple[Batch, int | None]:
    """Return what spawns an operation's occurrences, and which is the first after them.

    Raises:
        BatchRefusedError: There is no such operation for the author to see, or what is stored of it cannot be used.

    """
    (known,) = await found(draft, [ref], ["id"])
    if known.label != "Operation" or known.archived:
        raise BatchRefusedError([Problem("NOT_FOUND", f"there is no operation {ref}", field="id")])
    await draft.memory.read_states(draft.transaction, draft.settings.id, [known])
    state = draft.memory.states[known.id]
    if "rrule" not in state or state.get("nextAt", until) > until:
        return Batch(about=[]), state.get("nextAt")
    # Who may see the operation spawns for all who own it or do it, seen or not.
    draft.sight = None
    try:
        return await _spawning(draft, state, until, now)
    except ValueError as error:
        raise BatchRefusedError([Problem("INVALID_VALUE", str(error), field="id")]) from error


async def _spawning(draft: Draft, state: State, until: int, now: int) -> tuple[Batch, int | None]:
    series = Recurrence.parse(state["rrule"], state.get("timezone"), state["createdAt"])
    spawner = await _spawner(draft, state, series)
    since = state.get("nextAt", now)
    moments = list(islice(series.between(_moment(since), _moment(until)), MAX_OCCURRENCES + 1))
    due = [_millis(one) for one in moments[:MAX_OCCURRENCES]]
    following = series.first(_moment(due[-1] + 1 if due else max(since, until + 1)))
    next_at = None if following is None else _millis(following)
    batch = Batch([_moved(state, next_at)], about=[], more=len(moments) > MAX_OCCURRENCES)
    for one in await _missing(draft, spawner, since, due):
        (whole, *parts), edges = spawner.rows(one)
        batch.about = [*(batch.about or ()), item := new_id()]
        batch.nodes += [replace(whole, id=item), *parts]
        batch.edges += edges
    return batch, next_at


async def _missing(draft: Draft, spawner: Spawner, since: int, due: list[int]) -> list[int]:
    """Return the occurrences that are not spawned yet."""
    rows = await draft.transaction.rows(
        _SPAWNED,
        workspace=draft.settings.id,
        id=spawner.operation,
        since=since,
        source=BORN_HERE,
        identities=[[spawner.identity(one), one] for one in due],
    )
    done = {row[0] for row in rows}
    return [one for one in due if one not in done]


async def _spawner(draft: Draft, state: State, series: Recurrence) -> Spawner:
    ((owners, assignees),) = await draft.transaction.rows(_PEOPLE, workspace=draft.settings.id, id=state["id"])
    template = Template.parse(orjson.loads(state.get("template", "{}")))
    shared: State = {name: state[name] for name in ("visibility", "team") if name in state}
    return Spawner(state["id"], state["title"], series.zone, template, owners, assignees, shared)


def _moved(state: State, next_at: int | None) -> NodeRow:
    """Return the row that moves an operation on."""
    moment = None if next_at is None else millis_to_instant(next_at)
    return NodeRow("Operation", "", "", {"nextAt": moment}, of=Ref("id", state["id"]))


def _moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
