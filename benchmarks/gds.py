"""Betweenness and PageRank beside Neo4j's Graph Data Science library, on seeded layered graphs.

Run as ``python -m benchmarks.gds [ITEMS ...]``; by default 10,000 and 100,000 items with three times as many edges.
The library (GPL) is fetched from Maven against the hashes in ``gds.txt`` and runs in a Neo4j of its own, which is
removed at the end. It computes on a graph that was projected into its memory before the clock starts, in all of its
threads; its own account of the time it computed stands behind the time that a call takes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from analytics import betweenness, pagerank
from analytics.networks.projection import Projection
from benchmarks.analytics import layered
from benchmarks.graph_tools import seconds
from graph.connection import Connection
from graph.store import Store, open_store
from workatlas.embedded import server
from workatlas.embedded.artifacts import locked_artifacts, read_artifacts
from workatlas.embedded.configuration import java_arguments, neo4j_conf
from workatlas.embedded.disk import write_private
from workatlas.embedded.download import fetch
from workatlas.embedded.java import find_java
from workatlas.embedded.library import Library
from workatlas.embedded.profile import Profile
from workatlas.settings import Settings

LIST: Final = Path(__file__).with_name("gds.txt")
_CHUNK: Final = 20_000


def main(sizes: list[int]) -> None:
    print("| seconds for | workatlas | GDS | of which it computed |\n|---|---|---|---|")
    with started(Settings.from_environ(os.environ)) as connection:
        for size in sizes:
            asyncio.run(_compare(connection, size))


@contextmanager
def started(settings: Settings) -> Iterator[Connection]:
    """Start a Neo4j with the library in a folder of its own, and remove both at the end."""
    neo4j = locked_artifacts()
    known = {(one.group, one.name) for one in neo4j}
    own = [one for one in read_artifacts(LIST.read_text("utf-8").splitlines()) if (one.group, one.name) not in known]
    fetch(settings)
    fetch(settings, artifacts=own)
    libraries = Library.at(settings.cache), Library.at(settings.cache, own)
    with tempfile.TemporaryDirectory(prefix="workatlas-gds-") as folder:
        profile = Profile(Path(folder))
        profile.prepare()
        # Neo4j looks for procedures among its plugins, but these need each other on the class path.
        (profile.folder / "plugins").mkdir(exist_ok=True)
        for artifact in own:
            shutil.copy(libraries[1].path(artifact), profile.folder / "plugins")
        port = profile.choose_port(avoid=None)
        text = neo4j_conf(settings, port) + "dbms.security.procedures.unrestricted=gds.*\n"
        write_private(profile.configuration / "neo4j.conf", text)
        java, arguments = find_java(settings), profile.configuration / "java.arguments"
        class_path = os.pathsep.join(library.class_path for library in libraries)
        write_private(arguments, java_arguments(settings, class_path))
        connection = profile.connection(port)
        process = server.launch(profile, java, arguments)
        try:
            server.await_answer(process, profile, connection)
            yield connection
        finally:
            server.end(process, profile)


async def _compare(connection: Connection, size: int) -> None:
    snapshot = layered(size)
    projection = Projection.of(snapshot)
    async with open_store(connection) as store:
        await _project(store, projection)
        ours = seconds(lambda: betweenness(snapshot, sources=100)), seconds(lambda: pagerank(snapshot))
        for title, text, own in zip(_TITLES, _CALLS, ours, strict=True):
            theirs, computed = min([await _timed(store, text) for _ in range(3)])
            print(f"| {title}, {size:,} items | {own:.4f} | {theirs:.3f} | {computed:.3f} |", flush=True)
        await store.rows("CALL gds.graph.drop('g') YIELD graphName RETURN graphName")


# One tolerance would mean different sums of differences in each; 100 steps are more than this graph needs to settle.
_TITLES: Final = ("betweenness from 100 sources", "PageRank")
_CALLS: Final = (
    "CALL gds.betweenness.stats('g', {samplingSize: 100, samplingSeed: 0}) YIELD computeMillis RETURN computeMillis",
    "CALL gds.pageRank.stats('g', {maxIterations: 100, tolerance: 1e-7}) YIELD computeMillis RETURN computeMillis",
)


async def _timed(store: Store, text: str) -> tuple[float, float]:
    """Return the seconds of a call, and those of them that the library says it computed."""
    begin = time.perf_counter()
    rows = await store.rows(text)
    return time.perf_counter() - begin, rows[0][0] / 1000


async def _project(store: Store, projection: Projection) -> None:
    """Write the graph's nodes and edges, and project them into the library's memory."""
    tails = np.repeat(np.arange(len(projection)), np.diff(projection.pointer))
    pairs = np.stack([tails, projection.heads], axis=1).tolist()
    await store.alone("MATCH (n:Place) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS")
    await store.alone("CREATE CONSTRAINT place IF NOT EXISTS FOR (n:Place) REQUIRE n.at IS UNIQUE")
    await store.alone("UNWIND range(0, $last) AS at CREATE (:Place {at: at})", last=len(projection) - 1)
    for first in range(0, len(pairs), _CHUNK):
        chunk = pairs[first : first + _CHUNK]
        await store.alone(
            "UNWIND $pairs AS p MATCH (a:Place {at: p[0]}), (b:Place {at: p[1]}) CREATE (a)-[:LEADS_TO]->(b)",
            pairs=chunk,
        )
    await store.rows("CALL gds.graph.project('g', 'Place', 'LEADS_TO') YIELD graphName RETURN graphName")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000])
