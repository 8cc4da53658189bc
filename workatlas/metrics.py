"""What the server measures of itself, for Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from graph.store import Store
from resolvers.access import Access
from resolvers.courier import Sent
from workatlas.keepers import Keepers

_LAG_SECONDS: Final = 0.5
_TIMES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COSTS: Final = (1, 10, 100, 1_000, 10_000, 100_000)


class Metrics:
    """The measures of one process, in a registry of its own; ``shared``: those of all processes are told together."""

    def __init__(self, *, shared: bool = False) -> None:
        self.registry = CollectorRegistry()
        self._shared = shared
        self.requests = Counter(
            "workatlas_requests", "GraphQL requests by HTTP status and first error code.", ["status", "code"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "workatlas_request_seconds", "Time to answer a GraphQL request.", buckets=_TIMES, registry=self.registry
        )
        self.cost = Histogram(
            "workatlas_operation_cost", "Cost of executed operations.", buckets=_COSTS, registry=self.registry
        )
        self.database = Histogram(
            "workatlas_database_seconds", "Time of one unit of work in Neo4j, its wait for a connection included.",
            ["access"], buckets=_TIMES, registry=self.registry,
        )  # fmt: skip
        self.in_use = Gauge(
            "workatlas_database_in_use", "Units of work that run or wait for a connection.", registry=self.registry,
            multiprocess_mode="livesum",
        )  # fmt: skip
        self.snapshot_age = Gauge(
            "workatlas_snapshot_age_seconds", "Time since the oldest kept snapshot was last found to be the newest.",
            registry=self.registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self.lag = Gauge(
            "workatlas_loop_lag_seconds", "How late the event loop is.", registry=self.registry,
            multiprocess_mode="livemax",
        )  # fmt: skip

        self.operations = Counter(
            "workatlas_live_operations", "Operations over websockets and event streams that ended.",
            ["transport", "code"], registry=self.registry,
        )  # fmt: skip
        self.running = Gauge(
            "workatlas_live_running", "Operations over websockets and event streams that run.", ["transport"],
            registry=self.registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self.answers = Counter(
            "workatlas_live_answers", "Answers of those that ended.", ["transport"], registry=self.registry
        )
        self.deliveries = Counter(
            "workatlas_webhook_deliveries", "Attempts to deliver to webhooks by outcome.", ["outcome"],
            registry=self.registry,
        )  # fmt: skip

    def told(self, sent: Sent) -> None:
        """Count one attempt to deliver to a webhook."""
        self.deliveries.labels("delivered" if sent.delivered else "failed").inc()

    def observe(self, access: str, seconds: float) -> None:
        """Count one unit of work in the database."""
        self.database.labels(access).observe(seconds)

    def look(self, store: Store, keepers: Keepers) -> None:
        """Measure what is as it is at this moment."""
        self.in_use.set(store.in_use)
        self.snapshot_age.set(keepers.age())

    @contextlib.asynccontextmanager
    async def watching(self, store: Store, keepers: Keepers) -> AsyncIterator[None]:
        """Look again and again during the block, and measure how late the event loop is."""
        task = asyncio.create_task(self._watch(store, keepers))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self, store: Store, keepers: Keepers) -> None:
        while True:
            due = time.perf_counter() + _LAG_SECONDS
            await asyncio.sleep(_LAG_SECONDS)
            self.lag.set(max(time.perf_counter() - due, 0.0))
            self.look(store, keepers)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        if not self._shared:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


async def metrics(request: Request) -> Response:
    """Answer with all measures; where callers need a key, only to administrators."""
    from workatlas.graphql_endpoint import viewer_of  # that module counts with this one
    from workatlas.graphql_request import RequestRefused

    state = request.state
    try:
        viewer = await viewer_of(request, "metrics")
    except RequestRefused as refused:
        return PlainTextResponse(f"{refused}\n", refused.status, refused.headers)
    if not viewer.may(Access.ADMIN):
        return PlainTextResponse("measures are for administrators\n", 403)
    state.metrics.look(state.store, state.keepers)
    return Response(state.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
