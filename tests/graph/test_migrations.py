from __future__ import annotations

import asyncio

import pytest

from graph import cypher, migrations
from graph.connection import Connection
from graph.errors import MigrationError
from graph.migrations import MIGRATIONS, SCHEMA_VERSION, migrate, stored_version
from graph.records.workspace import read
from graph.store import Store, open_store
from tests.graph.conftest import Run
from tests.graph.space import Space, item


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this test's Schema node apart from the one that every other test relies on."""
    for name in ("_READ", "_LOCK", "_DONE"):
        text = getattr(migrations, name).replace("'workatlas'", "'test of migrations'")
        monkeypatch.setattr(migrations, name, text)


async def forget(store: Store) -> None:
    await store.alone("MATCH (s:Schema {id: 'test of migrations'}) DELETE s")


def test_versions_are_numbered_without_gap() -> None:
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION + 1))


def test_two_starters_run_each_migration_once(migrated: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with open_store(migrated) as store:
            await forget(store)
            try:
                assert await stored_version(store) == 0
                assert sorted(await asyncio.gather(migrate(store), migrate(store))) == [0, SCHEMA_VERSION]
                assert await stored_version(store) == SCHEMA_VERSION
                assert await migrate(store) == 0
            finally:
                await forget(store)

    elsewhere(monkeypatch)
    asyncio.run(scenario())


def test_a_migration_changes_data_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(space: Space) -> None:
        step = f"MATCH (w:Workspace {{id: '{space.id}'}}) SET w.steps = coalesce(w.steps, 0) + 1"
        monkeypatch.setattr(migrations, "MIGRATIONS", {1: (), 2: (step, step), 3: (step,)})
        monkeypatch.setattr(migrations, "SCHEMA_VERSION", 3)
        await forget(space.store)
        try:
            await space.store.alone("CREATE (:Schema {id: 'test of migrations', version: 1})")
            assert sorted(await asyncio.gather(*(migrate(space.store) for _ in range(3)))) == [0, 0, 2]
            steps = await space.store.rows("MATCH (w:Workspace {id: $id}) RETURN w.steps", id=space.id)
            assert steps == [[3]]
        finally:
            await forget(space.store)

    elsewhere(monkeypatch)
    run(scenario)


def test_an_import_that_was_marked_by_an_earlier_version_stays_so_until_one_is_done(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.raw("MATCH (w:Workspace {id: $workspace}) SET w.importRun = 'run-7'")
        for _ in range(2):
            for statement in MIGRATIONS[6]:
                await space.raw(statement)
        assert (await read(space.store, space.id)).imports == {"run-7": ("", 0)}
        assert [one.rule for one in await space.violations()] == ["every import was finished"]
        await space.load(item("Task", "T-1", "jira"))
        assert await space.violations() == []

    run(scenario)


def test_a_newer_schema_is_refused_and_left_alone(migrated: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with open_store(migrated) as store:
            await forget(store)
            try:
                await store.alone(f"CREATE (:Schema {{id: 'test of migrations', version: {SCHEMA_VERSION + 1}}})")
                with pytest.raises(MigrationError, match=f"version {SCHEMA_VERSION + 1}.*upgrade workatlas"):
                    await migrate(store)
                assert await stored_version(store) == SCHEMA_VERSION + 1
            finally:
                await forget(store)

    elsewhere(monkeypatch)
    asyncio.run(scenario())


def test_the_database_has_every_constraint_and_every_index_is_online(migrated: Connection) -> None:
    async def scenario() -> None:
        async with open_store(migrated) as store:
            constraints = {row[0] for row in await store.rows("SHOW CONSTRAINTS YIELD name")}
            indexes = dict(await store.rows("SHOW INDEXES YIELD name, state"))
        assert cypher.constraint_names() <= constraints
        wanted = {text.split()[2] for text in cypher.schema_statements() if text.startswith("CREATE INDEX")}
        assert {indexes[name] for name in {*wanted, cypher.WORDS_INDEX}} == {"ONLINE"}
        assert "item_text" not in indexes

    asyncio.run(scenario())
