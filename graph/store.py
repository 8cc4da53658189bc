"""The one door to Neo4j: nothing else imports its driver."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import neo4j
from neo4j import exceptions
from opentelemetry import trace

from graph.connection import Connection
from graph.errors import StoreBusyError, StoreError, StoreTimeoutError

ACQUISITION_SECONDS: Final = 4.0
"""How long a unit of work waits for a connection."""

_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds before a statement outside any transaction is run again, each time."""

_TRACER: Final = trace.get_tracer("workatlas.graph")

SCHEMES: Final = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
"""What addresses of Neo4j begin with; the driver takes those of HTTP too, and fails later."""

# Without a handler of the program's, Python itself would print the driver's warnings, of which every error tells.
logging.getLogger("neo4j").addHandler(logging.NullHandler())

Rows = list[list[Any]]
Result = TypeVar("Result")


class Transaction:
    """One running transaction; it answers with rows of plain values."""

    __slots__ = ("_inner", "sent")

    def __init__(self, inner: neo4j.AsyncManagedTransaction) -> None:
        self._inner = inner
        self.sent = 0
        """Statements that were sent so far, peeks apart."""

    async def rows(self, query: str, **parameters: Any) -> Rows:
        """Run one statement and return its rows."""
        self.sent += 1
        return await self.peek(query, **parameters)

    async def peek(self, query: str, **parameters: Any) -> Rows:
        """Run one statement that reads what no write of the transaction alters, and return its rows."""
        result = await self._inner.run(query, parameters)
        return [record.values() async for record in result]

    async def write(self, query: str, rows: Mapping[Hashable, Any], **parameters: Any) -> None:
        """Run one statement that writes ``$rows``, each under the name of what it alone writes, and answers nothing."""
        await self.rows(query, rows=list(rows.values()), **parameters)

    async def collected(self, query: str, **parameters: Any) -> list[Any]:
        """Run one statement that answers with a single list, and return the list."""
        rows = await self.rows(query, **parameters)
        return list(rows[0][0])


Observer = Callable[[str, float], None]
"""Is told of each unit of work when it ends: ``read`` or ``write``, and the seconds that it took."""


