"""The overview of limits is complete, and the tests that it names are there and are about them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from resolvers.bounds import Bounds
from tests.limits import LIMITS, OTHERS

ROOT = Path(__file__).resolve().parent.parent
LIMIT = re.compile(r"_?(MAX|MOST)(_\w+)?|\w+_(MAX|MOST)|(\w+_)?SECONDS")


@cache
def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _numbers() -> Iterator[str]:
    """Yield the names of numbers in the code that limit something, going by their names."""
    for package in ("graph", "resolvers", "workatlas"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for one in _module(path).body:
                targets = (
                    one.targets
                    if isinstance(one, ast.Assign)
                    else [one.target]
                    if isinstance(one, ast.AnnAssign)
                    else []
                )
                for target in targets:
                    if isinstance(target, ast.Name) and LIMIT.fullmatch(target.id):
                        yield f"{module}.{target.id}"
    for bound in fields(Bounds):
        yield f"resolvers.bounds.Bounds.{bound.name}"


def test_every_limit_has_its_tests_or_a_reason_to_have_none() -> None:
    assert LIMITS.keys() & OTHERS.keys() == set()
    assert set(_numbers()) == LIMITS.keys() | OTHERS.keys()


@pytest.mark.parametrize(("limit", "tests"), LIMITS.items(), ids=LIMITS)
def test_the_tests_of_a_limit_are_about_it(limit: str, tests: tuple[str, ...]) -> None:
    name = limit.rpartition(".")[2]
    for test in tests:
        path, _, wanted = test.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        (found,) = [one for one in _module(ROOT / path).body if wanted in _defined(one)]
        # Its decorators are a part of a test: they may hold its cases.
        first = min([found.lineno, *(one.lineno for one in getattr(found, "decorator_list", ()))])
        source = "\n".join(text.splitlines()[first - 1 : found.end_lineno])
        option = name.lower().removeprefix("max_")
        assert re.search(rf"\b{name}\b|\b{option}=", source), f"{test} does not name {name}"


def _defined(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef():
            return [statement.name]
        case ast.Assign():
            return [one.id for one in statement.targets if isinstance(one, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []
