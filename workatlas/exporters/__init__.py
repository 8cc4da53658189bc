"""Exporters: writers of the graph's rows in exchange formats, one line a format below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from graph.batch import Record
from workatlas.exporters.csv_files import CsvWriter
from workatlas.exporters.graphml import GraphmlWriter
from workatlas.exporters.jsonl import JsonlWriter
from workatlas.exporters.parquet_files import ParquetWriter

__all__ = ["FORMATS", "Format"]


class Writer(Protocol):
    """Writes records to files that it opened."""

    def write(self, record: Record) -> None:
        """Write one record."""

    def close(self) -> None:
        """Finish the files."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it is for, and its writer.

    ``tables`` are the names of the files in a folder, without their ending; a format without them is one file.
    """

    name: str
    description: str
    writer: Callable[[Mapping[str, Path]], Writer]
    tables: tuple[str, ...] = ()

    def files(self, path: Path) -> dict[str, Path]:
        """Return the files that are written to a path, by name; one file has an empty name."""
        return {name: path / f"{name}.{self.name}" for name in self.tables} or {"": path}


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        one.name: one
        for one in (
            Format("jsonl", "the native format, lossless: what import reads", JsonlWriter),
            Format("graphml", "a graph for yEd, Gephi, NetworkX and igraph", GraphmlWriter),
            Format("csv", "two tables for spreadsheets and data frames", CsvWriter, ("nodes", "edges")),
            Format("parquet", "two typed tables for data frames and query engines", ParquetWriter, ("nodes", "edges")),
        )
    }
)
