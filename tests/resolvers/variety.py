"""A small graph in which every kind, every property and every edge kind occurs at random, absent values included."""

from __future__ import annotations

import random
import uuid
from typing import Any

from graph.batch import Batch, NodeRow, Ref, new_id
from graph.connection import Connection
from graph.migrations import migrate
from graph.model import EDGES, NODES, Property
from graph.records.workspace import ensure
from graph.store import open_store
from graph.values import Type
from graph.writing.writer import Mode, write
from tests.resolvers.world import World

NOW_MILLIS = 1_793_616_000_000
STATUSES = {"Waiting for a friend": "BLOCKED", "planned": "PLANNED"}
TEXTS = ("", "a", "A", "ab", "Äb", "äB c", "z" * 250, "z" * 250 + "a", "\uffee", "😀", 'o\'Neill "$x" {}', "null", "ß")
"""Texts that differ in case, beyond the first characters, and in what a naive comparison of UTF-16 gets wrong."""
_VALUES: dict[Type, tuple[Any, ...]] = {
    Type.TEXT: TEXTS,
    Type.INTEGER: (0, 1, 7),
    Type.NUMBER: (0.0, -1.5, 2.0, 1e300, 0.1, 3.0),
    Type.BOOLEAN: (True, False),
    Type.INSTANT: (
        "2026-11-02T12:00:00Z",
        "2026-10-31T23:59:59.999Z",
        "2026-11-01T00:00:00+02:00",
        "1969-12-31T23:59:59.001Z",
        "2027-01-01T00:00:00Z",
    ),
    Type.DATE: ("2026-11-02", "2026-W45", "2026-11", "2026-Q4", "2026-H2", "2026", "2027-01-01", "2026-12-31"),
    Type.TEXTS: ((), ("a",), ("a", "B"), ("B", "", "a b")),
    Type.JSON: ({}, {"title": "Look", "deep": [1, {"x": None}]}),
}
_WORDS: dict[str, tuple[Any, ...]] = {
    "status": ("Backlog", "Planned", "In progress", "Done", *STATUSES),
    "timezone": ("Europe/Berlin", "UTC"),
    "rrule": ("FREQ=WEEKLY", "FREQ=MONTHLY;BYMONTHDAY=1"),
    "weeklyHours": (0.0, 7.5, 40.0),
    "lag": (0.0, -1.5, 0.1, 3.0),
    "share": (0.0, 0.25, 1.0),
    "weight": (0.0, 0.25, 2.0),
    "confidence": (0.0, 0.25, 1.0),
}
"""Values of properties that do not take any value of their type."""
_ONE_OF_MANY = ("Task", "Issue", "Objective", "Person", "Project", "KeyResult")
_WRITTEN_BY_THE_STORE = {"id", "key", "source", "sourceId", "version", "updatedAt", "archivedAt", "placeholder"}


def build(seed: int = 7, size: int = 46) -> World:
    """Return a graph of all kinds of items and edges; every run has the same one, apart from ids."""
    rng = random.Random(seed)
    world = World(f"variety-{uuid.uuid4().hex[:12]}", hidden=frozenset())
    labels = [*NODES, *(rng.choice(_ONE_OF_MANY) for _ in range(size - len(NODES)))]
    for number, label in enumerate(labels):
        properties = {one.name: _value(rng, one) for one in NODES[label].properties}
        given = {name: value for name, value in properties.items() if value is not None}
        row = NodeRow(label, "test", f"s{number}", given, key=f"{NODES[label].prefix}-{number}", id=new_id())
        world.nodes[str(row.key)] = row
    keys = list(world.nodes)
    world.hidden = frozenset(rng.sample(keys, 5))
    for kind in EDGES.values():
        for _ in range(14):
            start, end = rng.sample(keys, 2)
            if (world.nodes[start].kind, world.nodes[end].kind) in kind.pairs:
                values = {one.name: _value(rng, one) for one in kind.own}
                world.link(kind.name, start, end, **{name: one for name, one in values.items() if one is not None})
        _force_one(world, rng, kind.name)
    ring = [key for key in keys if world.nodes[key].kind == "Task" and key not in world.hidden][:3]
    for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
        world.link("RELATES_TO", start, end)  # so that a read can be as deep as it likes
    world.edges = list({one[:3]: one for one in world.edges}.values())
    return world


def _force_one(world: World, rng: random.Random, name: str) -> None:
    """Tie two items by a kind of edge where chance has not."""
    if any(one[0] == name for one in world.edges):
        return
    pairs = [
        (a, b)
        for a in world.nodes
        for b in world.nodes
        if a != b and (world.nodes[a].kind, world.nodes[b].kind) in EDGES[name].pairs
    ]
    world.link(name, *rng.choice(pairs))


def _value(rng: random.Random, one: Property) -> Any:
    if one.name in _WRITTEN_BY_THE_STORE or (not one.required and rng.random() < 0.35):
        return None
    if one.name == "fields":
        return None
    if one.choices or one.name in _WORDS:
        return rng.choice(one.choices or _WORDS[one.name])
    value = rng.choice(_VALUES[one.type])
    if one.name == "title":
        return value or "0"
    return list(value) if one.type is Type.TEXTS else value


async def stored(connection: Connection) -> World:
    """Write the graph, and archive its hidden items."""
    world = build()
    async with open_store(connection) as store:
        await migrate(store)
        await ensure(store, world.workspace, NOW_MILLIS)
        batch = world.batch()
        batch.statuses = dict(STATUSES)
        outcome = await write(store, world.workspace, batch, mode=Mode.IMPORT, now=NOW_MILLIS)
        assert not outcome.problems, outcome.problems
        hidden = [Ref("key", key) for key in sorted(world.hidden)]
        await write(store, world.workspace, Batch(archive=hidden), now=NOW_MILLIS + 1)
    return world
