"""Documents that are known by an identifier: those of a trusted list, and those that clients have sent before."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from workatlas.errors import SettingsError
from workatlas.graphql_request import Asked, RequestRefused

_KEPT: Final = 1000
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Documents:
    """The documents of one server.

    With a trusted list only its documents are executed, whether a request names them or sends them whole. Without one,
    a document that was sent together with its SHA-256 (as clients with automatic persisted queries do) can be named by
    it from then on; the least recently used ones are forgotten.
    """

    def __init__(self, trusted: Mapping[str, str] | None = None) -> None:
        self._trusted = trusted
        self._hashes = {_hash(text) for text in (trusted or {}).values()}
        self._by_hash = {_hash(text): text for text in (trusted or {}).values()}
        self._sent: OrderedDict[str, str] = OrderedDict()

    def resolve(self, asked: Asked) -> str:
        """Return the document that a request means.

        Raises:
            RequestRefused: It is not known, not trusted, or not the one that its hash says.

        """
        if self._trusted is not None:
            return self._one_of_the_trusted(asked)
        name = (asked.document or "").removeprefix("sha256:")
        if not asked.query:
            if name not in self._sent:
                raise RequestRefused("this document is not known: send it whole", 400, "PERSISTED_QUERY_NOT_FOUND")
            self._sent.move_to_end(name)
            return self._sent[name]
        if _HASH.fullmatch(name):
            if _hash(asked.query) != name:
                raise RequestRefused("the document is not the one that its hash says")
            self._sent[name] = asked.query
            self._sent.move_to_end(name)
            if len(self._sent) > _KEPT:
                self._sent.popitem(last=False)
        return asked.query

    def _one_of_the_trusted(self, asked: Asked) -> str:
        assert self._trusted is not None
        name = (asked.document or "").removeprefix("sha256:")
        found = self._trusted.get(name) or self._by_hash.get(name) if name else None
        if asked.query and found in {None, asked.query} and _hash(asked.query) in self._hashes:
            return asked.query
        if found is None or asked.query:
            raise RequestRefused(
                "this server executes trusted documents only: name one in documentId", 400, "DOCUMENT_NOT_TRUSTED"
            )
        return found


def read_trusted(path: Path) -> dict[str, str]:
    """Read a list of trusted documents: one JSON object from identifier to document, as client compilers write it.

    Raises:
        SettingsError: The file cannot be read, or is something else.

    """
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"WORKATLAS_TRUSTED_DOCUMENTS: {path} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"WORKATLAS_TRUSTED_DOCUMENTS: {path} is not JSON: {error}.") from error
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise SettingsError(f"WORKATLAS_TRUSTED_DOCUMENTS: {path} must be one object from identifiers to documents.")
    return {str(name): str(text) for name, text in found.items()}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
