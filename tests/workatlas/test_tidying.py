"""Kept answers are forgotten by a running server, when they are old."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.graph.conftest import Run, migrated, run
from tests.graph.space import Space, item
from workatlas.tidying import tidying

__all__ = ["migrated", "run"]
DAY = 86_400_000
DAYS = 18_000
"""Answers of all workspaces are forgotten: those of other tests, which may run at this moment, are younger."""


async def keys(space: Space) -> set[str]:
    text = "MATCH (i:Idempotency {workspace: $workspace}) RETURN i.key"
    return {row[0] for row in await space.store.rows(text, workspace=space.id)}


@pytest.mark.usefixtures("whole_database")
def test_old_answers_are_forgotten_and_new_ones_kept(run: Run) -> None:
    async def scenario(space: Space) -> None:
        now = time.time_ns() // 1_000_000
        for key, days in (("old", DAYS + 1), ("new", DAYS - 1)):
            await space.write(item("Task", key), now=now - days * DAY, idempotency_key=key)
        async with tidying(space.store, 0, 0.01):
            await asyncio.sleep(0.1)
        assert await keys(space) == {"old", "new"}
        async with tidying(space.store, DAYS, 0.01):
            for _ in range(500):
                if "old" not in await keys(space):
                    break
                await asyncio.sleep(0.01)
        assert await keys(space) == {"new"}

    run(scenario)
