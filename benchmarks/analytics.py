"""Time and memory of the expanded graph, blocking chains, exposure and choke points on seeded layered graphs.

Run as ``python -m benchmarks.analytics [ITEMS ...]``; by default 10,000, 100,000 and 1,000,000 items with three times
as many edges. All but the expanded graph is warm: the best of five runs once that is there.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from analytics import Expanded, blocking_chains, choke_points, exposure
from graph.policy import Policy
from graph.rules.lifecycle import Category
from graph.snapshots.assembly import EDGE_COLUMNS, ITEM_COLUMNS, assemble, edge_code, items_of
from graph.snapshots.snapshot import Snapshot

TODAY = date(2026, 1, 5)
GOALS = 200
LAYERS = 100


def layered(items: int, seed: int = 1) -> Snapshot:
    """Make a snapshot of tasks in layers, each waiting for three of the layer before; the last ones serve goals."""
    random = np.random.default_rng(seed)
    tasks = items - GOALS
    plain: dict[str, Any] = {name: [None] * items for name in (*ITEM_COLUMNS, "status", "team")}
    plain["ids"] = [f"{row:032x}" for row in range(items)]
    plain["key"] = [f"T-{row}" if row < tasks else f"O-{row - tasks}" for row in range(items)]
    plain["title"] = plain["key"]
    plain["kind"] = ["Task"] * tasks + ["Objective"] * GOALS
    plain["status"] = ["PLANNED"] * items
    plain["remaining"] = random.integers(1, 40, items).astype(float).tolist()
    plain["due"] = [20_600] * items
    per_layer = -(-tasks // LAYERS)
    end = np.repeat(np.arange(per_layer, tasks), 3)
    begin = (end // per_layer - 1) * per_layer
    start = begin + random.integers(0, per_layer, len(end))
    last = np.arange(tasks - per_layer, tasks)
    edges: dict[str, Any] = {name: [None] * (len(end) + len(last)) for name in EDGE_COLUMNS}
    edges["kind"] = [edge_code("BLOCKS")] * len(end) + [edge_code("CONTRIBUTES_TO")] * len(last)
    edges["start"] = np.concatenate([start, last])
    goals = tasks + random.integers(0, GOALS, len(last))
    goals[0] = tasks + 1  # the goal that is asked for has work at every size
    edges["end"] = np.concatenate([end, goals])
    statuses = {category.value: category for category in Category}
    columns = items_of(plain, tuple(Category), {})
    return assemble("benchmark", 0, Policy(), statuses, columns, edges)


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """Return the shortest of several runs."""
    taken = []
    for _ in range(times):
        begin = perf_counter()
        work()
        taken.append(perf_counter() - begin)
    return min(taken)


def main(sizes: list[int]) -> None:
    small = layered(1000)
    begin = perf_counter()
    for analysis in (partial(blocking_chains, small, "O-1"), partial(exposure, small), partial(choke_points, small)):
        analysis(today=TODAY)
    print(f"Kernels compiled, or loaded from disk, in {perf_counter() - begin:.1f} s, which is in no figure.\n")
    heads = "expanded graph s | chains (k = 20) s | exposure of 200 goals s | choke points of 200 goals s"
    print(f"| items | edges | {heads} | snapshot bytes/item | peak MB |")
    print("|---" * 8 + "|")
    for size in sizes:
        snapshot = layered(size)

        def build(snapshot: Snapshot = snapshot) -> None:
            snapshot.derived.clear()
            Expanded.of(snapshot, TODAY)

        built = seconds(build, 3)
        chains = seconds(partial(blocking_chains, snapshot, "O-1", 20, today=TODAY))
        exposed = seconds(partial(exposure, snapshot, today=TODAY))
        choked = seconds(partial(choke_points, snapshot, today=TODAY))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"| {size:,} | {len(snapshot.edges.kind):,} | {built:.3f} | {chains:.4f} | {exposed:.3f} | {choked:.3f} "
            f"| {snapshot.nbytes / size:.0f} | {peak:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
