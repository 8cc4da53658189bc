from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import workatlas.importers
from workatlas.importers import IMPORTERS
from workatlas.importers.jira_mapping import HEADERS, load

PACKAGE = Path(workatlas.importers.__file__).parent
PAGE = (PACKAGE.parents[1] / "docs" / "importers.md").read_text(encoding="utf-8")
MODULES = (
    "jsonl",
    "beads",
    "links",
    *(path.stem for name in ("github", "k8s", "mspdi") for path in PACKAGE.glob(f"{name}*.py")),
)


def anomaly_kinds(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Anomaly", "_unknown"}:
            for literal in ast.walk(node.args[0]):
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    yield literal.value


@pytest.mark.parametrize("module", [*MODULES, *(path.stem for path in PACKAGE.glob("jira_*.py"))])
def test_every_anomaly_is_documented(module: str) -> None:
    assert {kind for kind in anomaly_kinds(PACKAGE / f"{module}.py") if f"`{kind}`" not in PAGE} == set()


def test_every_importer_is_documented() -> None:
    assert all(f"`{name}`" in PAGE and importer.name == name for name, importer in IMPORTERS.items())


def test_every_field_of_a_mapping_is_documented() -> None:
    assert {field for field in HEADERS if f"`{field}`" not in PAGE} == set()


def test_the_documented_mapping_can_be_loaded(tmp_path: Path) -> None:
    text = PAGE.split("```toml\n")[1].split("```")[0]
    file = tmp_path / "mapping.toml"
    file.write_text(text, encoding="utf-8")
    assert load(file).columns == tomllib.loads(text)["columns"]


@pytest.mark.parametrize("path", sorted((PACKAGE / "mappings").iterdir()), ids=lambda path: path.stem)
def test_every_shipped_mapping_can_be_loaded_by_its_name(path: Path) -> None:
    assert load(Path(path.stem)) == load(path)
