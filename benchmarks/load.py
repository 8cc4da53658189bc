"""Load speed, snapshot speed and chain time on generated organisations of growing size.

Run ``scripts/bench load`` (sizes as arguments: ``scripts/bench load 10000 100000``). Every figure is from one run on
one machine. The floor of a snapshot is reading the same columns without making arrays of them.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from datetime import date
from typing import Final

from analytics import Expanded, blocking_chains
from graph import migrations, workspace
from graph.connection import Connection
from graph.loading import load
from graph.snapshot import Snapshot
from graph.snapshot_store import load_snapshot, read_columns
from graph.store import Store, open_store
from workatlas.embedded import ensure_running
from workatlas.generator import records
from workatlas.settings import Settings

SIZES: Final = (10_000, 100_000)
TODAY: Final = date(2026, 1, 5)


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    with ensure_running(Settings.from_environ(os.environ)) as database:
        print("items | edges | load s | items/s | edges/s | reload s | snapshot s | floor s | bytes/item | peak MB")
        for size in sizes:
            asyncio.run(_measure(database.connection, size))


async def _measure(connection: Connection, size: int) -> None:
    name = f"bench-{size}"
    async with open_store(connection) as store:
        await migrations.migrate(store)
        await workspace.purge(store, name)
        first = await load(store, name, records(size, 1, TODAY), source="bench", clock=_millis)
        again = await load(store, name, records(size, 1, TODAY), source="bench", clock=_millis)
        started = time.perf_counter()
        snapshot = await load_snapshot(store, name)
        read = time.perf_counter() - started
        floor = await _floor(store, name)
        _print(size, first.edges.total(), first.seconds, again.seconds, read, floor, snapshot)
        _chains(snapshot)
        await workspace.purge(store, name)


def _print(items: int, edges: int, loaded: float, again: float, read: float, floor: float, snapshot: Snapshot) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{items:,} | {edges:,} | {loaded:.1f} | {items / loaded:,.0f} | {edges / loaded:,.0f} | {again:.1f} "
        f"| {read:.2f} | {floor:.2f} | {snapshot.nbytes / max(1, len(snapshot)):.0f} | {peak:.0f}",
        flush=True,
    )


async def _floor(store: Store, name: str) -> float:
    started = time.perf_counter()
    await read_columns(store, name)
    return time.perf_counter() - started


def _chains(snapshot: Snapshot) -> None:
    started = time.perf_counter()
    Expanded.of(snapshot, TODAY)
    built = time.perf_counter() - started
    goals = [snapshot.items.key[int(row)] for row in snapshot.of_kind("Objective") if snapshot.is_open[row]][:20]
    blocking_chains(snapshot, goals[0], 20, today=TODAY)
    times = []
    for goal in goals:
        started = time.perf_counter()
        blocking_chains(snapshot, goal, 20, today=TODAY)
        times.append(time.perf_counter() - started)
    times.sort()
    worst, median = times[-1] * 1000, times[len(times) // 2] * 1000
    print(f"    expanded graph {built:.2f} s; chains to one goal, k = 20, of {len(times)} goals:", end=" ")
    print(f"median {median:.1f} ms, worst {worst:.1f} ms", flush=True)


def _millis() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
