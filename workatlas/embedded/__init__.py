"""The embedded database: a real Neo4j that workatlas fetches, starts and stops by itself."""

from __future__ import annotations

from workatlas.embedded.artifacts import NEO4J_VERSION
from workatlas.embedded.database import DatabaseStatus, RunningDatabase, ensure_running, revive, status, stop
from workatlas.embedded.download import FetchReport, fetch
from workatlas.embedded.reviving import reviving

__all__ = [
    "NEO4J_VERSION",
    "DatabaseStatus",
    "FetchReport",
    "RunningDatabase",
    "ensure_running",
    "fetch",
    "revive",
    "reviving",
    "status",
    "stop",
]
