"""Whatever the schema lets a client ask, the server has an answer to; ``scripts/faults fuzzing`` asks far more."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from graph.connection import Connection
from resolvers.limits import declared_rules
from resolvers.schema import SCHEMA
from tests.faults.fuzzing import Fuzzer, opened

EXAMPLES = int(os.environ.get("WORKATLAS_FUZZ_EXAMPLES", "20"))
RULES = declared_rules(SCHEMA._schema)
FIELDS = [(kind, name) for kind in ("query", "mutation") for name in RULES[kind]]


@pytest.fixture(scope="module")
def fuzzer(connection: Connection) -> Iterator[Fuzzer]:
    with opened(connection) as made:
        yield made


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{kind} {name}" for kind, name in FIELDS])
def test_no_operation_is_too_much_for_the_server(fuzzer: Fuzzer, kind: str, name: str) -> None:
    found = fuzzer.run(kind.title(), name, EXAMPLES)
    assert found.sent >= EXAMPLES / 2
    assert found.defects == {}
