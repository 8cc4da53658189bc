"""Centrality: which items, people or teams the graph runs through, leads to, or hangs on."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse.linalg import eigsh

from analytics.expansion.kernels import Pointers
from analytics.networks.centrality_kernels import betweenness_from, ranks
from analytics.networks.projection import Among, Nodes, Projection
from analytics.results import Completeness, Explanation, counted, table
from graph.snapshots.columns import Flags, Floats, Ints
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

Arcs = tuple[Pointers, Ints, Floats]
_ROUNDS: Final = 1000
_TOLERANCE: Final = 1e-10
_PORTIONS: Final = 8
"""Portions of sources that are summed one after another, whatever the number of threads: so that sums are the same."""
_SMALL: Final = 64
"""Nodes up to which eigenvectors are found in a dense matrix."""


class Measure(StrEnum):
    """How central a node is; see the function of the same name."""

    BETWEENNESS = "BETWEENNESS"
    PAGERANK = "PAGERANK"
    EIGENVECTOR = "EIGENVECTOR"
    DEGREE = "DEGREE"


@dataclass(frozen=True, slots=True)
class Score:
    """One node and its score."""

    key: str
    title: str
    kind: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "kind": self.kind, "score": self.score}


@dataclass(frozen=True, slots=True)
class Centrality(Mapping[Hashable, float]):
    """Scores by node, as a mapping from the snapshot's names; ``top`` are the highest, in order.

    ``nodes`` and ``edges`` count the projection's. ``sources`` is how many nodes the shortest paths of an estimated
    betweenness begin at, ``None`` where it is exact.
    """

    measure: Measure
    among: Among
    kinds: tuple[str, ...]
    nodes: int
    edges: int
    sources: int | None
    top: tuple[Score, ...]
    completeness: Completeness
    _nodes: Nodes = field(repr=False, compare=False)
    _scores: Floats = field(repr=False, compare=False)

    def __getitem__(self, name: Hashable) -> float:
        return float(self._scores[self._nodes.place(name)])

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def explain(self) -> Explanation:
        """Return the most central node, and what its score means."""
        facts: dict[str, Any] = {
            "measure": self.measure.value, "nodes": self.nodes, "edges": self.edges, "sources": self.sources,
        }  # fmt: skip
        among = counted(self.nodes, "node")
        if not self.top or self.top[0].score <= 0:
            return self.completeness.explained(
                f"None of {among} is more central than another by {self.measure.value}.", facts
            )
        first = self.top[0]
        facts |= {"first": first.to_dict(), "score": f"{first.score:.4f}"}
        about = _MEANINGS[self.measure]
        estimate = "" if self.sources is None else f", estimated from {counted(self.sources, 'source')}"
        return self.completeness.explained(f"Of {among}, {about} {first.key} most: {first.score:.4f}{estimate}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "measure": self.measure.value,
            "among": self.among.value,
            "kinds": list(self.kinds),
            "nodes": self.nodes,
            "edges": self.edges,
            "sources": self.sources,
            "scores": [score.to_dict() for score in self.top],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per node of ``top``."""
        return table((score.to_dict() for score in self.top), ("key", "title", "kind", "score"))


_MEANINGS: Final = {
    Measure.BETWEENNESS: "shortest paths run through",
    Measure.PAGERANK: "edges lead, step by step, to",
    Measure.EIGENVECTOR: "well-connected neighbours surround",
    Measure.DEGREE: "edges join",
}


