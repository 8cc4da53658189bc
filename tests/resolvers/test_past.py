"""The past over GraphQL: snapshots as of a moment, and what is different since."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace

from graph.batch import Batch
from graph.calendars import WEEK, WorkingCalendar
from graph.connection import Connection
from graph.records.workspace import ensure
from graph.store import open_store
from graph.writing.writer import Mode, write
from tests.resolvers.world import Asked, ask

Query = Callable[..., Asked]


def test_a_snapshot_of_the_past(query: Query) -> None:
    shown = query('{ now: snapshot { seq items importRun } then: snapshot(asOf: "0") { seq items edges } }').data
    assert shown["now"]["seq"] > 0
    assert shown["now"]["importRun"] is None
    assert shown["then"] == {"seq": 0, "items": 0, "edges": 0}
    same = query("query ($seq: String!) { snapshot(asOf: $seq) { seq items } }", seq=str(shown["now"]["seq"])).data
    assert same["snapshot"] == {name: shown["now"][name] for name in ("seq", "items")}


def test_the_workspace_as_it_was(connection: Connection) -> None:
    name = f"past-{uuid.uuid4().hex[:12]}"
    settings = "seq importRun policy { hoursPerDay minSeverity } calendars { id name } statuses { name }"

    async def scenario() -> None:
        async with open_store(connection) as store:
            await ensure(store, name, 1)
            ada, bob = (WorkingCalendar(one, one.title(), WEEK) for one in ("ada", "bob"))
            for batch in (
                Batch(policy={"hoursPerDay": 6.0}),
                Batch(calendars={"ada": ada}),
                Batch(
                    policy={"hoursPerDay": 7.0, "minSeverity": "LOW"}, calendars={"ada": replace(ada, name="Lovelace")}
                ),
                Batch(calendars={"ada": None, "bob": bob}),
                Batch(statuses={"Parked": "BACKLOG"}, policy={"minSeverity": None}),
            ):
                await write(store, name, batch, mode=Mode.EDIT, now=1)

    asyncio.run(scenario())
    fields = " ".join(f'at{seq}: workspace(asOf: "{seq}") {{ {settings} }}' for seq in range(6))
    data = asyncio.run(ask(connection, name, f"{{ now: workspace {{ {settings} }} {fields} }}")).data
    assert [data[f"at{seq}"]["seq"] for seq in range(6)] == list(range(6))
    policies = [tuple(data[f"at{seq}"]["policy"].values()) for seq in range(6)]
    assert policies == [(8, "HIGH"), (6, "HIGH"), (6, "HIGH"), (7, "LOW"), (7, "LOW"), (7, "HIGH")]
    calendars = [[(one["id"], one["name"]) for one in data[f"at{seq}"]["calendars"]] for seq in range(6)]
    assert calendars == [[], [], [("ada", "Ada")], [("ada", "Lovelace")], [("bob", "Bob")], [("bob", "Bob")]]
    assert data["now"] == data["at5"]
    assert "Parked" in {one["name"] for one in data["at0"]["statuses"]}
    assert asyncio.run(ask(connection, name, '{ workspace(asOf: "6") { seq } }')).codes == ["BAD_USER_INPUT"]


def test_what_is_different_since(query: Query) -> None:
    found = query("""{ difference(from: "0", first: 100) {
        beforeSeq counts explanation items { key change edits { name before after } } edges { kind start end change }
        goals { key days } chains { goal root change } completeness { complete } } }""").data["difference"]
    assert found["beforeSeq"] == 0
    assert {one["change"] for one in found["items"]} == {"added"}
    assert "O-1" in {one["key"] for one in found["items"]}
    assert len(found["items"]) == min(100, found["counts"]["items"])
    assert found["explanation"].startswith("Different: ")
    assert query('{ difference(from: "2100-01-01", to: "2100-01-01") { explanation } }').data["difference"] == {
        "explanation": "Nothing is different."
    }


def test_a_moment_that_is_none_is_said(query: Query) -> None:
    assert query('{ snapshot(asOf: "soon") { seq } }').codes == ["BAD_USER_INPUT"]
    assert query('{ difference(from: "99999") { explanation } }').codes == ["BAD_USER_INPUT"]
