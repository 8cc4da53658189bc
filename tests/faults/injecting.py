"""Make the database fail in the middle of requests, with all that must not get out in the text of the failure."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from graph import store as door
from graph.connection import Connection
from graph.records import api_keys
from graph.records.api_keys import ApiKey
from graph.store import Rows, Transaction
from resolvers.access import Access
from resolvers.schema import SCHEMA
from tests.faults.figures import Figure, step
from tests.faults.hostile import LEAKS
from tests.faults.server import Server
from tests.resolvers import variety
from tests.resolvers.generated import Generator
from tests.workatlas.client import started
from workatlas import logs
from workatlas.app import AppOptions, create_app
from workatlas.auth.keys import digest_of, new_token
from workatlas.embedded import stop

_OFTEN: Final = 0.4
_PASSWORD: Final = "correct-horse-battery"
_TEXT: Final = f"bolt://neo4j:{_PASSWORD}@127.0.0.1:7687 refused MATCH (n) RETURN n in /var/lib/workatlas/data"


@dataclass(slots=True)
class Injected:
    """What came of requests whose statements failed."""

    faults: int = 0
    sent: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    unlogged: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)


def _failures(token: str) -> list[Exception]:
    """Return what statements fail with: the driver's errors, and those of a program that is wrong."""
    driver: Any = vars(door)["exceptions"]
    text = f"{_TEXT} for {token}"
    return [
        RuntimeError(text), KeyError(text), RecursionError(text), OSError(28, text, "/var/lib/workatlas/data"),
        driver.ClientError(text), driver.DatabaseError(text), driver.AuthError(text), driver.ResultError(None, text),
        driver.ConstraintError(text),
    ]  # fmt: skip


@contextmanager
def _failing(token: str, dice: random.Random, found: Injected) -> Iterator[None]:
    """Let some statements fail, before or after they were done."""
    real, failures = Transaction.rows, _failures(token)

    async def rows(self: Transaction, query: str, **parameters: Any) -> Rows:
        fails = dice.random() < _OFTEN
        if fails and dice.random() < 0.5:
            found.faults += 1
            raise dice.choice(failures)
        answer = await real(self, query, **parameters)
        if fails:
            found.faults += 1
            raise dice.choice(failures)
        return answer

    Transaction.rows = rows  # type: ignore[method-assign]
    try:
        yield
    finally:
        Transaction.rows = real  # type: ignore[method-assign]


@contextmanager
def _log() -> Iterator[io.StringIO]:
    """Write the log, as the server writes it, into a text."""
    root, text = logging.getLogger(), io.StringIO()
    before, level = root.handlers, root.level
    logs.configure("info")
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(text)
    try:
        yield text
    finally:
        root.handlers = before
        root.setLevel(level)


async def inject(connection: Connection, faults: int, seed: int) -> Injected:
    """Send operations drawn from the schema until so many statements have failed."""
    found, dice = Injected(), random.Random(seed)
    world = await variety.stored(connection)
    generator = Generator(SCHEMA._schema, dice, [*world.nodes, *(world.id(key) for key in world.nodes)])
    schema = SCHEMA._schema
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    fields = [("query", name) for name in schema.query_type.fields]
    fields += [("mutation", name) for name in schema.mutation_type.fields]
    key_id, token = new_token()
    with _log() as log:
        async with started(create_app(AppOptions(connection, world.workspace, tokens=True))) as app:
            now = time.time_ns() // 1_000_000
            key = ApiKey(key_id, digest_of(token), "test", "admin", tuple(Access), world.workspace, None, now)
            await api_keys.create(app.state["store"], key)
            with _failing(token, dice, found):
                while found.faults < faults:
                    text, variables = generator.document(*dice.choice(fields))
                    body = {"query": text, "variables": variables}
                    headers = {"authorization": f"Bearer {token}"}
                    answer = await app.client.post("/graphql", json=body, headers=headers)
                    _look(answer.text, answer.headers["x-request-id"], log.getvalue(), found)
                    found.secrets += [secret for secret in (token, _PASSWORD) if secret in log.getvalue()]
                    log.seek(0)
                    log.truncate()
                    if found.sent % 500 == 0:
                        step(f"{found.sent:,} requests, {found.faults:,} of {faults:,} statements failed")
    return found


def _look(answer: str, request: str, log: str, found: Injected) -> None:
    found.sent += 1
    codes = {one["extensions"]["code"] for one in orjson.loads(answer).get("errors", ())}
    found.codes.update(codes or {"answered"})
    if leak := LEAKS.search(answer) or (_PASSWORD in answer and answer):
        found.leaks.append(f"{leak}: {answer[:300]}")
    lines = [one for one in map(orjson.loads, log.splitlines()) if request in one.get("request_id", "")]
    failed = codes & {"INTERNAL", "UNAVAILABLE"}
    if not lines or (failed and not any(one["level"] == "error" for one in lines)):
        found.unlogged.append(f"{request} with {', '.join(codes)}")


def injected_faults(faults: int, seed: int) -> Iterator[Figure]:
    """O4: statements that fail in the middle of requests."""
    with tempfile.TemporaryDirectory(prefix="workatlas-faults-") as folder:
        server = Server(Path(folder))
        try:
            found = asyncio.run(inject(server.open_database(), faults, seed))
        finally:
            stop(server.settings)
    yield Figure("statements that failed", found.faults, least=faults)
    yield Figure("requests", found.sent)
    for code, number in found.codes.most_common():
        yield Figure(f"said {code}", number)
    yield Figure("answers that tell what they must not", len(found.leaks), most=0, examples=tuple(found.leaks))
    yield Figure("answers without their line in the log", len(found.unlogged), most=0, examples=tuple(found.unlogged))
    yield Figure("secrets in the log", len(found.secrets), most=0, examples=tuple(found.secrets))
