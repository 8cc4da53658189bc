"""Time and memory of a forecast on seeded layered graphs, in hours and with everybody on leave in some weeks.

Run as ``python -m benchmarks.forecast [ITEMS ...] [--samples SAMPLES]``; by default 10,000, 100,000 and 1,000,000 items
with three times as many edges, and 1,000 samples. Each size is a process of its own, so that its peak is its own. The
expanded graph is there; preparing is what a forecast does before it draws.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from typing import Final

import numpy as np

from analytics import Expanded, Uncertainty
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


def measured(snapshot: Snapshot, samples: int, workers: Sequence[int]) -> tuple[float, list[float], np.datetime64]:
    """Return the seconds of preparing and of sampling by each number of threads, and the latest day of a sample."""
    expanded, row = Expanded.of(snapshot, TODAY), snapshot.row("O-1")
    expanded.finish_hours(row)
    begin = perf_counter()
    simulation = Simulation(expanded, spread_of(expanded, Uncertainty()), [row])
    prepared, taken, latest = perf_counter() - begin, list[float](), np.datetime64("NaT", "D")
    for threads in workers:
        begin = perf_counter()
        sampled = simulation.run(samples, 1, threads=threads)
        taken.append(perf_counter() - begin)
        latest = sampled.days.max()
    return prepared, taken, latest


def report(size: int, samples: int, workers: Sequence[int]) -> None:
    """Print a size's rows: in hours, and in calendars with the ratio of the two."""
    for snapshot in (small := layered(1000), with_leave(small)):  # compiles, or loads what was compiled
        measured(snapshot, 8, [1])
    snapshot = layered(size)
    prepared, hours, _ = measured(snapshot, samples, workers)
    _print(size, snapshot, "hours", prepared, hours)
    snapshot = with_leave(snapshot)
    prepared, days, latest = measured(snapshot, samples, workers)
    ratio = ", ".join(f"{own / plain:.1f}" for own, plain in zip(days, hours, strict=True))
    _print(size, snapshot, f"own calendars, until {latest}: {ratio} times as long", prepared, days)


def _print(size: int, snapshot: Snapshot, counted: str, prepared: float, taken: Sequence[float]) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times, edges = " | ".join(f"{seconds:.2f}" for seconds in taken), len(snapshot.edges.kind)
    print(f"| {size:,} | {edges:,} | {counted} | {prepared:.2f} | {times} | {peak:,.0f} |", flush=True)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.forecast")
    parser.add_argument("items", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--samples", type=int, default=1000)
    given = parser.parse_args(arguments)
    workers = sorted({1, os.cpu_count() or 1})
    heads = " | ".join(f"{given.samples:,} samples, {count} threads s" for count in workers)
    print(f"| items | edges | counted in | prepare s | {heads} | peak MB |")
    print("|---" * (5 + len(workers)) + "|", flush=True)
    for size in given.items:
        process = multiprocessing.get_context("spawn").Process(target=report, args=(size, given.samples, workers))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(process.exitcode)


if __name__ == "__main__":
    main(sys.argv[1:])
