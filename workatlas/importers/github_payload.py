"""GitHub's payloads in one shape: REST arrays (``created_at``), ``gh`` and archive files (``createdAt``), raw tables.

A file may hold an array, several arrays after one another (as paginated answers are often saved), an archive with
``issues`` and ``pulls``, or a CSV table with the payload in its column ``data``.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph.batch import Anomaly
from workatlas.errors import ImportFailedError
from workatlas.importers.files import content, shortened

_ADDRESS = re.compile(r"([\w.-]+/[\w.-]+)/(?:issues|pulls?|milestones?)/(\d+)")
_REPOSITORY = re.compile(r"/repos/([\w.-]+/[\w.-]+)$")


@dataclass(frozen=True, slots=True)
class Payload:
    """One issue or pull request (or a milestone inside one) as it was delivered, and what its file says of it."""

    data: dict[str, object]
    where: str
    repository: str = ""
    pull: bool = False

    def text(self, *names: str) -> str:
        """Return the first of these members that is a text with something in it."""
        for name in names:
            value = self.data.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return ""

    def inner(self, name: str) -> Payload | None:
        """Return a member that is an object."""
        value = self.data.get(name)
        return Payload(value, self.where, self.repository) if isinstance(value, dict) else None

    def each(self, name: str) -> list[object]:
        """Return a member that is a list (GraphQL wraps its lists in ``nodes``); empty where it is none."""
        value = self.data.get(name)
        if isinstance(value, dict):
            value = value.get("nodes")
        return value if isinstance(value, list) else []

    def number(self, name: str = "number") -> int | None:
        """Return a member that is a whole number."""
        value = self.data.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def home(self) -> str:
        """The repository, ``owner/name``."""
        for address in (self.text("html_url"), self.text("url")):
            if match := _ADDRESS.search(address):
                return match[1]
        if match := _REPOSITORY.search(self.text("repository_url")):
            return match[1]
        named = self.inner("repository")
        return (named.text("nameWithOwner", "full_name") if named else "") or self.repository

    @property
    def is_pull(self) -> bool:
        """Whether it is a pull request: GitHub lists them among the issues."""
        return self.pull or bool(self.data.get("pull_request")) or "headRefName" in self.data or "/pull/" in self.page

    @property
    def page(self) -> str:
        """Where people see it."""
        return self.text("html_url", "url")


def login(value: object) -> str:
    """Return the handle of a user who is given as a text or as an object."""
    if isinstance(value, dict):
        value = value.get("login")
    return value.strip() if isinstance(value, str) else ""


def payloads(path: Path) -> Iterator[Payload | Anomaly]:
    """Yield every issue and pull request of a file, or what is wrong with it.

    Raises:
        ImportFailedError: The file cannot be read, or is neither JSON nor such a table.

    """
    try:
        text = content(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ImportFailedError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    if text.lstrip()[:1] not in {"[", "{"}:
        yield from _table(path, text)
        return
    position, count = 0, 0
    decoder = json.JSONDecoder()
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            if not count:
                raise ImportFailedError(f"{path} is not JSON ({error}): fetch it again.") from error
            yield Anomaly("brokenJson", f"the rest of the file is not JSON: {error}", path.name, skipped=True)
            return
        for payload in _members(value, path.name):
            count += 1
            yield payload


def _members(value: object, name: str) -> Iterator[Payload | Anomaly]:
    if isinstance(value, list):
        yield from _list(value, f"{name}#", "", pull=False)
    elif isinstance(value, dict) and ("issues" in value or "pulls" in value):
        whole = Payload(value, name)
        repository = whole.text("repo", "repository")
        yield from _list(whole.each("issues"), f"{name}#issues/", repository, pull=False)
        yield from _list(whole.each("pulls"), f"{name}#pulls/", repository, pull=True)
    else:
        yield from _list([value], f"{name}#", "", pull=False)


def _list(values: list[object], prefix: str, repository: str, *, pull: bool) -> Iterator[Payload | Anomaly]:
    for place, value in enumerate(values):
        number = value.get("number") if isinstance(value, dict) else None
        yield _payload(value, f"{prefix}{number or f'at {place}'}", repository, pull=pull)


def _payload(value: object, where: str, repository: str, *, pull: bool = False) -> Payload | Anomaly:
    if not isinstance(value, dict):
        return Anomaly("notAnObject", f"{shortened(repr(value))} is no issue", where, skipped=True)
    return Payload(value, where, repository, pull)


def _table(path: Path, text: str) -> Iterator[Payload | Anomaly]:
    csv.field_size_limit(2**31 - 1)
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(rows, [])
        if "data" not in header:
            raise ImportFailedError(f"{path} is neither JSON nor a table with a column 'data': fetch it again.")
        column = header.index("data")
        pull = "pull_request" in path.name
        for row in rows:
            where = f"{path.name}:{rows.line_num}"
            try:
                yield _payload(json.loads(row[column]), where, "", pull=pull)
            except (ValueError, IndexError, RecursionError) as error:
                yield Anomaly("brokenJson", f"column data is not JSON: {error}", where, skipped=True)
    except (ValueError, csv.Error) as error:
        raise ImportFailedError(f"{path} is no table that can be read ({error}): fetch it again.") from error
