"""Gates of the API in order: bodies, wrong keys, rates, cost, turns, deadlines, and clients that go away."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from graph.connection import Connection
from graph.errors import StoreBusyError, StoreTimeoutError
from graph.records import api_keys
from graph.records.api_keys import ApiKey
from graph.store import ACQUISITION_SECONDS, open_store
from resolvers.access import Access, Role, Viewer
from resolvers.bounds import Bounds
from resolvers.errors import RefusedError
from tests.workatlas.client import Started, started
from workatlas.app import AppOptions, create_app
from workatlas.auth.keys import digest_of, new_token
from workatlas.budgets import Budgets, Turns
from workatlas.cli.serve import prepare
from workatlas.counters import open_counters

ITEMS = "{ tasks(first: 9) { totalCount } }"


@pytest.fixture(scope="module")
def workspace(connection: Connection) -> str:
    name = f"gates-{uuid.uuid4().hex[:12]}"
    asyncio.run(prepare(connection, name))
    return name


@pytest.fixture
def run(connection: Connection, workspace: str) -> Callable[..., None]:
    """Run a scenario against a started application with some limits; with ``tokens`` callers need a key."""

    def work(scenario: Callable[..., Awaitable[None]], tokens: bool = False, **bounds: int) -> None:
        async def scene() -> None:
            options = AppOptions(connection, workspace, tokens, bounds=Bounds(**bounds))
            async with started(create_app(options)) as running:
                await scenario(running)

        asyncio.run(scene())

    return work


async def _key(running: Started, workspace: str) -> dict[str, str]:
    key_id, token = new_token()
    now = time.time_ns() // 1_000_000
    key = ApiKey(key_id, digest_of(token), "test", "viewer", tuple(Access), workspace, None, now)
    await api_keys.create(running.state["store"], key)
    return {"authorization": f"Bearer {token}"}


def test_a_body_may_be_as_long_as_the_limit(run: Callable[..., None]) -> None:
    async def scenario(running: Started) -> None:
        body = b'{"query": "{ __typename }"}'
        headers = {"content-type": "application/json"}
        fits = await running.client.post("/graphql", content=body.ljust(100), headers=headers)
        assert fits.status_code == 200
        exceeds = await running.client.post("/graphql", content=body.ljust(101), headers=headers)
        assert (exceeds.status_code, exceeds.headers["connection"]) == (413, "close")

        async def chunks() -> Any:
            yield body
            yield b" " * (101 - len(body))

        assert (await running.client.post("/graphql", content=chunks(), headers=headers)).status_code == 413
        endless = headers | {"content-length": "9" * 5000}
        assert (await running.client.post("/graphql", content=body, headers=endless)).status_code == 413

    run(scenario, body=100)


def test_a_slow_body_is_not_waited_for(run: Callable[..., None]) -> None:
    async def scenario(running: Started) -> None:
        async def chunks() -> Any:
            yield b'{"query": '
            await asyncio.Event().wait()
            yield b'"{ __typename }"}'

        async def quicker() -> Any:
            yield b'{"query": '
            await asyncio.sleep(0.3)
            yield b'"{ __typename }"}'

        headers = {"content-type": "application/json"}
        assert (await running.client.post("/graphql", content=quicker(), headers=headers)).status_code == 200
        sent = running.client.post("/graphql", content=chunks(), headers=headers, timeout=None)
        answer = await asyncio.wait_for(sent, 60)
        assert (answer.status_code, answer.headers["connection"]) == (408, "close")

    run(scenario, body_seconds=1)


def test_requests_of_one_caller_are_counted(run: Callable[..., None], workspace: str) -> None:
    async def scenario(running: Started) -> None:
        one, other = await _key(running, workspace), await _key(running, workspace)
        answers = [await running.ask("{ __typename }", **one) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        refused = answers[-1]
        assert refused.headers["ratelimit-limit"] == "3"
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert (await running.ask("{ __typename }", **other)).status_code == 200

    run(scenario, tokens=True, rate_requests=3)


def test_the_cost_of_one_callers_operations_is_counted(run: Callable[..., None], workspace: str) -> None:
    async def scenario(running: Started) -> None:
        headers = await _key(running, workspace)
        first = await running.ask(ITEMS, **headers)
        assert first.json()["extensions"]["cost"] == {"requested": 10, "limit": 25, "remaining": 15}
        assert (await running.ask(ITEMS, **headers)).status_code == 200
        refused = await running.ask(ITEMS, **headers)
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert "data" not in refused.json()
        assert int(refused.headers["retry-after"]) > 0

    run(scenario, tokens=True, rate_cost=25)


def test_new_shapes_of_one_callers_operations_are_counted(run: Callable[..., None], workspace: str) -> None:
    async def scenario(running: Started) -> None:
        one, other = await _key(running, workspace), await _key(running, workspace)
        tasks = "tasks(first: 1) { nodes { blocks(first: 1) { totalCount } } }"  # two lists
        mark = f"_{uuid.uuid4().hex}"  # aliases that no other test has used
        assert (await running.ask(f"{{ {mark}: {tasks} }}", **one)).status_code == 200
        for _ in range(5):  # what is known costs nothing
            assert (await running.ask(f"{{ {mark}: {tasks} }}", **one)).status_code == 200
        assert (await running.ask(f"{{ {mark}2: {tasks} {mark}3: {tasks} }}", **one)).status_code == 200
        refused = await running.ask(f"{{ {mark}4: goals {{ totalCount }} }}", **one)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert "new shapes" in refused.json()["errors"][0]["message"]
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await running.ask(f"{{ {mark}: {tasks} }}", **one)).status_code == 200
        assert (await running.ask(f"{{ {mark}4: goals {{ totalCount }} }}", **other)).status_code == 200

    run(scenario, tokens=True, rate_plans=6)


def test_a_caller_can_ask_what_is_left_of_their_budget(run: Callable[..., None], workspace: str) -> None:
    async def scenario(running: Started) -> None:
        headers = await _key(running, workspace)
        for left in (14, 3):
            text = "{ viewer { key role may budget { limit remaining seconds } } tasks(first: 9) { totalCount } }"
            found = (await running.ask(text, **headers)).json()["data"]["viewer"]
            assert (found["role"], found["may"]) == ("VIEWER", ["READ"])
            assert 0 < found["budget"].pop("seconds") <= 60
            assert found["budget"] == {"limit": 25, "remaining": left}
            assert found["key"]

    run(scenario, tokens=True, rate_cost=25)


def test_an_operation_may_cost_as_much_as_the_limit(run: Callable[..., None]) -> None:
    async def scenario(running: Started) -> None:
        fits = (await running.ask(ITEMS)).json()
        assert fits["extensions"]["cost"] == {"requested": 10, "limit": 10, "remaining": 0}
        refused = await running.ask("{ tasks(first: 10) { totalCount } }", accept="application/graphql-response+json")
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (400, "TOO_COMPLEX")

    run(scenario, nodes=10)


def test_the_only_user_has_no_rates(run: Callable[..., None]) -> None:
    async def scenario(running: Started) -> None:
        answers = [await running.ask(ITEMS) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert "ratelimit-limit" not in answers[0].headers

    run(scenario, rate_requests=1, rate_cost=1)


def test_an_address_that_guesses_keys_is_slowed_down(run: Callable[..., None], workspace: str) -> None:
    async def scenario(running: Started) -> None:
        headers = await _key(running, workspace)
        statuses = [
            (await running.ask("{ __typename }", authorization=f"Bearer {new_token()[1]}")).status_code
            for _ in range(4)
        ]
        assert statuses == [401, 401, 401, 429]
        assert (await running.ask("{ __typename }", **headers)).status_code == 429, "nor is a right guess told apart"

    run(scenario, tokens=True, rate_failures=3)


def test_callers_without_a_key_are_counted_by_their_subject() -> None:
    ada, bob = (Viewer(name, "w", Role.VIEWER) for name in ("ada", "bob"))
    with open_counters() as counters:
        budgets = Budgets(Bounds(rate_requests=2), counters)
        standings = [budgets.request(viewer) for viewer in (ada, ada, ada, bob)]
        assert [one.exhausted if one else None for one in standings] == [False, False, True, False]
        assert Budgets(Bounds(rate_requests=0), counters).request(ada) is None


def test_a_bounded_number_runs_and_a_bounded_number_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workatlas.budgets.WAIT_SECONDS", 0.5)

    async def scenario() -> None:
        turns, running, most, done = Turns(Bounds(running=2, waiting=3)), 0, 0, asyncio.Event()

        async def one() -> str:
            nonlocal running, most
            try:
                async with turns.turn():
                    running += 1
                    most = max(most, running)
                    await done.wait()
                    running -= 1
                    return "ran"
            except RefusedError as refused:
                return refused.code

        tasks = [asyncio.create_task(one()) for _ in range(6)]
        await asyncio.wait(tasks[5:])
        assert [task.done() for task in tasks] == [False] * 5 + [True], "the sixth finds no place to wait"
        await asyncio.wait(tasks[2:5], timeout=60)
        done.set()
        assert await asyncio.gather(*tasks) == ["ran", "ran", "BUSY", "BUSY", "BUSY", "BUSY"]
        assert most == 2
        assert await one() == "ran", "turns come back"

    asyncio.run(scenario())


def test_a_server_with_too_much_to_do_says_so(run: Callable[..., None]) -> None:
    async def scenario(running: Started) -> None:
        async with running.state["turns"].turn():
            answer = await running.ask("{ __typename }")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "BUSY")
        assert int(answer.headers["retry-after"]) > 0
        assert (await running.ask("{ __typename }")).status_code == 200

    run(scenario, running=1, waiting=1)


def test_an_operation_may_take_as_long_as_the_limit(
    run: Callable[..., None], monkeypatch: pytest.MonkeyPatch, workspace: str
) -> None:
    """Whatever it does meanwhile, and however many parts it has: the time is the whole operation's."""

    async def scenario(running: Started) -> None:
        keeper = running.state["keepers"].of(workspace)
        current = keeper.current
        pause = 0.0

        async def slow() -> Any:
            await asyncio.sleep(pause)
            return await current()

        monkeypatch.setattr(keeper, "current", slow)
        assert (await running.ask("{ snapshot { seq } }")).status_code == 200  # what is read once, was
        pause = 1.0
        assert (await running.ask("{ snapshot { seq } }")).status_code == 200
        begin = time.monotonic()
        pause = 10.0
        for text in ("{ snapshot { seq } }", "{ tasks { totalCount } snapshot { seq } }"):
            answer = await running.ask(text)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (504, "TIMEOUT")
            assert "data" not in answer.json()
        assert 4 <= time.monotonic() - begin < 8
        events = await running.ask("{ snapshot { seq } }", accept="text/event-stream")
        assert '"TIMEOUT"' in events.text

    run(scenario, seconds=2)


