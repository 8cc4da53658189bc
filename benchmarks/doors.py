"""Every analysis of a generated organisation by function, by command and by GraphQL: that they agree, and their cost.

Run ``scripts/bench doors``, or ``python -m benchmarks.doors [ITEMS] [--keep]``; by default 100,000 items. The data is
what ``workatlas generate`` makes, in a workspace of its own; the questions are those of ``tests/analytics/questions``.
A command is a process of its own, which reads the snapshot anew; GraphQL is asked of one ``workatlas serve`` that has
read it, and that looks for no findings or recurring work meanwhile. Prints Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from benchmarks.graphql.servers import PROGRAM, environment, key_for, started
from graph import migrations
from graph.connection import Connection
from graph.errors import UnknownWorkspaceError
from graph.records import workspace
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import load_snapshot
from graph.store import Store, open_store
from graph.writing.loading import load
from tests.analytics.questions import QUESTIONS, Question, compared, keys_of
from workatlas.cli.database import open_database
from workatlas.errors import WorkatlasError
from workatlas.generator import records
from workatlas.settings import Settings

SECONDS: Final = 60
"""How long one operation may take: longer than by default, so that what is too slow is told rather than stopped."""


@dataclass(frozen=True, slots=True)
class Served:
    """The server, and how it is asked."""

    client: httpx.Client
    process: psutil.Process

    def ask(self, document: str) -> tuple[float, Mapping[str, Any]]:
        """Return the seconds of one request, and the data of its answer.

        Raises:
            WorkatlasError: The server refuses, or does not answer.

        """
        begin = time.perf_counter()
        answer = self.client.post("/graphql", json={"query": document})
        taken = time.perf_counter() - begin
        body = answer.json()
        if "errors" in body:
            raise WorkatlasError(f"{document} has no answer: {json.dumps(body['errors'])[:500]}")
        return taken, body["data"]

    @property
    def peak(self) -> float:
        """The most memory that it ever held, in megabytes; what it holds now where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return float(self.process.memory_info().rss) / 2**20
        fields = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(fields["VmHWM"].split()[0]) / 2**10


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.doors")
    parser.add_argument("items", type=int, nargs="?", default=100_000)
    parser.add_argument("--keep", action="store_true", help="leave the data in the database for another run")
    given = parser.parse_args(arguments)
    today = datetime.now(UTC).astimezone().date()  # the server's
    name = f"bench-doors-{given.items}-{today.isoformat()}"
    with open_database(Settings.from_environ(os.environ)) as database:
        snapshot = asyncio.run(_prepared(database.connection, name, given.items, today))
        try:
            _report(snapshot, today, _environ(database.connection, name))
        finally:
            if not given.keep:
                asyncio.run(_purge(database.connection, name))


async def _prepared(connection: Connection, name: str, items: int, today: date) -> Snapshot:
    """Load the data, if it is not there from an earlier run, and read it."""
    async with open_store(connection) as store:
        await migrations.migrate(store)
        if not await _is_loaded(store, name):
            await workspace.purge(store, name)
            await load(store, name, records(items, 1, today), source="bench", clock=_millis)
        begin = time.perf_counter()
        snapshot = await load_snapshot(store, name)
        taken = time.perf_counter() - begin
    counts = f"{len(snapshot):,} items, {len(snapshot.edges.kind):,} edges"
    print(f"{counts}; the snapshot is read in {taken:.1f} s.", flush=True)
    return snapshot


async def _is_loaded(store: Store, name: str) -> bool:
    try:
        return (await workspace.read(store, name)).import_run is None
    except UnknownWorkspaceError:
        return False


async def _purge(connection: Connection, name: str) -> None:
    async with open_store(connection) as store:
        await workspace.purge(store, name)


def _environ(connection: Connection, name: str) -> dict[str, str]:
    environ = environment(connection, name) | {
        "WORKATLAS_LIMIT_SECONDS": str(SECONDS), "WORKATLAS_FINDINGS_INTERVAL": "0",
        "WORKATLAS_OPERATIONS_INTERVAL": "0",
    }  # fmt: skip
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ


def _report(snapshot: Snapshot, today: date, environ: Mapping[str, str]) -> None:
    begin = time.perf_counter()
    keys = keys_of(snapshot)
    with _serving(environ) as served:
        ready = time.perf_counter() - begin
        first, _ = served.ask("{ readyQueue(first: 1) { explanation } }")
        print(f"The server is ready after {ready:.1f} s, and gives its first answer in {first:.1f} s.\n")
        print("| analysis | function, cold: CPU s | warm | command s | GraphQL, first: s | again | JSON | server |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for name in QUESTIONS:
            print(_row(name, snapshot, keys, today, served, environ), flush=True)
    print("\nThe three doors agree on every question.", flush=True)


def _row(
    name: str, snapshot: Snapshot, keys: Mapping[str, str], today: date, served: Served, environ: Mapping[str, str]
) -> str:
    """Ask one question at each door, and return its line of the table.

    Raises:
        WorkatlasError: The doors do not agree.

    """
    question = QUESTIONS[name]
    answer, cold, warm = _asked(question, snapshot, keys, today)
    begin = time.perf_counter()
    printed = _run(question.words(keys, today), environ)
    command = time.perf_counter() - begin
    first, data = served.ask(question.document(keys))
    again, _ = served.ask(question.document(keys))
    for said, expected in compared(name, answer, question.over_graphql(data), json.loads(printed)):
        if said != expected:
            raise WorkatlasError(f"{name}: {json.dumps(said)[:300]} instead of {json.dumps(expected)[:300]}")
    times = " | ".join(f"{one:.2f}" for one in (cold, warm, command, first, again))
    return f"| `{name}` | {times} | {len(printed) / 1000:,.0f} kB | {served.peak:,.0f} MB |"


def _asked(question: Question, snapshot: Snapshot, keys: Mapping[str, str], today: date) -> tuple[Any, float, float]:
    """Return the function's answer, and its processor time without and with what analyses derive from a snapshot.

    What is compiled is loaded before.
    """
    question.answer(snapshot, keys, today)
    snapshot.derived.clear()
    begin = time.process_time()
    question.answer(snapshot, keys, today)
    derived = time.process_time()
    answer = question.answer(snapshot, keys, today)
    return answer, derived - begin, time.process_time() - derived


def _run(words: Sequence[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run([PROGRAM, *words], env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WorkatlasError(f"workatlas {' '.join(words)} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


@contextmanager
def _serving(environ: Mapping[str, str]) -> Iterator[Served]:
    """Start a server for a viewer, and end it whatever happens."""
    headers = {"Authorization": f"Bearer {key_for('viewer', environ['WORKATLAS_WORKSPACE'], environ)}"}
    with (
        started("workatlas", [PROGRAM, "serve", "--port", "0"], environ) as (url, process),
        httpx.Client(base_url=url, headers=headers, timeout=2 * SECONDS) as client,
    ):
        yield Served(client, process)


def _millis() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main(sys.argv[1:])
