"""The shape of the repository: what may import what, what is public, and what no file may hold."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import grimp
import networkx as nx
import pytest

from workatlas.layout import PACKAGES, check_packages

ROOT: Final = Path(__file__).parents[1]

# Written in halves, so that this file does not hold what no file may hold.
REGISTRY_HOSTS: Final = tuple(
    "".join(halves)
    for halves in (
        ("pypi", ".org"), ("python", "hosted.org"), ("repo1.", "maven"), ("repo.", "maven"), ("maven", ".org"),
        ("npm", "js."), ("yarn", "pkg."), ("crates", ".io"), ("rubygems", ".org"), ("proxy.", "golang"),
        ("docker", ".io"), ("gh", "cr.io"), ("qu", "ay.io"), ("deb.", "debian"), ("archive.", "ubuntu"),
        ("conda", "-forge.org"), ("ana", "conda.org"),
    )
)  # fmt: skip
MACHINE_PATH: Final = re.compile(
    r"(?<![\w.~-])/(?:"
    + "|".join(("ro" + r"ot\b", "ho" + r"me/\w", "wo" + r"rk\b", "tm" + "p/", "Us" + r"ers/\w"))
    + ")"
)

PUBLIC: Final = {
    "graph": """
        EDGES NODES Anomaly Author Batch BatchRefusedError BeyondHistoryError Category ConflictError Connection
        CycleError EdgeKind EdgeRow FieldNames GraphError LoadOptions LoadReport MigrationError Mode NodeKind
        NodeRow Outcome Policy PolicyValues Problem Property Record Ref Role Snapshot SnapshotKeeper StatusNames
        StatusSpan Store StoreError UnknownWorkspaceError WorkingCalendar WorkingCalendars as_of load load_snapshot
        migrate open_store status_spans write
    """,
    "analytics": """
        CERTAIN AddEdge AddPeople Among BlockingChains Budget Budgets BusFactor Cascade Centrality Chain
        ChainDifference Change ChildScore ChokePoint ChokePoints Communities Community Completeness Conflict Conflicts
        Cover CriticalItem CriticalPath CutEdge DateMove Delay Difference Dominator Dominators Draft Duplicate
        Duplicates EdgeDifference Expanded Explanation Exposure Finish Forecast GoalDifference GoalExposure GoalImpact
        GoalScore Grouping HandOff Impact ItemCriticality ItemDifference ItemExposure LateDate Layout Link Load
        LoadDifference Measure Move Moved OkrRollup Outlook Passage Paths PeopleRisk Percentile PersonCriticality Place
        PlacedEdge PlacedNode Projection PropertyDifference ReadyItem ReadyQueue Reassign Redate Relief Remove Rescope
        Result Risks Schedule ScheduledItem Score Section SingleOwner Statement Step Stuck Summary TeamWait
        TeamsWaitedFor Threat TriageItem TriageQueue Uncertainty Unserving Variants WaitCycle WaitedFor WeekLoad WhatIf
        Workload betweenness blocking_chains budgets centrality choke_points communities conflicts critical_path degree
        difference dominators duplicates eigenvector examination exposure floats forecast impact k_paths layout
        okr_rollup overlay pagerank paths people_risk ready_queue relief reschedule risks schedule summary svg
        teams_waited_for triage_queue what_if workload
    """,
    "workatlas.embedded": """
        NEO4J_VERSION DatabaseStatus FetchReport RunningDatabase ensure_running fetch revive reviving status stop
    """,
    "workatlas.exporters": "FORMATS Format",
    "workatlas.generator": "MIN_ITEMS TODAY records",
    "workatlas.importers": "IMPORTERS ImportOptions Importer",
}


def tracked(pattern: str = "*") -> list[Path]:
    """Return the project's files: those that git holds, or would hold."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", pattern]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in found.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def lines(path: Path) -> Iterator[tuple[int, str]]:
    return enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)


def test_imports_go_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Imports go one way KEPT" in done.stdout


