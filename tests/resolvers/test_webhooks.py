"""Webhooks over GraphQL: who may, what is refused, and what is told of them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from graph.batch import BORN_HERE, Batch, NodeRow
from graph.connection import Connection
from graph.migrations import migrate
from graph.records import webhooks
from graph.records.webhooks import DeadLetter, Webhook
from graph.records.workspace import ensure
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store, open_store
from graph.writing.writer import write
from resolvers.access import Role, Viewer
from resolvers.context import Context
from resolvers.courier import Message, RefusedAddressError, Sent
from resolvers.schema import execute

CREATE = """mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) {
  webhook { id url kinds operations scope teams active createdBy lastSeq failedAttempts nextAttemptAt problem }
  secret userErrors { field code } } }"""
SEND = "{ delivered status problem userErrors { field code } }"


@dataclass(slots=True)
class Noted:
    """A courier that refuses one address, notes what it is given, and answers as it is told."""

    answer: Sent = field(default_factory=lambda: Sent(204))
    messages: list[Message] = field(default_factory=list)

    async def check(self, url: str) -> None:
        if "private" in url:
            raise RefusedAddressError("the address's host is not on the public internet")

    async def send(self, hook: Webhook, message: Message) -> Sent:
        self.messages.append(message)
        return self.answer


@dataclass(slots=True)
class Desk:
    runner: asyncio.Runner
    store: Store
    workspace: str
    courier: Noted

    def ask(self, text: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        who = viewer or Viewer.local(self.workspace)
        keeper = SnapshotKeeper(self.store, self.workspace)
        context = Context(self.store, who, keeper, date.today, "request-1", courier=self.courier)
        return self.runner.run(execute(text, variables, None, context)).body

    def create(self, **wish: Any) -> Any:
        return self.ask(CREATE, input={"url": "https://example.com/hook", **wish})["data"]["createWebhook"]

    def do(self, name: str, select: str, **values: Any) -> Any:
        kind = f"{name[0].upper()}{name[1:]}Input"
        text = f"mutation ($input: {kind}!) {{ {name}(input: $input) {select} }}"
        return self.ask(text, input=values)["data"][name]


@contextmanager
def _opened(connection: Connection) -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        pool = open_store(connection)
        store = runner.run(pool.__aenter__())
        workspace = f"hooks-{uuid.uuid4().hex[:12]}"

        async def prepare() -> None:
            await migrate(store)
            now = time.time_ns() // 1_000_000
            await ensure(store, workspace, now)
            rows = [NodeRow(kind, BORN_HERE, key, {"title": key}, key=key) for kind, key in
                    (("Team", "TEAM-1"), ("Project", "P-1"))]  # fmt: skip
            await write(store, workspace, Batch(rows), now=now)

        runner.run(prepare())
        try:
            yield Desk(runner, store, workspace, Noted())
        finally:
            runner.run(pool.__aexit__(None, None, None))


@pytest.fixture
def desk(connection: Connection) -> Iterator[Desk]:
    with _opened(connection) as made:
        yield made


def test_a_webhook_is_made_listed_paused_and_revoked(desk: Desk) -> None:
    made = desk.create(kinds=["Task", "BLOCKS"], operations=["update"], scope="P-1", teams=["TEAM-1"], after=0)
    assert made["userErrors"] == []
    assert made["secret"].startswith("whsec_")
    hook = made["webhook"]
    assert (hook["url"], hook["kinds"], hook["operations"]) == (
        "https://example.com/hook", ["Task", "BLOCKS"], ["update"],
    )  # fmt: skip
    assert (hook["active"], hook["lastSeq"], hook["createdBy"]) == (True, 0, "local")
    ids = {one["key"]: one["id"] for one in desk.ask("{ items { nodes { id key } } }")["data"]["items"]["nodes"]}
    assert (hook["scope"], hook["teams"]) == (ids["P-1"], [ids["TEAM-1"]])
    other = desk.create()["webhook"]
    assert other["lastSeq"] == 1
    listed = desk.ask("{ webhooks { id url } }")
    assert [one["id"] for one in listed["data"]["webhooks"]] == [hook["id"], other["id"]]
    assert made["secret"] not in str(listed)
    paused = desk.do("updateWebhook", "{ webhook { active } userErrors { code } }", id=hook["id"], active=False)
    assert paused == {"webhook": {"active": False}, "userErrors": []}
    for expected in ({"revoked": True, "userErrors": []}, {"revoked": False, "userErrors": [{"code": "NOT_FOUND"}]}):
        assert desk.do("revokeWebhook", "{ revoked userErrors { code } }", id=hook["id"]) == expected
    assert [one["id"] for one in desk.ask("{ webhooks { id } }")["data"]["webhooks"]] == [other["id"]]


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"url": "https://private.example/"}, {"field": ["url"], "code": "INVALID_VALUE"}),
        ({"kinds": ["Tusk"]}, {"field": ["kinds"], "code": "INVALID_VALUE"}),
        ({"operations": ["purge"]}, {"field": ["operations"], "code": "INVALID_VALUE"}),
        ({"scope": "NONE"}, {"field": ["scope"], "code": "NOT_FOUND"}),
        ({"teams": ["NONE"]}, {"field": ["teams"], "code": "NOT_FOUND"}),
        ({"teams": ["P-1"]}, {"field": ["teams"], "code": "WRONG_KIND"}),
        ({"after": 2}, {"field": ["after"], "code": "INVALID_VALUE"}),
        ({"after": -1}, {"field": ["after"], "code": "INVALID_VALUE"}),
    ],
)
def test_what_cannot_be_is_refused(desk: Desk, wish: dict[str, Any], error: dict[str, Any]) -> None:
    assert desk.create(**wish) == {"webhook": None, "secret": None, "userErrors": [error]}
    assert desk.ask("{ webhooks { id } }")["data"]["webhooks"] == []


def test_a_workspace_has_so_many_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.hooks.MAX_HOOKS", 1)
    assert desk.create()["userErrors"] == []
    assert desk.create()["userErrors"] == [{"field": ["url"], "code": "TOO_MANY"}]


def test_messages_are_sent_again_by_hand(desk: Desk) -> None:
    hook = desk.create(after=0)["webhook"]
    assert desk.do("testWebhook", SEND, id=hook["id"]) == {
        "delivered": True, "status": 204, "problem": None, "userErrors": [],
    }  # fmt: skip

    async def bury() -> DeadLetter:
        stored = await webhooks.find(desk.store, desk.workspace, hook["id"])
        assert stored is not None
        letter = DeadLetter(f"msg_{stored.id}_0_1", desk.workspace, stored.id, 0, 1, 12, 1_700_000_000_000, "no answer")
        assert await webhooks.move(desk.store, stored, stored.moved_to(1), letter)
        assert not await webhooks.move(desk.store, stored, stored.moved_to(1), letter)
        return letter

    letter = desk.runner.run(bury())
    dead = "{ deadLetters { id webhook after lastSeq attempts at problem } }"
    assert desk.ask(dead)["data"]["deadLetters"] == [
        {"id": letter.id, "webhook": hook["id"], "after": 0, "lastSeq": 1, "attempts": 12, "problem": "no answer",
         "at": "2023-11-14T22:13:20.000Z"},
    ]  # fmt: skip
    desk.courier.answer = Sent(500, "the receiver answered with status 500")
    failed = desk.do("redeliverWebhook", SEND, id=letter.id)
    assert (failed["delivered"], failed["status"]) == (False, 500)
    desk.courier.answer = Sent(200)
    assert desk.do("redeliverWebhook", SEND, id=letter.id)["delivered"]
    assert {one.id for one in desk.courier.messages[1:]} == {letter.id}
    assert desk.ask(dead)["data"]["deadLetters"] == []
    assert desk.do("redeliverWebhook", SEND, id=letter.id)["userErrors"] == [{"field": ["id"], "code": "NOT_FOUND"}]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_webhooks_are_for_administrators(desk: Desk, role: Role) -> None:
    viewer = Viewer("somebody", desk.workspace, role)
    for text in ("{ webhooks { url } }", "{ deadLetters { id } }"):
        assert desk.ask(text, viewer)["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    made = desk.ask(CREATE, viewer, input={"url": "https://example.com"})
    assert made["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_other_workspaces_webhooks_are_not_there(desk: Desk) -> None:
    hook = desk.create()["webhook"]
    other = Viewer.local(f"{desk.workspace}-other")
    text = "mutation ($input: RevokeWebhookInput!) { revokeWebhook(input: $input) { revoked } }"
    assert desk.ask("{ webhooks { id } }", other)["data"]["webhooks"] == []
    assert not desk.ask(text, other, input={"id": hook["id"]})["data"]["revokeWebhook"]["revoked"]
    assert len(desk.ask("{ webhooks { id } }")["data"]["webhooks"]) == 1
