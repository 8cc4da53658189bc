from __future__ import annotations

from datetime import date

import pytest

from graph.errors import UnknownWorkspaceError
from graph.records import webhooks
from graph.records.api_keys import ApiKey, create
from graph.records.examinations import record
from graph.records.sightings import Sighting
from graph.records.webhooks import DeadLetter, Webhook
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, item

A, B = "MATCH (n:Item {workspace: $workspace, key: 'T-A'}) ", "MATCH (o:Item {workspace: $workspace, key: 'T-B'}) "
BLOCKS = "MATCH (:Item {workspace: $workspace, key: 'T-A'})-[e:BLOCKS]->() "
KEY = "MATCH (k:ApiKey {workspace: $workspace}) "
ANSWER = "MATCH (i:Idempotency {workspace: $workspace}) "
FINDING = "MATCH (f:Finding {workspace: $workspace}) "
HOOK = "MATCH (h:Webhook {workspace: $workspace}) "
RULE_OF_DIGESTS = "an API key holds a SHA-256, never a token"
FAULTS = {
    "the label of its group is gone": (A + "REMOVE n:Work", "a Task carries its group's label", "T-A"),
    "a second kind": (A + "SET n:Person", "an item has exactly one kind", "T-A"),
    "no kind": (A + "REMOVE n:Task", "an item has exactly one kind", "T-A"),
    "a label of nobody's": (A + "SET n:Secret", "an item has no label outside the model", "T-A"),
    "a status of nobody's": (A + "SET n.status = 'Gone'", "a status is one of the workspace's", "T-A"),
    "no title": (A + "REMOVE n.title", "a Task has a title", "T-A"),
    "no version": (A + "REMOVE n.version", "a Task has a version", "T-A"),
    "a number as text": (A + "SET n.estimate = 'much'", "Task.estimate is a number", "T-A"),
    "a date as text": (A + "SET n.due = '2026-12-01'", "Task.due is a date", "T-A"),
    "an instant as a number": (A + "SET n.createdAt = 7", "Task.createdAt is a instant", "T-A"),
    "an unknown priority": (A + "SET n.priority = 'SOON'", "Task.priority is one of its values", "T-A"),
    "a calendar of nobody's": (A + "SET n.calendar = 'gone'", "a calendar that an item names exists", "T-A"),
    "an edge of nobody's": (
        A + B + "CREATE (n)-[:LIKES]->(o)",
        "an edge stays inside its workspace and is of a known kind",
        "T-A",
    ),
    "an edge to another workspace": (
        A + "CREATE (n)-[:RELATES_TO {createdAt: datetime(), source: 'x'}]->"
        "(:Item:Work:Task {workspace: $workspace + '-other', id: randomUUID(), key: 'X-1'})",
        "an edge stays inside its workspace and is of a known kind",
        "T-A",
    ),
    "an edge from an item to itself": (A + "CREATE (n)-[:BLOCKS]->(n)", "an edge joins two items", "T-A"),
    "an edge the wrong way": (A + B + "CREATE (n)-[:OWNS]->(o)", "OWNS joins kinds that it may join", "T-A → T-B"),
    "an edge without a source": (BLOCKS + "REMOVE e.source", "BLOCKS has a source", "T-A → T-B"),
    "an unknown type of wait": (BLOCKS + "SET e.type = 'XX'", "BLOCKS.type is one of its values", "T-A → T-B"),
    "a lag as text": (BLOCKS + "SET e.lag = 'long'", "BLOCKS.lag is a number", "T-A → T-B"),
    "a change lost from the middle": (
        "MATCH (c:Change {workspace: $workspace, seq: 1}) DELETE c",
        "the change log has no gap",
        "the counter says 3, the log holds 2 changes up to 3",
    ),
    "a counter that fell back": (
        "MATCH (w:Workspace {id: $workspace}) SET w.seq = 1",
        "the change log has no gap",
        "the counter says 1, the log holds 3 changes up to 3",
    ),
    "a token in the place of its digest": (KEY + "SET k.digest = 'wa_secret'", RULE_OF_DIGESTS, "key-1"),
    "a key without a role": (KEY + "REMOVE k.role", "an API key has a role", "key-1"),
    "a key that may what nobody may": (KEY + "SET k.scopes = ['read', 'rule']", "an API key has known scopes", "key-1"),
    "a key that ended before it began": (
        KEY + "SET k.expiresAt = k.createdAt - duration('P1D')",
        "an API key has the moments of its life",
        "key-1",
    ),
    "a key of nobody": (KEY + "SET k.person = 'nobody'", "an API key stands for a person of its workspace", "key-1"),
    "an answer to nothing": (ANSWER + "REMOVE i.payload", "a kept answer has the digest of its request", "ask-1"),
    "an answer of no time": (ANSWER + "SET i.at = 7", "a kept answer has the moment of its request", "ask-1"),
    "an answer of a change that was not written": (
        ANSWER + """SET i.answer = '{"changeSeq":99,"about":[]}'""",
        "a kept answer can be given again",
        "ask-1",
    ),
    "half an answer": (ANSWER + "SET i.answer = left(i.answer, 12)", "a kept answer can be given again", "ask-1"),
    "a finding in no state": (FINDING + "SET f.state = 'lost'", "a finding stands in one of its states", "find-1"),
    "a webhook without a secret": (HOOK + "REMOVE h.secret", "a webhook has an address and a secret", "hook-1"),
    "a webhook ahead of the log": (HOOK + "SET h.cursor = 9", "a webhook stands at a change of the log", "hook-1"),
    "a message of no webhook": (
        "MATCH (d:DeadLetter {workspace: $workspace}) SET d.webhook = 'gone'",
        "a message that was given up is a webhook's",
        "msg-1",
    ),
    "a finding about nothing": (FINDING + "SET f.subjects = []", "a finding is about items and was seen", "find-1"),
    "a finding accepted for ever": (
        FINDING + "SET f.state = 'accepted'",
        "a finding is accepted until a day",
        "find-1",
    ),
    "an import that stopped": (
        """MATCH (w:Workspace {id: $workspace}) SET w.imports = '{"run-7":["jira",1]}'""",
        "every import was finished",
        "run run-7 of jira: import it again",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_named(run: Run, fault: str) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A", estimate=1, due="2026-Q4"), item("Task", "T-B"))
        await space.write(edge("BLOCKS", "T-A", "T-B"), idempotency_key="ask-1")
        await system_nodes(space)
        assert await space.violations() == []
        statement, rule, example = FAULTS[fault]
        await space.raw(statement)
        found = {one.rule: one.examples for one in await space.violations()}
        assert named(space, example) in found.get(rule, ()), found

    run(scenario)


async def system_nodes(space: Space) -> None:
    """Give a workspace a key, a finding and a webhook; ids of the first two are unique in the whole database."""
    subject = ((await space.items())["T-A"]["id"],)
    sighting = Sighting("ODD", subject, "T-A is odd.")
    await record(space.store, space.id, [sighting], NOW, date(2026, 3, 2))
    await space.raw(FINDING + "SET f.id = $id", id=named(space, "find-1"))
    key = ApiKey(named(space, "key-1"), "0" * 64, "a laptop", "editor", ("read",), space.id, None, NOW, NOW + 1)
    await create(space.store, key)
    hook = Webhook("hook-1", space.id, "https://example.com/", "whsec_AAAA", cursor=1)
    await webhooks.create(space.store, hook)
    letter = DeadLetter("msg-1", space.id, hook.id, 0, 1, 12, NOW, "no answer")
    assert await webhooks.move(space.store, hook, hook, letter)


def named(space: Space, name: str) -> str:
    """Return a name that no other workspace's system node has; other names are as they are."""
    return f"{name} {space.id}" if name in {"key-1", "find-1"} else name


def test_a_fault_elsewhere_is_not_this_workspaces(run: Run) -> None:
    async def scenario(space: Space) -> None:
        other = Space(space.store, f"{space.id}-other")
        for one in (space, other):
            await one.load(item("Task", "T-A"))
        await other.raw(A + "REMOVE n.title")
        assert await space.violations() == []
        assert [one.to_dict() for one in await other.violations()] == [
            {"rule": "a Task has a title", "examples": ["T-A"]}
        ]
        with pytest.raises(UnknownWorkspaceError):
            await Space(space.store, f"{space.id}-nobody").violations()

    run(scenario)


def test_examples_are_bounded(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item("Task", f"T-{number}") for number in range(30)))
        await space.raw("MATCH (n:Item {workspace: $workspace}) REMOVE n.title")
        assert [len(one.examples) for one in await space.violations()] == [20]

    run(scenario)
