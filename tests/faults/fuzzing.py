"""Operations drawn by schemathesis from the schema alone, answered by the whole application in this process."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import graphql
import httpx
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

AGAIN: Final = 3
"""How often an operation is asked that runs out of time: the first of its kind may wait for a compiler."""
_SCHEMA: Final = graphql.build_schema(printed())
_LONGEST: Final = 20_000
"""Characters that are kept of an answer."""
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


@dataclass(frozen=True, slots=True)
class Defect:
    """What the server failed at: the operation, what it answered, and what it logged with it."""

    request: str
    status: int
    answer: str
    log: str = ""


@dataclass(slots=True)
class Fuzzed:
    """What became of the operations that were sent: how many, the codes of their errors, and what was wrong.

    ``waited`` ran out of time at first and were answered when they were asked again. ``slowest`` is in seconds.
    """

    sent: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    defects: dict[str, Defect] = field(default_factory=dict)
    """What failed → the shortest operation that made it."""
    waited: int = 0
    slowest: float = 0.0
    longest: str = ""
    """The operation that took longest."""

    def failed(self, what: str, defect: Defect) -> None:
        """Keep an operation that failed, if it is the shortest that failed in this way."""
        known = self.defects.get(what)
        if known is None or len(defect.request) < len(known.request):
            self.defects[what] = defect

    def add(self, other: Fuzzed) -> None:
        """Count what became of further operations."""
        self.sent += other.sent
        self.codes += other.codes
        self.waited += other.waited
        if other.slowest > self.slowest:
            self.slowest, self.longest = other.slowest, other.longest
        for what, defect in other.defects.items():
            self.failed(what, defect)


class Fuzzer:
    """Draws operations on a world, and has them answered."""

    def __init__(self, connection: Connection, runner: asyncio.Runner) -> None:
        self._connection = connection
        self._runner = runner
        self._open = AsyncExitStack()
        self._app: Started
        self._names: list[str]
        self.renew()
        # The world is another one after a while, with as many items: what is drawn is a number.
        named = st.sampled_from(range(len(self._names))).map(lambda number: self._names[number])
        schemathesis.graphql.scalar("ID", (named | named | st.text(max_size=6)).map(nodes.String))
        for name, likely in _TEXTS.items():
            schemathesis.graphql.scalar(name, (st.sampled_from(likely) | st.text(max_size=12)).map(nodes.String))
        schemathesis.graphql.scalar("JSON", st.sampled_from(_OBJECTS).map(graphql.parse_const_value))
        self._schema = schemathesis.graphql.from_file(printed())
        strategies: dict[str, Any] = {}

        @self._schema.hook("before_generate_body")
        def once(context: Any, strategy: Any) -> Any:
            # A field's operations are drawn by one strategy: a new one for each would be checked through and through.
            return strategies.setdefault(context.operation.label, strategy)

    def renew(self) -> None:
        """Go on with a new world, where nothing was done yet."""
        self._runner.run(self._renew())

    async def _renew(self) -> None:
        await self._open.aclose()
        world = await _world(self._connection)
        app = create_app(AppOptions(self._connection, world.workspace))
        self._app = await self._open.enter_async_context(started(app))
        self._names = [*sorted(world.nodes), *sorted(world.id(key) for key in world.nodes)]

    def close(self) -> None:
        """End the application."""
        self._runner.run(self._open.aclose())

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
            self.send(_likely(case.body), found)

        send()
        return found

    def send(self, text: str, found: Fuzzed) -> None:
        """Send one operation, and note what became of it."""
        with _logged() as records:
            begin = time.perf_counter()
            answer, asked = self._runner.run(self._app.ask(text)), 1
            while answer.status_code == 504 and asked < AGAIN:
                answer, asked = self._runner.run(self._app.ask(text)), asked + 1
            seconds = time.perf_counter() - begin
        found.sent += 1
        found.waited += asked > 1 and answer.status_code != 504
        if seconds > found.slowest:
            found.slowest, found.longest = seconds, text
        codes = [one["extensions"]["code"] for one in answer.json().get("errors", ())]
        found.codes.update(codes or ["answered"])
        for what, log in _defects(answer, codes, records):
            found.failed(what, Defect(text, answer.status_code, answer.text[:_LONGEST], log))


def _defects(answer: httpx.Response, codes: list[str], records: list[logging.LogRecord]) -> list[tuple[str, str]]:
    """Return in a sentence each what went wrong, if anything did, and what was logged of it."""
    formatter = logging.Formatter()
    found = [(_sentence(one), formatter.format(one)) for one in records]
    if not found and (answer.status_code >= 500 or "INTERNAL" in codes):
        found = [(f"status {answer.status_code}, {codes}", "")]
    return found


@contextmanager
def opened(connection: Connection) -> Iterator[Fuzzer]:
    """Write a world of all kinds with the strangest values that are allowed, and serve it in this process."""
    with asyncio.Runner() as runner:
        fuzzer = Fuzzer(connection, runner)
        try:
            yield fuzzer
        finally:
            fuzzer.close()


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
    """Makes operations that get further than to the first check.

    Most page sizes and depths are brought into what is allowed, most cursors are dropped, and most objects of which one
    field may be given have just one: schemathesis knows nothing of that.
    """

    def __init__(self, types: graphql.TypeInfo) -> None:
        super().__init__()
        self._types = types

    def enter_object_value(self, node: graphql.ObjectValueNode, *_: object) -> graphql.ObjectValueNode | None:
        declared = graphql.get_named_type(self._types.get_input_type())
        if not isinstance(declared, graphql.GraphQLInputObjectType) or not declared.is_one_of:
            return None
        given = [one for one in node.fields if not isinstance(one.value, graphql.NullValueNode)]
        drawn = sum(len(one.name.value) for one in node.fields)
        if not given or drawn % 8 == 0:
            return None
        return graphql.ObjectValueNode(fields=(given[drawn % len(given)],))

    def enter_argument(self, node: graphql.ArgumentNode, *_: object) -> graphql.ArgumentNode | None:
        name, value = node.name.value, node.value
        if name in {"first", "k", "after"} and isinstance(value, graphql.IntValueNode) and int(value.value) % 4:
            small = graphql.IntValueNode(value=str(abs(int(value.value)) % 20 + 1))
            return graphql.ArgumentNode(name=node.name, value=small)
        if name == "after" and isinstance(value, graphql.StringValueNode) and len(value.value) % 4 != 3:
            return graphql.ArgumentNode(name=node.name, value=graphql.NullValueNode())
        return None


def _likely(text: str) -> str:
    types = graphql.TypeInfo(_SCHEMA)
    return graphql.print_ast(graphql.visit(graphql.parse(text), graphql.TypeInfoVisitor(types, _Likely(types))))


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
