"""A Rust project goal as a document: its title, headings, tables and links, read from Markdown.

Only what the goals use is understood: pipe tables, headings, fenced code and link definitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_CELL = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\]\(\s*(?P<inline>[^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(?P<defined>\S+)")
BADGE = re.compile(r"!\[[^\]]*\](?:\[[^\]]*\]|\([^)]*\))?")
_ANCHOR = re.compile(r"\[([^\]]*)\](?:\[[^\]]*\]|\([^)]*\))?")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading with its level (1 to 6) and line number."""

    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells as they stand in the source, and its line number."""

    cells: tuple[str, ...]
    line: int


@dataclass(slots=True)
class Table:
    """A table under its headings, the outermost heading first."""

    header: tuple[str, ...]
    headings: tuple[Heading, ...]
    line: int
    rows: list[Row] = field(default_factory=list)

    @property
    def columns(self) -> tuple[str, ...]:
        """The header without markup, in lower case."""
        return tuple(plain(cell).lower() for cell in self.header)


@dataclass(slots=True)
class Document:
    """What a goal's file says."""

    path: Path
    title: str = ""
    summary: str = ""
    tables: list[Table] = field(default_factory=list)
    links: list[tuple[str, int]] = field(default_factory=list)

    @property
    def metadata(self) -> dict[str, Row] | None:
        """The first table whose header starts with "Metadata": lower-case name → row; ``None``: this is no goal."""
        for table in self.tables:
            if table.columns[0] == "metadata":
                return {plain(row.cells[0]).lower(): row for row in table.rows}
        return None


def parse(path: Path) -> Document:
    """Read one file.

    Raises:
        UnicodeDecodeError: The file is not UTF-8.

    """
    document = Document(path)
    headings: list[Heading] = []
    table: Table | None = None
    summary: list[str] = []
    for number, line in _lines(path.read_text(encoding="utf-8")):
        if line.lstrip().startswith("|"):
            table = _table_line(document, table, line, number, tuple(headings))
            continue
        table = None
        if match := _HEADING.match(line):
            level = len(match[1])
            headings = [heading for heading in headings if heading.level < level]
            headings.append(Heading(level, match[2], number))
            document.title = document.title or plain(match[2])
        elif headings and headings[-1].text.lower() == "summary":
            summary.append(line)
        document.links.extend((found["inline"] or found["defined"], number) for found in _LINK.finditer(line))
    document.summary = _ADDRESS.sub("…", "\n".join(summary).strip())
    return document


def _lines(text: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def _table_line(
    document: Document, table: Table | None, line: str, number: int, headings: tuple[Heading, ...]
) -> Table:
    if table is None:
        table = Table(_cells(line), headings, number)
        document.tables.append(table)
    elif not (number == table.line + 1 and _RULE.fullmatch(line)):
        table.rows.append(Row(_cells(line), number))
    document.links.extend((found["inline"] or found["defined"], number) for found in _LINK.finditer(line))
    return table


def _cells(line: str) -> tuple[str, ...]:
    cells = _CELL.split(line.strip().removeprefix("|"))
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return tuple(cell.strip().replace("\\|", "|") for cell in cells)


def plain(markdown: str) -> str:
    """Return the text without badges, links, emphasis and code marks."""
    text = _ANCHOR.sub(r"\1", BADGE.sub("", markdown))
    return " ".join(re.sub(r"~~|[`*]", "", text).split())


def slug(markdown: str) -> str:
    """Return an identifier made of the text's words."""
    return re.sub(r"[^a-z0-9]+", "-", plain(markdown).lower()).strip("-")[:60].rstrip("-") or "untitled"
