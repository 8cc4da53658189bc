"""Goals and people over GraphQL: the same facts as in Python on the same snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

import analytics
from graph.connection import Connection
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import load_snapshot
from graph.store import open_store
from tests.resolvers.world import TODAY, Asked, World

Query = Callable[..., Asked]


async def _snapshot(connection: Connection, workspace: str) -> Snapshot:
    async with open_store(connection) as store:
        return await load_snapshot(store, workspace)


def test_okr(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.okr_rollup(snapshot, limit=25, today=TODAY).to_dict()
    assert {goal["key"] for goal in expected["goals"]} == {"O-1", "O-2", "KR-1"}
    assert expected["unserving"]
    asked = query("""{ okr { explanation unserved idle unserving { key title kind leaves hours }
        goals { key title kind level owner value periodStart due score basis derived covered attainment measure
            startValue currentValue targetValue expected gap confidence confidenceBasis health said ageDays workDone
            explanation children { key kind share score } } } }""")
    del expected["completeness"]
    assert asked.data["okr"] == expected
    (result,) = query('{ okr(goals: ["KR-1"]) { goals { key score measure health } } }').data["okr"]["goals"]
    assert result == {"key": "KR-1", "score": 0, "measure": "stayAbove", "health": "AT_RISK"}
    assert query('{ okr(goals: ["T-1"]) { idle } }').codes == ["BAD_USER_INPUT"]
    assert query('{ okr(goals: ["O-404"]) { idle } }').codes == ["NOT_FOUND"]


def test_people_risk(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.people_risk(snapshot, limit=25, today=TODAY).to_dict()
    assert [team["key"] for team in expected["teams"]] == ["TEAM-1"]
    asked = query("""{ peopleRisk { explanation goals { ...factor } teams { ...factor }
        singleOwners { key name goals value items hours explanation }
        handoffs { item successor owner successorOwner goals explanation }
        waits { ...wait explanation } cycles { teams hours exact explanation cut { ...wait } } } }
        fragment factor on BusFactor { key title kind factor people names leaves holders openHours unheldHours lostShare
            exact explanation }
        fragment wait on TeamWait { waiting awaited hours leaves blocked items }""")
    del expected["completeness"]
    assert asked.data["peopleRisk"] == expected
    assert query('{ peopleRisk(goals: ["T-1"]) { explanation } }').codes == ["BAD_USER_INPUT"]


def test_workload(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.workload(snapshot, 2, limit=25, today=TODAY).to_dict()
    assert [one["key"] for one in expected["people"]] == ["P-1", "P-2"]
    asked = query("""{ workload(weeks: 2) { explanation unassigned unassignedHours people { ...load } teams { ...load }
        moves { item title person to hours } } }
        fragment load on Load { key title kind team weeks { start capacity hours points state } hours points capacity
            laterHours overHours velocityHours velocityPoints commitment unit items unestimated explanation }""")
    del expected["completeness"]
    assert asked.data["workload"] == expected
    assert query("{ workload(weeks: 99) { unassigned } }").codes == ["BAD_USER_INPUT"]


def test_summary(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    fields = "{ title scope since today text markdown sections { title statements { text keys ids count } } }"
    for arguments, scope, since in (
        ("", None, None),
        ('(scope: "PRJ-1", since: "2026-10")', "PRJ-1", date(2026, 10, 1)),
    ):
        expected = analytics.summary(snapshot, scope, since, today=TODAY)
        assert expected.sections
        shown = query(f"{{ summary{arguments} {fields} }}").data["summary"]
        values = expected.to_dict()
        forms = {"text": expected.text, "markdown": expected.markdown}
        assert shown == {name: values[name] for name in ("title", "scope", "since", "today", "sections")} | forms
        for one in (one for section in shown["sections"] for one in section["statements"]):
            found = query("query($ids: [ID!]!) { nodes(ids: $ids) { ... on Item { key } } }", ids=one["ids"])
            assert [item["key"] for item in found.data["nodes"]] == one["keys"]
    assert query('{ summary(scope: "X-404") { text } }').codes == ["NOT_FOUND"]
    assert query('{ summary(since: "soon") { text } }').codes == ["BAD_USER_INPUT"]
    assert query('{ summary(since: "2027-01-01") { text } }').codes == ["BAD_USER_INPUT"]
