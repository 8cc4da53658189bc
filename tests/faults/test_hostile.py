"""Each hostile request once; ``scripts/faults hostile`` sends them in crowds, and weighs and times what they cost."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

import httpx
import pytest

from graph.connection import Connection
from tests.faults.hostile import ATTACKS, Attack, wrong_with
from tests.workatlas.served import served
from workatlas.app import AppOptions, create_app
from workatlas.cli.serve import prepare


@pytest.fixture(scope="module")
def address(connection: Connection) -> Iterator[str]:
    workspace = f"hostile-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, workspace))
    with served(create_app(AppOptions(connection, workspace))) as at:
        yield at


@pytest.mark.parametrize("attack", ATTACKS, ids=[one.name for one in ATTACKS])
def test_a_hostile_request_is_refused_and_told_nothing(address: str, attack: Attack) -> None:
    async def run() -> str | None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            try:
                return wrong_with(await attack.run(client, f"http://{address}"))
            except (httpx.RemoteProtocolError, httpx.WriteError, httpx.ReadError):
                return None  # the server hung up on what is too long

    assert asyncio.run(run()) is None
    assert httpx.get(f"http://{address}/livez", trust_env=False).status_code == 200
