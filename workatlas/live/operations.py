"""One operation by a long connection, and what becomes known of it for the log and the measures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final

import structlog
from opentelemetry import trace

from resolvers.context import Context
from resolvers.errors import refusal
from resolvers.schema import Answer, stream
from workatlas.budgets import Standing
from workatlas.graphql_request import Asked, RequestRefused, asked_of
from workatlas.live.callers import Caller

SOCKET: Final = "websocket"
EVENTS: Final = "event-stream"
_LOG: Final = logging.getLogger("workatlas.requests")
_TRACER: Final = trace.get_tracer("workatlas")


@dataclass(eq=False, slots=True)
class Operation:
    """One operation of a caller. ``begun`` is set when it was found to be in order, and is executed.

    ``transport`` is how it came; ``code`` is its first error's, ``answers`` the number of those that were given.
    """

    caller: Caller
    transport: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    cost: int = 0
    code: str = ""
    answers: int = 0

    async def of_message(self, payload: object) -> AsyncGenerator[Answer, None]:
        """Count a request that came by a message, execute its operation, and yield the answers."""
        try:
            standing = self.caller.state.budgets.request(self.caller.viewer)
            if standing is not None and standing.exhausted:
                raise RequestRefused(str(standing.refusal), 429, "RATE_LIMITED")
            asked = asked_of(payload)
        except RequestRefused as refused:
            answer = Answer(refusal(refused.code, str(refused), self.id), False)
            self._note(answer)
            self._record(0.0)
            yield answer
            return
        async with contextlib.aclosing(self.run(asked)) as answers:
            async for answer in answers:
                yield answer

    async def run(self, asked: Asked) -> AsyncGenerator[Answer, None]:
        """Execute the operation, and yield its answers."""
        structlog.contextvars.bind_contextvars(request_id=self.id)
        running = self.caller.state.metrics.running.labels(self.transport)
        begin = time.perf_counter()
        span = _TRACER.start_span("graphql", attributes={"workatlas.request_id": self.id})
        running.inc()
        try:
            async with contextlib.aclosing(self._answers(asked)) as answers:
                async for answer in answers:
                    self._note(answer)
                    yield answer
                    # A long log is at hand at once, and what takes it may never wait: others get their turn too.
                    await asyncio.sleep(0)
        finally:
            running.dec()
            self._record(time.perf_counter() - begin)
            span.set_attributes({"workatlas.cost": self.cost, "workatlas.answers": self.answers})
            span.end()

    async def _answers(self, asked: Asked) -> AsyncGenerator[Answer, None]:
        try:
            document = self.caller.state.documents.resolve(asked)
        except RequestRefused as refused:
            yield Answer(refusal(refused.code, str(refused), self.id), False)
            return
        answers = stream(document, asked.variables, asked.operation, self._context())
        async with contextlib.aclosing(answers):
            async for answer in answers:
                yield answer

    def _context(self) -> Context:
        caller, state = self.caller, self.caller.state
        workspace = caller.viewer.workspace
        return Context(
            state.store,
            caller.viewer,
            state.keepers.of(workspace),
            state.today,
            self.id,
            bounds=state.bounds,
            spend=self._spend,
            planning=self._planning,
            turn=state.turns.turn,
            committer=state.committer,
            gathering=state.gathering,
            courier=state.courier,
            tail=state.tails.of(workspace),
            renewed=lambda: caller.viewer,
        )

    def _spend(self, cost: int) -> Standing | None:
        self.cost = cost
        budget: Standing | None = self.caller.state.budgets.cost(self.caller.viewer, cost)
        _check(budget)
        self.begun.set()
        return budget

    def _planning(self, lists: int) -> None:
        _check(self.caller.state.budgets.plans(self.caller.viewer, lists))

    def _note(self, answer: Answer) -> None:
        self.answers += 1
        errors = answer.body.get("errors") or ()
        if errors and not self.code:
            self.code = errors[0]["extensions"]["code"]

    def _record(self, seconds: float) -> None:
        """Count the operation and write its line to the log."""
        metrics, viewer = self.caller.state.metrics, self.caller.viewer
        metrics.operations.labels(self.transport, self.code).inc()
        metrics.answers.labels(self.transport).inc(self.answers)
        if self.cost:
            metrics.cost.observe(self.cost)
        facts = {
            "transport": self.transport,
            "milliseconds": round(seconds * 1000, 1),
            "cost": self.cost,
            "code": self.code,
            "answers": self.answers,
            "subject": viewer.subject,
            "workspace": viewer.workspace,
        }
        _LOG.info("operation", extra=facts)


def _check(standing: Standing | None) -> None:
    if standing is not None and standing.exhausted:
        raise standing.refusal
