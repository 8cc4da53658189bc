from __future__ import annotations

from collections import Counter
from pathlib import Path

import networkx as nx
import orjson
import pytest

from examples.rust_sample import build, main
from graph.batch import NodeRow, Record
from tests.workatlas.row_fit import misfits
from workatlas.importers import jsonl
from workatlas.importers.importer import ImportOptions
from workatlas.sample import SAMPLE

DATA = Path(__file__).parents[1] / "data"
UPSTREAM = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def rows() -> list[Record]:
    return list(jsonl.read([SAMPLE], ImportOptions()))


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream repositories are not beside this one")
def test_the_bundled_sample_is_what_the_script_builds() -> None:
    goals, teams = UPSTREAM / "rust-goals" / "src" / "2025h1", UPSTREAM / "rust-team"
    assert build(goals, teams) == SAMPLE.read_bytes()


def test_every_row_of_the_sample_fits_the_model_table(rows: list[Record]) -> None:
    nodes = [row for row in rows if isinstance(row, NodeRow)]
    assert Counter(row.kind for row in nodes)["Objective"] == 42
    assert misfits(rows) == []


def test_the_sample_has_three_flagships_no_addresses_and_no_dangling_ends() -> None:
    lines = [orjson.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    flagships = {line["key"] for line in lines if "flagship" in line.get("labels", []) and line["node"] == "Objective"}
    assert flagships == {"2025h1/async", "2025h1/rfl", "2025h1/all-hands"}
    assert not [line for line in lines if "email" in line]
    known = {f"{line['source']}:{line['sourceId']}" for line in lines if "node" in line}
    ends = {line[end] for line in lines if "edge" in line for end in ("from", "to")}
    assert ends <= known
    assert SAMPLE.with_name("NOTICE").read_text().count("Permission is hereby granted, free of charge") == 1


def test_goals_can_be_reached_from_team_asks_and_waits_have_no_cycle() -> None:
    lines = [orjson.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    graph = nx.DiGraph(
        (line["from"], line["to"]) for line in lines if line.get("edge") in {"BLOCKS", "PART_OF", "CONTRIBUTES_TO"}
    )
    assert nx.is_directed_acyclic_graph(graph)
    asks = {line["from"] for line in lines if line.get("edge") == "ASSIGNED_TO" and line["to"] == "rust-team:team/lang"}
    reached = {goal for ask in asks for goal in nx.descendants(graph, ask) if graph.out_degree(goal) == 0}
    assert "rust-goals:2025h1/async" in reached
    assert len(reached) > 10


def test_a_smaller_cut_keeps_teams_above_and_people_below(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "sample.jsonl"
    assert main([str(DATA / "rust-goals" / "2025h1"), str(DATA / "rust-team"), str(target)]) == 0
    lines = [orjson.loads(line) for line in target.read_bytes().splitlines()]
    keys = {line["key"] for line in lines if "node" in line}
    assert {"T-lang", "T-types", "tmandry", "scottmcm"} <= keys  # scottmcm is named by no goal, only by T-lang
    assert "T-wg-nll" not in keys
    assert "T-clippy" in keys  # the cut of the team repository does not know it
    assert "sample.jsonl" in capsys.readouterr().out


def test_wrong_arguments_get_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
