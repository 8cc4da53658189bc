from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from graph.batch import Anomaly, NodeRow, Record
from graph.rules.recurrence import Recurrence
from tests.workatlas.importers.conformance import (
    FIXTURES,
    anomalies,
    assert_conforms,
    by_id,
    edges,
    nodes,
    pairs,
    shared,
    statuses,
)
from tests.workatlas.row_fit import misfits
from workatlas.errors import ImportFailedError
from workatlas.importers import k8s_keps
from workatlas.importers.importer import ImportOptions
from workatlas.importers.k8s_files import handle_of, release_of
from workatlas.importers.k8s_sigs import rule_of

FIXTURE = FIXTURES / "k8s-keps"
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}")


def read(*paths: Path) -> list[Record]:
    return list(k8s_keps.read(paths, ImportOptions()))


@pytest.fixture(scope="module")
def rows() -> list[Record]:
    return read(FIXTURE)


def test_a_proposal_is_a_project_of_its_group_owned_by_its_authors(rows: list[Record]) -> None:
    project = by_id(rows)["kep/3280"]
    assert (project.kind, project.key) == ("Project", "KEP-3280")
    assert project.properties == {
        "title": "Guarantee PodDisruptionBudget When Preemption Happens",
        "status": "implementable",
        "url": "https://github.com/kubernetes/enhancements/issues/3280",
        "createdAt": "2023-01-17T00:00:00Z",
        "description": "Feature gates: DisruptionPolicyInPriorityClass",
    }
    owners = {start for start, end in pairs(rows, "OWNS") if end == "kep/3280"}
    assert owners == {"person/denkensk", "team/sig-scheduling"}
    assert ("kep/3280", "portfolio/sig-scheduling") in pairs(rows, "PART_OF")
    assert {end for start, end in pairs(rows, "ASSIGNED_TO") if start == "kep/3280"} == {
        "team/sig-auth",
        "team/sig-apps",
    }
    assert_conforms(rows)
    assert misfits(rows) == []


def test_stages_follow_one_another_after_approval_and_aim_at_releases(rows: list[Record]) -> None:
    steps = ["review", "approval", "alpha", "beta", "stable"]
    parts = {start for start, end in pairs(rows, "PART_OF") if end == "kep/3280"}
    assert parts == {f"kep/3280/{step}" for step in (*steps, "alpha-readiness")}
    order = {(f"kep/3280/{before}", f"kep/3280/{after}") for before, after in pairwise(steps)}
    waits = {edge for edge in pairs(rows, "BLOCKS") if edge[0].startswith("kep/3280/")}
    assert waits == order | {("kep/3280/alpha-readiness", "kep/3280/alpha")}
    inferred = {edge.start.value for edge in edges(rows, "BLOCKS") if edge.properties.get("confidence") == 0.6}
    assert {f"kep/3280/{step}" for step in steps[:-1]} <= inferred
    assert "kep/3280/alpha-readiness" not in inferred
    # Beta and stable are to be decided: they aim at no release.
    aims = {edge for edge in pairs(rows, "CONTRIBUTES_TO") if edge[0].startswith("kep/3280/")}
    assert aims == {("kep/3280/alpha", "release/v1.27")}
    assert by_id(rows)["release/v1.27"].properties["title"] == "Kubernetes v1.27"


@pytest.mark.parametrize(
    ("proposal", "expected"),
    [
        ("3280", {"review": "reached", "approval": "reached", "alpha": "in progress", "beta": "planned"}),
        ("3299", {"approval": "reached", "alpha": "reached", "stable": "reached", "stable-readiness": "reached"}),
        ("2451", {"review": "dropped", "approval": "dropped"}),
        ("2381", {"review": "planned", "approval": "planned"}),
    ],
)
def test_status_and_stage_say_what_is_done(rows: list[Record], proposal: str, expected: dict[str, str]) -> None:
    found = by_id(rows)
    assert {step: found[f"kep/{proposal}/{step}"].properties["status"] for step in expected} == expected
    named = {str(row.properties["status"]) for row in nodes(rows) if "status" in row.properties}
    assert named <= statuses(rows).keys()


