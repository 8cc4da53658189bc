"""Documents that are named instead of sent."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from workatlas.documents import Documents, read_trusted
from workatlas.errors import SettingsError
from workatlas.graphql_request import RequestRefused, asked_by_body

QUERY, OTHER = "{ __typename }", "{ snapshot { seq } }"
HASH = hashlib.sha256(QUERY.encode()).hexdigest()


def _resolved(documents: Documents, **body: Any) -> str:
    return documents.resolve(asked_by_body(json.dumps(body).encode()))


def _code(documents: Documents, **body: Any) -> str:
    with pytest.raises(RequestRefused) as refused:
        _resolved(documents, **body)
    return refused.value.code


def _persisted(digest: object) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest}}


def test_a_document_that_was_sent_with_its_hash_can_be_named() -> None:
    documents = Documents()
    assert _code(documents, extensions=_persisted(HASH)) == "PERSISTED_QUERY_NOT_FOUND"
    assert _resolved(documents, query=QUERY, extensions=_persisted(HASH)) == QUERY
    assert _resolved(documents, extensions=_persisted(HASH)) == QUERY
    assert _resolved(documents, documentId=f"sha256:{HASH}") == QUERY
    assert _code(documents, query=OTHER, documentId=f"sha256:{HASH}") == "BAD_REQUEST"
    assert _resolved(documents, documentId=HASH) == QUERY, "a wrong document does not take its place"
    assert _resolved(documents, query=OTHER) == OTHER


def test_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workatlas.documents._KEPT", 2)
    documents = Documents()
    texts = [f"{{ a{number}: __typename }}" for number in range(3)]
    names = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    for text, name in zip(texts, names, strict=True):
        _resolved(documents, query=text, documentId=name)
    assert _code(documents, documentId=names[0]) == "PERSISTED_QUERY_NOT_FOUND"
    assert [_resolved(documents, documentId=name) for name in names[1:]] == texts[1:]


def test_with_a_trusted_list_nothing_else_is_executed() -> None:
    documents = Documents({"Home": QUERY})
    for body in ({"documentId": "Home"}, {"documentId": HASH}, {"documentId": f"sha256:{HASH}"}, {"query": QUERY}):
        assert _resolved(documents, **body) == QUERY
    for body in (
        {"query": OTHER},
        {"query": OTHER, "documentId": "Home"},
        {"documentId": "Away"},
        {"query": f"{QUERY} "},
    ):
        assert _code(documents, **body) == "DOCUMENT_NOT_TRUSTED"
    digest = hashlib.sha256(OTHER.encode()).hexdigest()
    assert _code(documents, query=OTHER, extensions=_persisted(digest)) == "DOCUMENT_NOT_TRUSTED"
    assert _code(documents, documentId=digest) == "DOCUMENT_NOT_TRUSTED"


@pytest.mark.parametrize("document", [7, [], {}, True])
def test_a_name_is_a_text(document: object) -> None:
    assert _code(Documents(), documentId=document) == "BAD_REQUEST"


def test_the_trusted_list_is_one_json_object(tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({"Home": QUERY}), encoding="utf-8")
    assert read_trusted(file) == {"Home": QUERY}
    for text in ("[", "[]", '{"Home": 7}'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError, match="WORKATLAS_TRUSTED_DOCUMENTS"):
            read_trusted(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_trusted(tmp_path / "missing.json")
