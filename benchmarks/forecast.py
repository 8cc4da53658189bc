"""Time and memory of a forecast on seeded layered graphs, in hours and with everybody on leave in some weeks.

Run as ``python -m benchmarks.forecast [ITEMS ...] [--samples SAMPLES]``; by default 10,000, 100,000 and 1,000,000 items
with three times as many edges, and 1,000 samples. The expanded graph is there; preparing is what a forecast does before
it draws.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from time import perf_counter
from typing import Final, NamedTuple

from analytics import Expanded, Uncertainty
from analytics.expansion.finishes import finish_of
from analytics.forecasting.simulation import Simulation
from analytics.forecasting.uncertainty import spread_of
from benchmarks.analytics import TODAY, layered
from graph.calendars import Leave, WorkingCalendar
from graph.snapshots.columns import TextColumn
from graph.snapshots.snapshot import Snapshot

PEOPLE: Final = 100
"""Calendars among which the work goes round: each with two weeks of leave in every half of a year, at other times."""


def with_leave(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with all work done by people who are away in some weeks of the next six years."""
    calendars = []
    for person in range(PEOPLE):
        begun = [TODAY + timedelta(days=182 * half + person) for half in range(12)]
        leave = tuple(Leave(first, first + timedelta(days=13)) for first in begun)
        calendars.append(WorkingCalendar(f"C-{person}", leave=leave))
    names = TextColumn.of(f"C-{row % PEOPLE}" for row in range(len(snapshot)))
    return replace(snapshot, items=replace(snapshot.items, calendar=names), calendars=tuple(calendars))


class Measured(NamedTuple):
    """What one process measured: seconds by number of threads, the latest day of a sample, and its peak of memory."""

    edges: int
    prepared: float
    sampled: tuple[float, ...]
    latest: str
    peak: float


def measured(size: int, samples: int, workers: Sequence[int], own: bool) -> Measured:
    """Measure a size, in calendars of their own or in hours. What is compiled is compiled, or loaded, before."""
    _forecast(layered(1000), 8, [1], own)
    return _forecast(layered(size), samples, workers, own)


def _forecast(snapshot: Snapshot, samples: int, workers: Sequence[int], own: bool) -> Measured:
    snapshot = with_leave(snapshot) if own else snapshot
    expanded, row = Expanded.of(snapshot, TODAY), snapshot.row("O-1")
    finish_of(expanded, row)
    begin = perf_counter()
    simulation = Simulation(expanded, spread_of(expanded, Uncertainty()), [row])
    prepared, taken, latest = perf_counter() - begin, list[float](), ""
    for threads in workers:
        begin = perf_counter()
        sampled = simulation.run(samples, 1, threads=threads)
        taken.append(perf_counter() - begin)
        latest = str(sampled.days.max())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(len(snapshot.edges.kind), prepared, tuple(taken), latest, peak)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.forecast")
    parser.add_argument("items", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--samples", type=int, default=1000)
    given = parser.parse_args(arguments)
    workers = sorted({1, os.cpu_count() or 1})
    heads = " | ".join(f"{given.samples:,} samples, {count} threads s" for count in workers)
    print(f"| items | edges | counted in | until | prepare s | {heads} | peak MB |")
    print("|---" * (6 + len(workers)) + "|", flush=True)
    # Each in a process of its own, so that its peak of memory is its own.
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for size in given.items:
            hours, own = (pool.submit(measured, size, given.samples, workers, own).result() for own in (False, True))
            ratio = ", ".join(f"{one / plain:.1f}" for one, plain in zip(own.sampled, hours.sampled, strict=True))
            for counted, found in (("hours", hours), (f"own calendars: {ratio} times as long", own)):
                times = " | ".join(f"{seconds:.2f}" for seconds in found.sampled)
                print(
                    f"| {size:,} | {found.edges:,} | {counted} | {found.latest} | {found.prepared:.2f} | {times} "
                    f"| {found.peak:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1:])
