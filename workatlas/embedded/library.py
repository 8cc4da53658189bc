"""The cached files of the embedded Neo4j: what is there, and whether it is what was locked."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workatlas.embedded.artifacts import NEO4J_VERSION, Artifact, digest_of, locked_artifacts

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Library:
    """The folder that holds one release's files.

    A file counts as good if it was hashed once and neither its size nor its time of change differ since; hashing
    all of them takes about half a second per 150 MB, so it is done by ``suspects(thorough=True)`` only.
    """

    folder: Path
    artifacts: Sequence[Artifact]

    @classmethod
    def at(cls, cache: Path, artifacts: Sequence[Artifact] | None = None) -> Library:
        """Return the library below the cache folder, of the locked artifacts unless others are given."""
        chosen = locked_artifacts() if artifacts is None else artifacts
        return cls(cache / f"neo4j-{NEO4J_VERSION}-{digest_of(chosen)}", chosen)

    def path(self, artifact: Artifact) -> Path:
        """Return where the artifact's file is, or would be."""
        return self.folder / artifact.file_name

    @property
    def class_path(self) -> str:
        """Return Java's class path: the locked files and no other, in the list's order."""
        return os.pathsep.join(str(self.path(artifact)) for artifact in self.artifacts)

    def suspects(self, *, thorough: bool = False) -> list[Artifact]:
        """Return the artifacts whose file is missing or changed since it was verified.

        With ``thorough`` every file is hashed again.
        """
        known = {} if thorough else self._stamps()
        stamps = {one: self._stamp(one) for one in self.artifacts}
        return [one for one, stamp in stamps.items() if stamp is None or known.get(one.file_name) != stamp]

    def discard_damaged(self, suspects: Iterable[Artifact]) -> list[Artifact]:
        """Hash the suspects' files, delete those that are not what was locked; return all that are now missing."""
        missing = []
        for artifact in suspects:
            path = self.path(artifact)
            if not path.is_file():
                missing.append(artifact)
            elif sha256_of(path) != artifact.sha256:
                path.unlink()
                missing.append(artifact)
        return missing

    def record_verified(self) -> None:
        """Remember each file's size and time of change; call it when every file has been verified."""
        stamps = {artifact.file_name: self._stamp(artifact) for artifact in self.artifacts}
        temporary = self._stamp_file.with_suffix(".new")
        temporary.write_text(json.dumps(stamps), encoding="utf-8")
        temporary.replace(self._stamp_file)

    @property
    def _stamp_file(self) -> Path:
        return self.folder / "verified.json"

    def _stamp(self, artifact: Artifact) -> list[int] | None:
        try:
            status = self.path(artifact).stat()
        except OSError:
            return None
        return [status.st_size, status.st_mtime_ns]

    def _stamps(self) -> dict[str, list[int] | None]:
        try:
            stamps = json.loads(self._stamp_file.read_bytes())
        except (OSError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces of a megabyte."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
