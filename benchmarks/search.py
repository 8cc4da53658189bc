"""Searches by words, and pages with computed fields, on generated organisations of growing size.

Run ``scripts/bench search`` (sizes as arguments: ``scripts/bench search 10000 100000``). Each figure is the median of
some questions asked one after the other over GraphQL, in the process, from one run on one machine. A second workspace
with the same words stands in the same index. "changed" is the first page after a write: the snapshot is brought up to
it, and what is derived from it made anew.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Any, Final

from graph import migrations
from graph.batch import Batch, NodeRow, Ref
from graph.records import workspace
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store, open_store
from graph.writing.loading import load
from graph.writing.writer import write
from resolvers.access import Viewer
from resolvers.context import Context
from resolvers.schema import execute
from workatlas.embedded import ensure_running
from workatlas.generator import TODAY, records
from workatlas.settings import Settings

SIZES: Final = (10_000, 100_000)
TIMES: Final = 15
TEXTS: Final = {"two words": "release notes", "a common word": "the", "a beginning": "de"}
SEARCH: Final = """query ($t: String!) {
  search(text: $t) { totalCount edges { score matches { snippet } node { key } } } }"""
PAGES: Final = {
    "states": "isReady readyFrom isBlocked cannotFinishYet",
    "threatens": "threatens { goal reasons }",
    "own goal": "totalFloat { goal hours } drag { hours } dueSlack { days }",
}


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    with ensure_running(Settings.from_environ(os.environ)) as database:
        asyncio.run(_all(sizes, open_store(database.connection)))


async def _all(sizes: list[int], opened: Any) -> None:
    async with opened as store:
        await migrations.migrate(store)
        for size in sizes:
            names = [f"bench-search-{size}-{part}" for part in ("own", "other")]
            try:
                for name in names:
                    await workspace.purge(store, name)
                    await workspace.ensure(store, name, _millis())
                    await load(store, name, records(size, 5), source="bench", clock=_millis)
                await _measure(store, names[0], size)
            finally:
                for name in names:
                    await workspace.purge(store, name)


async def _measure(store: Store, name: str, size: int) -> None:
    keeper = SnapshotKeeper(store, name)

    async def ask(text: str, **variables: Any) -> Any:
        context = Context(store, Viewer.local(name), keeper, lambda: TODAY, "bench")
        answer = await execute(text, variables, None, context)
        assert "errors" not in answer.body, answer.body
        return answer.body["data"]

    key = (await ask("{ tasks(first: 1) { nodes { key } } }"))["tasks"]["nodes"][0]["key"]
    print(f"{size:,} items\nsearch | hits | median ms")
    for what, text in {"a key": key, **TEXTS}.items():
        total = (await ask(SEARCH, t=text))["search"]["totalCount"]
        print(f"{what} | {total:,} | {await _median(partial(ask, SEARCH, t=text)):.1f}", flush=True)
    print("page of 100 | first ms | median ms | changed ms")
    for what, fields in PAGES.items():
        page = f"{{ tasks(first: 100) {{ nodes {{ key {fields} }} }} }}"
        first, again = await _took(partial(ask, page)), await _median(partial(ask, page))
        row = NodeRow("", "", "", {"estimate": time.time() % 100}, of=Ref("key", key))
        await write(store, name, Batch([row]), now=_millis())
        changed = await _took(partial(ask, page))
        print(f"{what} | {first:.0f} | {again:.1f} | {changed:.0f}", flush=True)


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    return median([await _took(work) for _ in range(TIMES)])


async def _took(work: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await work()
    return 1000 * (time.perf_counter() - begin)


def _millis() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


if __name__ == "__main__":
    main()
