"""What one transaction has read and written so far, so that the drafts in it read nothing twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from graph import cypher
from graph.model import NODES
from graph.overlay import Overlay
from graph.records.directory import Directory, Known
from graph.rules.ties import EdgeName, Ties
from graph.rules.validation import State, arrived, arrived_edge
from graph.store import Transaction

BULK: Final = 1_000
"""From this many edges on, all edges of their starts are read: fewer look-ups, though some may not be wanted."""


class Kept(NamedTuple):
    """The answer to an earlier request: a digest of what it asked for, and the answer as JSON."""

    payload: str
    answer: str


@dataclass(slots=True)
class Memory:
    """Items, edges and kept answers as the transaction knows them; ``None``: there is none."""

    directory: Directory
    states: dict[str, State] = field(default_factory=dict)
    edges: dict[EdgeName, State | None] = field(default_factory=dict)
    answers: dict[str, Kept | None] = field(default_factory=dict)
    ties: Ties = field(default_factory=Ties)

    def branch(self) -> Memory:
        """Return a memory that goes on from this one and leaves it as it is."""
        return Memory(
            self.directory.branch(),
            Overlay(self.states),
            Overlay(self.edges),
            Overlay(self.answers),
            self.ties.branch(),
        )

    def absorb(self, branch: Memory) -> None:
        """Take over what a branch has come to know."""
        self.directory.absorb(branch.directory)
        self.ties.absorb(branch.ties)
        self.states.update(branch.states)
        self.edges.update(branch.edges)
        self.answers.update(branch.answers)

    async def read_states(self, transaction: Transaction, workspace: str, items: Iterable[Known]) -> None:
        """Read the stored states of items that are not remembered. One query a kind."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for item in items:
            if item.id not in self.states:
                wanted[item.label].add(item.id)
        for label, ids in wanted.items():
            text = cypher.read_nodes(NODES[label])
            rows = await transaction.collected(text, workspace=workspace, ids=sorted(ids))
            self.states.update({item: arrived(label, values) for item, values in rows})

    async def read_edges(
        self, transaction: Transaction, workspace: str, names: Iterable[EdgeName], fresh: Container[str] = ()
    ) -> None:
        """Read the edges that are not remembered; those at new items (``fresh``) cannot be there yet. One query."""
        wanted = sorted({name for name in names if name not in self.edges})
        stored = [list(name) for name in wanted if name[0] not in fresh and name[2] not in fresh]
        self.edges.update(dict.fromkeys(wanted))
        if stored:
            if len(stored) < BULK:
                found = await transaction.collected(cypher.READ_EDGES, workspace=workspace, rows=stored)
            else:
                starts = sorted({start for start, _, _ in stored})
                found = await transaction.collected(cypher.READ_EDGES_FROM, workspace=workspace, ids=starts)
            self.edges.update({(start, kind, end): arrived_edge(values) for start, kind, end, values in found})

    async def look_up_answers(self, transaction: Transaction, workspace: str, keys: Iterable[str]) -> None:
        """Read the answers kept under idempotency keys that are not known yet. One query at most."""
        wanted = sorted({key for key in keys if key not in self.answers})
        if wanted:
            rows = await transaction.rows(cypher.FIND_ANSWERS, workspace=workspace, keys=wanted)
            self.answers.update(dict.fromkeys(wanted))
            self.answers.update({key: Kept(payload, answer) for key, payload, answer in rows})
