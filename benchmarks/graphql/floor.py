"""The floor: Cypher written by hand behind a bare endpoint, which answers with lists of values.

Run as ``python -m benchmarks.graphql.floor`` with ``WORKSPACE``, ``TOKEN`` and Neo4j's variables in the environment. A
question is its name as path and its parameters as body.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import AsyncIterator
from typing import TypedDict

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.graphql.shapes import SHAPES
from graph.connection import Connection
from graph.store import Store, open_store

_TEXTS = {shape.name: shape.cypher for shape in SHAPES}


class State(TypedDict):
    """What the endpoint needs: the pool of connections, the token, and what its bearer may see."""

    store: Store
    token: str
    sight: dict[str, object]


async def answer(request: Request) -> Response:
    if request.headers.get("authorization") != request.state.token:
        return Response(status_code=401)
    parameters = orjson.loads(await request.body())
    rows = await request.state.store.rows(
        _TEXTS[request.path_params["name"]], **parameters["variables"], **request.state.sight
    )
    return Response(orjson.dumps(rows[0][0]), media_type="application/json")


@contextlib.asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[State]:
    environ = os.environ
    connection = Connection(environ["NEO4J_URI"], environ["NEO4J_USERNAME"], environ["NEO4J_PASSWORD"])
    async with open_store(connection) as store:
        sight: dict[str, object] = {"workspace": environ["WORKSPACE"], "teams": list[str]()}
        yield {"store": store, "token": f"Bearer {environ['TOKEN']}", "sight": sight}


def main() -> None:
    app = Starlette(routes=[Route("/{name}", answer, methods=["POST"])], lifespan=lifespan)
    # With the protocol named, asyncio does not hold a body back until the headers before it are acknowledged.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(1024)
        print(f"ready http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[bound])


if __name__ == "__main__":
    main()
