"""Webhooks end to end: a real database, a real receiver, and everything that can go wrong between them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import standardwebhooks

from graph.batch import Batch
from graph.records import webhooks
from graph.records.webhooks import Webhook
from graph.writing.writer import write
from resolvers import messages
from resolvers.courier import Courier, Message, Sent
from resolvers.hooks import Wish, make, send_again, try_out
from tests.graph.conftest import Run, migrated, run
from tests.graph.space import Space, edge, gone, item, keys, patch
from tests.workatlas.webhooks.receiver import Received, Receiver, receiving
from workatlas.leadership import leading
from workatlas.webhooks import courier as couriers
from workatlas.webhooks import delivery
from workatlas.webhooks.courier import open_courier
from workatlas.webhooks.delivery import Deliverer, Retries, delivering

__all__ = ["migrated", "run"]
QUICK = Retries(tries=3, first=0.05)


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 0.05)


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _made(space: Space, url: str, **wish: Any) -> Webhook:
    async with open_courier(private=True) as courier:
        return await make(space.store, courier, space.id, Wish(url, **wish), "test", _now())


@asynccontextmanager
async def _at_work(space: Space, retries: Retries = QUICK, seconds: float = 15.0) -> AsyncIterator[Deliverer]:
    """Deliver during the block to the workspace's webhooks alone: other tests' hooks are in the same database."""
    async with (
        open_courier(private=True) as courier,
        leading(space.store, f"webhooks {space.id}", seconds) as leadership,
    ):
        deliverer = Deliverer(space.store, courier, leadership.leads, retries, workspace=space.id)
        async with delivering(deliverer, leadership):
            yield deliverer


async def _idle(space: Space, seq: int) -> Webhook:
    """Wait until the only webhook is done with everything up to a change."""
    async with asyncio.timeout(60):
        while True:
            (hook,) = await webhooks.listed(space.store, space.id)
            if hook.cursor == seq:
                return hook
            await asyncio.sleep(0.05)


def test_each_change_is_told_once_in_order_and_signed(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "BEFORE"))
        async with receiving() as receiver:
            hook = await _made(space, f"{receiver.url}/hook")
            async with _at_work(space):
                for number in range(5):
                    await space.write(item("Task", f"A-{number}"))
                await space.write(edge("BLOCKS", "A-0", "A-1"))
                await _idle(space, 7)
        seqs = [seq for one in receiver.received for seq in one.seqs]
        assert seqs == [2, 3, 4, 5, 6, 7]
        first = receiver.received[0]
        assert first.path == "/hook"
        assert first.headers["content-type"] == "application/json"
        standardwebhooks.Webhook(hook.secret).verify(first.body, first.headers)
        assert _verified(hook.secret, first)
        assert not _verified(f"whsec_{base64.b64encode(b'other').decode()}", first)
        assert first.payload["type"] == "workatlas.changes"
        assert first.payload["version"] == 1
        data = receiver.received[-1].payload["data"]
        assert (data["workspace"], data["webhook"], data["lastSeq"], data["complete"]) == (space.id, hook.id, 7, True)
        (last,) = data["changes"][-1]["edges"]
        assert (last["kind"], last["operation"]) == ("BLOCKS", "add")

    run(scenario)


def _verified(secret: str, received: Received) -> bool:
    """Check a signature by the words of the specification."""
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{received.body}".encode()
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    fresh = abs(int(headers["webhook-timestamp"]) - time.time()) < 300
    return fresh and headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize("trouble", [500, 429, 404, "close", "redirect", "rubbish", "hang"])
def test_what_failed_is_sent_again_under_the_same_identity(
    run: Run, trouble: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "SECONDS", 1.0)

    async def scenario(space: Space) -> None:
        async with receiving(trouble, trouble) as receiver:
            await _made(space, receiver.url)
            await space.write(item("Task", "A-1"))
            async with _at_work(space):
                await receiver.until(1)
                await space.write(item("Task", "A-2"))
                hook = await _idle(space, 2)
        assert [one.seqs for one in receiver.received] == [[1], [1], [1], [2]]
        assert [one.path for one in receiver.received] == ["/"] * 4
        ids = [one.headers["webhook-id"] for one in receiver.received]
        assert ids[0] == ids[1] == ids[2] != ids[3]
        assert (hook.attempts, hook.problem, hook.next_at) == (0, None, 0)

    run(scenario)


def test_what_fails_for_good_is_a_dead_letter_until_it_is_sent_again(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with receiving(500, 500, 500) as receiver:
            hook = await _made(space, receiver.url)
            await space.write(item("Task", "A-1"))
            async with _at_work(space):
                await _idle(space, 1)
                await space.write(item("Task", "A-2"))
                await _idle(space, 2)
            (letter,) = await webhooks.dead(space.store, space.id)
            assert (letter.webhook, letter.after, letter.last, letter.attempts) == (hook.id, 0, 1, 3)
            assert "500" in letter.problem
            async with open_courier(private=True) as courier:
                receiver.behaviours.append(503)
                sent = await send_again(space.store, courier, space.id, letter.id)
                assert (sent.delivered, sent.status) == (False, 503)
                assert await webhooks.dead(space.store, space.id, hook.id) == [letter]
                assert (await send_again(space.store, courier, space.id, letter.id)).delivered
            assert await webhooks.dead(space.store, space.id) == []
        assert [one.seqs for one in receiver.received] == [[1], [1], [1], [2], [1], [1]]
        assert {one.headers["webhook-id"] for one in receiver.received if one.seqs == [1]} == {letter.id}

    run(scenario)


def test_a_receiver_that_is_gone_or_asks_for_rest_is_obeyed(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with receiving(410) as receiver:
            hook = await _made(space, receiver.url)
            await space.write(item("Task", "A-1"))
            async with _at_work(space), asyncio.timeout(60):
                while (await _only(space)).active:  # noqa: ASYNC110 - the database has no events
                    await asyncio.sleep(0.05)
            await webhooks.move(space.store, await _only(space), replace(hook, active=True))
            async with _at_work(space):
                await _idle(space, 1)
        assert [one.seqs for one in receiver.received] == [[1], [1]]
        async with receiving(503, headers="Retry-After: 1800\r\n") as receiver:
            await webhooks.revoke(space.store, space.id, hook.id)
            await _made(space, receiver.url, after=0)
            async with _at_work(space):
                await receiver.until(1)
                async with asyncio.timeout(60):
                    while not (await _only(space)).attempts:  # noqa: ASYNC110 - the database has no events
                        await asyncio.sleep(0.05)
        assert 1_790_000 < (await _only(space)).next_at - _now() <= 1_800_000

    run(scenario)


async def _only(space: Space) -> Webhook:
    (hook,) = await webhooks.listed(space.store, space.id)
    return hook


def test_an_answer_without_end_is_not_read_to_its_end(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with receiving("endless") as receiver:
            hook = await _made(space, receiver.url)
            async with open_courier(private=True) as courier:
                assert (await try_out(space.store, courier, space.id, hook.id, _now())).delivered

    run(scenario)


def test_one_receiver_that_hangs_does_not_hold_up_another(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(couriers, "SECONDS", 3600.0)  # it hangs as long as the test lasts

    async def scenario(space: Space) -> None:
        async with receiving("hang") as slow, receiving() as quick:
            await _made(space, slow.url)
            await _made(space, quick.url)
            async with _at_work(space):
                await space.write(item("Task", "A-1"))
                await slow.until(1)
                await quick.until(1)
                await space.write(item("Task", "A-2"))
                await quick.until(2)
            assert [one.seqs for one in quick.received] == [[1], [2]]
            assert [one.seqs for one in slow.received] == [[1]]

    run(scenario)


@dataclass(slots=True)
class _Held:
    """A courier that waits for a sign before it sends."""

    inner: Courier
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    sign: asyncio.Event = field(default_factory=asyncio.Event)

    async def check(self, url: str) -> None:
        await self.inner.check(url)

    async def send(self, hook: Webhook, message: Message) -> Sent:
        self.asked.set()
        await self.sign.wait()
        return await self.inner.send(hook, message)


def test_what_is_delivered_while_it_is_looked_is_not_sent_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    due = webhooks.due

    async def scenario(space: Space) -> None:
        async with receiving() as receiver, open_courier(private=True) as courier:
            await _made(space, receiver.url)
            await space.write(item("Task", "A-1"))
            held = _Held(courier)
            deliverer = Deliverer(space.store, held, lambda: True, QUICK, workspace=space.id)
            await deliverer.look()
            await held.asked.wait()

            async def late(*arguments: Any) -> list[Webhook]:
                found = await due(*arguments)
                held.sign.set()
                await asyncio.gather(*deliverer._running.values())
                return found

            monkeypatch.setattr(webhooks, "due", late)
            await deliverer.look()
            await asyncio.gather(*deliverer._running.values())
            assert [one.seqs for one in receiver.received] == [[1]]
            await space.write(item("Task", "A-2"))
            await deliverer.look()
            await asyncio.gather(*deliverer._running.values())
        assert [one.seqs for one in receiver.received] == [[1], [2]]

    run(scenario)


def test_a_deliverer_of_one_workspace_leaves_the_others_alone(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with receiving() as receiver, open_courier(private=True) as courier:
            await _made(space, receiver.url)
            await space.write(item("Task", "A-1"))
            other = Deliverer(space.store, courier, lambda: True, QUICK, workspace=f"{space.id}-other")
            await other.look()
            assert not other._running
            assert space.id in {one.workspace for one in await webhooks.due(space.store, _now())}
            assert [one.workspace for one in await webhooks.due(space.store, _now(), space.id)] == [space.id]

    run(scenario)


def test_nothing_is_lost_or_out_of_order_when_those_who_deliver_die(run: Run) -> None:
    """Each of ten deliverers is broken off in the middle of a message, with its lease still running."""

    async def scenario(space: Space) -> None:
        async with receiving() as receiver:
            await _made(space, receiver.url)
            dice = random.Random(5)
            for life in range(10):
                for number in range(3):
                    await space.write(item("Task", f"A-{life}-{number}"))
                received = len(receiver.received)
                if life % 2:
                    receiver.behaviours.append("hang")
                task = asyncio.create_task(_until_killed(space))
                await receiver.until(received + 1)
                await asyncio.sleep(dice.uniform(0, 0.05))
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            async with _at_work(space, seconds=0.6):
                await _idle(space, 30)
        firsts: list[int] = []
        by_id: dict[str, list[int]] = {}
        for one in receiver.received:
            assert by_id.setdefault(one.headers["webhook-id"], one.seqs) == one.seqs
            firsts += [seq for seq in one.seqs if seq not in firsts]
        assert firsts == list(range(1, 31))

    run(scenario)


async def _until_killed(space: Space) -> None:
    """Deliver as a process that is killed would: without giving its lease back."""
    async with open_courier(private=True) as courier:
        for holder in range(1000):
            from graph.records import leases

            if await leases.take(space.store, f"webhooks {space.id}", str(id(courier)), 0.6):
                break
            await asyncio.sleep(0.05)
            assert holder < 999
        deliverer = Deliverer(space.store, courier, lambda: True, QUICK, workspace=space.id)
        try:
            while True:
                await deliverer.look()
                await asyncio.sleep(0.05)
        finally:
            for task in deliverer._running.values():
                task.cancel()


def test_of_two_processes_one_delivers_and_the_other_takes_over(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with receiving() as receiver:
            await _made(space, receiver.url)
            async with _at_work(space, seconds=1.0):
                async with _at_work(space, seconds=1.0):
                    for number in range(10):
                        await space.write(item("Task", f"A-{number}"))
                    await _idle(space, 10)
                await space.write(item("Task", "B-1"))
                await _idle(space, 11)
        assert [seq for one in receiver.received for seq in one.seqs] == list(range(1, 12))

    run(scenario)


def test_only_what_is_wanted_and_may_be_seen_is_told(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Team", "TEAM-1"), item("Project", "P-1"), item("Project", "P-2"), item("Person", "ADA"))
        team = (await space.items())["TEAM-1"]["id"]
        async with receiving() as receiver:
            wishes: dict[str, dict[str, Any]] = {
                "all": {},
                "team": {"teams": ("TEAM-1",)},
                "kinds": {"kinds": ("Issue", "BLOCKS")},
                "archived": {"operations": ("archive",)},
                "inside": {"scope": "P-1"},
            }
            for path, wish in wishes.items():
                await _made(space, f"{receiver.url}/{path}", **wish)
            async with _at_work(space):
                await space.write(item("Task", "SECRET", visibility="TEAM", team=team))
                await space.write(item("Task", "A-1"), item("Issue", "I-1"), edge("PART_OF", "A-1", "P-1"))
                await space.write(item("Task", "A-2"), edge("PART_OF", "A-2", "P-2"), edge("BLOCKS", "A-1", "A-2"))
                await write(space.store, space.id, Batch(archive=keys("A-1")), now=_now())
                await space.write(patch("Task", "A-2", title="Other"), gone("BLOCKS", "A-1", "A-2"))
                async with asyncio.timeout(60):
                    while min(one.cursor for one in await webhooks.listed(space.store, space.id)) < 6:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
        told = _told(receiver, {one["id"]: key for key, one in (await space.items()).items()})
        assert told["team"] - told["all"] == {(2, "SECRET", "create")}
        assert told["kinds"] == {(3, "I-1", "create"), (4, "BLOCKS", "add"), (6, "BLOCKS", "remove")}
        assert told["archived"] == {(5, "A-1", "archive")}
        assert told["inside"] == {
            (3, "A-1", "create"), (3, "PART_OF", "add"), (4, "BLOCKS", "add"), (5, "A-1", "archive"),
            (6, "BLOCKS", "remove"),
        }  # fmt: skip
        assert {one[1] for one in told["all"]} == {"A-1", "A-2", "I-1", "PART_OF", "BLOCKS"}

    run(scenario)


def _told(receiver: Receiver, names: dict[str, str]) -> dict[str, set[tuple[int, str, str]]]:
    told: dict[str, set[tuple[int, str, str]]] = {}
    for one in receiver.received:
        for change in one.payload["data"]["changes"]:
            facts = {(change["seq"], names[row["id"]], row["operation"]) for row in change["items"]}
            facts |= {(change["seq"], row["kind"], row["operation"]) for row in change["edges"]}
            told.setdefault(one.path[1:], set()).update(facts)
    return told


def test_a_message_tells_values_as_long_as_it_is_not_too_large(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(space: Space) -> None:
        hook = Webhook("hook-1", space.id, "https://example.com/", "whsec_AAAA")
        await space.write(*[item("Task", f"A-{number}") for number in range(3)])
        message = await messages.between(space.store, hook, 0, 1)
        assert message is not None
        for name, size in (("MAX_ALTERED", 3), ("MAX_BYTES", len(message.body.encode()))):
            for most, complete in ((size, True), (size - 1, False)):
                with monkeypatch.context() as patch:
                    patch.setattr(messages, name, most)
                    made = await messages.between(space.store, hook, 0, 1)
                    assert made is not None
                    assert json.loads(made.body)["data"]["complete"] is complete

    run(scenario)


def test_an_attempt_may_take_as_long_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(couriers, "SECONDS", 1.0)

    async def scenario() -> None:
        async with receiving("hang") as receiver, open_courier(private=True) as courier:
            hook = Webhook("hook-1", "w", receiver.url, f"whsec_{base64.b64encode(bytes(32)).decode()}")
            begin = time.monotonic()
            sent = await courier.send(hook, messages.trial(hook, 1))
            assert sent.problem == "the receiver did not answer within 1 s"
            assert 0.9 <= time.monotonic() - begin < 5
            assert (await courier.send(hook, messages.trial(hook, 2))).delivered

    asyncio.run(scenario())


def test_a_large_change_is_told_without_its_values(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_ALTERED", 3)

    async def scenario(space: Space) -> None:
        async with receiving() as receiver:
            await _made(space, receiver.url)
            await space.write(item("Task", "A-1"))
            await space.write(*[item("Task", f"B-{number}") for number in range(5)])
            await space.write(item("Task", "C-1"))
            async with _at_work(space):
                await _idle(space, 3)
        assert [one.seqs for one in receiver.received] == [[1], [2], [3]]
        small, large, _ = (one.payload["data"] for one in receiver.received)
        assert small["complete"]
        assert not large["complete"]
        assert small["changes"][0]["items"][0]["after"]["title"] == "Title of A-1"
        assert [one["after"] for one in large["changes"][0]["items"]] == [{}, {}, {}]

    run(scenario)


def test_a_paused_webhook_goes_on_where_it_was(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with receiving() as receiver:
            hook = await _made(space, receiver.url)
            await webhooks.move(space.store, hook, replace(hook, active=False))
            await space.write(item("Task", "A-1"))
            async with _at_work(space):
                await asyncio.sleep(0.5)
                assert receiver.received == []
                await webhooks.move(space.store, hook, hook)
                await _idle(space, 1)
        assert [one.seqs for one in receiver.received] == [[1]]

    run(scenario)


def test_a_test_message_is_signed_and_tells_nothing(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "A-1"))
        async with receiving(204, 401) as receiver, open_courier(private=True) as courier:
            hook = await _made(space, receiver.url)
            assert await try_out(space.store, courier, space.id, hook.id, _now()) == Sent(204)
            sent = await try_out(space.store, courier, space.id, hook.id, _now())
            assert (sent.delivered, sent.status) == (False, 401)
        assert _verified(hook.secret, receiver.received[0])
        assert receiver.received[0].payload["type"] == "workatlas.test"
        assert receiver.received[0].payload["data"]["changes"] == []

    run(scenario)


def test_this_machine_is_not_sent_to_unless_that_is_allowed(run: Run) -> None:
    async def scenario(space: Space) -> None:
        async with receiving() as receiver:
            hook = await _made(space, receiver.url.replace("http://", "https://"))
            async with open_courier() as courier:
                sent = await try_out(space.store, courier, space.id, hook.id, _now())
                assert "public" in str(sent.problem)
                plain = replace(hook, url=receiver.url)
                assert not (await courier.send(plain, messages.trial(plain, _now()))).delivered
        assert receiver.received == []

    run(scenario)


def test_pauses_grow_and_differ() -> None:
    retries, dice = Retries(tries=12, first=2.0, longest=60.0), random.Random(3)
    pauses = [retries.pause(failed, dice) for failed in range(1, 12)]
    for failed, pause in enumerate(pauses):
        full = min(2.0 * 2**failed, 60.0)
        assert full / 2 <= pause <= full
    assert len(set(pauses)) == len(pauses)


def test_a_secret_is_in_no_text(run: Run) -> None:
    async def scenario(space: Space) -> None:
        hook = await _made(space, "https://127.0.0.1/")
        assert hook.secret not in repr(hook)
        assert hook.secret not in json.dumps([repr(one) for one in await webhooks.listed(space.store, space.id)])

    run(scenario)
