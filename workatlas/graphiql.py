"""GraphiQL, served from this server's own files: no content network is asked, so none learns who asks what."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

FILES: Final = Path(__file__).with_name("static") / "graphiql"
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>workatlas GraphiQL</title>
<link rel="stylesheet" href="/graphiql/files/graphiql.min.css">
<style>body { margin: 0 } #graphiql { height: 100dvh }</style>
<div id="graphiql"></div>
<script src="/graphiql/files/react.production.min.js"></script>
<script src="/graphiql/files/react-dom.production.min.js"></script>
<script src="/graphiql/files/graphiql.min.js"></script>
<script src="/graphiql/files/start.js"></script>
</html>
"""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src data:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def graphiql_routes() -> list[BaseRoute]:
    """Return the page and its files."""
    return [
        Route("/graphiql", _page),
        Mount("/graphiql/files", StaticFiles(directory=FILES)),
    ]


async def _page(request: Request) -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"})