def test_no_module_imports_itself_on_the_way_round() -> None:
    """Imports inside functions are left out: they run when everything is loaded."""
    found = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    imports: nx.DiGraph[str] = nx.DiGraph()
    for importer in found.modules:
        for imported in found.find_modules_directly_imported_by(importer):
            details = found.get_import_details(importer=importer, imported=imported)
            if not {one["line_number"] for one in details} <= _deferred(importer):
                imports.add_edge(importer, imported)
    assert imports.number_of_edges() > 100
    assert [sorted(ring) for ring in nx.strongly_connected_components(imports) if len(ring) > 1] == []


def _deferred(module: str) -> set[int]:
    """Return the lines of a module that stand inside functions."""
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    functions = (
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {line for node in functions for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def test_only_the_store_imports_the_driver() -> None:
    importers = set()
    for path in tracked("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            if any(name.split(".")[0] == "neo4j" for name in names):
                importers.add(str(path.relative_to(ROOT)))
    assert importers == {"graph/store.py"}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_these_sorted_and_there(name: str) -> None:
    module = importlib.import_module(name)
    assert list(module.__all__) == PUBLIC[name].split()
    assert module.__all__ == sorted(module.__all__, key=_rank)
    assert [one for one in module.__all__ if getattr(module, one, None) is None] == []


def _rank(name: str) -> tuple[int, str]:
    """Constants first, then classes, then functions: as the linter sorts."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_every_package_with_public_names_is_pinned() -> None:
    found = {
        ".".join(path.relative_to(ROOT).parent.parts)
        for path in tracked("*/__init__.py")
        if path.relative_to(ROOT).parts[0] in PACKAGES and "__all__" in path.read_text(encoding="utf-8")
    }
    assert found == set(PUBLIC)


def test_importing_the_graph_imports_neither_driver_nor_arrays() -> None:
    code = "import sys, graph, graph.errors; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"neo4j", "numpy", "networkx"} & set(done.stdout.split())


def test_a_name_that_the_graph_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'graph' has no attribute 'nothing'"):
        _ = importlib.import_module("graph").nothing


def test_the_four_packages_share_one_folder() -> None:
    assert {Path(importlib.import_module(name).__path__[0]).parent for name in PACKAGES} == {ROOT}
    check_packages()


def test_every_test_folder_is_a_package() -> None:
    """Otherwise ``tests/graph`` would be imported as ``graph``."""
    files = {path for path in tracked("tests") if path.suffix == ".py"}
    folders = {folder for path in files for folder in path.parents if folder.is_relative_to(ROOT / "tests")}
    assert [folder for folder in sorted(folders) if folder / "__init__.py" not in files] == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in tracked():
        for number, line in lines(path):
            if any(host in line.casefold() for host in REGISTRY_HOSTS) or _names_a_machine_path(path, line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def _names_a_machine_path(path: Path, line: str) -> bool:
    """Tell whether a line holds an absolute path of one machine; other people's data may hold parts of URLs."""
    return not path.is_relative_to(ROOT / "tests" / "data") and MACHINE_PATH.search(line) is not None


@pytest.mark.parametrize("line", ["cd /ro" + "ot/x", "'/ho" + "me/ada/x'", "=/wo" + "rk/main", "see /tm" + "p/a"])
def test_the_pattern_finds_machine_paths(line: str) -> None:
    assert MACHINE_PATH.search(line)


@pytest.mark.parametrize("line", ["https://x.org/work", "docs/work", "./tmp/a", "a/home/b", "/var/lib/workatlas"])
def test_the_pattern_leaves_other_paths_alone(line: str) -> None:
    assert not MACHINE_PATH.search(line)


def test_the_model_page_is_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "generate_model_page.py"))["page"]()
    assert (ROOT / "docs" / "model.md").read_text(encoding="utf-8") == page, "run scripts/generate_model_page.py"


CYPHER: Final = re.compile(r"\b(?:MATCH|MERGE|CREATE) \(|\bUNWIND \$|\bDETACH DELETE\b|\bCALL db\.|\bRETURN \w+\.")


@pytest.mark.parametrize("package", ["analytics", "resolvers", "workatlas"])
def test_cypher_is_written_in_graph_alone(package: str) -> None:
    """A text that is Cypher outside ``graph/`` could be put together with a client's."""
    assert CYPHER.search("MATCH (n) RETURN n")
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CYPHER.search(node.value)
    ]
    assert found == []
