"""Canary text in every field of what somebody may not see never reaches them, whatever they ask.

The documents are made from the schema, so that a new root field, type or argument is asked too, by itself. How many,
``WORKATLAS_CANARY_REQUESTS`` says for each of the two strangers.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
import pytest

from graph.connection import Connection
from graph.migrations import migrate
from graph.model import NODES
from graph.records.tail import Tail
from graph.records.webhooks import Webhook
from graph.records.workspace import ensure, read
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store, open_store
from graph.values import Type
from graph.writing.writer import Mode, write
from resolvers.access import Access, Role, Viewer, rules_of
from resolvers.context import Context
from resolvers.messages import between
from resolvers.schema import SCHEMA, execute, stream
from tests.resolvers.generated import Generator
from tests.resolvers.world import TODAY, World

CANARY = "CANARYTEXT"
REQUESTS = int(os.environ.get("WORKATLAS_CANARY_REQUESTS", "60"))
RULES = rules_of(SCHEMA._schema)
Record = Callable[[str, object], None]
Answer = TypeVar("Answer")


def _full_of_canaries(world: World, team: str | None) -> None:
    """Give every kind an item with the canary in each text; ``team`` is who alone may see them."""
    private = {"visibility": "TEAM", "team": team} if team else {}
    for label, kind in NODES.items():
        if team and label == "Team":
            continue
        texts: dict[str, object] = {
            one.name: CANARY
            for one in kind.properties
            if one.type is Type.TEXT
            and not one.choices
            and one.name
            not in {"id", "key", "source", "sourceId", "team", "status", "calendar", "timezone", "rrule", "author"}
        }
        texts |= {"labels": [CANARY], "title": f"{CANARY} {label}", **private}
        world.add(label, f"HID-{label}", **texts)
    for name, start, end in (
 ("PART_OF", "HID-Task", "HID-Project"),
        ("OWNS", "HID-Person", "HID-Task"),
        ("CONTRIBUTES_TO", "HID-Task", "HID-Objective"), ("AFFECTS", "HID-Issue", "HID-Task"),
        ("REPORTS_ON", "HID-Update", "HID-Task"), ("ASSIGNED_TO", "HID-Task", "HID-Person"),
    ):  # fmt: skip
        world.link(name, start, end)


def _seen_part(world: World) -> None:
    """Add what everybody sees, tied to what they do not see on both sides."""
    world.add("Team", "TEAM-1")
    world.add("Person", "P-1")
    world.add("Objective", "O-1", status="In progress", due="2026-11-10")
    for key in ("T-1", "T-2"):
        world.add("Task", key, status="Planned", remaining=40.0, due="2026-11-03")
    world.link("BLOCKS", "T-1", "T-2")
    world.link("CONTRIBUTES_TO", "T-2", "O-1")
    world.link("OWNS", "P-1", "T-1")


def _ties(world: World) -> None:
    for name, start, end in (
        ("BLOCKS", "T-1", "HID-Task"), ("BLOCKS", "HID-Project", "T-2"), ("OWNS", "HID-Person", "T-2"),
        ("AFFECTS", "HID-Issue", "T-2"), ("REPORTS_ON", "HID-Update", "O-1"), ("PART_OF", "T-1", "HID-Project"),
        ("CONTRIBUTES_TO", "HID-KeyResult", "O-1"), ("ASSIGNED_TO", "T-1", "HID-Person"),
        ("MEMBER_OF", "HID-Person", "TEAM-1"), ("IN_SPRINT", "T-1", "HID-Sprint"), ("DUPLICATES", "HID-Issue", "T-1"),
        ("RELATES_TO", "T-1", "HID-Milestone"), ("ESCALATED_TO", "HID-Issue", "P-1"), ("OWNS", "P-1", "HID-Portfolio"),
    ):  # fmt: skip
        world.link(name, start, end)


Scene = tuple[World, Viewer]


async def _written(store: Store, world: World) -> None:
    now = time.time_ns() // 1_000_000
    await ensure(store, world.workspace, now)
    outcome = await write(store, world.workspace, world.batch(), mode=Mode.EDIT, now=now)
    assert not outcome.problems


def _run(connection: Connection, work: Callable[[Store], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        async with open_store(connection, read_seconds=20) as store:
            return await work(store)

    return asyncio.run(run())


@pytest.fixture(scope="module", params=["another workspace", "another team"])
def scene(connection: Connection, request: pytest.FixtureRequest) -> Scene:
    """Return what is full of canaries, and somebody who may not see it."""
    name = f"canary-{uuid.uuid4().hex[:12]}"
    hidden = World(name)
    if request.param == "another workspace":
        own = World(f"{name}-own")
        _full_of_canaries(hidden, None)
        _seen_part(own)
        worlds = [hidden, own]
        viewer = Viewer("stranger", own.workspace, Role.EDITOR)
    else:
        _seen_part(hidden)
        _full_of_canaries(hidden, hidden.id("TEAM-1"))
        _ties(hidden)
        worlds = [hidden]
        viewer = Viewer("stranger", name, Role.EDITOR, teams=frozenset({str(uuid.uuid4())}))

    async def work(store: Store) -> None:
        await migrate(store)
        for world in worlds:
            await _written(store, world)

    _run(connection, work)
    return hidden, viewer


def _context(store: Store, viewer: Viewer, keeper: SnapshotKeeper) -> Context:
    return Context(store, viewer, keeper, lambda: TODAY, "request-1", tail=Tail(store, viewer.workspace))


async def _raw(store: Store, world: World) -> list[Any]:
    ids = sorted(row.id or "" for row in world.nodes.values() if row.key and row.key.startswith("HID-"))
    return await store.rows(
        "UNWIND $ids AS i MATCH (n:Item {workspace: $w, id: i}) "
        "RETURN i, properties(n), COUNT { (n)--() }",
        ids=ids, w=world.workspace,
    )  # fmt: skip


def test_the_canaries_are_there_for_who_may_see_them(connection: Connection, scene: Scene) -> None:
    """Otherwise the tests below would prove nothing."""
    hidden, _ = scene

    async def work(store: Store) -> str:
        viewer = Viewer.local(hidden.workspace)
        context = _context(store, viewer, SnapshotKeeper(store, hidden.workspace))
        answer = await execute("{ items(first: 50) { nodes { key title description } } }", None, None, context)
        return str(answer.body)

    found = _run(connection, work)
    assert found.count(CANARY) > 15


def test_no_query_brings_a_canary(connection: Connection, scene: Scene, record_property: Record) -> None:
    hidden, viewer = scene
    texts = [str(row.id) for row in hidden.nodes.values()] + list(hidden.nodes) + ["canarytext", "CANARYTEX", "T-1"]
    dice = random.Random(7)
    generator = Generator(SCHEMA._schema, dice, texts)

    async def work(store: Store) -> dict[str, int]:
        keeper = SnapshotKeeper(store, viewer.workspace)
        codes: dict[str, int] = {}
        names = sorted(RULES["query"])
        for number in range(REQUESTS):
            text, variables = generator.document("query", names[number % len(names)])
            answer = await execute(text, variables, None, _context(store, viewer, keeper))
            assert CANARY not in orjson.dumps(answer.body).decode(), (text, variables)
            for error in answer.body.get("errors", ()):
                code = error["extensions"]["code"]
                codes[code] = codes.get(code, 0) + 1
                assert code != "INTERNAL", (text, variables)
                assert code != "GRAPHQL_VALIDATION_FAILED", (text, variables, error)
            codes["answered"] = codes.get("answered", 0) + (answer.body.get("data") is not None)
        return codes

    codes = _run(connection, work)
    assert codes["answered"] > REQUESTS / 4, codes
    record_property("queries without a canary", REQUESTS)


def test_no_mutation_touches_or_tells_what_is_hidden(
    connection: Connection, scene: Scene, record_property: Record
) -> None:
    hidden, viewer = scene
    names = sorted(name for name, rule in RULES["mutation"].items() if viewer.may(rule))
    texts = [str(row.id) for key, row in hidden.nodes.items() if key.startswith("HID-")]
    texts += [key for key in hidden.nodes if key.startswith("HID-")]
    generator = Generator(SCHEMA._schema, random.Random(11), texts)

    async def work(store: Store) -> None:
        before = await _raw(store, hidden)
        keeper = SnapshotKeeper(store, viewer.workspace)
        for number in range(REQUESTS // 2 if names else 0):
            text, variables = generator.document("mutation", names[number % len(names)])
            answer = await execute(text, variables, None, _context(store, viewer, keeper))
            assert CANARY not in orjson.dumps(answer.body).decode(), (text, variables)
            codes = {error["extensions"]["code"] for error in answer.body.get("errors", ())}
            assert "INTERNAL" not in codes, (text, variables)
        assert await _raw(store, hidden) == before

    _run(connection, work)
    record_property("mutations without a canary", REQUESTS // 2)


def test_no_subscription_brings_a_canary(connection: Connection, scene: Scene, record_property: Record) -> None:
    hidden, viewer = scene
    texts = [str(row.id) for row in hidden.nodes.values()] + list(hidden.nodes)
    generator = Generator(SCHEMA._schema, random.Random(13), texts)

    async def work(store: Store) -> None:
        keeper = SnapshotKeeper(store, viewer.workspace)
        for number in range(min(REQUESTS // 5, 60)):
            name = sorted(RULES["subscription"])[number % len(RULES["subscription"])]
            text, variables = generator.document("subscription", name)
            if name == "changes":
                variables = {"after": 0}
                text = (
                    "subscription ($after: Int) { changes(after: $after) { items { after before } edges { after } } }"
                )
            answers = stream(text, variables, None, _context(store, viewer, keeper))
            try:
                async with asyncio.timeout(0.5):
                    async for answer in answers:
                        assert CANARY not in orjson.dumps(answer.body).decode(), (text, variables)
            except TimeoutError:
                pass
            finally:
                await answers.aclose()

    _run(connection, work)
    record_property("subscriptions without a canary", min(REQUESTS // 5, 60))


def test_no_webhook_is_told_a_canary(connection: Connection, scene: Scene) -> None:
    hidden, viewer = scene

    async def told(store: Store, workspace: str, *teams: str) -> str:
        hook = Webhook("hook-1", workspace, "https://example.com/", "whsec_AAAA", teams=teams)
        message = await between(store, hook, 0, (await read(store, workspace)).seq)
        return "" if message is None else message.body

    async def work(store: Store) -> None:
        assert CANARY not in await told(store, viewer.workspace, *viewer.teams)
        if viewer.workspace == hidden.workspace:
            assert CANARY in await told(store, hidden.workspace, hidden.id("TEAM-1"))

    _run(connection, work)


@pytest.mark.parametrize("operation", ["query", "mutation", "subscription"])
def test_every_root_field_is_refused_to_roles_that_it_is_not_for(connection: Connection, operation: str) -> None:
    generator = Generator(SCHEMA._schema, random.Random(3), ["T-1"])
    viewers = [Viewer("v", "there-is-none", role) for role in Role]
    viewers += [Viewer("v", "there-is-none", Role.ADMIN, scopes=frozenset({one})) for one in Access]

    async def work(store: Store) -> None:
        for name, rule in RULES[operation].items():
            text, variables = generator.document(operation, name, depth=0)
            for viewer in viewers:
                context = _context(store, viewer, SnapshotKeeper(store, viewer.workspace))
                answers = stream(text, variables, None, context)
                answer = await anext(answers)
                await answers.aclose()
                codes = [error["extensions"]["code"] for error in answer.body.get("errors", ())]
                if viewer.may(rule):
                    assert "FORBIDDEN" not in codes, (name, viewer.role)
                else:
                    assert codes == ["FORBIDDEN"], (name, viewer.role)
                    assert not answer.ran

    _run(connection, work)
