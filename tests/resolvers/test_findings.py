"""Findings and conflicts over GraphQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import analytics
from graph.connection import Connection
from graph.records.examinations import record
from graph.records.sightings import Sighting
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import load_snapshot
from graph.store import open_store
from tests.resolvers.world import TODAY, Asked, World, stored

Query = Callable[..., Asked]
AT = 1_770_000_000_000


async def _recorded(connection: Connection, workspace: str) -> Snapshot:
    async with open_store(connection) as store:
        snapshot = await load_snapshot(store, workspace)
        subject = (snapshot.id(snapshot.row("O-1")),)
        await record(store, workspace, [Sighting("SOMETHING", subject, "O-1 is odd.")], AT, TODAY)
        await record(store, workspace, [Sighting("ANOTHER", subject, "O-1 is odder.")], AT + 1000, TODAY)
        return snapshot


@pytest.fixture
def world(connection: Connection) -> World:
    """A world of its own: recording findings writes to its log."""
    return asyncio.run(stored(connection))


def test_findings_by_state(connection: Connection, world: World, query: Query) -> None:
    asyncio.run(_recorded(connection, world.workspace))
    asked = query("""{ findings { kind keys state explanation firstSeen lastSeen resolvedAt }
        gone: findings(states: [RESOLVED]) { kind state firstSeen resolvedAt } }""")
    (shown,) = asked.data["findings"]
    assert (shown["kind"], shown["keys"], shown["state"]) == ("ANOTHER", ["O-1"], "OPEN")
    assert (shown["explanation"], shown["resolvedAt"]) == ("O-1 is odder.", None)
    assert shown["firstSeen"] == shown["lastSeen"] == "2026-02-02T02:40:01.000Z"
    (gone,) = asked.data["gone"]
    assert (gone["kind"], gone["firstSeen"]) == ("SOMETHING", "2026-02-02T02:40:00.000Z")
    assert gone["resolvedAt"] == "2026-02-02T02:40:01.000Z"


def test_conflicts(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_recorded(connection, world.workspace))
    expected = analytics.conflicts(snapshot, limit=25, today=TODAY)
    shown = query("{ conflicts { counts explanation conflicts { kind keys explanation } } }").data["conflicts"]
    assert shown["counts"] == expected.counts
    assert shown["explanation"] == expected.explain().sentence
    assert [(one["kind"], one["keys"]) for one in shown["conflicts"]] == [
        (one.kind, list(one.keys)) for one in expected
    ]
