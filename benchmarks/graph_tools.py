"""Time and memory of the graph tools on seeded layered graphs, beside NetworkX, rustworkx, scipy and igraph.

Run as ``python -m benchmarks.graph_tools [ITEMS ...]``; by default 10,000, 100,000 and 1,000,000 items with three times
as many edges. Every library gets its own graph before the clock starts; each figure is the shortest of several runs
after one that compiles. A library that is not installed, or a peer that has no such function, leaves a dash; NetworkX
is asked only where it answers within seconds. igraph comes with
``.venv/bin/pip install --require-hashes -r benchmarks/requirements.lock``.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any, Final

import networkx as nx
import numpy as np
import rustworkx as rx
from scipy.sparse import csr_array

from analytics import Expanded, betweenness, choke_points, communities, layout, pagerank
from analytics.chains.forest import common_units
from analytics.expansion.trees import ChainTree
from analytics.networks.projection import Projection
from benchmarks.analytics import TODAY, layered
from graph.snapshots.snapshot import Snapshot

NAMES: Final = ("workatlas", "networkx", "rustworkx", "scipy", "igraph")
SLOW: Final = 20_000
"""Items up to which pure Python is asked for what takes it seconds."""
Row = dict[str, Callable[[], object]]


class Peers:
    """The same graph in each library; nodes are the places of the projection."""

    def __init__(self, projection: Projection) -> None:
        tails = np.repeat(np.arange(len(projection)), np.diff(projection.pointer))
        edges = list(zip(tails.tolist(), projection.heads.tolist(), strict=True))
        self.count = len(projection)
        self.networkx: Any = nx.DiGraph(edges)
        self.networkx.add_nodes_from(range(self.count))
        self.rustworkx: Any = rx.PyDiGraph()
        self.rustworkx.add_nodes_from(range(self.count))
        self.rustworkx.add_edges_from_no_data(edges)
        self.matrix: csr_array = projection.matrix
        self.igraph: Any = None
        if importlib.util.find_spec("igraph"):
            self.igraph = importlib.import_module("igraph").Graph(n=self.count, edges=edges, directed=True)


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the shortest of several runs, after one that does not count."""
    work()
    taken = []
    for _ in range(times):
        begin = perf_counter()
        work()
        taken.append(perf_counter() - begin)
    return min(taken)


def power_iteration(matrix: csr_array, alpha: float = 0.85) -> object:
    """Return PageRank as it is usually written with scipy, to the same tolerance as ours."""
    count = matrix.shape[0]
    leaving = np.asarray(matrix.sum(axis=1)).ravel()
    step = (matrix.multiply(np.where(leaving > 0, 1 / np.maximum(leaving, 1), 0)[:, None])).T.tocsr()
    rank = np.full(count, 1 / count)
    for _ in range(1000):
        dangling = rank[leaving == 0].sum() / count
        new = alpha * (step @ rank + dangling) + (1 - alpha) / count
        if np.abs(new - rank).sum() < 1e-10:
            return new
        rank = new
    return rank


def sampled(snapshot: Snapshot, peers: Peers) -> Row:
    row: Row = {"workatlas": partial(betweenness, snapshot, sources=100)}
    if peers.count <= SLOW:
        row["networkx"] = partial(nx.betweenness_centrality, peers.networkx, k=100, seed=0)
    if peers.igraph is not None:
        chosen = np.random.default_rng(0).choice(peers.count, min(100, peers.count), replace=False).tolist()
        row["igraph"] = partial(peers.igraph.betweenness, sources=chosen)
    return row


def ranked(snapshot: Snapshot, peers: Peers) -> Row:
    row: Row = {
        "workatlas": partial(pagerank, snapshot),
        "networkx": partial(nx.pagerank, peers.networkx, tol=1e-10 / peers.count),
        "rustworkx": partial(rx.pagerank, peers.rustworkx, tol=1e-10),
        "scipy": partial(power_iteration, peers.matrix),
    }
    if peers.igraph is not None:
        row["igraph"] = peers.igraph.pagerank
    return row


def dominated(snapshot: Snapshot, peers: Peers) -> Row:
    """Find what every path to one goal passes; the peers find immediate dominators of the reversed graph."""
    tree = ChainTree.to(Expanded.of(snapshot, TODAY), snapshot.row("O-1"))
    goal = int(np.searchsorted(Projection.of(snapshot).rows, snapshot.row("O-1")))
    backwards: Any = rx.PyDiGraph()
    backwards.add_nodes_from(range(peers.count))
    backwards.add_edges_from_no_data([(head, tail) for tail, head in peers.networkx.edges])
    row: Row = {
        "workatlas": partial(common_units, tree),
        "networkx": partial(nx.immediate_dominators, peers.networkx.reverse(copy=False), goal),
        "rustworkx": partial(rx.immediate_dominators, backwards, goal),
    }
    if peers.igraph is not None:
        row["igraph"] = partial(peers.igraph.dominator, goal, mode="in")
    return row


def exact(size: int = 2_000) -> Row:
    snapshot = layered(size)
    peers = Peers(Projection.of(snapshot))
    row: Row = {
        "workatlas": partial(betweenness, snapshot),
        "networkx": partial(nx.betweenness_centrality, peers.networkx),
        "rustworkx": partial(rx.digraph_betweenness_centrality, peers.rustworkx),
    }
    if peers.igraph is not None:
        row["igraph"] = peers.igraph.betweenness
    return row


def grouped(snapshot: Snapshot, peers: Peers) -> Row:
    row: Row = {"workatlas": partial(communities, snapshot)}
    if peers.count <= SLOW:
        row["networkx"] = partial(nx.community.louvain_communities, peers.networkx.to_undirected(), seed=0)
    if peers.igraph is not None:
        row["igraph"] = peers.igraph.as_undirected().community_multilevel
    return row


def show(job: str, row: Row, times: int = 3) -> None:
    """Print a job's seconds, one column a library."""
    cells = [f"{seconds(row[name], times):.4f}" if name in row else "–" for name in NAMES]
    print(f"| {job} | {' | '.join(cells)} |", flush=True)


def main(sizes: list[int]) -> None:
    print(f"| seconds for | {' | '.join(NAMES)} |")
    print(f"|---|{'---|' * len(NAMES)}")
    show("exact betweenness, 2,000 items", exact(), 1)
    for size in sizes:
        snapshot = layered(size)
        peers = Peers(Projection.of(snapshot))
        show(f"betweenness from 100 sources, {size:,} items", sampled(snapshot, peers), 1)
        show(f"PageRank, {size:,} items", ranked(snapshot, peers), 1)
        show(f"dominators to one goal, {size:,} items", dominated(snapshot, peers), 1)
        show(f"communities (Louvain), {size:,} items", grouped(snapshot, peers), 1)
        del peers
        show(f"choke points of 200 goals, {size:,} items", {"workatlas": partial(choke_points, snapshot, today=TODAY)})
        for boxes in (300, 1000):
            drawing = partial(layout, snapshot, "O-1", limit=boxes, today=TODAY)
            show(f"layout of {boxes:,} boxes before a goal, {size:,} items", {"workatlas": drawing})
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| peak memory of this process so far, {size:,} items | {peak:,.0f} MB | | | | |", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
