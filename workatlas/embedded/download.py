"""Making sure that the embedded Neo4j's files are in the cache and are what was locked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from filelock import FileLock

from workatlas.embedded.artifacts import NEO4J_VERSION, Artifact
from workatlas.embedded.disk import explained, require_space
from workatlas.embedded.library import Library
from workatlas.settings import Settings

Report = Callable[[str], None]
"""Is given a sentence about what is being done."""

Progress = Callable[[int, int], None]
"""Is given the bytes fetched so far and the bytes to fetch, from any thread but never from two at once."""


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What a fetch did: files and bytes that came over the line, seconds it took, files that were there already."""

    files: int
    bytes: int
    seconds: float
    cached: int


def fetch(
    settings: Settings,
    *,
    artifacts: Sequence[Artifact] | None = None,
    verify: bool = False,
    report: Report | None = None,
    progress: Progress | None = None,
) -> FetchReport:
    """Make sure that every file of the embedded Neo4j is in the cache, and is what was locked.

    With ``verify`` every cached file is hashed again; otherwise only those that changed since they were. Two
    processes may fetch at once: the second waits and finds the files. ``artifacts`` defaults to the locked list.

    Raises:
        DatabaseError: a file cannot be had, or is not what was locked; whole files are kept for the next try.
        SettingsError: the repository's setting is wrong.

    """
    begin = time.monotonic()
    library = Library.at(settings.cache, artifacts)
    total = len(library.artifacts)
    if not verify and not library.suspects():
        return FetchReport(0, 0, time.monotonic() - begin, total)
    with explained(settings.cache, "WORKATLAS_CACHE"):
        library.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{library.folder}.lock"):
            missing = library.discard_damaged(library.suspects(thorough=verify))
            if missing:
                _fetch_missing(settings, library, missing, report, progress)
            library.record_verified()
    size = sum(artifact.size for artifact in missing)
    return FetchReport(len(missing), size, time.monotonic() - begin, total - len(missing))


def _fetch_missing(
    settings: Settings,
    library: Library,
    missing: Sequence[Artifact],
    report: Report | None,
    progress: Progress | None,
) -> None:
    from workatlas.embedded.transfer import transfer  # deferred: the HTTP client takes half a second to import

    size = sum(artifact.size for artifact in missing)
    require_space(library.folder, size, "WORKATLAS_CACHE")
    if report:
        report(f"Fetching Neo4j {NEO4J_VERSION}: {len(missing)} files, {size / 1e6:.0f} MB")
    transfer(settings, library, missing, progress)
