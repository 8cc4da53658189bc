"""Spawns the occurrences of recurring work: each becomes the tasks of its operation's template, once.

``Operation.nextAt`` is the first occurrence that has not been spawned. It moves in the transaction that writes the
tasks, and only from the version that was read: whoever comes second, another process or the same after a crash, finds
the work done. Occurrences that fell due while nothing ran are spawned late, never twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import orjson

from graph import cypher
from graph.batch import BORN_HERE, Batch, NodeRow, new_id
from graph.errors import BatchRefusedError, ConflictError, Problem
from graph.model import NODES
from graph.records.history import Author
from graph.records.sight import Sight, seen
from graph.records.workspace import read as read_workspace
from graph.rules.recurrence import Recurrence
from graph.rules.template import Spawner, Template
from graph.rules.validation import State, arrived
from graph.store import Store
from graph.values import millis_to_instant
from graph.writing.writer import write

MAX_OCCURRENCES: Final = 100
"""Most occurrences of one operation that one transaction spawns."""
PAGE: Final = 200
"""Operations that are read at once."""
_ATTEMPTS: Final = 5

_DUE: Final = """
MATCH (o:Operation {workspace: $workspace})
WHERE o.archivedAt IS NULL AND o.rrule IS NOT NULL AND o.id > $after
  AND (o.nextAt IS NULL OR o.nextAt <= datetime({epochMillis: $until})) AND ($only IS NULL OR $only IN [o.id, o.key])
WITH o ORDER BY o.id LIMIT $first
RETURN o.id, COLLECT { MATCH (o)<-[:OWNS]-(p:Item) WHERE p.archivedAt IS NULL RETURN p.id ORDER BY p.id },
       COLLECT { MATCH (o)-[:ASSIGNED_TO]->(p:Item) WHERE p.archivedAt IS NULL RETURN p.id ORDER BY p.id }
"""
_NAMED: Final = f"""
MATCH (o:Operation {{workspace: $workspace}}) WHERE $name IN [o.id, o.key] AND o.archivedAt IS NULL AND {seen("o")}
RETURN o.id
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

    ``tasks`` are keys of the occurrences' tasks, their parts apart, ``ids`` their ids; ``next_at`` is in epoch
    milliseconds, ``None`` where the series has ended. ``more``: occurrences are left for another call. ``problems`` say
    why nothing was spawned.
    """

    operation: str
    tasks: tuple[str, ...] = ()
    next_at: int | None = None
    more: bool = False
    change_seq: int | None = None
    problems: tuple[Problem, ...] = ()
    ids: tuple[str, ...] = ()

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


@dataclass(frozen=True, slots=True)
class _Operation:
    state: State
    owners: list[str]
    assignees: list[str]


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
        for one in await _read(store, workspace, rows):
            result = await _spawn_one(store, workspace, one, until, now, author or Author(request=new_id()))
            spawned += [result] if result.tasks or result.problems or result.change_seq else []
    return spawned


async def find_operation(store: Store, sight: Sight, name: str) -> str | None:
    """Return the id of the operation with this id or key, ``None`` if there is none that is seen.

    Raises:
        StoreError: The database failed.

    """
    rows = await store.rows(_NAMED, name=name, **sight.parameters)
    return str(rows[0][0]) if rows else None


async def _read(store: Store, workspace: str, rows: Iterable[list[Any]]) -> list[_Operation]:
    people = {item: (owners, assignees) for item, owners, assignees in rows}
    found = await store.rows(cypher.read_nodes(NODES["Operation"]), workspace=workspace, ids=sorted(people))
    states = [arrived("Operation", values) for _, values in found[0][0]]
    return [_Operation(state, *people[state["id"]]) for state in states]


async def _spawn_one(
    store: Store, workspace: str, operation: _Operation, until: int, now: int, author: Author
) -> Spawned:
    """Spawn one operation's occurrences; when somebody else was faster, look again at what is left."""
    key, item = operation.state["key"], operation.state["id"]
    for _ in range(_ATTEMPTS):
        try:
            return await _write(store, workspace, operation, until, now, author)
        except ConflictError:
            rows = await store.rows(_DUE, workspace=workspace, until=until, only=item, after="", first=1)
            if not rows:
                return Spawned(key)
            (operation,) = await _read(store, workspace, rows)
        except BatchRefusedError as error:
            return Spawned(key, problems=tuple(dict.fromkeys(error.problems)))
        except ValueError as error:
            return Spawned(key, problems=(Problem("INVALID_VALUE", str(error), key),))
    return Spawned(key, problems=(Problem("CONFLICT", "others keep changing it: try again", key),))


async def _write(store: Store, workspace: str, operation: _Operation, until: int, now: int, author: Author) -> Spawned:
    state = operation.state
    series = Recurrence.parse(state["rrule"], state.get("timezone"), state["createdAt"])
    spawner = _spawner(operation, series)
    since = state.get("nextAt", now)
    moments = list(islice(series.between(_moment(since), _moment(until)), MAX_OCCURRENCES + 1))
    due, more = [_millis(one) for one in moments[:MAX_OCCURRENCES]], len(moments) > MAX_OCCURRENCES
    following = series.first(_moment(due[-1] + 1 if due else max(since, until + 1)))
    next_at = None if following is None else _millis(following)
    missing = await _missing(store, workspace, spawner, since, due)
    if not missing and next_at == state.get("nextAt"):
        return Spawned(state["key"], next_at=next_at)
    batch = Batch([_moved(state, next_at)])
    for one in missing:
        nodes, edges = spawner.rows(one)
        batch.nodes += nodes
        batch.edges += edges
    outcome = await write(store, workspace, batch, author=author, now=now)
    wholes = {spawner.identity(one) for one in missing}
    made = [one for one in outcome.touched if one.source_id in wholes]
    keys, ids = tuple(one.key for one in made), tuple(one.id for one in made)
    return Spawned(state["key"], keys, next_at, more, outcome.change_seq, ids=ids)


async def _missing(store: Store, workspace: str, spawner: Spawner, since: int, due: list[int]) -> list[int]:
    """Return the occurrences that are not spawned yet."""
    rows = await store.rows(
        _SPAWNED,
        workspace=workspace,
        id=spawner.operation,
        since=since,
        source=BORN_HERE,
        identities=[[spawner.identity(one), one] for one in due],
    )
    done = {row[0] for row in rows}
    return [one for one in due if one not in done]


def _spawner(operation: _Operation, series: Recurrence) -> Spawner:
    state = operation.state
    template = Template.parse(orjson.loads(state.get("template", "{}")))
    shared: State = {name: state[name] for name in ("visibility", "team") if name in state}
    owners, assignees = operation.owners, operation.assignees
    return Spawner(state["id"], state["title"], series.zone, template, owners, assignees, shared)


def _moved(state: State, next_at: int | None) -> NodeRow:
    """Return the row that moves an operation on, if nobody else has touched it."""
    moment = None if next_at is None else millis_to_instant(next_at)
    return NodeRow(
        "Operation", state["source"], state["sourceId"], {"nextAt": moment}, expected_version=state["version"]
    )


def _moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