def test_a_release_is_reached_when_nothing_that_aims_at_it_is_open(rows: list[Record]) -> None:
    found = by_id(rows)
    standing: dict[str, set[object]] = {}
    for stage, release in pairs(rows, "CONTRIBUTES_TO"):
        standing.setdefault(release, set()).add(found[stage].properties["status"])
    for release, states in standing.items():
        done = states <= {"reached", "dropped"}
        assert found[release].properties["status"] == ("reached" if done else "in progress")


def test_relations_join_proposals_and_never_one_to_itself(rows: list[Record]) -> None:
    assert ("kep/2384", "kep/2386") in pairs(rows, "RELATES_TO") | pairs(rows, "SUPERSEDES")
    assert all(start != end for kind in ("RELATES_TO", "SUPERSEDES") for start, end in pairs(rows, kind))


def test_groups_have_leaders_and_meetings(rows: list[Record]) -> None:
    content: Any = yaml.safe_load((FIXTURE / "sigs.yaml").read_text(encoding="utf-8"))
    (auth,) = (group for group in content["sigs"] if group["dir"] == "sig-auth")
    chairs = {f"person/{chair['github'].lower()}" for chair in auth["leadership"]["chairs"]}
    members = {
        edge.start.value: edge.properties["role"]
        for edge in edges(rows, "MEMBER_OF")
        if edge.end.value == "team/sig-auth"
    }
    assert {person for person, role in members.items() if role == "lead"} == chairs
    assert "technical lead" in members.values()
    meeting = by_id(rows)["meeting/sig-auth/regular-sig-meeting"]
    assert meeting.properties["timezone"] == "America/Los_Angeles"
    assert meeting.properties["rrule"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;BYHOUR=11;BYMINUTE=0"
    assert (meeting.source_id, "portfolio/sig-auth") in pairs(rows, "PART_OF")
    assert ("team/sig-auth", meeting.source_id) in pairs(rows, "OWNS")
    for row in nodes(rows, "Operation"):
        if "rrule" in row.properties:
            Recurrence.parse(str(row.properties["rrule"]), str(row.properties["timezone"]), 0)


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (("weekly", "Monday", "9:00", "PT (Pacific Time)"), "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0"),
        (
            ("bi-weekly", "Thursdays (starting February 15th 2024)", "4PM", "UTC"),
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;BYHOUR=16",
        ),
        (("every four weeks", "Friday", "12:30", "Poland"), "FREQ=WEEKLY;INTERVAL=4;BYDAY=FR;BYHOUR=12;BYMINUTE=30"),
        (
            ("First Wednesday of the month", "first Wednesday", "08:00", "EST (Eastern Time)"),
            "FREQ=MONTHLY;BYDAY=1WE;BYHOUR=8",
        ),
        (("monthly", "third Wednesday", "12PM", "Eastern Time (ET)"), "FREQ=MONTHLY;BYDAY=3WE;BYHOUR=12"),
    ],
)
def test_meetings_are_read_in_their_many_spellings(told: Sequence[str], rule: str) -> None:
    found = rule_of(dict(zip(("frequency", "day", "time", "tz"), told, strict=True)))
    assert found is not None
    assert found[0].startswith(rule)
    Recurrence.parse(*found, 0)


@pytest.mark.parametrize(
    "told",
    [
        ("monthly", "Thursday", "8:00", "UTC"),
        ("weekly", "Monday", "noon", "UTC"),
        ("weekly", "Monday", "9:00", "Mars"),
        ("monthly - Wednesday, after the fourth Tuesday", "Wednesday", "05:30", "UTC"),
        ("weekly", "", "9:00", "UTC"),
    ],
)
def test_a_meeting_that_could_be_on_several_days_gets_no_rule(told: Sequence[str]) -> None:
    assert rule_of(dict(zip(("frequency", "day", "time", "tz"), told, strict=True))) is None


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@ann", "ann"),
        ("wojtek-t", "wojtek-t"),
        ("“@sjenning”", "sjenning"),
        ("@seans3 ", "seans3"),
        ("Babak Salamat", None),
        ("ann@example.org", None),
        ("", None),
    ],
)
def test_handles_and_nothing_else(text: str, handle: str | None) -> None:
    assert handle_of(text) == handle