def test_a_read_that_would_run_for_minutes_ends_at_its_timeout(connection: Connection) -> None:
    async def scenario() -> float:
        async with open_store(connection, read_seconds=1) as store:
            begin = time.monotonic()
            with pytest.raises(StoreTimeoutError, match="longer than it may"):
                await store.rows("UNWIND range(1, 100000000000) AS n WITH n WHERE n % 7 = 8 RETURN count(n)")
            return time.monotonic() - begin

    assert asyncio.run(scenario()) < 30  # of several minutes


def test_an_exhausted_pool_is_said_in_time(connection: Connection) -> None:
    async def scenario() -> None:
        async with open_store(connection, connections=1) as store:
            busy, free = asyncio.Event(), asyncio.Event()

            async def hold(transaction: Any) -> None:
                await transaction.rows("RETURN 1")
                busy.set()
                await free.wait()

            holder = asyncio.create_task(store.write(hold))
            await busy.wait()
            begin = time.monotonic()
            with pytest.raises(StoreBusyError, match="in use"):
                await store.rows("RETURN 1")
            assert ACQUISITION_SECONDS <= time.monotonic() - begin < 30
            waiting = asyncio.create_task(store.rows("RETURN 1"))
            await asyncio.sleep(ACQUISITION_SECONDS / 4)
            assert not waiting.done()
            free.set()
            await holder
            assert await waiting == [[1]]

    asyncio.run(scenario())


