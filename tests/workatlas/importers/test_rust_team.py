from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from graph.batch import Anomaly, EdgeRow, NodeRow, Record
from tests.workatlas.row_fit import misfits
from workatlas.importers import rust_team
from workatlas.importers.importer import ImportOptions

FIXTURE = Path(__file__).parents[2] / "data" / "rust-team"
UPSTREAM = Path(__file__).parents[4] / "shared" / "data" / "rust-team"


def _read(*paths: Path) -> list[Record]:
    return list(rust_team.read(paths, ImportOptions()))


def _roles(rows: list[Record], team: str) -> dict[str, object]:
    return {
        row.start.value: row.properties["role"]
        for row in rows
        if isinstance(row, EdgeRow) and row.kind == "MEMBER_OF" and row.end.value == team
    }


def test_the_language_team_has_a_lead_and_members_and_no_alumni() -> None:
    assert _roles(_read(FIXTURE), "team/lang") == {
        "person/joshtriplett": "member",
        "person/nikomatsakis": "member",
        "person/scottmcm": "member",
        "person/tmandry": "lead",
        "person/traviscross": "member",
    }


def test_teams_nest_and_archived_ones_are_labelled() -> None:
    rows = _read(FIXTURE)
    parents = {(row.start.value, row.end.value) for row in rows if isinstance(row, EdgeRow) and row.kind == "PART_OF"}
    assert ("team/lang-docs", "team/lang") in parents
    assert ("team/types", "team/compiler") in parents
    teams = {row.source_id: row for row in rows if isinstance(row, NodeRow) and row.kind == "Team"}
    assert teams["team/wg-nll"].properties["labels"] == ["archived"]
    assert "labels" not in teams["team/lang"].properties
    assert (teams["team/lang"].key, teams["team/lang"].properties["title"]) == ("T-lang", "Language team")
    assert misfits(rows) == []


def test_handles_join_whatever_their_case_and_addresses_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "Ann"\ngithub = "AnnExample"\nemail = "ann@example.org"\n')
    (tmp_path / "b.toml").write_text(
        'name = "b"\n[people]\nleads = []\nmembers = ["annexample", {github = "gone"}, {id = 1}]\n'
        '[[lists]]\naddress = "b@example.org"\n[website]\nemail = "b@example.org"\n'
    )
    (tmp_path / "c.toml").write_text("name = \n")
    (tmp_path / "d.toml").write_text('name = "Ann again"\ngithub = "annexample"\n')
    (tmp_path / "e.toml").write_text("x = 1\n")
    rows = _read(tmp_path)
    assert _roles(rows, "team/b") == {"person/annexample": "member", "person/gone": "member"}
    assert sorted((row.kind, row.skipped) for row in rows if isinstance(row, Anomaly)) == [
        ("badMember", True),
        ("brokenToml", True),
        ("duplicateId", True),
        ("unknownFile", True),
        ("unknownMember", False),
    ]
    assert "@example.org" not in repr([row for row in rows if not isinstance(row, Anomaly)])


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream repository is not beside this one")
def test_the_real_repository_is_read_whole() -> None:
    rows = _read(UPSTREAM)
    assert misfits(rows) == []
    assert not [row for row in rows if isinstance(row, Anomaly)]
    files = [tomllib.loads(file.read_text()) for file in UPSTREAM.rglob("*.toml")]
    nodes = [row.kind for row in rows if isinstance(row, NodeRow)]
    assert nodes.count("Person") == sum("github-id" in file for file in files)
    assert nodes.count("Team") == sum("people" in file for file in files)
    edges = [row.kind for row in rows if isinstance(row, EdgeRow)]
    assert edges.count("PART_OF") == sum("subteam-of" in file for file in files)
    memberships = 0
    for file in files:
        people = file.get("people", {})
        entries = [*people.get("leads", []), *people.get("members", [])]
        memberships += len({str(entry["github"] if isinstance(entry, dict) else entry).lower() for entry in entries})
    assert edges.count("MEMBER_OF") == memberships
    assert "email" not in {name for row in rows if isinstance(row, NodeRow) for name in row.properties}
