"""Reads at once, and with the lock, what many requests will look for one by one.

Nothing rests on it: what was not foreseen is read when it is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graph import cypher
from graph.batch import Batch, Ref
from graph.model import EDGES, NODES
from graph.records import workspace
from graph.records.directory import Address, Directory, Known, way_of
from graph.rules.acyclicity import Coming, closing, look_ahead
from graph.rules.ties import EdgeName
from graph.rules.validation import arrived_edge, arrived_map
from graph.store import Rows, Transaction
from graph.writing import planning
from graph.writing.draft import Mode
from graph.writing.memory import Kept, Memory
from graph.writing.node_drafts import refs_of
from graph.writing.writer import Plan, Request

MAX_IDS: Final = 10_000
"""Most ids that hints hold; beyond them all are forgotten."""


@dataclass(slots=True)
class Hints:
    """What earlier groups of a workspace came to know: by it a group guesses what it will have to read.

    ``ids`` are of items by address, ``counters`` as in ``Workspace``. Both may have become wrong.
    """

    ids: dict[Address, str] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)

    def id_of(self, ref: Ref) -> str | None:
        """Return the id of the item that a reference most likely means, ``None``: no idea."""
        return ref.value if ref.space == "id" else self.ids.get((ref.space, ref.value))

    def take(self, settings: workspace.Workspace, directory: Directory) -> None:
        """Remember what a group came to know."""
        self.counters = settings.counters
        if len(self.ids) > MAX_IDS:
            self.ids.clear()
        self.ids |= directory.ids()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is read with the lock: items by address, edges by name, and kept answers by key."""

    addresses: set[Address]
    changing: set[Address]
    """Items of which the whole state is needed: it is what an edit alters."""
    edges: list[EdgeName]
    keys: list[str]

    @classmethod
    def of(cls, requests: Sequence[Request], hints: Hints) -> _Asked:
        """Return what requests will look for, as far as can be told."""
        changing, named, edges = set[Ref](), set[Ref](), set[EdgeName]()
        for one in requests:
            if isinstance(one.work, Plan):
                changing.update(one.work.looks_for)
                continue
            changing.update(row.of or Ref(row.source, row.source_id) for row in one.work.nodes)
            named.update(_named(one.work))
            ends = [(hints.id_of(row.start), row.kind, hints.id_of(row.end)) for row in one.work.edges]
            edges.update((start, kind, end) for start, kind, end in ends if start is not None and end is not None)
        altered = {(ref.space, ref.value) for ref in changing}
        addresses = altered | {(ref.space, ref.value) for ref in named} | _coming_keys(hints.counters, requests)
        return cls(addresses, altered, sorted(edges), sorted({one.key for one in requests if one.key}))

    def sent(self) -> list[list[Any]]:
        """Return it in the form that ``cypher.LOCK_AND_READ`` takes."""
        ways: dict[str, list[Any]] = {"id": [], "key": [], "source": []}
        for address in self.addresses:
            way, value = way_of(address)
            ways[way].append([value, address in self.changing])
        return [*ways.values(), self.edges, self.keys]

    def learned(self, memory: Memory, items: Rows, edges: Rows, answers: Rows) -> None:
        """Remember what was answered, and that there is nothing else of it."""
        found = [(Known(*identity), values) for identity, values in items]
        memory.directory.learn(self.addresses, [item for item, _ in found])
        states = {item.id: arrived_map(item.label, values) for item, values in found if values is not None}
        memory.states.update(states)
        memory.edges.update(dict.fromkeys(self.edges))
        memory.edges.update({(start, kind, end): arrived_edge(values) for start, kind, end, values in edges})
        memory.answers.update(dict.fromkeys(self.keys))
        memory.answers.update({key: Kept(payload, answer) for key, payload, answer in answers})


async def lock_and_foresee(
    transaction: Transaction, workspace_id: str, requests: Sequence[Request], hints: Hints
) -> tuple[workspace.Workspace, Memory]:
    """Become the workspace's only writer, and read what requests will look for.

    One query; another for edges of whose ends no hint told, and one a level where edges may close a cycle.

    Raises:
        UnknownWorkspaceError: There is no such workspace.

    """
    asked, author = _Asked.of(requests, hints), requests[0].author.request
    rows = await transaction.rows(cypher.LOCK_AND_READ, workspace=workspace_id, request=author, asked=asked.sent())
    settings = workspace.decoded(workspace_id, [row[0] for row in rows])
    memory = Memory(Directory(workspace_id))
    asked.learned(memory, *rows[0][1:])
    batches = [one.work for one in requests if isinstance(one.work, Batch)]
    ends = [(memory.directory[row.start], row.kind, memory.directory[row.end]) for one in batches for row in one.edges]
    names = [(start.id, kind, end.id) for start, kind, end in ends if start and end]
    await memory.read_edges(transaction, workspace_id, names)
    coming = [one for batch in batches for one in _coming(batch, memory)]
    await look_ahead(transaction, workspace_id, memory.ties, coming)
    return settings, memory


def _named(batch: Batch) -> Iterable[Ref]:
    yield from refs_of(batch.nodes, Mode.EDIT)
    for edge in batch.edges:
        yield from (edge.start, edge.end)
    yield from (*batch.archive, *batch.restore)


def _coming(batch: Batch, memory: Memory) -> Iterable[Coming]:
    """Yield the edges that a batch may add and that could close a cycle."""
    ids = {ref: item.id for edge in batch.edges for ref in (edge.start, edge.end) if (item := memory.directory[ref])}
    edges: dict[EdgeName, object] = {
        (ids.get(edge.start, str(edge.start)), edge.kind, ids.get(edge.end, str(edge.end))): edge.properties.get("type")
        for edge in batch.edges
        if not edge.remove and edge.kind in EDGES and EDGES[edge.kind].acyclic
    }
    there = set(ids.values())
    fresh = {end for start, _, stop in edges for end in (start, stop) if end not in there}
    for start, kind, end in closing(list(edges), fresh):
        stored, wait = memory.edges.get((start, kind, end)), edges[start, kind, end]
        if stored is None or wait not in {None, stored.get("type")}:
            yield start if start in there else None, kind, end if end in there else None


def _coming_keys(counters: Mapping[str, int], requests: Iterable[Request]) -> set[Address]:
    """Return the keys that new items without one will be given, if they are free."""
    addresses: set[Address] = set()
    counted = dict(counters)
    for request in requests:
        for kind in _created(request.work):
            prefix = planning.prefix_of(kind)
            counted[prefix] = counted.get(prefix, 0) + 1
            addresses.add(("key", f"{prefix}-{counted[prefix]}"))
    return addresses


def _created(work: Batch | Plan) -> Iterable[str]:
    if isinstance(work, Plan):
        return work.creates
    return (row.kind for row in work.nodes if row.of is None and row.key is None and row.kind in NODES)