def test_releases_in_their_spellings() -> None:
    told = {"v1.27": (1, 27), "1.36": (1, 36), "v1.21, v1.37": (1, 37), "TBD": None, "0.0": None, None: None}
    assert {text: release_of(text) for text in told} == told


def test_what_cannot_be_used_is_counted_with_its_place(tmp_path: Path) -> None:
    def write(name: str, text: str) -> None:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    write(
        "keps/a/1-a/kep.yaml",
        "title: A\nkep-number: 1\nstatus: done\nauthors: [Ann Example <ann@example.org>, TBD]\n"
        "creation-date: 2025-30-01\nsee-also: [/keps/a/1-a, n/a, /keps/b/9-b]\n",
    )
    write("keps/a/1-again/kep.yaml", "title: A again\nkep-number: 1\n")
    write("keps/broken/kep.yaml", "title: [\n")
    write("keps/prod-readiness/a/7.yaml", "kep-number: 7\nalpha:\n  approver: '@ann'\n")
    write("list.yaml", "- 1\n")
    write("other.yaml", "x: 1\n")
    write(
        "sigs.yaml",
        "sigs:\n- name: Nowhere\n- dir: sig-a\n  leadership: {chairs: [{name: Ann}]}\n"
        "  meetings: [{description: M}]\n- dir: sig-a\n",
    )
    rows = read(tmp_path)
    assert anomalies(rows) == {
        "badDate": 1, "badGroup": 1, "badMember": 1, "brokenYaml": 1, "duplicateId": 2, "unknownFile": 2,
        "unknownPerson": 1, "unknownProposal": 1, "unknownStatus": 1, "unreadableMeeting": 1,
    }  # fmt: skip
    assert all(re.search(r":\d+$", row.where) for row in rows if isinstance(row, Anomaly))
    assert pairs(rows, "RELATES_TO") == {("kep/1", "kep/9")}
    assert not ADDRESS.search(repr(rows))
    assert_conforms(rows)
    with pytest.raises(ImportFailedError, match="does not exist"):
        read(tmp_path / "nothing")
    with pytest.raises(ImportFailedError, match="leave out the other name"):
        list(k8s_keps.read([tmp_path], ImportOptions(source="mine")))


def test_the_fixture_holds_no_address_and_says_whose_it_is() -> None:
    for file in FIXTURE.rglob("*.yaml"):
        assert not ADDRESS.search(file.read_text(encoding="utf-8")), file
    assert "Apache License 2.0" in (FIXTURE / "NOTICE").read_text(encoding="utf-8")


def test_the_real_proposals_and_groups_are_read_whole() -> None:
    proposals, community = shared("k8s-keps"), shared("k8s-community", "sigs.yaml")
    rows = read(proposals, community)
    assert_conforms(rows)
    assert misfits(rows) == []
    assert not [row for row in rows if isinstance(row, Anomaly) and row.skipped]
    numbers = {
        int(re.search(r"^kep-number: *\"?(\d+)", file.read_text(encoding="utf-8"), re.MULTILINE)[1])  # type: ignore[index]
        for file in proposals.rglob("kep.yaml")
    }
    assert {row.source_id for row in nodes(rows, "Project")} == {f"kep/{number}" for number in numbers}
    content: Any = yaml.safe_load(community.read_text(encoding="utf-8"))
    told = [group for kind in ("sigs", "workinggroups", "usergroups", "committees") for group in content[kind] or []]
    assert len(nodes(rows, "Team")) == len(told)
    assert len(nodes(rows, "Operation")) == sum(len(group.get("meetings") or []) for group in told)
    assert not ADDRESS.search(repr([row.properties for row in rows if isinstance(row, NodeRow)]))
