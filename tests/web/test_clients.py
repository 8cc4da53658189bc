"""Other people's clients, from npm, use the API as web applications would."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from pathlib import Path
from typing import Final

import pytest

from graph.connection import Connection
from graph.records import api_keys
from graph.records.api_keys import ApiKey
from graph.store import open_store
from resolvers.access import Access
from tests.test_documents import blocks
from tests.test_repository import ROOT
from tests.web.conftest import HERE, Node
from tests.workatlas.served import served
from workatlas.app import AppOptions, create_app
from workatlas.auth.keys import digest_of, new_token

NAMED: Final = re.compile(r"(?:query|mutation) \w")


@pytest.fixture
def token(connection: Connection, workspace: str) -> str:
    """A key of an editor."""
    key_id, token = new_token()
    now = time.time_ns() // 1_000_000
    key = ApiKey(key_id, digest_of(token), "test", "editor", tuple(Access), workspace, None, now)

    async def create() -> None:
        async with open_store(connection) as store:
            await api_keys.create(store, key)

    asyncio.run(create())
    return token


def test_urql_reads_writes_and_follows(connection: Connection, workspace: str, token: str, node: Node) -> None:
    with served(create_app(AppOptions(connection, workspace, tokens=True))) as address:
        found = node.found("clients.mjs", f"http://{address}/graphql", token)
    first, second, refused = found["created"]
    assert first == {"item": {"key": "W-1", "title": "First"}, "changeSeq": 1, "userErrors": [], "error": None}
    assert second["changeSeq"] == 2
    assert (refused["item"], refused["changeSeq"], refused["error"]) == (None, None, None)
    assert [(one["field"], one["code"]) for one in refused["userErrors"]] == [(["key"], "KEY_TAKEN")]
    assert [page["nodes"] for page in found["pages"]] == [
        [{"key": "W-1", "title": "First"}], [{"key": "W-2", "title": "Second"}],
    ]  # fmt: skip
    assert [(page["totalCount"], page["pageInfo"]["hasNextPage"]) for page in found["pages"]] == [(2, True), (2, False)]
    assert found["invalid"] == ["GRAPHQL_VALIDATION_FAILED"]
    assert found["stranger"] == ["UNAUTHENTICATED"]
    created = [{"operation": "create"}]
    assert found["socket"] == [{"seq": seq, "items": created} for seq in (1, 2, 3)]
    assert found["events"] == [{"seq": seq, "items": created} for seq in (1, 2, 3, 4)]


def test_types_made_of_the_schema_and_the_documents_compile(tmp_path: Path, node: Node) -> None:
    """graphql-codegen reads the schema and the documents of the manual; a program that uses the types is compiled."""
    documents = [text for text in blocks(ROOT / "docs" / "graphql.md", "graphql") if NAMED.match(text)]
    for number, text in enumerate(documents):
        (tmp_path / f"{number}.graphql").write_text(text, encoding="utf-8")
    configuration = {
        "schema": str(ROOT / "schema.graphql"),
        "documents": str(tmp_path / "*.graphql"),
        "config": {"scalars": dict.fromkeys(("CoarseDate", "DateTime", "Moment"), "string")},
        "generates": {
            str(tmp_path / "schema.ts"): {"plugins": ["typescript"]},
            str(tmp_path / "operations.ts"): {"plugins": ["typescript-operations"]},
        },
    }
    (tmp_path / "codegen.json").write_text(json.dumps(configuration), encoding="utf-8")
    shutil.copy(HERE / "typed.ts", tmp_path)
    node.run("node_modules/@graphql-codegen/cli/esm/bin.js", "--config", str(tmp_path / "codegen.json"))
    operations = (tmp_path / "operations.ts").read_text(encoding="utf-8")
    assert len(re.findall(r"^export type \w+(?:Query|Mutation) =", operations, re.MULTILINE)) == len(documents) >= 4
    sources = [str(tmp_path / name) for name in ("schema.ts", "operations.ts", "typed.ts")]
    node.run("node_modules/typescript/bin/tsc", "--noEmit", "--strict", *sources)