def betweenness(
    snapshot: Snapshot,
    kinds: Iterable[str] | None = None,
    *,
    among: Among = Among.ITEMS,
    sources: int | None = None,
    seed: int = 0,
    directed: bool = True,
    closed: bool = False,
    scope: Hashable | None = None,
    limit: int = 10,
    hidden: Flags | None = None,
) -> Centrality:
    """Return the share of shortest paths between all other nodes that runs through each (0 to 1).

    As NetworkX's ``betweenness_centrality``: unweighted, divided by (p - 1)(p - 2) for p nodes.

    Parameters
    ----------
    snapshot
        n items and m edges.
    kinds, among, closed, scope
        What graph, or what part of it; see ``Projection.of``.
    sources
        Estimate from paths that begin at so many nodes; exact when it is absent or p or more.
    seed
        By which these are drawn.
    directed
        Follow edges only from their start to their end.
    limit
        How many nodes ``top`` holds at most; the mapping holds all.
    hidden
        Items that the viewer may not see, shape (n,): they count, and are omitted and counted.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``sources`` or ``limit`` is less than 1, or a kind is unknown.

    Notes
    -----
    Brandes (2001), O(p (p + a)) or O(sources (p + a)); with sampled sources after Brandes and Pich (2007), unbiased.
    Runs on all cores; the answer does not depend on their number. Cycles and disconnected parts are welcome.

    """
    projection = Projection.of(snapshot, among, kinds, closed=closed, scope=scope, hidden=hidden)
    count = len(projection)
    if sources is not None and sources < 1:
        raise ValueError(f"sources is {sources}; ask for at least 1")
    chosen: Ints = np.arange(count, dtype=np.int32)
    if sources is not None and sources < count:
        chosen = np.sort(np.random.default_rng(seed).choice(count, sources, replace=False)).astype(np.int32)
    graph = (projection.pointer, projection.heads)
    if not directed:
        graph = (projection.mutual.indptr.astype(np.int64), projection.mutual.indices.astype(np.int32))
    total = np.zeros(count)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _PORTIONS)) as pool:
        for part in pool.map(lambda portion: betweenness_from(*graph, portion), np.array_split(chosen, _PORTIONS)):
            total += part
    pairs = (count - 1) * (count - 2)
    scores = total * (count / max(len(chosen), 1)) / (pairs if pairs > 0 else 1)
    taken = len(chosen) if len(chosen) < count else None
    return _result(Measure.BETWEENNESS, projection, scores, limit, hidden, sources=taken)


def pagerank(
    snapshot: Snapshot,
    alpha: float = 0.85,
    *,
    kinds: Iterable[str] | None = None,
    among: Among = Among.ITEMS,
    reverse: bool = False,
    closed: bool = False,
    scope: Hashable | None = None,
    limit: int = 10,
    hidden: Flags | None = None,
) -> Centrality:
    """Return PageRank (sum 1): where a walk along the edges is found that starts anew with probability 1 - ``alpha``.

    As NetworkX's ``pagerank``; a walk that cannot go on starts anew. Between people and teams edges are followed in
    proportion to their weights. With ``reverse`` the walk goes against the edges: towards what most depends on.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``alpha`` is not from 0 up to 1 (exclusive), ``limit`` is less than 1, or a kind is unknown.

    Notes
    -----
    See ``betweenness`` for the other parameters. Gauss–Seidel rounds until the sum of changes is below 1e-10, at most
    1,000, O(p + a) each. Page, Brin, Motwani and Winograd (1999); Gleich, SIAM Review 57 (2015).

    """
    if not 0 <= alpha < 1:
        raise ValueError(f"alpha is {alpha}; it must be at least 0 and less than 1")
    projection = Projection.of(snapshot, among, kinds, closed=closed, scope=scope, hidden=hidden)
    if not len(projection):
        return _result(Measure.PAGERANK, projection, np.empty(0), limit, hidden)
    ahead: Arcs = (projection.pointer, projection.heads, projection.weights)
    entering, leaving_rows = (ahead, projection.reverse) if reverse else (projection.reverse, ahead)
    pointer, _, weights = leaving_rows
    ends = np.concatenate([[0.0], np.cumsum(weights)])
    leaving = ends[pointer[1:]] - ends[pointer[:-1]]
    order = np.ascontiguousarray(projection.order[::-1]) if reverse else projection.order
    scores, rounds = ranks(*entering, leaving, order, alpha, _TOLERANCE, _ROUNDS)
    limited = (f"{_ROUNDS} rounds, without reaching the tolerance",) if rounds == _ROUNDS else ()
    return _result(Measure.PAGERANK, projection, scores, limit, hidden, limited=limited)


