"""Reads at once, and with the lock, what many requests will look for one by one.

Nothing rests on it: what was not foreseen is read when it is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from graph import cypher
from graph.batch import Batch, Ref
from graph.model import NODES
from graph.records import workspace
from graph.records.directory import Address, Directory, Known, way_of
from graph.rules.validation import arrived_edge, arrived_map
from graph.store import Transaction
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


async def lock_and_foresee(
    transaction: Transaction, workspace_id: str, requests: Sequence[Request], hints: Hints
) -> tuple[workspace.Workspace, Memory]:
    """Become the workspace's only writer, and read what requests will look for. One query.

    Raises:
        UnknownWorkspaceError: There is no such workspace.

    """
    batches = [one.work for one in requests if isinstance(one.work, Batch)]
    changing = {(ref.space, ref.value) for batch in batches for ref in _changed(batch)}
    changing |= {(ref.space, ref.value) for one in requests if isinstance(one.work, Plan) for ref in one.work.looks_for}
    looked_for = changing | {(ref.space, ref.value) for batch in batches for ref in _named(batch)}
    looked_for |= _coming_keys(hints.counters, requests)
    ways: dict[str, list[list[object]]] = {"id": [], "key": [], "source": []}
    for address in looked_for:
        way, value = way_of(address)
        ways[way].append([value, address in changing])
    names = sorted({name for batch in batches for name in _edges(batch, hints)})
    keys = sorted({one.key for one in requests if one.key})
    asked = [*ways.values(), names, keys]
    author = requests[0].author.request
    rows = await transaction.rows(cypher.LOCK_AND_READ, workspace=workspace_id, request=author, asked=asked)
    settings = workspace.decoded(workspace_id, [row[0] for row in rows])
    found, edges, answers = rows[0][1:]
    memory = Memory(Directory(workspace_id))
    items = [(Known(*identity), values) for identity, values in found]
    memory.directory.learn(looked_for, [item for item, _ in items])
    memory.states.update({item.id: arrived_map(item.label, values) for item, values in items if values is not None})
    memory.edges.update(dict.fromkeys(names))
    memory.edges.update({(start, kind, end): arrived_edge(values) for start, kind, end, values in edges})
    memory.answers.update(dict.fromkeys(keys))
    memory.answers.update({key: Kept(payload, answer) for key, payload, answer in answers})
    return settings, memory


def _changed(batch: Batch) -> Iterable[Ref]:
    """Yield the items of which the whole state is needed: it is what an edit alters."""
    return (row.of or Ref(row.source, row.source_id) for row in batch.nodes)


def _named(batch: Batch) -> Iterable[Ref]:
    yield from refs_of(batch.nodes, Mode.EDIT)
    for edge in batch.edges:
        yield from (edge.start, edge.end)
    yield from (*batch.archive, *batch.restore)


def _edges(batch: Batch, hints: Hints) -> Iterable[tuple[str, str, str]]:
    for edge in batch.edges:
        start, end = hints.id_of(edge.start), hints.id_of(edge.end)
        if start is not None and end is not None:
            yield start, edge.kind, end


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
