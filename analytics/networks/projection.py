"""Projections: the graph between items, between people or between teams, as compressed rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import Pointers, topological_order
from analytics.expansion.ownership import answering
from analytics.expansion.scope import Focus
from graph.model import EDGES, NODES, Role
from graph.snapshots.columns import Flags, Floats, Ints
from graph.snapshots.snapshot import EDGE_KINDS, KINDS, Snapshot


class Among(StrEnum):
    """Whose graph a projection is."""

    ITEMS = "ITEMS"
    PEOPLE = "PEOPLE"
    TEAMS = "TEAMS"


@dataclass(frozen=True, eq=False)
class Projection:
    """A simple directed graph: ``rows`` (shape (p,)) are its nodes in the snapshot, ascending.

    The arcs that leave node i are ``heads[pointer[i]:pointer[i + 1]]``, ascending, each once and none back to i itself;
    ``weights`` (shape (a,)) are 1 between items, and between people or teams the number of edges that an arc stands
    for. ``self_references`` counts the edges that were left out because they join an item to itself. ``scope`` is the
    key of what it was confined to.
    """

    snapshot: Snapshot
    among: Among
    kinds: tuple[str, ...]
    rows: NDArray[np.intp]
    pointer: Pointers
    heads: Ints
    weights: Floats
    self_references: int
    scope: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def matrix(self) -> csr_array:
        """The weights as a sparse matrix, shape (p, p): from row to column."""
        return csr_array((self.weights, self.heads, self.pointer), shape=(len(self), len(self)))

    @cached_property
    def reverse(self) -> tuple[Pointers, Ints, Floats]:
        """Compressed rows of the arcs that enter each node: pointer, tails, weights."""
        turned = self.matrix.T.tocsr()
        return turned.indptr.astype(np.int64), turned.indices.astype(np.int32), turned.data

    @cached_property
    def order(self) -> Ints:
        """All nodes, in topological order as far as there is one, then those in cycles and behind them. Shape (p,)."""
        order = topological_order(self.pointer, self.heads)
        rest = np.ones(len(self), dtype=np.bool_)
        rest[order] = False
        return np.concatenate([order, np.flatnonzero(rest).astype(np.int32)])

    @cached_property
    def mutual(self) -> csr_array:
        """The undirected graph: 1 between items, between others the weights of both directions. Shape (p, p)."""
        both = (self.matrix + self.matrix.T).tocsr()
        both.sort_indices()
        if self.among is Among.ITEMS:
            both.data[:] = 1.0
        return both

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        among: Among = Among.ITEMS,
        kinds: Iterable[str] | None = None,
        *,
        closed: bool = False,
        scope: Hashable | None = None,
        hidden: Flags | None = None,
    ) -> Projection:
        """Project a snapshot of n items and m edges; made at the first call and kept with it. O(n + m log m).

        ITEMS
            Nodes are the items whose kind an edge of ``kinds`` may join, arcs these edges, several between two items
            once. By default the kinds that analyses walk (BLOCKS, PART_OF, CONTRIBUTES_TO, AFFECTS) between Work and
            Goals.
        PEOPLE, TEAMS
            Nodes are all people, or all teams. An arc a → b stands for the edges of ``kinds`` (by default BLOCKS and
            AFFECTS) from an item of a to an item of b: b's work waits for a's. A person's items are those that they
            own, do or answer for; a team's are those, and its members' items.

        Only edges that are as sure as the policy demands count, and only between open items, unless ``closed``. With a
        ``scope`` it is the part that this induces: only nodes in it (see ``analytics.expansion.scope``; people and
        teams by what of it is not ``hidden``) and the arcs between them. Such a part is not kept.

        Raises:
            KeyError: There is no such scope, or it is hidden.
            ValueError: A kind is unknown.

        """
        wanted = _kinds(among, kinds)
        if scope is not None:
            focus = Focus.of(Expanded.of(snapshot), scope, hidden)
            return replace(
                _project(snapshot, among, wanted, focus, closed=closed, restricted=kinds is None), scope=focus.key
            )
        kept = snapshot.derived.setdefault("analytics.networks.projection", {})
        key = (among, wanted, closed)
        if key not in kept:
            kept[key] = _project(snapshot, among, wanted, None, closed=closed, restricted=kinds is None)
        found: Projection = kept[key]
        return found


def _kinds(among: Among, kinds: Iterable[str] | None) -> tuple[str, ...]:
    """Return the kinds to follow, in the order of the model table."""
    if kinds is None:
        roles = {Role.WAITS, Role.AFFECTS} if among is not Among.ITEMS else set(Role) - {Role.NONE}
        return tuple(name for name in EDGE_KINDS if EDGES[name].role in roles)
    given = {kinds} if isinstance(kinds, str) else set(kinds)
    for kind in sorted(given - set(EDGE_KINDS)):
        raise ValueError(f"edge kind {kind!r} is not one of {', '.join(EDGE_KINDS)}")
    return tuple(name for name in EDGE_KINDS if name in given)


def _project(
    snapshot: Snapshot, among: Among, kinds: tuple[str, ...], focus: Focus | None, *, closed: bool, restricted: bool
) -> Projection:
    edges = snapshot.edges
    counts = np.ones(len(snapshot), dtype=np.bool_) if closed else snapshot.is_open
    if focus is not None and among is Among.ITEMS:
        counts = counts & focus.items
    members = counts & _joined(snapshot, kinds, restricted=restricted)
    places = snapshot.edges_of(*kinds)
    places = places[edges.confidence[places] >= np.float32(snapshot.policy.min_confidence)]
    places = places[members[edges.start[places]] & members[edges.end[places]]]
    tails, heads = edges.start[places], edges.end[places]
    loops = int(np.count_nonzero(tails == heads))
    tails, heads = tails[tails != heads], heads[tails != heads]
    if among is Among.ITEMS:
        rows = np.flatnonzero(members)
        place = np.cumsum(members) - 1
        matrix = _matrix(place[tails], place[heads], len(rows))
        matrix.data[:] = 1.0
    else:
        rows = snapshot.of_kind("Person" if among is Among.PEOPLE else "Team")
        rows = rows if focus is None else rows[focus.people[rows]]
        matrix = _between(snapshot, rows, _matrix(tails, heads, len(snapshot)))
    return Projection(
        snapshot=snapshot,
        among=among,
        kinds=kinds,
        rows=rows,
        pointer=matrix.indptr.astype(np.int64),
        heads=matrix.indices.astype(np.int32),
        weights=matrix.data,
        self_references=loops,
    )


def _joined(snapshot: Snapshot, kinds: tuple[str, ...], *, restricted: bool) -> Flags:
    """Return which items the kinds may join: of them all, or only of Work and Goals."""
    ends = {label for kind in kinds for pair in EDGES[kind].pairs for label in pair}
    table = np.array([label in ends and (not restricted or NODES[label].group is not None) for label in KINDS])
    return np.asarray(table[snapshot.items.kind], dtype=np.bool_)


def _matrix(tails: NDArray[np.integer], heads: NDArray[np.integer], count: int) -> csr_array:
    """Return how many edges there are from each node to each other one, in compressed rows that are sorted."""
    matrix = coo_array((np.ones(len(tails)), (tails, heads)), shape=(count, count)).tocsr()
    matrix.sum_duplicates()
    return matrix


def _between(snapshot: Snapshot, rows: NDArray[np.intp], items: csr_array) -> csr_array:
    """Return how many edges between items lead from each person or team (rows) to each other one."""
    item, who, _ = answering(snapshot)
    place = np.full(len(snapshot), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    mine = place[who] >= 0
    bears = coo_array(
        (np.ones(np.count_nonzero(mine)), (item[mine], place[who[mine]])), shape=(len(snapshot), len(rows))
    ).tocsr()
    bears.sum_duplicates()
    bears.data[:] = 1.0
    found = (bears.T @ items @ bears).tocsr()
    found.setdiag(0.0)
    found.eliminate_zeros()
    found.sort_indices()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The nodes of a projection that the viewer may see (``seen``, shape (p,)), by the snapshot's names."""

    projection: Projection
    seen: Flags

    @classmethod
    def of(cls, projection: Projection, hidden: Flags | None) -> Nodes:
        """Return the nodes without the ``hidden`` items (shape (n,))."""
        seen = np.ones(len(projection), dtype=np.bool_) if hidden is None else ~hidden[projection.rows]
        return cls(projection, seen)

    def __len__(self) -> int:
        return int(np.count_nonzero(self.seen))

    def __iter__(self) -> Iterator[Hashable]:
        names = self.projection.snapshot.names
        return (names[row] for row in self.projection.rows[self.seen].tolist())

    def place(self, name: Hashable) -> int:
        """Return a node's place in the projection.

        Raises:
            KeyError: It is no node, or the viewer may not see it.

        """
        row, rows = self.projection.snapshot.row(name), self.projection.rows
        place = int(np.searchsorted(rows, row))
        if place == len(rows) or rows[place] != row or not self.seen[place]:
            raise KeyError(name)
        return place
