"""Real and generated workspaces, loaded into a real database and read as snapshots."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest

from graph.batch import Record
from graph.connection import Connection
from graph.migrations import migrate
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import load_snapshot
from graph.store import open_store
from graph.writing.loading import load
from workatlas import generator
from workatlas.importers import IMPORTERS, ImportOptions
from workatlas.sample import SAMPLE

UPSTREAM = Path(__file__).parents[3] / "shared" / "data"


def imported(name: str, *paths: Path) -> Iterable[Record]:
    if name not in IMPORTERS:
        pytest.skip(f"there is no importer {name}")
    if not paths or not all(path.exists() for path in paths):
        pytest.skip(f"the data of {name} is not beside this repository")
    return IMPORTERS[name].read(list(paths), ImportOptions())


SOURCES: dict[str, tuple[date, Callable[[], Iterable[Record]]]] = {
    "sample": (date(2025, 2, 3), lambda: imported("jsonl", SAMPLE)),
    "generated": (generator.TODAY, lambda: generator.records(1000, 5)),
    "beads": (date(2025, 12, 15), lambda: imported("beads", *sorted((UPSTREAM / "beads-self").glob("*.jsonl"))[-1:])),
    "keps": (date(2025, 1, 6), lambda: imported("k8s-keps", UPSTREAM / "k8s-keps")),
}


async def _loaded(connection: Connection, records: Iterable[Record]) -> Snapshot:
    name = f"analyses-{uuid.uuid4()}"
    async with open_store(connection) as store:
        await migrate(store)
        await load(store, name, records, source="test", clock=lambda: time.time_ns() // 1_000_000)
        return await load_snapshot(store, name)


@pytest.fixture(scope="session", params=list(SOURCES))
def workspace(request: pytest.FixtureRequest, connection: Connection) -> tuple[Snapshot, date]:
    today, records = SOURCES[request.param]
    return asyncio.run(_loaded(connection, records())), today
