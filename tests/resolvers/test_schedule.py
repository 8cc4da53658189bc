"""The critical path over GraphQL is that of Python on the same snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import analytics
from graph.connection import Connection
from tests.resolvers.test_analyses import _snapshot
from tests.resolvers.world import TODAY, Asked, World

Query = Callable[..., Asked]


@pytest.mark.parametrize("target", ["O-1", None])
def test_critical_path(connection: Connection, world: World, query: Query, target: str | None) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    found = analytics.critical_path(snapshot, target, today=TODAY)
    expected = found.to_dict()
    assert len(found.items) > 2
    asked = query(f"""{{ criticalPath(first: 2{f', target: "{target}"' if target else ""}) {{
        target targetTitle lengthHours start finish possible total explanation path {{ key edge }}
        items {{ key earlyStart earlyFinish lateStart lateFinish totalFloat freeFloat drag critical
                 earlyStartDate lateFinishDate durationHours basis }}
        completeness {{ complete snapshotSeq }} }} }}""")
    shown = asked.data["criticalPath"]
    for name in ("target", "targetTitle", "lengthHours", "start", "finish", "possible", "explanation"):
        assert shown[name] == expected[name]
    assert shown["total"] == len(found.items)
    by_key = {item["key"]: item for item in expected["items"]}
    assert len(shown["items"]) == 2
    for item in shown["items"]:
        assert item.items() <= by_key[item["key"]].items()
        assert item["critical"] or item["totalFloat"] == min(one.total_float for one in found.items.values())
    assert [step["key"] for step in shown["path"]] == [step["key"] for step in expected["path"]]


def test_why_an_item_is_critical(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    found = analytics.critical_path(snapshot, "O-1", today=TODAY)
    for name in list(found.items)[:3]:
        told = found.explain_item(name)
        asked = query(f'{{ whyCritical(item: "{name}", target: "O-1") {{ sentence facts }} }}').data["whyCritical"]
        assert asked == told.to_dict()
    assert query('{ whyCritical(item: "O-404") { sentence } }').codes == ["NOT_FOUND"]
    assert query('{ criticalPath(target: "O-404") { total } }').codes == ["NOT_FOUND"]
    assert query('{ criticalPath(target: "P-1") { total } }').codes == ["BAD_USER_INPUT"]


def test_schedule(connection: Connection, world: World, query: Query) -> None:
    snapshot = asyncio.run(_snapshot(connection, world.workspace))
    expected = analytics.schedule(snapshot, "O-1", rule="shortest", today=TODAY)
    assert expected.total > 2
    asked = query("""{ schedule(target: "O-1", rule: "shortest", first: 2) {
        target rule length unconstrained start finish total explanation
        items { key start finish startDate finishDate people heldBy after person delay } } }""").data["schedule"]
    told = expected.to_dict()
    assert (asked["length"], asked["unconstrained"]) == (told["lengthHours"], told["unconstrainedHours"])
    for name in ("target", "rule", "start", "finish", "explanation"):
        assert asked[name] == told[name]
    assert asked["total"] == expected.total
    assert len(asked["items"]) == 2
    for shown, wanted in zip(asked["items"], told["items"], strict=False):
        assert shown.items() <= wanted.items()
    assert query('{ schedule(rule: "luck") { total } }').codes == ["BAD_USER_INPUT"]
