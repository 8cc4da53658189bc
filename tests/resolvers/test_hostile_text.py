"""Text that is Cypher stays text wherever a client can put it: nothing but what was asked for is touched.

The documents are made from the schema, so that a new root field or argument is tried too, by itself.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest

from graph.connection import Connection
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store, open_store
from resolvers.access import Viewer, rules_of
from resolvers.context import Context
from resolvers.schema import SCHEMA, execute
from tests.resolvers.generated import Generator
from tests.resolvers.world import NOW, TODAY, World, stored

BREACH: Final = "CREATE (:Breach) WITH 1 AS x MATCH (n) SET n.breach = true"
HOSTILE: Final = (
    f"'}}) {BREACH} //", f'"}}) {BREACH} //', f"`) {BREACH} //", f"`: 1}}) {BREACH} //", f"\\' {BREACH} //",
    f"\\u0027}}) {BREACH} //", f"\\u0060) {BREACH} //", f"*/ {BREACH} /*", f"1 {BREACH}", f"$workspace}}) {BREACH} //",
    f"\n{BREACH}", f"x' OR 1=1 {BREACH} //", "') RETURN 1 UNION MATCH (n) DETACH DELETE n //",
    "Task`) DETACH DELETE n //", "BLOCKS]-() DETACH DELETE n //", "{}", "$$", "title:* OR workspace:*", '"', "\\",
)  # fmt: skip
"""What ends a quoted text, a quoted name, a comment or a parameter, and goes on with a write; and an index's syntax."""
RULES: Final = rules_of(SCHEMA._schema)
FIELDS: Final = [(kind, name) for kind in ("query", "mutation") for name in sorted(RULES[kind])]
_ALL: Final = """
    MATCH (n:Item {workspace: $w}) RETURN n.id AS id, labels(n), properties(n), COLLECT {
        MATCH (n)-[e]->(m) RETURN [type(e), m.id, properties(e)] ORDER BY type(e), m.id, elementId(e) }
    ORDER BY id"""
_BREACHES: Final = "MATCH (n) WHERE n:Breach OR n.breach IS NOT NULL RETURN count(n)"


class _Scene:
    """Two workspaces alike: one is attacked, the other is what nobody asked for."""

    def __init__(self, runner: asyncio.Runner, store: Store, attacked: World, witness: World) -> None:
        self.runner = runner
        self.store = store
        self.attacked = attacked
        self.witness = witness

    def ask(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """Answer an operation as the attacked workspace's administrator."""
        workspace = self.attacked.workspace
        keeper = SnapshotKeeper(self.store, workspace)
        viewer = Viewer.local(workspace)
        context = Context(self.store, viewer, keeper, lambda: TODAY, "request-1", now=lambda: NOW)
        answer = self.runner.run(execute(document, variables, None, context))
        return dict(orjson.loads(orjson.dumps(answer.body)))

    def content(self, world: World) -> list[Any]:
        """All that a workspace holds."""
        return self.runner.run(self.store.rows(_ALL, w=world.workspace))

    def breaches(self) -> int:
        """How many nodes of the whole database hostile text has made or changed."""
        ((number,),) = self.runner.run(self.store.rows(_BREACHES))
        return int(number)


@pytest.fixture(scope="module")
def scene(connection: Connection) -> Iterator[_Scene]:
    with asyncio.Runner() as runner:
        worlds = [runner.run(stored(connection)) for _ in range(2)]
        entered = open_store(connection, read_seconds=20)
        store = runner.run(entered.__aenter__())
        try:
            yield _Scene(runner, store, *worlds)
        finally:
            runner.run(entered.__aexit__(None, None, None))


def test_the_oracle_sees_a_breach(scene: _Scene) -> None:
    """Otherwise the tests below would prove nothing."""
    key = f"breach-{uuid.uuid4().hex}"
    scene.runner.run(scene.store.alone("CREATE (:Breach {key: $key})", key=key))
    assert scene.breaches() >= 1
    scene.runner.run(scene.store.alone("MATCH (n:Breach {key: $key}) DELETE n", key=key))
    assert scene.breaches() == 0


def test_no_root_field_runs_what_its_arguments_say(scene: _Scene) -> None:
    before = scene.content(scene.witness)
    generator = Generator(SCHEMA._schema, random.Random(5), HOSTILE)
    own = len(scene.content(scene.attacked))
    for kind, name in FIELDS:
        text, variables = generator.document(kind, name, depth=0)
        codes = {one["extensions"]["code"] for one in scene.ask(text, **variables).get("errors", ())}
        assert not codes & {"INTERNAL", "GRAPHQL_VALIDATION_FAILED"}, (text, variables)
    assert scene.breaches() == 0
    assert scene.content(scene.witness) == before
    assert len(scene.content(scene.attacked)) >= own, "no item is deleted, only archived"


@pytest.mark.parametrize("text", HOSTILE, ids=[f"text {number}" for number in range(len(HOSTILE))])
def test_hostile_text_is_stored_found_sorted_and_paged_as_it_is(scene: _Scene, text: str) -> None:
    before = len(scene.content(scene.attacked))
    create = "mutation ($i: CreateTaskInput!) { createTask(input: $i) { item { id } userErrors { code } } }"
    made = [
        scene.ask(create, i={"title": text, "description": text, "labels": [text]})["data"]["createTask"]
        for _ in range(3)
    ]
    assert [one["userErrors"] for one in made] == [[]] * 3
    page = """query ($t: String!, $after: String) { tasks(first: 1, after: $after, orderBy: [{field: TITLE}],
        where: {title: {eq: $t}, labels: {has: $t}, description: {contains: $t}})
        { nodes { id title labels description } pageInfo { endCursor hasNextPage } } }"""
    found: list[Any] = []
    tasks: dict[str, Any] = {}
    after = None
    for _ in made:
        tasks = scene.ask(page, t=text, after=after)["data"]["tasks"]
        found += tasks["nodes"]
        after = tasks["pageInfo"]["endCursor"]
    assert not tasks["pageInfo"]["hasNextPage"]
    assert {one["id"] for one in found} == {one["item"]["id"] for one in made}
    assert all((one["title"], one["labels"], one["description"]) == (text, [text], text) for one in found)
    assert len(scene.content(scene.attacked)) == before + 3
    assert scene.breaches() == 0