def eigenvector(
    snapshot: Snapshot,
    *,
    kinds: Iterable[str] | None = None,
    among: Among = Among.ITEMS,
    closed: bool = False,
    scope: Hashable | None = None,
    limit: int = 10,
    hidden: Flags | None = None,
) -> Centrality:
    """Return eigenvector centrality (squares sum to 1): central is what central nodes are joined to.

    On the undirected graph, as NetworkX's ``eigenvector_centrality`` of it: on directed work without cycles every
    score would be 0. Where several parts are equally strong, each counts as much as it is large.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``limit`` is less than 1, or a kind is unknown.

    Notes
    -----
    See ``betweenness`` for the parameters. Lanczos iterations (ARPACK, in scipy) from a uniform start, so that the
    answer is always the same; a dense solver for at most 64 nodes. Bonacich, American Journal of Sociology 92 (1987).

    """
    projection = Projection.of(snapshot, among, kinds, closed=closed, scope=scope, hidden=hidden)
    count = len(projection)
    if count == 0:
        return _result(Measure.EIGENVECTOR, projection, np.empty(0), limit, hidden)
    start = np.full(count, 1 / np.sqrt(count))
    if count <= _SMALL:
        values, vectors = np.linalg.eigh(projection.mutual.toarray())
        leading = vectors[:, values >= values[-1] - 1e-9]
        scores = leading @ (leading.T @ start)
    else:
        _, vectors = eigsh(projection.mutual, k=1, which="LA", v0=start)
        scores = vectors[:, 0]
    scores = np.abs(scores)
    return _result(Measure.EIGENVECTOR, projection, scores / np.linalg.norm(scores), limit, hidden)


def degree(
    snapshot: Snapshot,
    *,
    kinds: Iterable[str] | None = None,
    among: Among = Among.ITEMS,
    closed: bool = False,
    scope: Hashable | None = None,
    limit: int = 10,
    hidden: Flags | None = None,
) -> Centrality:
    """Return how many arcs enter or leave each node, over p - 1: as NetworkX's ``degree_centrality``. O(p + a).

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``limit`` is less than 1, or a kind is unknown.

    Notes
    -----
    See ``betweenness`` for the parameters.

    """
    projection = Projection.of(snapshot, among, kinds, closed=closed, scope=scope, hidden=hidden)
    count = len(projection)
    arcs = np.diff(projection.pointer) + np.bincount(projection.heads, minlength=count)
    return _result(Measure.DEGREE, projection, arcs / max(count - 1, 1), limit, hidden)


def centrality(snapshot: Snapshot, measure: Measure = Measure.BETWEENNESS, **options: Any) -> Centrality:
    """Return the scores of a measure; ``options`` are those of the function of its name."""
    found: Centrality = _MEASURES[measure](snapshot, **options)
    return found


_MEASURES: Final[Mapping[Measure, Any]] = {
    Measure.BETWEENNESS: betweenness,
    Measure.PAGERANK: pagerank,
    Measure.EIGENVECTOR: eigenvector,
    Measure.DEGREE: degree,
}


def _result(
    measure: Measure,
    projection: Projection,
    scores: Floats,
    limit: int,
    hidden: Flags | None,
    *,
    sources: int | None = None,
    limited: tuple[str, ...] = (),
) -> Centrality:
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 node")
    snapshot, rows = projection.snapshot, projection.rows
    nodes = Nodes.of(projection, hidden)
    shown = len(nodes)
    if shown > limit:
        limited = (*limited, f"the first {limit} of {shown} nodes")
    items = snapshot.items
    top = tuple(
        Score(items.key[row], items.title[row], snapshot.label(row), float(scores[place]))
        for place, row in ((place, int(rows[place])) for place in _highest(scores, nodes.seen, limit))
    )
    return Centrality(
        measure=measure,
        among=projection.among,
        kinds=projection.kinds,
        nodes=len(rows),
        edges=len(projection.heads),
        sources=sources,
        top=top,
        completeness=Completeness(
            snapshot.seq, limited, len(rows) - shown, projection.self_references, projection.scope
        ),
        _nodes=nodes,
        _scores=scores,
    )


def _highest(scores: Floats, seen: Flags, limit: int) -> list[int]:
    """Return the places of the highest scores, equal ones (but for rounding) in the order of rows. O(p)."""
    places, rounded = np.flatnonzero(seen), np.round(scores[seen], 12)
    if len(places) > limit:
        high = rounded >= np.partition(rounded, -limit)[-limit]
        places, rounded = places[high], rounded[high]
    found: list[int] = places[np.argsort(-rounded, kind="stable")][:limit].tolist()
    return found