class Store:
    """A pool of connections to one database. Open it with ``open_store``."""

    __slots__ = ("_database", "_driver", "_observe", "_read_seconds", "_traced", "in_use")

    def __init__(
        self,
        driver: neo4j.AsyncDriver,
        database: str,
        read_seconds: float | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._driver = driver
        self._database = database
        self._read_seconds = read_seconds
        self._observe = observe
        self._traced = {"db.system.name": "neo4j", "db.namespace": database}
        self.in_use = 0
        """Units of work that run or wait for a connection."""

    async def rows(self, query: str, **parameters: Any) -> Rows:
        """Run one read statement, retried while the error is a passing one, and return its rows.

        Raises:
            StoreTimeoutError: It ran longer than reads may.
            StoreBusyError: No connection came free in time, or the database has too much to do.
            StoreError: The database cannot be reached or refused the statement.

        """
        with self._unit("read"):
            try:
                return await self._at_once(query, parameters)
            except (exceptions.Neo4jError, exceptions.DriverError) as error:
                if not error.is_retryable():
                    raise

            async def again(inner: neo4j.AsyncManagedTransaction) -> Rows:
                return await Transaction(inner).rows(query, **parameters)

            timed = neo4j.unit_of_work(timeout=self._read_seconds)(again)
            async with self._driver.session(database=self._database, default_access_mode=neo4j.READ_ACCESS) as session:
                return await session.execute_read(timed)

    async def _at_once(self, query: str, parameters: dict[str, Any]) -> Rows:
        """Run one statement in a transaction of its own: one round trip, where beginning and ending one cost two."""
        async with self._driver.session(database=self._database, default_access_mode=neo4j.READ_ACCESS) as session:
            # The database itself ends what runs longer, even where nobody waits for it any more.
            result = await session.run(neo4j.Query(query, timeout=self._read_seconds), parameters)
            return [record.values() async for record in result]

    async def write(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Run ``work`` in one write transaction; it may run several times, so it must have no effect outside.

        Raises:
            StoreError: The database cannot be reached or refused a statement.

        """

        async def run(inner: neo4j.AsyncManagedTransaction) -> Result:
            return await work(Transaction(inner))

        with self._unit("write"):
            async with self._driver.session(database=self._database, default_access_mode=neo4j.WRITE_ACCESS) as session:
                return await session.execute_write(run)

    async def alone(self, statement: str, **parameters: Any) -> None:
        """Run one statement outside any transaction: schema changes, and those that commit in parts.

        One that others were in the way of, by a deadlock say, is run again: it must be safe to repeat.

        Raises:
            StoreError: The database cannot be reached, refused the statement, or others stayed in its way.

        """
        with _translated():
            for pause in _PAUSES:
                try:
                    await self._run_alone(statement, parameters)
                    return
                except exceptions.Neo4jError as error:
                    if not _in_the_way(error):
                        raise
                await asyncio.sleep(pause)
            await self._run_alone(statement, parameters)

    async def _run_alone(self, statement: str, parameters: dict[str, Any]) -> None:
        async with self._driver.session(database=self._database) as session:
            await (await session.run(statement, parameters)).consume()

    @contextmanager
    def _unit(self, access: str) -> Iterator[None]:
        """Count and measure one unit of work."""
        begin = time.perf_counter()
        self.in_use += 1
        try:
            with (
                _TRACER.start_as_current_span(f"neo4j {access}", kind=trace.SpanKind.CLIENT, attributes=self._traced),
                _translated(),
            ):
                yield
        finally:
            self.in_use -= 1
            if self._observe is not None:
                self._observe(access, time.perf_counter() - begin)


def _in_the_way(error: exceptions.Neo4jError) -> bool:
    """Tell whether others were in the way, who made the same index or constraint at this moment among them.

    Then it is there the next time that it is looked whether it is, which ``IF NOT EXISTS`` does.
    """
    return isinstance(error, exceptions.TransientError) or "EquivalentSchemaRuleAlreadyExists" in (error.code or "")


@asynccontextmanager
async def open_store(
    connection: Connection,
    *,
    read_seconds: float | None = None,
    connections: int = 100,
    observe: Observer | None = None,
) -> AsyncIterator[Store]:
    """Open a pool of at most ``connections``, and close it at the end of the block.

    ``read_seconds`` is how long one read may take in the database; ``None`` leaves it to the database.

    Raises:
        StoreError: The address is not one of Neo4j, the database does not answer, or refuses the password.

    """
    place = _place(connection)
    with _translated(place):
        driver = neo4j.AsyncGraphDatabase.driver(
            connection.uri,
            auth=(connection.username, connection.password),
            connection_acquisition_timeout=ACQUISITION_SECONDS,
            max_connection_pool_size=connections,
            max_transaction_retry_time=10,
            connection_timeout=3,
            notifications_min_severity="OFF",
            user_agent="workatlas",
        )
    async with driver:
        with _translated(place):
            await driver.verify_connectivity()
        yield Store(driver, connection.database, read_seconds, observe)


async def check_connection(connection: Connection, timeout: float) -> str:  # noqa: ASYNC109 - the driver's own
    """Return the version of the database behind ``connection``, waiting at most ``timeout`` seconds for it.

    Raises:
        StoreError: It does not answer in time, or refuses the password.

    """
    with _translated(_place(connection)):
        driver = neo4j.AsyncGraphDatabase.driver(
            connection.uri,
            auth=(connection.username, connection.password),
            connection_timeout=timeout,
            connection_acquisition_timeout=timeout,
            max_transaction_retry_time=0,
            notifications_min_severity="OFF",
        )
        async with driver:
            answer = await driver.execute_query(
                "CALL dbms.components() YIELD versions RETURN versions[0] AS version", database_=connection.database
            )
            return str(answer.records[0]["version"])


def _place(connection: Connection) -> str:
    """Return the address as messages name it, without a password that somebody wrote into it.

    Raises:
        StoreError: It is none of Neo4j.

    """
    scheme, separator, rest = connection.uri.partition("://")
    if scheme not in SCHEMES or not separator:
        raise StoreError(_ADVICE[exceptions.ConfigurationError])
    return f" at {scheme}://{rest.rpartition('@')[2]}"


class _translated:  # noqa: N801 - reads as a verb: with _translated()
    """Turn the driver's exceptions into one sentence without Cypher in it; ``place`` says where, to who opens it."""

    def __init__(self, place: str = "") -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        sentence = _sentence(error)
        if sentence:
            sentence = sentence.replace("Neo4j", f"Neo4j{self._place}", 1)
            raise _kind(error)(sentence, lost=isinstance(error, _LOST)) from error


_ADVICE: Mapping[type[BaseException], str] = {
    exceptions.AuthError: "Neo4j refused the user name or password; check NEO4J_USERNAME and NEO4J_PASSWORD.",
    exceptions.ConfigurationError: "this is no address of Neo4j; write it as bolt://HOST:PORT or neo4j+s://HOST.",
    exceptions.ServiceUnavailable: "Neo4j does not answer; check that it runs and that its address is right.",
    exceptions.SessionExpired: "the connection to Neo4j was lost; try again.",
    exceptions.ConstraintError: "another item has the same id, key or source identity already.",
    exceptions.ConnectionAcquisitionTimeoutError: "all connections to Neo4j are in use; try again in a moment.",
    exceptions.TransientError: "Neo4j is too busy or short of memory for this; try again, or give it more memory.",
}


def _kind(error: BaseException | None) -> type[StoreError]:
    if _timed_out(error):
        return StoreTimeoutError
    busy = (exceptions.ConnectionAcquisitionTimeoutError, exceptions.TransientError)
    return StoreBusyError if isinstance(error, busy) else StoreError


def _timed_out(error: BaseException | None) -> bool:
    return isinstance(error, exceptions.Neo4jError) and "TransactionTimedOut" in (error.code or "")


_LOST: Final = (exceptions.ServiceUnavailable, exceptions.SessionExpired, exceptions.DriverError)
"""After these it is unknown whether the transaction was committed."""


def _sentence(error: BaseException | None) -> str | None:
    if _timed_out(error):
        return "this read ran longer than it may and was ended: ask for less."
    for kind, sentence in _ADVICE.items():
        if isinstance(error, kind):
            return sentence
    if isinstance(error, exceptions.Neo4jError) and "DatabaseNotFound" in (error.code or ""):
        return "Neo4j has no such database; check NEO4J_DATABASE."
    if isinstance(error, exceptions.Neo4jError):
        return f"Neo4j refused a statement ({_code(error)}); this is a defect of workatlas, please report it."
    if isinstance(error, exceptions.DriverError):
        return f"the connection to Neo4j failed ({type(error).__name__}); try again."
    return None


def _code(error: exceptions.Neo4jError) -> str:
    return re.sub(r"[^\w.]", "", error.code or "unknown")
