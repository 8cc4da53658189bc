"""CSV exports as rows with named cells: encodings, separators, repeated columns, rows of the wrong length."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph.batch import Anomaly
from workatlas.errors import ImportFailedError
from workatlas.importers.files import BOM, opened, shortened
from workatlas.importers.jira_mapping import CsvMapping, LinkMeaning, plain_header
from workatlas.importers.vocabulary import folded

_LINK = re.compile(r"(outward|inward) issue link \((.+)\)", re.IGNORECASE)
_IGNORED = re.compile(
    r"last viewed|votes|watchers?( id)?|work ?ratio|[σ∑Σ] .*|custom field \((rank|issue color|development)\)"
    r"|project type|project url|status category changed|attachments?|log work|parent summary|thumbnail|progress"
    r"|satisfaction rating|comment id",
    re.IGNORECASE,
)
"""Columns that say nothing that the graph holds: views, votes, sums of other columns, order on a board."""


@dataclass(frozen=True, slots=True)
class Link:
    """A column of links: its cells name items, ``meaning`` is what it says about its own item."""

    column: int
    name: str
    meaning: LinkMeaning | None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a table is which field."""

    named: Mapping[str, tuple[int, ...]]
    links: tuple[Link, ...]
    custom: Mapping[str, tuple[int, ...]]
    unread: Mapping[int, str]

    @classmethod
    def of(cls, header: Sequence[str], mapping: CsvMapping) -> Columns:
        """Read a header line."""
        ranked: dict[str, list[tuple[int, int]]] = {}
        custom: dict[str, tuple[int, ...]] = {}
        links: list[Link] = []
        unread: dict[int, str] = {}
        wanted = {folded(name): field_name for field_name, name in mapping.fields.items()}
        for column, text in enumerate(header):
            known = mapping.headers.get(folded(text)) or mapping.headers.get(folded(plain_header(text)))
            kept = wanted.get(folded(text)) or wanted.get(folded(plain_header(text)))
            link = _LINK.fullmatch(text.strip())
            if kept:
                custom[kept] = (*custom.get(kept, ()), column)
            elif known:
                ranked.setdefault(known[0], []).append((known[1], column))
            elif link:
                meaning = mapping.link(link[2], outward=link[1].lower() == "outward")
                links.append(Link(column, link[2], meaning))
            elif text.strip() and not _IGNORED.fullmatch(text.strip()):
                unread[column] = text.strip()
        named = {name: tuple(column for _, column in sorted(found)) for name, found in ranked.items()}
        return cls(named, tuple(links), custom, unread)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of an export."""

    cells: Sequence[str]
    columns: Columns
    where: str

    def all(self, name: str) -> list[str]:
        """Return the filled cells of a field, in order."""
        return self.at(self.columns.named.get(name, ()))

    def first(self, name: str) -> str:
        """Return the first filled cell of a field, or an empty text."""
        for column in self.columns.named.get(name, ()):
            if column < len(self.cells) and (cell := self.cells[column].strip()):
                return cell
        return ""

    def at(self, columns: Sequence[int]) -> list[str]:
        """Return the filled cells of some columns."""
        cells = (self.cells[column].strip() for column in columns if column < len(self.cells))
        return [cell for cell in cells if cell]

    @property
    def names_item(self) -> bool:
        """Whether the table describes items; one without titles and statuses only adds links between them."""
        return bool(self.columns.named.keys() & {"title", "status", "created"})


@dataclass(slots=True)
class Table:
    """One CSV file, read as often as wanted; ``anomalies`` are those of the latest reading."""

    path: Path
    mapping: CsvMapping
    anomalies: list[Anomaly] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Yield the records.

        Raises:
            ImportFailedError: The file cannot be read, is empty, or no header of it is known.

        """
        self.anomalies.clear()
        csv.field_size_limit(2**31 - 1)
        with opened(self.path) as handle:
            encoding = self._encoding()
            text = io.TextIOWrapper(handle, encoding=encoding, errors="replace", newline="")
            yield from self._records(text)
            text.detach()

    def _encoding(self) -> str:
        """Return the file's encoding; spreadsheets save UTF-16 and Windows-1252 too."""
        with opened(self.path) as handle:
            start = handle.read(len(BOM))
            if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
                return "utf-16"
            line = start
            while line:
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    detail = "the file is not UTF-8; it is read as Windows-1252"
                    self.anomalies.append(Anomaly("notUtf8", detail, self.path.name))
                    return "cp1252"
                line = handle.readline()
        return "utf-8-sig"

    def _records(self, text: io.TextIOWrapper) -> Iterator[Row]:
        first = text.readline()
        separator = max(",;\t|", key=lambda sign: _outside_quotes(first).count(sign))
        reader = csv.reader(_chained(first, text), delimiter=separator)
        header = next(reader, [])
        columns = Columns.of(header, self.mapping)
        if not any(header):
            raise ImportFailedError(f"{self.path} is empty: export it again.")
        if not columns.named.keys() - {"comments", "labels"}:
            raise ImportFailedError(
                f"no header of {self.path} is known ({shortened(', '.join(header))}): name them in a mapping file."
            )
        filled: Counter[int] = Counter()
        line = reader.line_num
        while True:
            where = f"{self.path.name}:{line + 1}"
            try:
                cells = next(reader, None)
            except csv.Error as error:
                self.anomalies.append(Anomaly("brokenRow", f"the record is not CSV: {error}", where, skipped=True))
                line = reader.line_num
                continue
            if cells is None:
                break
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            filled.update(column for column in columns.unread if column < len(cells) and cells[column].strip())
            if len(cells) != len(header):
                detail = f"the record has {len(cells)} cells, the header {len(header)}"
                self.anomalies.append(Anomaly("raggedRow", detail, where))
            yield Row(cells, columns, where)
        for column, count in filled.items():
            detail = f"{columns.unread[column]} ({count} filled cells) is not read; name it under fields to keep it"
            self.anomalies.append(Anomaly("columnNotMapped", detail, f"{self.path.name}:1"))


def _outside_quotes(text: str) -> str:
    return re.sub(r'"[^"]*"', "", text)


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
