"""The commands that work on a graph: demo, import, export, chains, ready, risks, exposure, path, findings, doctor."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from graph.connection import Connection
from tests.workatlas.commands import Run, answer, command, environment_of
from workatlas.sample import SAMPLE

WORLD = """
{"node": "Objective", "key": "O-1", "title": "Ship it", "due": "2026-03-06", "status": "In progress"}
{"node": "Task", "key": "A-1", "title": "Design", "remaining": 16, "status": "Planned"}
{"node": "Task", "key": "A-2", "title": "Build", "remaining": 24, "status": "Planned"}
{"node": "Task", "key": "A-3", "title": "Polish", "remaining": 8, "status": "Planned"}
{"node": "Person", "key": "ann", "name": "Ann"}
{"edge": "BLOCKS", "from": "A-1", "to": "A-2"}
{"edge": "CONTRIBUTES_TO", "from": "A-2", "to": "O-1"}
{"edge": "CONTRIBUTES_TO", "from": "A-3", "to": "O-1"}
{"edge": "OWNS", "from": "ann", "to": "A-1"}
"""


@pytest.fixture
def run(connection: Connection, tmp_path: Path) -> Run:
    """Run a command against the shared database, in a home of its own."""
    return command(environment_of(connection, tmp_path / "home"))


@pytest.fixture
def world(run: Run, tmp_path: Path) -> str:
    """Import the small world above and return its workspace."""
    name = f"cli-{uuid.uuid4()}"
    file = tmp_path / "world.jsonl"
    file.write_text(WORLD, encoding="utf-8")
    result = run("import", "jsonl", file, "-w", name, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["created"], report["skipped"], report["edges"]["CONTRIBUTES_TO"]) == (5, 0, 2)
    return name


def test_chains_count_hours_days_and_delay(run: Run, world: str) -> None:
    found = answer(run("chains", "O-1", "-w", world, "--today", "2026-03-02", "--json"))
    worst = found[0]
    # 16 h + 24 h from Monday morning at 8 h a day end on Friday, the day on which the goal is due.
    assert [step["key"] for step in worst["steps"]] == ["A-1", "A-2"]
    assert (worst["lengthHours"], worst["finish"], worst["delayDays"]) == (40, "2026-03-06", 0)
    assert worst["root"]["owner"] == "Ann"
    assert {"goal", "goalTitle", "due", "explanation", "completeness"} <= worst.keys()
    assert [chain["root"]["key"] for chain in found] == ["A-1", "A-3"]


def test_ready_names_what_waits_for_nothing(run: Run, world: str) -> None:
    items = answer(run("ready", "-w", world, "--json"))
    assert {item["key"] for item in items} == {"A-1", "A-3"}
    assert all(item["goals"] == ["O-1"] for item in items)
    assert [item["key"] for item in answer(run("ready", "ann", "-w", world, "--json"))] == ["A-1"]


def test_risks_exposure_path_and_findings_answer(run: Run, world: str) -> None:
    today = ("--today", "2026-03-03", "-w", world, "--json")
    threats = {one["key"]: one for one in answer(run("risks", *today))["threats"]}
    assert {"WAIT", "LATE"} <= threats["A-1"]["reasons"].keys()
    goal = answer(run("exposure", *today))["goals"][0]
    assert (goal["key"], goal["leaves"], goal["waiting"]) == ("O-1", 2, 1)
    assert answer(run("path", "ann", "O-1", "-w", world, "--json"))["length"] == 3
    kinds = {one["kind"] for one in answer(run("findings", *today))["conflicts"]}
    assert kinds == {"DUE_BEFORE_EARLIEST_FINISH"}


def test_choke_points_say_what_most_chains_run_through(run: Run, world: str) -> None:
    found = answer(run("choke-points", "O-1", "--cover", "1", "-w", world, "--today", "2026-03-02", "--json"))
    assert [(item["key"], item["chains"]) for item in found["items"]] == [("A-1", 1), ("A-2", 1), ("A-3", 1)]
    # 40 hours to the end; without the design 24 are left.
    assert (found["items"][0]["relief"]["dragHours"], found["items"][0]["relief"]["gainHours"]) == (16, 16)
    assert [person["key"] for person in found["people"]] == ["ann"]
    assert (found["cover"]["items"], found["cover"]["share"]) == (["A-1"], 0.5)
    text = run("choke-points", "--cover", "2", "-w", world, "--today", "2026-03-02").stdout
    for fact in ("Design", "O-1 by 16 h", "A-1, A-3 cover 100% of what the chains carry", "Ann"):
        assert fact in text


def test_centrality_and_communities_answer_for_items_and_people(run: Run, world: str) -> None:
    found = answer(run("centrality", "-w", world, "--json"))
    # A-2 stands on the one path of two edges, of the six pairs that four items make without it.
    assert found["scores"][0] == {"key": "A-2", "title": "Build", "kind": "Task", "score": pytest.approx(1 / 6)}
    assert (found["nodes"], found["edges"]) == (4, 3)
    ranked = answer(run("centrality", "pagerank", "--kind", "CONTRIBUTES_TO", "-w", world, "--json"))
    assert ranked["scores"][0]["key"] == "O-1"
    groups = answer(run("communities", "components", "-w", world, "--json"))["groups"]
    assert [group["size"] for group in groups] == [4]
    assert answer(run("communities", "--among", "people", "-w", world, "--json"))["groups"][0]["members"] == ["ann"]
    assert "A-2" in run("centrality", "-w", world).stdout
    assert "modularity" in run("communities", "-w", world).stdout
    for refused in (("centrality", "--kind", "LIKES"), ("centrality", "degree", "--sources", "3")):
        assert run(*refused, "-w", world).exception is not None


def test_layout_prints_places_and_writes_a_picture(run: Run, world: str, tmp_path: Path) -> None:
    file = tmp_path / "goal.svg"
    found = answer(run("layout", "O-1", "--svg", file, "-w", world, "--json"))
    assert {node["id"]: node["layer"] for node in found["nodes"]} == {"A-1": 2, "A-2": 1, "A-3": 1, "O-1": 0}
    assert file.read_text(encoding="utf-8").startswith("<svg xmlns=")
    assert "Polish" in run("layout", "O-1", "-w", world).stdout
    assert "can be written" in str(run("layout", "O-1", "--svg", tmp_path / "no" / "goal.svg", "-w", world).exception)


def test_variants_of_a_chain_and_any_number_of_routes(run: Run, world: str) -> None:
    (only,) = answer(run("chains", "O-1", "--from", "A-1", "-w", world, "--today", "2026-03-02", "--json"))
    assert ([step["key"] for step in only["steps"]], only["lengthHours"]) == (["A-1", "A-2"], 40)
    assert "needs a goal" in str(run("chains", "--from", "A-1", "-w", world).exception)
    routes = answer(run("path", "A-1", "A-3", "--k", "1", "-w", world, "--json"))["routes"]
    assert routes == [["A-1", "A-2", "O-1", "A-3"]]


def test_dominators_say_what_nobody_gets_around(run: Run, world: str) -> None:
    items = {item["key"]: item for item in answer(run("dominators", "O-1", "-w", world, "--json"))["items"]}
    assert {key: (item["through"], item["holds"]) for key, item in items.items()} == {
        "A-1": ("A-2", 0), "A-2": ("O-1", 1), "A-3": ("O-1", 0),
    }  # fmt: skip
    assert "no way around A-2" in run("dominators", "O-1", "-w", world).stdout


def test_people_see_the_same_facts_as_programs(run: Run, world: str) -> None:
    text = run("chains", "-w", world, "--today", "2026-03-02").stdout
    for fact in ("Ship it", "Design", "Ann", "40 working hours", "2026-03-06"):
        assert fact in text


def test_an_unknown_item_or_workspace_is_named(run: Run, world: str) -> None:
    missing = run("chains", "O-2", "-w", world)
    assert "O-2" in str(missing.exception)
    assert "O-1" in str(missing.exception)
    assert "nowhere" in str(run("chains", "-w", "nowhere").exception)


def test_skipped_records_give_exit_status_1_and_strict_refuses(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "dirty.jsonl"
    file.write_text('{"node": "Task", "key": "B-1", "title": "good"}\n{"node": "Tusk"}\nnot JSON\n', encoding="utf-8")
    name = f"cli-{uuid.uuid4()}"
    strict = run("import", "jsonl", file, "-w", name, "--strict")
    assert strict.exception is not None
    assert "dirty.jsonl" in str(strict.exception)
    dry = run("import", "jsonl", file, "-w", name, "--dry-run", "--json")
    assert (dry.exit_code, json.loads(dry.stdout)["created"]) == (1, 1)
    real = run("import", "jsonl", file, "-w", name, "--json")
    assert (real.exit_code, json.loads(real.stdout)["created"], json.loads(real.stdout)["skipped"]) == (1, 1, 2)


def test_export_is_lossless(run: Run, world: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    answer(run("export", first, "-w", world, "--json"))
    answer(run("import", "jsonl", first, "-w", f"{world}-copy", "--json"))
    answer(run("export", second, "-w", f"{world}-copy", "--json"))
    assert sorted(first.read_bytes().splitlines()) == sorted(second.read_bytes().splitlines())
    assert "exists" in str(run("export", first, "-w", world).exception)
    for path in (first / "within" / "a.jsonl", tmp_path):
        said = str(run("export", path, "-w", world, "--force").exception)
        assert said.startswith(f"{path} cannot be written: ")
        assert said.endswith("; choose another place.")


def test_an_export_of_any_format_and_of_the_past(run: Run, world: str, tmp_path: Path) -> None:
    tables, graph, then = tmp_path / "tables", tmp_path / "graph.graphml", tmp_path / "then.jsonl"
    for form, path in (("csv", tables), ("parquet", tables), ("graphml", graph)):
        assert answer(run("export", path, "--format", form, "-w", world, "--json"))["records"] == 9
    assert {file.name for file in tables.iterdir()} == {
        "nodes.csv", "edges.csv", "nodes.parquet", "edges.parquet",
    }  # fmt: skip
    assert "A-1" in (tables / "nodes.csv").read_text(encoding="utf-8")
    assert "<graphml" in graph.read_text(encoding="utf-8")
    assert "nodes.csv exists" in str(run("export", tables, "--format", "csv", "-w", world).exception)
    assert answer(run("export", then, "--as-of", "0", "-w", world, "--json"))["records"] == 0
    assert answer(run("export", then, "--as-of", "1", "-w", world, "--json", "--force"))["records"] == 9
    assert "no moment" in str(run("export", then, "--as-of", "soon", "--force", "-w", world).exception)
    assert "opens the past" in str(run("export", then, "--as-of", "99", "--force", "-w", world).exception)
    assert then.stat().st_size > 0, "what could not be written anew is still there"


def test_doctor_finds_nothing_in_a_healthy_graph(run: Run, world: str) -> None:
    assert answer(run("doctor", "-w", world, "--json"))["violations"] == []


def test_the_demo_loads_the_sample_once_and_names_chains_and_teams(run: Run) -> None:
    first = answer(run("demo", "--fresh", "--no-serve", "--json"))
    items = sum(1 for line in SAMPLE.read_text(encoding="utf-8").splitlines() if line.startswith('{"node"'))
    assert first["import"]["created"] == items
    assert first["goals"] == ["2025h1/all-hands", "2025h1/async", "2025h1/rfl"]
    assert {chain["goal"] for chain in first["chains"]} == set(first["goals"])
    asked = {team["key"]: len(team["named"]) for team in first["teams"]["teams"]}
    assert max(asked, key=lambda team: asked[team]) == "T-compiler"
    again = answer(run("demo", "--no-serve", "--json"))
    assert (again["import"]["created"], again["import"]["unchanged"]) == (0, items)
    assert again["chains"] == first["chains"]
