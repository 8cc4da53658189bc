"""The committed list of files that make up the embedded Neo4j, each with its SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

NEO4J_VERSION = "2026.08.1"
"""The Neo4j release that this version of workatlas runs and is tested with."""

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One jar of a Maven repository. ``size`` is in bytes; ``classifier`` is empty for most."""

    group: str
    name: str
    version: str
    classifier: str
    sha256: str
    size: int

    @property
    def file_name(self) -> str:
        """Return the name that the jar has in a repository and in the cache."""
        return "-".join(part for part in (self.name, self.version, self.classifier) if part) + ".jar"

    @property
    def path(self) -> str:
        """Return the jar's path below a Maven repository's root."""
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.file_name}"

    @classmethod
    def from_line(cls, line: str) -> Artifact:
        """Read ``sha256 size group:name:version[:classifier]``.

        Raises:
            ValueError: the line has another form; a name that could leave the cache folder counts as such.

        """
        sha256, size, coordinates = line.split()
        group, name, version, *rest = coordinates.split(":")
        if len(rest) > 1 or not all(_PART.fullmatch(part) for part in (group, name, version, *rest)):
            raise ValueError(f"not Maven coordinates: {coordinates}")
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"not a SHA-256: {sha256}")
        return cls(group, name, version, "".join(rest), sha256, int(size))


def read_artifacts(lines: Iterable[str]) -> tuple[Artifact, ...]:
    """Read the lines of an artifact list; empty lines and those that start with ``#`` are skipped."""
    return tuple(Artifact.from_line(line) for raw in lines if (line := raw.strip()) and not line.startswith("#"))


def locked_artifacts() -> tuple[Artifact, ...]:
    """Return the files of Neo4j ``NEO4J_VERSION`` in the order in which they stand on the class path."""
    text = resources.files("workatlas.embedded").joinpath("artifacts.txt").read_text(encoding="utf-8")
    return read_artifacts(text.splitlines())


def digest_of(artifacts: Iterable[Artifact]) -> str:
    """Return 16 hexadecimal digits that change when any artifact of the list does."""
    text = "\n".join(f"{artifact.path} {artifact.sha256}" for artifact in artifacts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
