"""Requests a second, times and processor time of the API, beside `@neo4j/graphql` and hand-written Cypher.

Run ``scripts/bench graphql``, or ``python -m benchmarks.graphql [--items N] [--seconds S] [--clients 1,8,64]``. The
data is what ``workatlas generate`` makes, in a workspace of its own, some of it for one team's eyes only. Before
anything is measured all three must give the same answers. Prints Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import psutil

from benchmarks.graphql.servers import Server, computed, database_process, loaded, node_packages, running
from benchmarks.graphql.shapes import SHAPES, Sample, Shape, Variables
from graph import migrations
from graph.connection import Connection
from graph.records import workspace
from graph.store import Store, open_store
from graph.writing.loading import load
from workatlas.embedded import ensure_running
from workatlas.errors import WorkatlasError
from workatlas.generator import TODAY, records
from workatlas.settings import Settings

_IDLE = 0.25
"""Seconds that idle servers compute in 5 seconds at most."""
COMPARED = 25
"""Variants of each question whose answers are compared."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one server did for one question and one number of clients; times in milliseconds."""

    rate: float
    p50: float
    p99: float
    own: float
    database: float | None


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.graphql")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8.0, help="seconds of each measurement, after a quarter of it")
    parser.add_argument("--clients", default="1,8,64", help="numbers of clients, with commas between")
    parser.add_argument("--shapes", default=",".join(shape.name for shape in SHAPES), help="questions, with commas")
    parser.add_argument("--keep", action="store_true", help="leave the data in the database for another run")
    given = parser.parse_args(arguments)
    clients = [int(one) for one in given.clients.split(",")]
    shapes = [shape for shape in SHAPES if shape.name in given.shapes.split(",")]
    name = f"bench-graphql-{given.items}"
    node_packages()
    with ensure_running(Settings.from_environ(os.environ)) as database:
        sample = asyncio.run(_prepare(database.connection, name, given.items))
        try:
            with running(database.connection, name) as servers:
                _compare(servers, shapes, sample)
                _settle(servers)
                print(f"All three give the same answers to {COMPARED} variants of each question.\n", flush=True)
                _report(servers, shapes, sample, clients, given.seconds, database_process(database.connection))
        finally:
            if not given.keep:
                asyncio.run(_purge(database.connection, name))


async def _prepare(connection: Connection, name: str, items: int) -> Sample:
    """Load the data, if it is not there, and hide one task of fifty from those outside of one team."""
    async with open_store(connection) as store:
        await migrations.migrate(store)
        if not (await store.rows(_READY, workspace=name))[0][0]:
            await workspace.purge(store, name)
            report = await load(store, name, records(items, 1, TODAY), source="bench", clock=_millis)
            await _hide(store, name)
            print(f"{items:,} items and {report.edges.total():,} edges loaded in {report.seconds:.0f} s.\n", flush=True)
        return await Sample.of(store, name)


async def _purge(connection: Connection, name: str) -> None:
    async with open_store(connection) as store:
        await workspace.purge(store, name)


async def _hide(store: Store, name: str) -> None:
    await store.alone(_HIDE, workspace=name)


_READY = "RETURN EXISTS { MATCH (:Task {workspace: $workspace, visibility: 'TEAM'}) }"
_HIDE = """
MATCH (m:Team {workspace: $workspace}) WITH m ORDER BY m.id LIMIT 1
MATCH (t:Task {workspace: $workspace}) WHERE t.key ENDS WITH '13'
SET t.visibility = 'TEAM', t.team = m.id
"""


def _compare(servers: Sequence[Server], shapes: Sequence[Shape], sample: Sample) -> None:
    """Ask all servers the same questions.

    Raises:
        WorkatlasError: Two of them answer differently, or all with nothing.

    """
    with httpx.Client(timeout=120, trust_env=False) as client:
        for shape in shapes:
            something = False
            for variables in shape.variants(sample)[:COMPARED]:
                answers = [_asked(client, server, shape, variables) for server in servers]
                something = something or bool(answers[0])
                for server, answer in zip(servers[1:], answers[1:], strict=True):
                    if answer != answers[0]:
                        both = "\n".join(json.dumps(one)[:2000] for one in (variables, answers[0], answer))
                        raise WorkatlasError(f"{shape.name}: {servers[0].name} and {server.name} differ:\n{both}")
            if not something:
                raise WorkatlasError(f"{shape.name}: every answer is empty, so nothing is compared.")


