from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import examination
from graph.errors import StoreBusyError, UnknownFindingError, UnknownWorkspaceError
from graph.records import examinations
from graph.records.examinations import record
from graph.records.findings import Finding, State, accept, met, read_findings, reopen
from graph.records.history import Author
from graph.records.sight import Sight
from graph.records.sightings import Sighting
from graph.snapshots.snapshot_store import SnapshotKeeper
from graph.store import Store
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, item, patch

DAY = date(2026, 3, 2)
ANN = Author(actor="ann", request="r-1")


@given(st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sampled_from(["", *"abc"])), max_size=8))
def test_a_finding_lives_as_its_sightings_do(days: list[tuple[set[str], str]]) -> None:
    stored: dict[str, Finding] = {}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    until: dict[str, int] = {}
    for number, (seen, accepted) in enumerate(days):
        today = DAY + timedelta(days=number)
        stored |= met(stored, [Sighting("K", (one,), f"on day {number}") for one in sorted(seen)], number, today)
        for one in seen:
            first.setdefault(one, number)
            last[one] = number
        until = {one: day for one, day in until.items() if one in seen and day >= number}
        identity = Sighting("K", (accepted,), "").identity
        if accepted in seen:
            until[accepted] = number + 1
            known = stored[identity]
            stored[identity] = replace(known, state=State.ACCEPTED, accepted_until=today + timedelta(days=1))
        for one in first:
            finding = stored[Sighting("K", (one,), "").identity]
            expected = State.RESOLVED if one not in seen else State.ACCEPTED if one in until else State.OPEN
            assert finding.state is expected
            assert (finding.first_seen, finding.last_seen) == (first[one], last[one])
            assert finding.sentence == f"on day {last[one]}"
            assert (finding.resolved_at is None) == (one in seen)
        assert len(stored) == len(first)


def test_findings_are_raised_once_resolved_by_themselves_and_opened_again(run: Run) -> None:
    async def scenario(space: Space) -> None:
        keeper = SnapshotKeeper(space.store, space.id)
        await space.write(item("Task", "A", status="In progress"), item("Task", "B", status="Done"))
        await space.write(edge("BLOCKS", "A", "B"))

        async def examined(turn: int) -> tuple[int, int, int]:
            seen = examination(await keeper.current(), DAY)
            done = await record(space.store, space.id, seen, NOW + turn, DAY)
            return len(done.raised), len(done.reopened), len(done.resolved)

        assert await examined(1) == (1, 0, 0)
        before = len(await space.log())
        assert await examined(2) == (0, 0, 0)
        assert len(await space.log()) == before
        (finding,) = await read_findings(space.store, space.id)
        ids = {key: one["id"] for key, one in (await space.items()).items()}
        assert (finding.kind, finding.subjects) == ("FINISHED_WHILE_BLOCKED", (ids["A"], ids["B"]))
        assert (finding.first_seen, finding.last_seen) == (NOW + 1, NOW + 2)
        await accept(space.store, space.id, finding.id, DAY, "known", author=ANN, now=NOW)
        assert await examined(3) == (0, 0, 0)
        (kept,) = await read_findings(space.store, space.id, [State.ACCEPTED])
        assert (kept.reason, kept.accepted_by, kept.accepted_until) == ("known", "ann", DAY)
        await space.write(patch("Task", "A", status="Done"))
        assert await examined(4) == (0, 0, 1)
        assert (await read_findings(space.store, space.id, [State.OPEN, State.ACCEPTED])) == []
        await space.write(patch("Task", "A", status="In progress"))
        assert await examined(5) == (0, 1, 0)
        (again,) = await read_findings(space.store, space.id, [State.OPEN])
        assert (again.id, again.first_seen, again.reason) == (finding.id, NOW + 1, None)
        system = [one for one in await space.log() if one.system]
        assert [len(one.nodes) + len(one.edges) for one in system] == [0, 0, 0]
        assert await space.violations() == []

    run(scenario)


def test_an_examination_in_parts_is_as_one_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(space: Space) -> None:
        monkeypatch.setattr(examinations, "PART", 3)
        chance = random.Random(4)
        expected: dict[str, Finding] = {}
        for turn in range(12):
            names = chance.sample(range(20), chance.choice([0, 1, 3, 6, 17]))
            seen = [Sighting("K", (f"item-{name}",), f"in turn {turn // 2}") for name in names]
            now, today = NOW + turn, DAY + timedelta(days=turn)
            steps = met(expected, seen, now, today)
            turned = {one for one in steps if one not in expected or expected[one].state is not steps[one].state}
            expected |= steps
            before = len(await space.log())
            done = await record(space.store, space.id, seen, now, today)
            assert {*done.raised, *done.reopened, *done.resolved} == turned
            assert len(done.raised) + len(done.reopened) + len(done.resolved) == len(turned)
            logged = (await space.log())[before:]
            assert tuple(one.seq for one in logged) == done.seqs
            assert all(one.system and len(one.settings) <= 6 for one in logged)
            assert {one.id for change in logged for one in change.settings} == turned
            assert {one.id: one for one in await read_findings(space.store, space.id)} == expected
            if names and turn % 3 == 0:
                some = Sighting("K", (f"item-{names[0]}",), "").identity
                await accept(space.store, space.id, some, today + timedelta(days=1), "why", author=ANN, now=now)
                expected[some] = (await read_some_of(space, some))[0]
        assert await space.violations() == []

    run(scenario)


