from __future__ import annotations

import asyncio

from graph.connection import Connection
from graph.store import check_connection
from workatlas.embedded import NEO4J_VERSION


def test_the_shared_database_is_the_release_that_workatlas_is_made_for(connection: Connection) -> None:
    assert asyncio.run(check_connection(connection, 10)) == NEO4J_VERSION
