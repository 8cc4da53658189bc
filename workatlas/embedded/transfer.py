"""Bringing files over the line: in parallel, each checked against its locked hash before it gets its name."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from workatlas.embedded.artifacts import Artifact
from workatlas.embedded.library import Library
from workatlas.embedded.repository import repository_root
from workatlas.errors import DatabaseError
from workatlas.settings import Settings

_CONNECTIONS = 16
_ATTEMPTS = 4
_CHUNK = 1 << 16
_FIRST_PAUSE_SECONDS = 0.25


def transfer(
    settings: Settings,
    library: Library,
    missing: Sequence[Artifact],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Fetch the missing files into the library; the caller holds its lock.

    Raises:
        DatabaseError: a file cannot be had or is not what was locked; those that arrived whole are kept.
        SettingsError: the repository's setting is wrong.

    """
    root = repository_root(settings)
    for remains in library.folder.glob(".*.part"):
        remains.unlink(missing_ok=True)  # left by a process that was killed
    tally = _Tally(sum(artifact.size for artifact in missing), progress)
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    # The largest first, so that no single one is left running at the end.
    ordered = sorted(missing, key=lambda artifact: -artifact.size)
    with (
        httpx.Client(verify=_trust(), limits=limits, timeout=30, follow_redirects=True) as client,
        ThreadPoolExecutor(_CONNECTIONS, "fetch") as pool,
    ):
        source = _Source(root, client)
        futures = [pool.submit(_fetch_one, source, library, artifact, tally) for artifact in ordered]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            tally.stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _trust() -> ssl.SSLContext:
    """Trust the well-known authorities and those of the system, where a company's own one is installed."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


@dataclass(slots=True)
class _Tally:
    """Counts bytes over all threads, and tells them when one of them has failed."""

    total: int
    progress: Callable[[int, int], None] | None
    done: int = 0
    stopped: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int) -> None:
        with self.lock:
            self.done += count
            if self.progress:
                self.progress(self.done, self.total)


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
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                digest = _receive(source, artifact, temporary, tally)
            except (httpx.TransportError, httpx.HTTPStatusError, FileNotFoundError) as error:
                if attempt == _ATTEMPTS or not _may_pass(error):
                    raise _unavailable(source, artifact, error) from error
                time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
                continue
            if digest is None:
                return
            if digest != artifact.sha256:
                raise _wrong_content(source, artifact, digest)
            temporary.replace(target)
            return
    finally:
        temporary.unlink(missing_ok=True)


def _receive(source: _Source, artifact: Artifact, temporary: Path, tally: _Tally) -> str | None:
    """Write what the repository sends and return its SHA-256, or ``None`` when another file has failed."""
    digest = hashlib.sha256()
    received = 0
    try:
        with temporary.open("wb") as file:
            for chunk in source.chunks(artifact):
                if tally.stopped:
                    return None
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                tally.add(len(chunk))
    except BaseException:
        tally.add(-received)
        raise
    return digest.hexdigest()


def _may_pass(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (408, 429, 500, 502, 503, 504)
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _wrong_content(source: _Source, artifact: Artifact, digest: str) -> DatabaseError:
    return DatabaseError(
        f"{artifact.file_name} from {_shown(source.root)} is not the file that was locked (SHA-256 {digest[:12]}…, "
        f"expected {artifact.sha256[:12]}…) and was deleted: try again, and if it stays so set "
        "WORKATLAS_MAVEN_REPOSITORY to a repository that you trust."
    )


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
