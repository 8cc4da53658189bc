"""Fetching the embedded Neo4j: in parallel, checked against the locked hashes, resumable file by file."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import certifi
import httpx
from filelock import FileLock

from workatlas.embedded.artifacts import NEO4J_VERSION, Artifact
from workatlas.embedded.disk import explained
from workatlas.embedded.library import Library
from workatlas.embedded.repository import repository_root
from workatlas.errors import DatabaseError
from workatlas.settings import Settings

Report = Callable[[str], None]
"""Is given a sentence about what is being done."""

Progress = Callable[[int, int], None]
"""Is given the bytes fetched so far and the bytes to fetch, from any thread but never from two at once."""

_CONNECTIONS = 16
_ATTEMPTS = 4
_CHUNK = 1 << 16
_SPARE_BYTES = 50_000_000


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
                _download(settings, library, missing, report, progress)
            library.record_verified()
    size = sum(artifact.size for artifact in missing)
    return FetchReport(len(missing), size, time.monotonic() - begin, total - len(missing))


def _download(
    settings: Settings,
    library: Library,
    missing: Sequence[Artifact],
    report: Report | None,
    progress: Progress | None,
) -> None:
    root = repository_root(settings)
    size = sum(artifact.size for artifact in missing)
    _require_space(library.folder, size)
    if report:
        report(f"Fetching Neo4j {NEO4J_VERSION}: {len(missing)} files, {size / 1e6:.0f} MB")
    for remains in library.folder.glob(".*.part"):
        remains.unlink(missing_ok=True)  # left by a process that was killed; the lock is ours
    tally = _Tally(size, progress)
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    with (
        httpx.Client(verify=_trust(), limits=limits, timeout=30, follow_redirects=True) as client,
        ThreadPoolExecutor(_CONNECTIONS, "fetch") as pool,
    ):
        source = _Source(root, client)
        # The largest first, so that no single one is left running at the end.
        ordered = sorted(missing, key=lambda artifact: -artifact.size)
        futures = [pool.submit(_fetch_one, source, library, artifact, tally) for artifact in ordered]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            tally.stop()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        failed = [error for future in done if not future.cancelled() and (error := future.exception())]
        if failed:
            tally.stop()
            raise failed[0]


def _require_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE_BYTES:
        raise DatabaseError(
            f"Neo4j needs {(size + _SPARE_BYTES) / 1e6:.0f} MB in {folder} and only {free / 1e6:.0f} MB are free: "
            "free some space, or set WORKATLAS_CACHE to a folder on another disk."
        )


def _trust() -> ssl.SSLContext:
    """Trust the well-known authorities and those of the system, where a company's own one is installed."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


@dataclass(slots=True)
class _Tally:
    """Counts bytes over all threads, and tells them when one of them has failed."""

    total: int
    progress: Progress | None
    done: int = 0
    stopped: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int) -> None:
        with self.lock:
            self.done += count
            if self.progress:
                self.progress(self.done, self.total)

    def stop(self) -> None:
        self.stopped = True


@dataclass(frozen=True, slots=True)
class _Source:
    """A Maven repository that can be read."""

    root: str | Path
    client: httpx.Client

    def chunks(self, artifact: Artifact) -> Iterator[bytes]:
        if isinstance(self.root, Path):
            with (self.root / artifact.path).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
            return
        with self.client.stream("GET", f"{self.root}/{artifact.path}") as response:
            response.raise_for_status()
            yield from response.iter_bytes(_CHUNK)


def _fetch_one(source: _Source, library: Library, artifact: Artifact, tally: _Tally) -> None:
    """Fetch one file under a temporary name, check it, give it its name; try again what may pass by itself."""
    target = library.path(artifact)
    temporary = target.with_name(f".{target.name}.part")
    try:
        for attempt in range(_ATTEMPTS):
            written = 0
            try:
                digest = hashlib.sha256()
                with temporary.open("wb") as file:
                    for chunk in source.chunks(artifact):
                        if tally.stopped:
                            return
                        file.write(chunk)
                        digest.update(chunk)
                        written += len(chunk)
                        tally.add(len(chunk))
            except (httpx.TransportError, httpx.HTTPStatusError, FileNotFoundError) as error:
                tally.add(-written)
                if attempt == _ATTEMPTS - 1 or not _may_pass(error):
                    raise _unavailable(source, artifact, error) from error
                time.sleep(0.25 * 2**attempt)
                continue
            if digest.hexdigest() != artifact.sha256:
                raise DatabaseError(
                    f"{artifact.file_name} from {_shown(source.root)} is not the file that was locked "
                    f"(SHA-256 {digest.hexdigest()[:12]}…, expected {artifact.sha256[:12]}…) and was deleted: "
                    "do not use that repository, or set WORKATLAS_MAVEN_REPOSITORY to one that you trust."
                )
            temporary.replace(target)
            return
    finally:
        temporary.unlink(missing_ok=True)


def _may_pass(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (408, 429, 500, 502, 503, 504)
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _unavailable(source: _Source, artifact: Artifact, error: Exception) -> DatabaseError:
    where = _shown(source.root)
    if isinstance(error, httpx.HTTPStatusError):
        what = f"{where} answers {error.response.status_code} for {artifact.path}"
    elif isinstance(error, FileNotFoundError):
        what = f"{artifact.path} is not in {where}"
    else:
        what = f"{where} cannot be reached ({str(error) or type(error).__name__})"
    return DatabaseError(
        f"Neo4j cannot be fetched, {what}: check the network (and HTTPS_PROXY), set WORKATLAS_MAVEN_REPOSITORY to a "
        "mirror or a folder, or set NEO4J_URI to a Neo4j that runs already; files fetched so far are kept."
    )


def _shown(root: str | Path) -> str:
    """Return the repository's address without a password that it may carry."""
    if isinstance(root, Path):
        return str(root)
    return str(httpx.URL(root).copy_with(username=None, password=None))
