"""Every importer's fixtures go through the one write path into a real Neo4j, twice."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest

from graph.connection import Connection
from graph.migrations import migrate
from graph.store import open_store
from graph.writing.loading import LoadOptions, LoadReport, load
from tests.workatlas.importers.conformance import FIXTURES, anomalies
from workatlas.importers import IMPORTERS, ImportOptions

NOW = 1_767_225_600_000
CASES = [
    ("beads", ["beads/issues.jsonl"], None),
    ("github", ["github/issues.json"], None),
    ("jira-csv", ["jira-csv/Jira.csv"], None),
    ("mspdi", ["mspdi/house.xml", "mspdi/odd.xml"], None),
    ("jira-csv", ["linear-csv/linear.csv"], Path("linear")),
    ("jira-csv", ["gitbugs/bugs.csv", "gitbugs/duplicates.csv"], Path("bugs")),
]


async def twice(connection: Connection, name: str, paths: list[Path], options: ImportOptions) -> list[LoadReport]:
    workspace = f"importers-{uuid.uuid4()}"
    async with open_store(connection) as store:
        await migrate(store)
        return [
            await load(
                store,
                workspace,
                IMPORTERS[name].read(paths, options),
                source=name,
                options=LoadOptions(),
                clock=lambda: NOW,
            )
            for _ in range(2)
        ]


@pytest.mark.parametrize(("name", "files", "mapping"), CASES, ids=lambda value: str(value))
def test_fixtures_load_and_loading_twice_changes_nothing(
    connection: Connection, name: str, files: list[str], mapping: Path | None
) -> None:
    paths = [FIXTURES / file for file in files]
    first, second = asyncio.run(twice(connection, name, paths, ImportOptions(mapping=mapping)))
    own = anomalies(IMPORTERS[name].read(paths, ImportOptions(mapping=mapping)))
    assert first.anomalies == own, "the write path found something that the importer should not have yielded"
    assert first.created == first.nodes.total()
    assert (second.created, second.updated, second.unchanged) == (0, 0, first.nodes.total())
    assert second.anomalies == own
