"""``workatlas operations run``, and the server that does the same by itself."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from graph.batch import BORN_HERE, Batch, NodeRow
from graph.connection import Connection
from graph.store import Store, open_store
from graph.writing.writer import write
from tests.workatlas.commands import command, environment_of
from workatlas.app import AppOptions, create_app
from workatlas.cli.operations import MAX_YEARS
from workatlas.cli.serve import prepare
from workatlas.errors import SettingsError
from workatlas.recurring import DAY, spawning
from workatlas.settings import Settings

COUNT = "MATCH (t:Task {workspace: $workspace})-[:SPAWNED_FROM]->(:Operation) RETURN count(t)"


@pytest.fixture
def workspace(connection: Connection) -> str:
    """A workspace with one good operation and one whose template names nobody."""
    name = f"recurring-{uuid.uuid4().hex[:12]}"

    def operation(key: str, **more: Any) -> NodeRow:
        properties = {"title": key, "rrule": "FREQ=DAILY;BYHOUR=9", "timezone": "America/New_York", **more}
        return NodeRow("Operation", BORN_HERE, key, properties, key=key)

    async def work() -> None:
        await prepare(connection, name)
        async with open_store(connection) as store:
            rows = [operation("OP-1"), operation("OP-2", template={"owners": ["P-404"]})]
            await write(store, name, Batch(rows), now=time.time_ns() // 1_000_000)

    asyncio.run(work())
    return name


@pytest.fixture
def run(connection: Connection, workspace: str, tmp_path: Path) -> Callable[..., Result]:
    run = command(environment_of(connection, tmp_path / "home", WORKATLAS_WORKSPACE=workspace))
    return lambda *words: run("operations", "run", *words)


def test_occurrences_are_spawned_until_the_given_day_and_problems_are_said(run: Callable[..., Result]) -> None:
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 130 * 86_400))
    result = run("--until", until, "--json")
    assert result.exit_code == 1  # OP-2 names nobody
    found = json.loads(result.stdout)
    spawned = [key for one in found if one["operation"] == "OP-1" for key in one["tasks"]]
    assert len(spawned) in {129, 130}
    assert {one["operation"]: one["problems"] for one in found if one["problems"]} == {
        "OP-2": ["there is no item P-404"]
    }
    again = run("--until", until, "--operation", "OP-1")
    assert again.exit_code == 0
    assert "0 occurrences spawned" in again.stdout


def test_a_day_that_is_too_far_away_is_refused(run: Callable[..., Result]) -> None:
    # Today's end lies ahead of now by less than a day: of two days that follow each other one is within the limit.
    furthest = time.time() + MAX_YEARS * 366 * 86_400
    within, beyond = (time.strftime("%Y-%m-%d", time.gmtime(furthest + days * 86_400)) for days in (-1, 1))
    assert "no operation 'OP-404'" in str(run("--until", within, "--operation", "OP-404").exception)
    result = run("--until", beyond, "--operation", "OP-404")
    assert result.exit_code == 1
    assert "5 years" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "said"), [(["--workspace", "nowhere"], "'nowhere'"), (["--operation", "OP-404"], "no operation 'OP-404'")]
)
def test_what_is_not_there_is_said(run: Callable[..., Result], words: list[str], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert said in str(result.exception)


def test_servers_spawn_by_themselves_and_together_once(
    connection: Connection, workspace: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def number(store: Store) -> int:
        return int((await store.rows(COUNT, workspace=workspace))[0][0])

    async def work() -> int:
        servers = [
            create_app(AppOptions(connection, workspace, operations_interval=0.1, operations_ahead=10))
            for _ in range(3)
        ]
        async with open_store(connection) as store:
            async with (
                servers[0].router.lifespan_context(servers[0]),
                servers[1].router.lifespan_context(servers[1]),
                servers[2].router.lifespan_context(servers[2]),
            ):
                async with asyncio.timeout(60):
                    while not await number(store):  # noqa: ASYNC110 - the database has no events
                        await asyncio.sleep(0.1)
                await asyncio.sleep(0.5)
            return await number(store)

    assert asyncio.run(work()) == 10
    # Each server says once what is wrong, not every tenth of a second.
    assert sum("P-404" in record.getMessage() for record in caplog.records) <= 3


def test_a_server_goes_on_when_the_database_failed(connection: Connection, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with open_store(connection) as store:
            await store._driver.close()
            async with spawning(store, "recurring", 0.01, 1):
                async with asyncio.timeout(60):
                    while failed() < 2:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)

    def failed() -> int:
        return sum("could not be done now" in record.getMessage() for record in caplog.records)

    asyncio.run(work())


@pytest.mark.parametrize("text", ["-1", "soon", "inf", "nan"])
def test_a_setting_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="WORKATLAS_OPERATIONS_AHEAD"):
        Settings.from_environ({"WORKATLAS_OPERATIONS_AHEAD": text})


def test_settings_say_how_often_and_how_far(tmp_path: Path) -> None:
    settings = Settings.from_environ({"WORKATLAS_OPERATIONS_INTERVAL": "0", "WORKATLAS_OPERATIONS_AHEAD": "2.5"})
    assert (settings.operations_interval, settings.operations_ahead * DAY) == (0.0, 216_000_000)
