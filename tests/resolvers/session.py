"""One event loop and one pool for many questions to one world, each answered twice: compiled and plainly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from graph.connection import Connection
from graph.reading.gathering import Gathering
from graph.snapshots.snapshot_store import SnapshotKeeper, load_snapshot
from graph.store import open_store
from resolvers.access import Viewer
from resolvers.bounds import Bounds
from resolvers.context import Context
from resolvers.errors import presented
from resolvers.schema import Answer, execute
from tests.resolvers import variety
from tests.resolvers.plain import PlainGraph
from tests.resolvers.questions import Questions
from tests.resolvers.world import NOW, TODAY, CountingStore, World


@dataclass(slots=True)
class Session:
    """A world, its plain twin, and what asks both."""

    world: World
    questions: Questions
    graph: PlainGraph
    store: CountingStore
    runner: asyncio.Runner

    @property
    def endless(self) -> str:
        """The key of an item from which ``relatesTo`` leads on at any depth."""
        return next(key for key, row in self.world.nodes.items() if row.kind == "Task" and key not in self.world.hidden)

    def ask(self, text: str, **variables: Any) -> Answer:
        """Execute an operation as the product does."""
        (answer,) = self.ask_together([(text, variables)])
        return answer

    def ask_together(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Answer]:
        """Execute operations as the product does, all at the same moment."""
        return self.runner.run(self._executed(asked))

    async def _executed(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Answer]:
        keeper = SnapshotKeeper(self.store, self.world.workspace)
        viewer = Viewer.local(self.world.workspace)
        # Here is tested what larger operations would do, and nothing that depends on how fast the machine is.
        bounds = Bounds(depth=40, nodes=10**12, seconds=3600)
        gathering = Gathering(self.store)
        answers = [
            execute(text, variables, None, Context(
                self.store, viewer, keeper, lambda: TODAY, "request-1", bounds, now=lambda: NOW, gathering=gathering
            ))
            for text, variables in asked
        ]  # fmt: skip
        return await asyncio.gather(*answers)

    def compare(self, text: str, **variables: Any) -> Mapping[str, Any]:
        """Execute an operation in both ways, check that both answer the same bytes, and return the data."""
        answer = self.ask(text, **variables)
        assert answer.ran, answer.body
        plainly = self.graph.execute(text, variables)
        expected: dict[str, Any] = {}
        if plainly.errors:
            expected["errors"] = [presented(error, "request-1") for error in plainly.errors]
        expected["data"] = plainly.data
        assert json.dumps(answer.body, indent=1) == json.dumps(expected, indent=1)
        data: Mapping[str, Any] = answer.body["data"]
        return data


@contextmanager
def opened(connection: Connection) -> Iterator[Session]:
    """Write a world of its own and open a session on it."""
    with asyncio.Runner() as runner:
        world = runner.run(variety.stored(connection))
        pool = open_store(connection)
        store = CountingStore(runner.run(pool.__aenter__()))
        try:
            graph = runner.run(PlainGraph.read(store, world.workspace, variety.STATUSES))
            graph.snapshot = runner.run(load_snapshot(store, world.workspace))
            yield Session(world, Questions(world), graph, store, runner)
        finally:
            runner.run(pool.__aexit__(None, None, None))
