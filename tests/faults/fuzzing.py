"""Operations drawn by schemathesis from the schema alone, answered by the whole application in this process."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import graphql
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from graph.batch import Batch, NodeRow
from graph.connection import Connection
from graph.store import open_store
from graph.writing.writer import Mode, write
from resolvers.schema import printed
from tests.resolvers import variety
from tests.resolvers.world import World
from tests.workatlas.client import Started, started
from workatlas.app import AppOptions, create_app

SECONDS: Final = 5.0
"""Longest that an answer may take, by the machine's clock."""
_TEXTS: Final = {
    "CoarseDate": ("2026-12-01", "2026-W49", "2026-Q4", "2026", "2026-13", "9999-12-31", "9999-W52", "0001-01-01", ""),
    "DateTime": ("2026-11-02T09:00:00.000Z", "9999-12-31T23:59:59.999-14:00", "0001-01-01T00:00:00+14:00", "soon"),
    "Moment": ("P7D", "-P9999Y", "P99999Y", "2026-Q4", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59-14:00", ""),
    "String": ("Done", "In progress", "Europe/Berlin", "FREQ=WEEKLY", "FREQ=HOURLY;COUNT=3", "DTSTART:99991231T235959",
               "9999-12-31", "0001-01-01", "2026-11-02T09:00:00Z", "1", "-1", "99999999999999999999", "BLOCKS"),
}  # fmt: skip
_OBJECTS: Final = (
    "{}", "{a: 1}", "[1]", '"x"', "null", "1", "1e400", "99999999999999999999999", "{a: 99999999999999999999999}",
    '{title: "{date}", due: "P2D"}', '{title: "{", due: "P99999999D"}', "{title: null, tasks: []}",
    '{title: "a", tasks: [{name: "a", title: "b", after: ["b"]}, {name: "b", title: "c", after: ["a"]}]}',
    "{a: {b: [{c: null}]}}",
)  # fmt: skip
"""What is given for JSON; among it what a recurring item's template may be, and almost."""


@dataclass(slots=True)
class Fuzzed:
    """What became of the operations that were sent: how many, the codes of their errors, and what was wrong."""

    sent: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    defects: dict[str, str] = field(default_factory=dict)
    """What failed → the shortest operation that made it."""
    slowest: float = 0.0


class Fuzzer:
    """Draws operations on one world, and has them answered."""

    def __init__(self, world: World, app: Started, runner: asyncio.Runner) -> None:
        self._app = app
        self._runner = runner
        named = st.sampled_from([*sorted(world.nodes), *sorted(world.id(key) for key in world.nodes)])
        schemathesis.graphql.scalar("ID", (named | st.text(max_size=6)).map(nodes.String))
        for name, likely in _TEXTS.items():
            schemathesis.graphql.scalar(name, (st.sampled_from(likely) | st.text(max_size=12)).map(nodes.String))
        schemathesis.graphql.scalar("JSON", st.sampled_from(_OBJECTS).map(graphql.parse_const_value))
        self._schema = schemathesis.graphql.from_file(printed())

    def run(self, kind: str, name: str, examples: int, *, start: int = 1) -> Fuzzed:
        """Send operations with one root field; ``kind`` is ``Query`` or ``Mutation``."""
        found = Fuzzed()

        @seed(start)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(self._schema[kind][name].as_strategy())
        def send(case: Any) -> None:
            self._send(_likely(case.body), found)

        send()
        return found

    def _send(self, text: str, found: Fuzzed) -> None:
        with _logged() as records:
            begin = time.perf_counter()
            answer = self._runner.run(self._app.ask(text))
            seconds = time.perf_counter() - begin
        found.sent += 1
        found.slowest = max(found.slowest, seconds)
        codes = [one["extensions"]["code"] for one in answer.json().get("errors", ())]
        found.codes.update(codes or ["answered"])
        defects = [_sentence(one) for one in records]
        if answer.status_code >= 500 or "INTERNAL" in codes:
            defects = defects or [f"status {answer.status_code}, {codes}"]
        for one in defects:
            if one not in found.defects or len(text) < len(found.defects[one]):
                found.defects[one] = text


@contextmanager
def opened(connection: Connection) -> Iterator[Fuzzer]:
    """Write a world of all kinds with the strangest values that are allowed, and serve it in this process."""
    with asyncio.Runner() as runner:
        world = runner.run(_world(connection))
        serving = started(create_app(AppOptions(connection, world.workspace)))
        app = runner.run(serving.__aenter__())
        try:
            yield Fuzzer(world, app, runner)
        finally:
            runner.run(serving.__aexit__(None, None, None))


async def _world(connection: Connection) -> World:
    world = await variety.stored(connection)
    extremes: list[dict[str, object]] = [
        {"start": "0001-01-01", "due": "9999-12-31"},
        {"due": "0001", "estimate": 1e300, "remaining": 1e300},
        {"start": "9999-12-31", "startedAt": "9999-12-31T23:59:59.999Z"},
        {"start": "9999", "due": "9999", "remaining": 5e-324},
    ]
    rows = []
    for number, properties in enumerate(extremes):
        row = NodeRow("Task", "test", f"extreme-{number}", {"title": "\u0000\u200f\U0001f600", **properties})
        row.key = f"X-{number}"
        rows.append(row)
    async with open_store(connection) as store:
        outcome = await write(store, world.workspace, Batch(rows), mode=Mode.IMPORT, now=variety.NOW_MILLIS)
        assert not outcome.problems
        for row, item in zip(rows, outcome.touched, strict=True):
            row.id = item.id
            world.nodes[item.key] = row
    return world


class _Likely(graphql.Visitor):
    """Brings most page sizes and depths into what is allowed, and drops most cursors: those hide what is behind."""

    def enter_argument(self, node: graphql.ArgumentNode, *_: object) -> graphql.ArgumentNode | None:
        name, value = node.name.value, node.value
        if name in {"first", "k", "after"} and isinstance(value, graphql.IntValueNode) and int(value.value) % 4:
            small = graphql.IntValueNode(value=str(abs(int(value.value)) % 20 + 1))
            return graphql.ArgumentNode(name=node.name, value=small)
        if name == "after" and isinstance(value, graphql.StringValueNode) and len(value.value) % 4:
            return graphql.ArgumentNode(name=node.name, value=graphql.NullValueNode())
        return None


def _likely(text: str) -> str:
    return graphql.print_ast(graphql.visit(graphql.parse(text), _Likely()))


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def _logged() -> Iterator[list[logging.LogRecord]]:
    """Collect what the application logs as its own failure."""
    handler, logger = _Records(), logging.getLogger("workatlas")
    logger.addHandler(handler)
    try:
        yield handler.records
    finally:
        logger.removeHandler(handler)


def _sentence(record: logging.LogRecord) -> str:
    """Return what failed and where, alike for all operations that fail alike."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return record.msg
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.name}, line {place.lineno} of {place.filename.rpartition('/')[2]}"
