"""A few statements that fail; ``scripts/faults injected`` lets a thousand do so."""

from __future__ import annotations

import asyncio

from graph.connection import Connection
from tests.faults.injecting import inject


def test_a_statement_that_fails_tells_the_client_nothing_and_the_log_everything_but_secrets(
    connection: Connection,
) -> None:
    found = asyncio.run(inject(connection, faults=25, seed=3))
    assert (found.leaks, found.unlogged, found.secrets) == ([], [], [])
    assert found.codes["INTERNAL"] > 0
    assert found.codes["UNAVAILABLE"] > 0
