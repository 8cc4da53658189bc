"""How often forecasts come true: stated percentiles against what happened, on made-up histories and on cycle times.

Run as ``python -m benchmarks.calibration [CSV]``. On histories that ``workatlas generate`` makes, the graph is set back
to earlier days, and the finish of each task that was going on is forecast from what had been finished by then. CSV is a
file of real items with the columns ``created_date`` and ``cycle_time_days``: each month's items are forecast from those
that had been finished before it began.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.forecasting.simulation import Simulation
from analytics.forecasting.uncertainty import Uncertainty, mixed, pert, spread_of
from graph.batch import EdgeRow, NodeRow
from graph.snapshots.columns import Floats
from graph.snapshots.snapshot import Snapshot
from workatlas.generator import TODAY, records

STATED: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
"""Percentiles that are held against what happened."""
ORIGINS: Final = tuple(TODAY - timedelta(days=days) for days in range(200, 39, -8))
"""Days to which generated histories are set back."""
SAMPLES: Final = 400


def generated(items: int = 4000, seeds: Iterable[int] = (1, 2)) -> tuple[Floats, int]:
    """Return the share of tasks that were finished by each stated percentile, and how many were forecast.

    A task counts when its P95 lies before the day on which the history ends, so that whatever happened is known: that
    is decided by the forecast alone, and so it does not favour the quick ones.
    """
    hits, count = np.zeros(len(STATED)), 0
    for seed in seeds:
        rows = list(records(items, seed))
        nodes = [row for row in rows if isinstance(row, NodeRow)]
        edges = [row for row in rows if isinstance(row, EdgeRow)]
        for origin in ORIGINS:
            for stated, took, latest in outcomes(nodes, edges, origin):
                if latest < TODAY:
                    hits += took <= stated
                    count += 1
    return hits / count, count


def outcomes(nodes: list[NodeRow], edges: list[EdgeRow], origin: date) -> Iterator[tuple[Floats, float, date]]:
    """Yield, for each task that was going on at ``origin``, its stated percentiles, what it took, and the day of P95.

    Both are working hours from the morning of ``origin``: in days, which are whole, all forecasts look better.
    """
    graph, finishes = as_of(nodes, edges, origin)
    snapshot = Snapshot.from_networkx(graph)
    expanded = Expanded.of(snapshot, origin)
    rows = [snapshot.row(key) for key in finishes]
    if not rows:
        return
    sampled = Simulation(expanded, spread_of(expanded, Uncertainty()), rows).run(SAMPLES, 1, traced=False).finishes
    percentiles = np.quantile(sampled, np.array(STATED) / 100, axis=1, method="inverted_cdf")
    begun = np.full(len(rows), np.datetime64(origin, "ms"))
    took = expanded.calendar.hours_between(begun, np.array(list(finishes.values()), dtype="datetime64[ms]"))
    for place, hours in enumerate(took.tolist()):
        yield percentiles[:, place], hours, expanded.calendar.finish_day(origin, float(percentiles[-1, place]))


def as_of(nodes: list[NodeRow], edges: list[EdgeRow], origin: date) -> tuple[Any, dict[str, np.datetime64]]:
    """Return the graph as it was known at ``origin``, and when the tasks that were going on were finished."""
    graph: Any = nx.MultiDiGraph()
    finishes: dict[str, np.datetime64] = {}
    wholes = {edge.end.value for edge in edges if edge.kind == "PART_OF"}
    for row in nodes:
        key, given = str(row.key), row.properties
        if row.kind in {"Person", "Team"}:
            graph.add_node(key, kind=row.kind, status=None)
        if row.kind != "Task" or key in wholes or given["status"] == "Cancelled":
            continue
        begun, over = _days(given.get("startedAt"), TODAY), _finish(given)
        known: dict[str, Any] = {"estimate": given["estimate"], "remaining": given["estimate"], "status": "PLANNED"}
        since = (origin - TODAY).days
        if begun is not None and over is not None and begun < since:
            share = min(1.0, (since - begun) / max(over - begun, 1e-9))
            known |= {"status": "STARTED", "remaining": float(str(given["estimate"])) * (1 - share)}
            if over < since:
                known |= {"status": "DONE", "started_at": given["startedAt"], "completed_at": given["completedAt"]}
            else:
                finishes[key] = np.datetime64(TODAY, "ms") + np.timedelta64(round(over * 86_400_000), "ms")
        if (_days(given["createdAt"], TODAY) or 0.0) < since:
            graph.add_node(key, **known)
    for edge in edges:
        start, end = edge.start.value, edge.end.value
        if edge.kind in {"BLOCKS", "ASSIGNED_TO"} and start in graph and end in graph:
            wait = {"type": edge.properties.get("type", "FS"), "lag": edge.properties.get("lag", 0.0)}
            graph.add_edge(start, end, kind=edge.kind, share=edge.properties.get("share"), **wait)
    return graph, {key: moment for key, moment in finishes.items() if key in graph}


def _finish(given: dict[str, object]) -> float | None:
    """Return when a task was finished, in days from the end of the history; those after it from their progress."""
    if "completedAt" in given:
        return _days(given["completedAt"], TODAY)
    begun = _days(given.get("startedAt"), TODAY)
    if begun is None:
        return None
    return begun - begun * float(str(given["estimate"])) / float(str(given["spent"]))


def _days(instant: object, today: date) -> float | None:
    if instant is None:
        return None
    moment = datetime.fromisoformat(str(instant))
    return (moment - datetime(today.year, today.month, today.day, tzinfo=UTC)) / timedelta(days=1)


def cycle_times(path: Path, prior: float = Uncertainty().prior) -> tuple[Floats, int]:
    """Return the share of real items that took no longer than each stated percentile, and how many were forecast.

    Items that ended before they were created are left out: the dates of some were cleaned up afterwards. An item counts
    when its P95 lies before the end of the data.
    """
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    created = np.array([row["created_date"] for row in rows], dtype="datetime64[D]")
    took = np.array([float(row["cycle_time_days"]) for row in rows])
    project = np.array([row["project"] for row in rows])
    known = took > 0
    created, took, project = created[known], took[known], project[known]
    finished = created + took.astype("timedelta64[D]")
    hits, count = np.zeros(len(STATED)), 0
    for month in np.unique(created.astype("datetime64[M]")):
        for name in np.unique(project):
            past = took[(finished < month) & (project == name)]
            new = (created.astype("datetime64[M]") == month) & (project == name)
            if len(past) < 50 or not new.any():
                continue
            usual = float(np.median(past))
            table = mixed(past / usual, pert(*Uncertainty().assumed), prior)
            stated = np.interp(np.array(STATED) / 100, np.linspace(0, 1, len(table)), table) * usual
            new &= created + np.timedelta64(int(np.ceil(stated[-1])), "D") < finished.max()
            hits += (took[new][:, None] <= stated).sum(axis=0)
            count += int(np.count_nonzero(new))
    return hits / count, count


def told(title: str, shares: Floats, count: int) -> str:
    """Return a table of stated percentiles and of what happened."""
    head = f"| stated | {' | '.join(f'P{percent}' for percent in STATED)} |"
    line = f"| {title} ({count:,} forecasts) | {' | '.join(f'{share:.0%}' for share in shares)} |"
    return "\n".join((head, "|---" * (len(STATED) + 1) + "|", line))


def main(paths: list[str]) -> None:
    print(told("generated histories", *generated()))
    for path in paths:
        print(told(Path(path).name, *cycle_times(Path(path))))


if __name__ == "__main__":
    main(sys.argv[1:])
