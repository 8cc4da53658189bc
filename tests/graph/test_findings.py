from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import examination
from graph.errors import UnknownFindingError, UnknownWorkspaceError
from graph.records.findings import Finding, State, accept, met, read_findings, record, reopen
from graph.records.history import Author
from graph.records.sight import Sight
from graph.records.sightings import Sighting
from graph.snapshots.snapshot_store import SnapshotKeeper
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
