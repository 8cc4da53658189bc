"""Load speed, snapshot speed and chain time on generated organisations of growing size.

Run ``scripts/bench load`` (sizes as arguments: ``scripts/bench load 10000 100000``). Every figure is from one run on
one machine. The floor of a snapshot is reading twelve columns of items and the pairs of edges, each chunk collected
into one answer, and making nothing of them. A refresh follows one change of each sort.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from statistics import median
from typing import Final

from analytics import (
    Expanded,
    blocking_chains,
    budgets,
    choke_points,
    conflicts,
    critical_path,
    exposure,
    forecast,
    okr_rollup,
    people_risk,
    ready_queue,
    risks,
    summary,
    triage_queue,
    workload,
)
from graph import migrations
from graph.batch import BORN_HERE, Batch, EdgeRow, NodeRow, Ref
from graph.connection import Connection
from graph.records import workspace
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_reading import CHUNK
from graph.snapshots.snapshot_store import load_snapshot, refresh
from graph.store import Store, open_store
from graph.writing.loading import load
from graph.writing.writer import write
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
        refreshed = await _refreshes(store, name, snapshot)
        _print(size, first.edges.total(), first.seconds, again.seconds, read, floor, snapshot)
        print(f"    refresh after one change, median of {len(refreshed)}: {median(refreshed) * 1000:.0f} ms,", end=" ")
        print(f"worst {max(refreshed) * 1000:.0f} ms", flush=True)
        _chains(snapshot)
        _analyses(snapshot)
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
    after = ""
    while True:
        last, _ = (await store.rows(_FLOOR_OF_ITEMS, workspace=name, after=after, first=CHUNK))[0]
        if last is None:
            return time.perf_counter() - started
        await store.rows(_FLOOR_OF_EDGES, workspace=name, after=after, last=last)
        after = last


_FLOOR_OF_ITEMS: Final = """
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after
WITH n ORDER BY n.id LIMIT $first
RETURN max(n.id), collect([n.id, n.key, n.title, n.status, n.team, n.priority, n.estimate, n.remaining, n.spent,
                           n.duration, n.points, n.value])
"""
_FLOOR_OF_EDGES: Final = """
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after AND n.id <= $last
MATCH (n)-[e]->(o:Item) RETURN collect([n.id, o.id])
"""


async def _refreshes(store: Store, name: str, snapshot: Snapshot) -> list[float]:
    """Return the seconds of refreshes after an item came, changed, was tied to another, and went."""
    key = next(snapshot.items.key[int(row)] for row in snapshot.of_kind("Task"))
    seconds = []
    for turn in range(5):
        born = f"bench-{turn}"
        row = NodeRow("Task", BORN_HERE, born, {"title": "new"}, key=born)
        for batch in (
            Batch([row]),
            Batch([NodeRow("Task", BORN_HERE, born, {"estimate": float(turn)})]),
            Batch(edges=[EdgeRow("RELATES_TO", Ref("key", born), Ref("key", key))]),
            Batch(archive=[Ref("key", born)]),
        ):
            await write(store, name, batch, now=_millis())
            started = time.perf_counter()
            snapshot = await refresh(store, snapshot)
            seconds.append(time.perf_counter() - started)
    return seconds


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
    worst, middle = max(times) * 1000, median(times) * 1000
    print(f"    expanded graph {built:.2f} s; chains to one goal, k = 20, of {len(times)} goals:", end=" ")
    print(f"median {middle:.1f} ms, worst {worst:.1f} ms", flush=True)


def _analyses(snapshot: Snapshot) -> None:
    """Print the processor time of every analysis of the whole workspace that the API offers, first and again.

    What is compiled is loaded by then, and what several of them share is worked out, as in a server that has run for a
    while. An operation of the API may take 10 s of real time.
    """
    goal = next(snapshot.items.key[row] for row in snapshot.of_kind("Objective") if snapshot.is_open[row])
    jobs: dict[str, Callable[[], object]] = {
        "blocking chains, k = 20": lambda: blocking_chains(snapshot, goal, 20, today=TODAY),
        "exposure": lambda: exposure(snapshot, today=TODAY),
        "choke points": lambda: choke_points(snapshot, today=TODAY),
        "risks": lambda: risks(snapshot, today=TODAY),
        "conflicts": lambda: conflicts(snapshot, today=TODAY),
        "critical path": lambda: critical_path(snapshot, goal, today=TODAY),
        "forecast, 1,000 samples": lambda: forecast(snapshot, goal, 1000, 1, today=TODAY),
        "goals and key results": lambda: okr_rollup(snapshot, today=TODAY),
        "workload": lambda: workload(snapshot, today=TODAY),
        "people": lambda: people_risk(snapshot, today=TODAY),
        "budgets": lambda: budgets(snapshot),
        "triage queue": lambda: triage_queue(snapshot, today=TODAY),
        "ready queue": lambda: ready_queue(snapshot, today=TODAY),
        "summary": lambda: summary(snapshot, today=TODAY),
    }
    for job in jobs.values():
        job()
    snapshot.derived.clear()
    print("    CPU s of whole analyses, first and again:", end=" ")
    print("; ".join(f"{name} {_computed(job):.2f}, {_computed(job):.2f}" for name, job in jobs.items()), flush=True)


def _computed(job: Callable[[], object]) -> float:
    started = time.process_time()
    job()
    return time.process_time() - started


def _millis() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