async def read_some_of(space: Space, identity: str) -> list[Finding]:
    return [one for one in await read_findings(space.store, space.id) if one.id == identity]


def test_an_examination_that_breaks_off_is_completed_by_the_next_and_raises_nothing_twice(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Store):
        """The real store, until it has written a number of transactions."""

        __slots__ = ("left",)

        def __init__(self, inner: Store, left: int) -> None:
            super().__init__(inner._driver, inner._database)
            self.left = left

        async def write(self, work: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise StoreBusyError("out of memory")
            return await super().write(work)

    async def scenario(space: Space) -> None:
        monkeypatch.setattr(examinations, "PART", 3)
        seen = [Sighting("K", (f"item-{name}",), "odd") for name in range(10)]
        failing = Failing(space.store, left=2)
        with pytest.raises(StoreBusyError):
            await record(failing, space.id, seen, NOW, DAY)
        assert len(await read_findings(space.store, space.id)) == 6
        done = await record(space.store, space.id, seen, NOW + 1, DAY)
        assert len(done.raised) == 4
        assert sorted(one.first_seen - NOW for one in await read_findings(space.store, space.id)) == [0] * 6 + [1] * 4
        assert {one.last_seen for one in await read_findings(space.store, space.id)} == {NOW + 1}
        raised = [one.id for change in await space.log() for one in change.settings if one.operation == "create"]
        assert len(raised) == len(set(raised)) == 10

    run(scenario)


def test_a_finding_is_accepted_once_and_taken_up_again(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "A"))
        subject = (await space.items())["A"]["id"]
        await record(space.store, space.id, [Sighting("K", (subject,), "odd")], NOW, DAY)
        identity = Sighting("K", (subject,), "").identity
        first = await accept(space.store, space.id, identity, DAY, "why", author=ANN, now=NOW)
        assert (first.finding.state, first.seq) == (State.ACCEPTED, 3)
        assert (await accept(space.store, space.id, identity, DAY, "why", author=ANN, now=NOW)).seq is None
        later = await accept(space.store, space.id, identity, DAY + timedelta(days=1), "why", author=ANN, now=NOW)
        assert (later.finding.accepted_until, later.seq) == (DAY + timedelta(days=1), 4)
        opened = await reopen(space.store, space.id, identity, author=ANN, now=NOW)
        assert (opened.finding.state, opened.finding.accepted_by, opened.seq) == (State.OPEN, None, 5)
        assert (await reopen(space.store, space.id, identity, author=ANN, now=NOW)).seq is None
        assert (await read_findings(space.store, space.id)) == [opened.finding]
        before, after = (await space.log())[-1].settings[0].before, (await space.log())[-1].settings[0].after
        assert (before["state"], before["reason"], after["state"], after["reason"]) == ("accepted", "why", "open", None)

    run(scenario)


def test_what_a_finding_tells_of_hidden_items_keeps_it_from_strangers(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Team", "TEAM-1"), item("Task", "A"))
        team = (await space.items())["TEAM-1"]["id"]
        await space.write(item("Task", "SECRET", visibility="TEAM", team=team))
        subjects = tuple(one["id"] for key, one in (await space.items()).items() if key in {"A", "SECRET"})
        await record(space.store, space.id, [Sighting("K", subjects, "odd")], NOW, DAY)
        identity = Sighting("K", subjects, "").identity
        for teams in (frozenset(), frozenset({"other"})):
            stranger = Sight(space.id, teams)
            with pytest.raises(UnknownFindingError):
                await accept(space.store, space.id, identity, DAY, "", author=ANN, now=NOW, sight=stranger)
        member = Sight(space.id, frozenset({team}))
        done = await accept(space.store, space.id, identity, DAY, "", author=ANN, now=NOW, sight=member)
        assert done.finding.state is State.ACCEPTED

    run(scenario)


def test_what_cannot_be_accepted_is_named(run: Run) -> None:
    async def scenario(space: Space) -> None:
        with pytest.raises(UnknownFindingError, match="'nothing'"):
            await accept(space.store, space.id, "nothing", DAY, "", author=ANN, now=NOW)
        with pytest.raises(UnknownWorkspaceError):
            await record(space.store, "nowhere", [], NOW, DAY)

    run(scenario)
