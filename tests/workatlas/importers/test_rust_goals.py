from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from graph.batch import Anomaly, EdgeRow, NodeRow, Record
from tests.workatlas.row_fit import misfits
from workatlas.errors import ImportFailedError
from workatlas.importers import rust_goals
from workatlas.importers.importer import ImportOptions

FIXTURE = Path(__file__).parents[2] / "data" / "rust-goals"
UPSTREAM = Path(__file__).parents[4] / "shared" / "data" / "rust-goals" / "src"


def _read(*paths: Path) -> list[Record]:
    return list(rust_goals.read(paths, ImportOptions()))


@pytest.fixture(scope="module")
def rows() -> list[Record]:
    return _read(FIXTURE)


def _node(rows: list[Record], identity: str) -> NodeRow:
    return next(row for row in rows if isinstance(row, NodeRow) and row.source_id == identity)


def _edges(rows: list[Record], kind: str) -> set[tuple[str, str]]:
    return {(row.start.value, row.end.value) for row in rows if isinstance(row, EdgeRow) and row.kind == kind}


def _anomalies(rows: list[Record]) -> Counter[str]:
    return Counter(row.kind for row in rows if isinstance(row, Anomaly))


def test_a_flagship_goal_is_an_objective_of_its_half_with_a_project(rows: list[Record]) -> None:
    objective = _node(rows, "2025h1/async")
    assert objective.kind == "Objective"
    assert objective.properties["title"] == "Bring the Async Rust experience closer to parity with sync Rust"
    assert objective.properties["periodStart"] == "2025-01-01"
    assert objective.properties["periodEnd"] == "2025-06-30"
    assert objective.properties["value"] == 3
    assert objective.properties["labels"] == ["flagship"]
    assert objective.properties["url"] == "https://github.com/rust-lang/rust-project-goals/issues/105"
    assert str(objective.properties["description"]).startswith("Over the next six months")
    assert _node(rows, "2025h1/build-std").properties["value"] == 1
    assert ("2025h1/async/project", "2025h1/async") in _edges(rows, "CONTRIBUTES_TO")
    assert ("person/tmandry", "2025h1/async") in _edges(rows, "OWNS")


def test_sections_hold_their_rows_in_the_order_of_the_work(rows: list[Record]) -> None:
    section = "2025h1/async/return-type-notation"
    steps = [
        "initial-implementation",
        "author-rfc",
        "rfc-decision",
        "finished-implementation",
        "standard-reviews",
        "author-stabilization-report",
        "author-reference-pr",
        "review-revise-reference-pr",
        "stabilization-decision",
    ]
    assert {part for part, whole in _edges(rows, "PART_OF") if whole == section} == {f"{section}/{s}" for s in steps}
    assert (section, "2025h1/async/project") in _edges(rows, "PART_OF")
    blocks = _edges(rows, "BLOCKS")
    expected = {(f"{section}/{a}", f"{section}/{b}") for a, b in pairwise(steps)}
    assert {pair for pair in blocks if pair[0].startswith(section + "/")} == expected
    confidences = {
        row.properties["confidence"]
        for row in rows
        if isinstance(row, EdgeRow) and row.kind in {"BLOCKS", "RELATES_TO"}
    }
    assert confidences == {0.6}


def test_badges_and_notes_become_statuses_and_labels(rows: list[Record]) -> None:
    section = "2025h1/async/return-type-notation"
    done = {"initial-implementation", "author-rfc", "rfc-decision", "finished-implementation"}
    for row in rows:
        if isinstance(row, NodeRow) and row.source_id.startswith(section + "/"):
            wanted = "Done" if row.source_id.removeprefix(section + "/") in done else "To do"
            assert row.properties["status"] == wanted, row.source_id
    assert _node(rows, section).properties["status"] == "In progress"
    assert _node(rows, "2025h1/async/unsafe-binders/author-rfc").properties["labels"] == ["stretch goal"]
    assert _node(rows, "2025h1/rfl/clippy-configuration/author-documentation").properties["labels"] == ["help wanted"]
    assert _node(rows, "2024h2/async/send-bound-problem/implementation").properties["status"] == "Done"
    assert _node(rows, "2025h1/async/async-fn-in-dyn-trait").properties["title"] == "async fn in dyn Trait"


def test_owners_are_people_teams_or_nobody(rows: list[Record]) -> None:
    assigned = _edges(rows, "ASSIGNED_TO")
    section = "2025h1/async/return-type-notation"
    assert {who for what, who in assigned if what == f"{section}/standard-reviews"} == {"team/types", "team/compiler"}
    assert ("team/lang", f"{section}/rfc-decision") in _edges(rows, "OWNS")
    assert (f"{section}/author-rfc", "person/nikomatsakis") in assigned
    undecided = f"{section}/author-reference-pr"
    assert not [who for what, who in assigned if what == undecided]
    assert "TBD (@compiler-errors" in str(_node(rows, undecided).properties["description"])
    assert ("2024h2/async/async-drop-experiments/mcp-decision", "team/compiler") in assigned
    support = "2025h1/rfl/discussion-and-moral-support"
    assert {who for what, who in assigned if what == support} == {"team/compiler", "team/rustdoc", "team/cargo"}