def test_an_exhausted_pool_is_a_503(connection: Connection, workspace: str) -> None:
    async def scenario() -> None:
        async with started(create_app(AppOptions(connection, workspace, connections=1))) as running:
            busy, free = asyncio.Event(), asyncio.Event()

            async def hold(transaction: Any) -> None:
                await transaction.rows("RETURN 1")
                busy.set()
                await free.wait()

            holder = asyncio.create_task(running.state["store"].write(hold))
            await busy.wait()
            answer = await running.ask(ITEMS)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "BUSY")
            assert int(answer.headers["retry-after"]) > 0
            free.set()
            await holder

    asyncio.run(scenario())


def test_a_client_that_goes_away_ends_its_operation(connection: Connection, workspace: str) -> None:
    async def scenario() -> None:
        app = create_app(AppOptions(connection, workspace))
        async with started(app) as running:
            begun, ended = asyncio.Event(), asyncio.Event()

            async def endless(*given: Any, **options: Any) -> None:
                begun.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.set()

            running.state["keepers"].of(workspace).current = endless
            body = orjson.dumps({"query": "{ snapshot { seq } }"})
            messages = [{"type": "http.request", "body": body, "more_body": False}]
            sent: list[Any] = []

            async def receive() -> Any:
                if messages:
                    return messages.pop()
                await begun.wait()
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "client": ("127.0.0.1", 1),
                "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")], "state": running.state,
                "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 8000), "root_path": "",
            }  # fmt: skip
            await asyncio.wait_for(app(scope, receive, send), 60)
            assert ended.is_set()
            assert sent[0]["status"] == 499

    asyncio.run(scenario())


