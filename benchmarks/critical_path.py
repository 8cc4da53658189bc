"""Time of the critical path on seeded layered graphs, beside NetworkX and rustworkx, and of schedules of PSPLIB's size.

Run as ``python -m benchmarks.critical_path [ITEMS ...]``; by default 10,000, 100,000 and 1,000,000 items with three
times as many waits. The first two columns are the compiled passes on the prepared expanded graph: forward, and backward
with late times, floats and critical flags. ``whole`` is ``critical_path`` with exact drag, everything warm but itself.
The peers compute the longest path's length only. Drag of the longest schedule, gaps of the priority rules to a lower
bound: see the last table (random projects of 30 activities and four resources).
"""

from __future__ import annotations

import sys

import networkx as nx
import numpy as np
import rustworkx as rx

from analytics import Expanded, critical_path
from analytics.expansion.clock import passing
from analytics.expansion.kernels import earliest_starts
from analytics.expansion.passes import late_starts
from analytics.expansion.timing import ends_of
from analytics.scheduling.priorities import RULES
from analytics.scheduling.project import Project
from benchmarks.analytics import TODAY, layered, seconds


def compare(size: int) -> str:
    """Return one row of the table."""
    snapshot = layered(size)
    expanded = Expanded.of(snapshot, TODAY)
    every = np.ones(len(expanded.heads), dtype=np.bool_)
    graph = expanded.pointer, expanded.heads, expanded.weights, every
    target = int(expanded.unit[expanded.finish[snapshot.row("O-1")]])
    passes, is_end = passing(expanded), ends_of(expanded, target)
    starts = earliest_starts(*graph, expanded.release)
    end = float(starts[target] + expanded.hours[target])

    def backward() -> object:
        return late_starts(*graph, passes, starts, expanded.hours, is_end, end)

    def whole() -> object:
        expanded.__dict__.pop("_timings", None)
        return critical_path(snapshot, "O-1", today=TODAY).length

    forward = seconds(lambda: earliest_starts(*graph, expanded.release))
    both = forward + seconds(backward)
    peers = (networkx_seconds(expanded), rustworkx_seconds(expanded))
    ratios = " | ".join(f"{peer:.4f} ({peer / both:.0f} ×)" for peer in peers)
    return f"| {size:,} | {forward:.4f} | {both:.4f} | {seconds(whole, 3):.3f} | {ratios} |"


def networkx_seconds(expanded: Expanded) -> float:
    """Time the length of the longest path in NetworkX."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(expanded.hours)))
    arcs = zip(expanded.tails.tolist(), expanded.heads.tolist(), expanded.weights.tolist(), strict=True)
    graph.add_weighted_edges_from(arcs)
    return seconds(lambda: nx.dag_longest_path(graph), 2)


def rustworkx_seconds(expanded: Expanded) -> float:
    """Time the length of the longest path in rustworkx."""
    graph: rx.PyDiGraph[None, float] = rx.PyDiGraph(multigraph=False)
    graph.add_nodes_from([None] * len(expanded.hours))
    arcs = zip(expanded.tails.tolist(), expanded.heads.tolist(), expanded.weights.tolist(), strict=True)
    graph.add_edges_from(list(arcs))
    return seconds(lambda: rx.dag_weighted_longest_path(graph, lambda _source, _target, weight: weight), 2)


def gaps(projects: int = 100, seed: int = 1) -> dict[str, float]:
    """Return the mean gap of each priority rule to a lower bound, over random projects of 30 activities."""
    random = np.random.default_rng(seed)
    found: dict[str, list[float]] = {rule: [] for rule in RULES}
    for _ in range(projects):
        hours = random.integers(1, 11, 30).astype(np.float64)
        waits = [(int(random.integers(0, after)), after, 0.0) for after in range(1, 30) for _ in range(2)]
        demands = np.where(random.random((30, 4)) < 0.5, random.integers(1, 11, (30, 4)), 0).astype(np.float64)
        project = Project(hours, waits, demands, np.full(4, 15.0))
        bound = max(project.critical_length(), float(((hours[:, None] * demands).sum(axis=0) / 15).max()))
        for rule, lengths in found.items():
            lengths.append(project.schedule(rule)[1] / bound - 1)
    return {rule: float(np.mean(lengths)) for rule, lengths in found.items()}


def main(sizes: list[int]) -> None:
    compare(1000)
    print("| items | forward s | forward + backward s | whole s | NetworkX s | rustworkx s |")
    print("|---|---|---|---|---|---|")
    for size in sizes:
        print(compare(size), flush=True)
    print("\n| priority rule | mean gap to the lower bound |\n|---|---|")
    for rule, gap in sorted(gaps().items(), key=lambda one: one[1]):
        print(f"| {rule} | {gap:.1%} |")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