def _settle(servers: Sequence[Server], longest: float = 120.0) -> None:
    """Wait until the servers have done what they do after their start: workatlas examines the graph for findings."""
    end = time.monotonic() + longest
    while time.monotonic() < end:
        before = sum(server.seconds() for server in servers)
        time.sleep(5)
        if sum(server.seconds() for server in servers) - before < _IDLE:
            return


def _asked(client: httpx.Client, server: Server, shape: Shape, variables: Variables) -> object:
    headers = {"content-type": "application/json", "authorization": f"Bearer {server.token}"}
    answer = client.post(server.address(shape), content=server.body(shape, variables), headers=headers)
    if answer.status_code != httpx.codes.OK:
        raise WorkatlasError(f"{shape.name}: {server.name} answers {answer.status_code}: {answer.text[:500]}")
    return server.rows(answer.json())


def _report(
    servers: Sequence[Server],
    shapes: Sequence[Shape],
    sample: Sample,
    clients: Sequence[int],
    seconds: float,
    database: psutil.Process | None,
) -> None:
    """Print a table of each question, and the ratios of all."""
    ratios = []
    for shape in shapes:
        print(f"\n{shape.title}\n\n| clients | server | requests/s | p50 ms | p99 ms | CPU ms/request | Neo4j's |")
        print("|---|---|---|---|---|---|---|")
        for number in clients:
            found = {}
            for server in servers:
                one = found[server.name] = _measured(server, shape, sample, number, seconds, database)
                neo4j = "–" if one.database is None else f"{one.database:.2f}"
                print(
                    f"| {number} | {server.name} | {one.rate:,.0f} | {one.p50:.1f} | {one.p99:.1f} | {one.own:.2f} "
                    f"| {neo4j} |",
                    flush=True,
                )
            ours, peer, floor = found["workatlas"], found["peer"], found["floor"]
            ratios.append(
                f"| {shape.title} | {number} | {ours.rate / peer.rate:.1f} × | {ours.rate / floor.rate:.2f} "
                f"| {ours.p99 / floor.p99:.2f} |"
            )
    print(
        "\n| question | clients | requests/s over the peer's (≥ 3) | over the floor's (≥ 0.9) | p99 over its (≤ 1.5) |"
    )
    print("|---|---|---|---|---|")
    print("\n".join(ratios))


def _measured(
    server: Server, shape: Shape, sample: Sample, clients: int, seconds: float, database: psutil.Process | None
) -> Measure:
    """Load one server: for a quarter of the time without looking, then for all of it, longer if it is too slow."""
    job = {
        "url": server.address(shape), "token": server.token, "clients": clients,
        "bodies": [server.body(shape, one).decode() for one in shape.variants(sample)],
    }  # fmt: skip
    loaded(job | {"seconds": max(1.0, seconds / 4)})
    for longer in (1, 4, 16):
        before = server.seconds(), computed(database) if database else 0.0
        found = loaded(job | {"seconds": seconds * longer})
        own, neo4j = server.seconds() - before[0], computed(database) - before[1] if database else None
        answered = found["answered"]
        if found["failed"]:
            raise WorkatlasError(f"{shape.name}: {server.name} failed {found['failed']:.0f} requests.")
        if answered >= clients:
            each = 1000 / answered
            rate = answered / found["seconds"]
            return Measure(rate, found["p50"], found["p99"], own * each, None if neo4j is None else neo4j * each)
    raise WorkatlasError(f"{shape.name}: {server.name} has not answered each of {clients} clients once.")


def _millis() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main(sys.argv[1:])