def test_the_database_ends_what_nobody_waits_for(connection: Connection) -> None:
    async def scenario() -> list[list[Any]]:
        async with open_store(connection) as store:
            mark = uuid.uuid4().hex
            query = f"UNWIND range(1, 100000000000) AS n WITH n WHERE n % 7 = 8 RETURN count(n) AS c{mark}"
            task = asyncio.create_task(store.rows(query))
            await asyncio.sleep(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            rows: list[list[Any]] = [["not looked yet"]]
            for _ in range(300):
                rows = await store.rows(
                    "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS $m RETURN 1", m=mark
                )
                if not rows:
                    break
                await asyncio.sleep(0.1)
            return rows

    assert asyncio.run(scenario()) == []


# Health and measures -----------------------------------------------------------------------------------------------


def test_readiness_writes_once_however_many_ask(run: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(running: Started) -> None:
        writes = 0
        write = type(running.state["store"]).write

        async def counted(self: Any, work: Any) -> Any:
            nonlocal writes
            writes += 1
            return await write(self, work)

        monkeypatch.setattr(type(running.state["store"]), "write", counted)
        answers = await asyncio.gather(*(running.client.get("/readyz") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert writes == 1

    run(scenario)


def test_measures_are_told_to_administrators(run: Callable[..., None], workspace: str) -> None:
    async def local(running: Started) -> None:
        await running.ask(ITEMS)
        await running.ask("{ snapshot { seq } }")
        await running.ask("{", accept="application/graphql-response+json")
        text = (await running.client.get("/metrics")).text
        for line in (
            'workatlas_requests_total{code="",status="200"} 2.0',
            'workatlas_requests_total{code="GRAPHQL_VALIDATION_FAILED",status="400"} 1.0',
            "workatlas_operation_cost_sum 11.0",
            'workatlas_database_seconds_count{access="read"}',
            "workatlas_snapshot_age_seconds 0.",
            "workatlas_loop_lag_seconds",
            "workatlas_database_in_use 0.0",
        ):
            assert line in text, line

    async def others(running: Started) -> None:
        assert (await running.client.get("/metrics")).status_code == 401
        headers = await _key(running, workspace)
        assert (await running.client.get("/metrics", headers=headers)).status_code == 403

    run(local)
    run(others, tokens=True)
