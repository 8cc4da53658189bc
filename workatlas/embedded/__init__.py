"""The embedded database: a real Neo4j that workatlas fetches, starts and stops by itself."""

from __future__ import annotations

from workatlas.embedded.artifacts import NEO4J_VERSION
from workatlas.embedded.database import DatabaseStatus, RunningDatabase, ensure_running, status, stop
from workatlas.embedded.download import FetchReport, fetch

__all__ = [
    "NEO4J_VERSION",
    "DatabaseStatus",
    "FetchReport",
    "RunningDatabase",
    "ensure_running",
    "fetch",
    "status",
    "stop",
]