def test_support_that_runs_alongside_blocks_nothing(rows: list[Record]) -> None:
    ends = {end for pair in _edges(rows, "BLOCKS") for end in pair}
    assert "2025h1/rfl/discussion-and-moral-support" not in ends
    assert "2025h1/rfl/overall-program-management" not in ends
    assert "2025h1/rfl/abi-modifying-compiler-flags/rfc-decision" in ends


def test_milestones_have_dates_states_and_parts(rows: list[Record]) -> None:
    milestone = _node(rows, "2025h1/polonius/location-sensitive-prototype-on-nightly")
    assert milestone.kind == "Milestone"
    parts = [part for part, whole in _edges(rows, "PART_OF") if whole == milestone.source_id]
    assert Counter(str(_node(rows, part).properties["status"]) for part in parts) == {"Done": 3, "To do": 2}
    release = _node(rows, "2024h2/rust-2024-edition/release-v1-85-release-rust-2024")
    assert release.properties["due"] == "2025-02-20"


def test_links_and_continued_tracking_issues_relate_projects(rows: list[Record]) -> None:
    related = {frozenset(pair) for pair in _edges(rows, "RELATES_TO")}
    assert frozenset({"2025h1/rfl/project", "2025h1/build-std/project"}) in related
    assert frozenset({"2025h1/async/project", "2024h2/async/project"}) in related


def test_every_row_fits_the_model_table(rows: list[Record]) -> None:
    assert misfits(rows) == []


def test_what_is_no_goal_is_reported(rows: list[Record]) -> None:
    anomalies = [row for row in rows if isinstance(row, Anomaly)]
    assert [Path(row.where).name for row in anomalies if row.kind == "notAGoal"] == ["README.md:1"]
    assert _anomalies(rows)["unknownTable"] == 4  # the edition's overview of features


@pytest.mark.parametrize(
    ("cell", "people", "teams", "known"),
    [
        ("@jkelleyrtp + tbd", {"jkelleyrtp"}, set(), True),
        ("![Team] [cargo]", set(), {"cargo"}, True),
        ("![Team][], [lang], [opsem]", set(), {"lang", "opsem"}, True),
        ("@fee1-dead and project-const-traits", {"fee1-dead"}, {"project-const-traits"}, True),
        ("rust-lang/project-const-traits", set(), {"project-const-traits"}, True),
        ("goals team", set(), {"goals"}, True),
        ("![Help wanted][], @epage", {"epage"}, set(), True),
        ("RustNL", set(), set(), False),
    ],
)
def test_owner_cells_as_they_really_are(
    tmp_path: Path, cell: str, people: set[str], teams: set[str], known: bool
) -> None:
    file = tmp_path / "2025h1" / "goal.md"
    file.parent.mkdir()
    file.write_text(
        "# Goal\n\n| Metadata | |\n|---|---|\n| Status | Accepted |\n\n## Ownership and team asks\n\n"
        f"| Task | Owner(s) or team(s) | Notes |\n|---|---|---|\n| Do it | {cell} | |\n"
    )
    rows = _read(file)
    found = {who for _, who in _edges(rows, "ASSIGNED_TO")}
    assert found == {f"person/{name}" for name in people} | {f"team/{name}" for name in teams}
    assert _anomalies(rows)["unknownOwner"] == (not known)


def test_repeated_titles_stay_apart_and_untitled_rows_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "2025H1" / "goal.md"
    file.parent.mkdir()
    file.write_text(
        "# Goal\n| Metadata | |\n|---|---|\n| Status | Odd |\n\n### Project\n\n"
        "| Task | Owner(s) | Notes |\n|---|---|---|\n| A | | |\n| A | | |\n| | @lqd | |\n| B \\| C | | |\n"
    )
    rows = _read(file)
    titles = {row.source_id: row.properties["title"] for row in rows if isinstance(row, NodeRow) and row.kind == "Task"}
    assert set(titles.values()) == {"Project", "A", "B | C"}
    assert len(titles) == 4
    assert misfits(rows) == []
    assert _anomalies(rows) == {"badRow": 1, "unknownStatus": 1}


def test_a_missing_path_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="does not exist"):
        _read(tmp_path / "nowhere")


def _table_rows(file: Path) -> Iterator[int]:
    """Find table rows by their look alone, without the importer's parser; metadata rows are properties, not rows."""
    inside = metadata = False
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if not line.lstrip().startswith("|"):
            inside = metadata = False
        elif line.startswith("| Metadata"):
            metadata = True
        elif re.fullmatch(r"[\s|:-]+", line):
            inside = True
        elif inside and not metadata:
            yield number


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream repository is not beside this one")
def test_every_table_row_of_the_real_goals_is_a_row_or_an_anomaly() -> None:
    rows = _read(UPSTREAM)
    assert misfits(rows) == []
    used = {row.where for row in rows if isinstance(row, NodeRow | Anomaly)}
    documents = {Path(str(row.where).rpartition(":")[0]) for row in rows if isinstance(row, NodeRow)}
    assert len(documents) == 73
    wheres = {f"{file}:{number}" for file in documents for number in _table_rows(file)}
    assert wheres - used == set()
