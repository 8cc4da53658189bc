"""The web application: GraphQL, health, and a landing page, as one value built from its options."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypedDict

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from graph.connection import Connection
from graph.reading.gathering import Gathering
from graph.store import Store, open_store
from graph.writing.committer import Committer, open_committer
from resolvers.bounds import Bounds
from resolvers.courier import Courier
from resolvers.schema import printed
from workatlas.auth.gate import Gate, LocalGate, TokenGate
from workatlas.auth.oidc import TokenReader
from workatlas.auth.provider import Provider
from workatlas.budgets import Budgets, Turns
from workatlas.counters import open_counters
from workatlas.documents import Documents
from workatlas.examining import examining
from workatlas.graphiql import graphiql_routes
from workatlas.graphql_endpoint import graphql
from workatlas.health import Readiness, alive, ready
from workatlas.keepers import Keepers, Tails
from workatlas.landing import PAGE
from workatlas.leadership import LEASE_SECONDS, leading
from workatlas.live.socket import graphql_socket
from workatlas.live.streams import Streams
from workatlas.metrics import Metrics, metrics
from workatlas.recurring import spawning
from workatlas.tidying import tidying
from workatlas.webhooks.courier import open_courier
from workatlas.webhooks.delivery import Deliverer, Retries, delivering

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""Names that requests may use where no token is asked for: any other may be a stranger's, made to point here."""


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


@dataclass(frozen=True, slots=True)
class AppOptions:
    """What the application is built from.

    ``tokens`` tells whether requests need a key (or a token of ``provider``). Without, whoever asks is administrator,
    and requests may use loopback's names only. ``today`` is the day that analyses reckon from.
    ``operations_interval`` is the number of seconds between two looks at recurring work (0: none), whose occurrences
    are spawned ``operations_ahead`` days before they fall due. With ``trusted`` documents (by identifier) no others are
    executed. ``findings_interval`` is the number of seconds between two looks whether findings have to be worked out
    anew (0: none). Of several processes only one does these. ``answers_days`` is for how long answers by idempotency
    key are kept (0: for ever). With ``retries`` it also delivers to webhooks, those of all workspaces or, with
    ``own_webhooks``, of its own, to private addresses only with ``private_webhooks``. ``lease_seconds`` is for how long
    a process that died keeps others from what only one does. ``graphiql`` serves GraphiQL where callers need a key too.
    ``connections`` is the size of the pool. ``shared`` is a folder that all processes of one server have (see
    ``workers``): there their measures and the budgets of their callers meet.
    """

    connection: Connection
    workspace: str = "default"
    tokens: bool = False
    provider: Provider | None = None
    today: Callable[[], date] = field(default=_today)
    bounds: Bounds = field(default_factory=Bounds)
    trusted: Mapping[str, str] | None = None
    graphiql: bool = False
    connections: int = 100
    operations_interval: float = 0.0
    operations_ahead: float = 14.0
    findings_interval: float = 0.0
    answers_days: float = 0.0
    private_webhooks: bool = False
    retries: Retries | None = None
    own_webhooks: bool = False
    lease_seconds: float = LEASE_SECONDS
    shared: Path | None = None


class AppState(TypedDict):
    """What is open while the application runs."""

    store: Store
    committer: Committer
    gathering: Gathering
    gate: Gate
    keepers: Keepers
    tails: Tails
    today: Callable[[], date]
    bounds: Bounds
    budgets: Budgets
    turns: Turns
    documents: Documents
    readiness: Readiness
    metrics: Metrics
    courier: Courier
    streams: Streams | None


def create_app(options: AppOptions) -> Starlette:
    """Return the application; it opens the database when it starts and closes it when it stops."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[AppState]:
        measured, bounds = Metrics(shared=options.shared is not None), options.bounds
        with open_counters(options.shared) as counters:
            async with (
                open_store(
                    options.connection,
                    read_seconds=bounds.seconds,
                    connections=options.connections,
                    observe=measured.observe,
                ) as store,
                open_committer(store) as committer,
                contextlib.aclosing(Tails(store)) as tails,
                httpx.AsyncClient(follow_redirects=False) as client,
                open_courier(private=options.private_webhooks) as courier,
            ):
                keepers = Keepers(store)
                async with measured.watching(store, keepers), _working(options, store, keepers, courier, measured):
                    yield AppState(
                        store=store,
                        committer=committer,
                        gathering=Gathering(store),
                        gate=_gate(options, store, client),
                        keepers=keepers,
                        tails=tails,
                        today=options.today,
                        bounds=bounds,
                        budgets=Budgets(bounds, counters),
                        turns=Turns(bounds),
                        documents=Documents(options.trusted),
                        readiness=Readiness(store),
                        metrics=measured,
                        courier=courier,
                        # What one process reserved another does not know.
                        streams=None if options.shared else Streams(),
                    )

    hosts = ["*"] if options.tokens else list(LOOPBACK_NAMES)
    return Starlette(
        routes=[
            Route("/", _landing),
            Route("/graphql", graphql, methods=["GET", "POST", "PUT", "DELETE"]),
            WebSocketRoute("/graphql", graphql_socket),
            Route("/graphql/schema", _schema),
            Route("/livez", alive),
            Route("/readyz", ready),
            Route("/metrics", metrics),
            *(graphiql_routes() if options.graphiql or not options.tokens else ()),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)],
        lifespan=lifespan,
    )


@contextlib.asynccontextmanager
async def _working(
    options: AppOptions, store: Store, keepers: Keepers, courier: Courier, measured: Metrics
) -> AsyncIterator[None]:
    """Do during the block what a server does by itself, each thing in one process at a time."""
    workspace, lease = options.workspace, options.lease_seconds
    async with tidying(store, options.answers_days), contextlib.AsyncExitStack() as stack:
        if options.operations_interval or options.findings_interval:
            leads = (await stack.enter_async_context(leading(store, f"keeper of {workspace}", lease))).leads
            interval, ahead = options.operations_interval, options.operations_ahead
            await stack.enter_async_context(spawning(store, workspace, interval, ahead, leads))
            keeper = keepers.of(workspace)
            await stack.enter_async_context(
                examining(store, keeper, workspace, options.today, options.findings_interval, leads)
            )
        if options.retries is not None:
            own = workspace if options.own_webhooks else None
            name = "webhooks" if own is None else f"webhooks of {own}"
            leadership = await stack.enter_async_context(leading(store, name, lease))
            deliverer = Deliverer(store, courier, leadership.leads, options.retries, workspace=own, told=measured.told)
            await stack.enter_async_context(delivering(deliverer, leadership))
        yield


def _gate(options: AppOptions, store: Store, client: httpx.AsyncClient) -> Gate:
    if not options.tokens:
        return LocalGate(options.workspace)
    reader = TokenReader(options.provider, client) if options.provider else None
    return TokenGate(store, options.workspace, reader)


async def _landing(request: Request) -> Response:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})


async def _schema(request: Request) -> Response:
    return PlainTextResponse(printed())
