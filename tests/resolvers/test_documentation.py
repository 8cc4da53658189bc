"""Every GraphQL example of the documents runs on a real workspace, in the order in which a reader meets it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from graph.connection import Connection
from tests.resolvers.world import World, ask, stored

ROOT: Final = Path(__file__).parents[2]
_BLOCK: Final = re.compile(r"^```graphql\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(name: str) -> list[str]:
    """Return the examples of a document, subscriptions apart."""
    texts = _BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))
    return [text for text in texts if OperationType.SUBSCRIPTION not in operations(text)]


def operations(text: str) -> set[OperationType]:
    return {one.operation for one in parse(text).definitions if isinstance(one, OperationDefinitionNode)}


EXAMPLES: Final = {name: examples(name) for name in ("README.md", "docs/graphql.md")}


@pytest.fixture(scope="module")
def fresh(connection: Connection) -> World:
    """A workspace of this module's own: some examples write."""
    return asyncio.run(stored(connection))


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name, texts in EXAMPLES.items() for place in range(len(texts))]
)
def test_the_example_is_answered_without_an_error(connection: Connection, fresh: World, name: str, place: int) -> None:
    answered = asyncio.run(ask(connection, fresh.workspace, EXAMPLES[name][place]))
    assert answered.data is not None
    assert refusals(answered.data) == []


def refusals(data: Any) -> list[Any]:
    """Return the user errors anywhere in an answer."""
    if isinstance(data, list):
        return [error for one in data for error in refusals(one)]
    if isinstance(data, dict):
        return [*data.get("userErrors", []), *(error for one in data.values() for error in refusals(one))]
    return []


def test_there_are_examples() -> None:
    assert len(EXAMPLES["docs/graphql.md"]) >= 6
