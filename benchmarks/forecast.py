"""Time of a forecast on seeded layered graphs.

Run as ``python -m benchmarks.forecast [ITEMS ...]``; by default 10,000, 100,000 and 1,000,000 items with three times as
many edges. The expanded graph is there; preparing is what a forecast does before its 1,000 samples.
"""

from __future__ import annotations

import os
import resource
import sys
from time import perf_counter

from analytics import Expanded, Uncertainty
from analytics.forecasting.simulation import Simulation
from analytics.forecasting.uncertainty import spread_of
from benchmarks.analytics import TODAY, layered

SAMPLES = 1000


def main(sizes: list[int]) -> None:
    small = layered(1000)
    Simulation(warm := Expanded.of(small, TODAY), spread_of(warm, Uncertainty()), [small.row("O-1")]).run(8, 0)
    workers = sorted({1, os.cpu_count() or 1})
    heads = " | ".join(f"{SAMPLES:,} samples, {count} threads s" for count in workers)
    print(f"| items | edges | prepare s | {heads} | peak MB |")
    print("|---" * (4 + len(workers)) + "|")
    for size in sizes:
        snapshot = layered(size)
        expanded = Expanded.of(snapshot, TODAY)
        row = snapshot.row("O-1")
        expanded.finish_hours(row)
        begin = perf_counter()
        simulation = Simulation(expanded, spread_of(expanded, Uncertainty()), [row])
        prepared = perf_counter() - begin
        taken = []
        for threads in workers:
            begin = perf_counter()
            simulation.run(SAMPLES, 1, threads=threads)
            taken.append(perf_counter() - begin)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        times = " | ".join(f"{seconds:.2f}" for seconds in taken)
        print(f"| {size:,} | {len(snapshot.edges.kind):,} | {prepared:.2f} | {times} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
