"""One running database per profile, shared by the commands that need it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from graph.connection import Connection
from workatlas.embedded import server
from workatlas.embedded.artifacts import NEO4J_VERSION
from workatlas.embedded.class_archive import archive_flags, build_in_background, discard_archive
from workatlas.embedded.configuration import java_arguments, neo4j_conf
from workatlas.embedded.diagnosis import known_cause, port_was_taken, unknown_cause
from workatlas.embedded.disk import explained, require_space, size_of, write_private
from workatlas.embedded.download import Report, fetch
from workatlas.embedded.java import find_java
from workatlas.embedded.leases import Lease, count_leases, take_lease
from workatlas.embedded.library import Library
from workatlas.embedded.profile import Profile, uri_at
from workatlas.errors import DatabaseError
from workatlas.settings import Settings

_LOCK_SECONDS = 300.0
_STARTS = 3


@dataclass(slots=True)
class RunningDatabase:
    """A database that answers, for as long as this is open; use it in a ``with`` statement.

    ``started`` tells whether this call started the server, ``seconds`` how long it took from the call to the first
    answered query, ``version`` which Neo4j answers.
    """

    connection: Connection
    version: str
    started: bool
    seconds: float
    _settings: Settings = field(repr=False)
    _lease: Lease | None = field(default=None, repr=False)

    def close(self) -> None:
        """Leave the database; the last command to leave stops the server, unless ``db start`` pinned it."""
        if self._lease is None:
            return
        profile = Profile.of(self._settings)
        with _locked(profile):
            self._lease.release()
            self._lease = None
            _stop_if_unused(self._settings, profile)

    def __enter__(self) -> RunningDatabase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What is known about a profile's database; ``uri`` and ``pid`` are ``None`` while it does not run.

    ``pinned``: it runs until ``db stop``. ``users``: commands that use it now. ``size``: bytes on the disk.
    """

    running: bool
    pid: int | None
    uri: str | None
    version: str
    folder: Path
    size: int
    pinned: bool
    users: int


def ensure_running(settings: Settings, *, keep: bool = False, report: Report | None = None) -> RunningDatabase:
    """Return the database that the settings name, once it answers queries.

    If ``settings.neo4j_uri`` is set that is somebody else's server, which is only asked whether it answers. Otherwise
    it is the profile's embedded one: fetched if it is not in the cache, joined if it runs, else started. ``keep``
    pins the server: it then runs until :func:`stop`. ``report`` is given a sentence for each step that takes time.

    Raises:
        DatabaseError: it cannot be fetched or started, or does not answer.
        SettingsError: a setting is wrong.
        StoreError: the server at ``settings.neo4j_uri`` does not answer.

    """
    begin = time.monotonic()
    if settings.neo4j_uri is not None:
        return _external(settings, settings.neo4j_uri, begin)
    fetch(settings, report=report)
    profile = Profile.of(settings)
    with _writing(profile):
        profile.prepare()
    with _locked(profile, report):
        with _writing(profile):
            lease = take_lease(profile)
        try:
            joined = _join(profile)
            connection, version = joined or _start(settings, profile, report)
            if keep:
                with _writing(profile):
                    profile.pin.touch()
        except BaseException:
            lease.release()
            _stop_if_unused(settings, profile)
            raise
    return RunningDatabase(connection, version, joined is None, time.monotonic() - begin, settings, lease)


def stop(settings: Settings) -> bool:
    """Stop the profile's server, whoever uses it; tell whether one ran."""
    profile = Profile.of(settings)
    if not profile.folder.is_dir():
        return False
    with _locked(profile):
        profile.pin.unlink(missing_ok=True)
        return _stop(settings, profile)


def revive(settings: Settings) -> bool:
    """Start the profile's server again where it was, if it ended by itself; tell whether it had.

    One that was stopped is left alone. Where it runs, this costs a look at one process.

    Raises:
        DatabaseError: it does not start again, or its port is somebody else's by now.

    """
    profile = Profile.of(settings)
    if not server.was_left(profile) or server.find_server(profile) is not None:
        return False
    with _locked(profile):
        # Whoever stopped it, or started it again, has held the lock meanwhile.
        if not server.was_left(profile) or server.find_server(profile) is not None:
            return False
        _start(settings, profile, None, port=profile.configured_port())
    return True


def status(settings: Settings) -> DatabaseStatus:
    """Return what is known about the profile's database, without waiting for anybody."""
    profile = Profile.of(settings)
    process = server.find_server(profile)
    return DatabaseStatus(
        running=process is not None,
        pid=process.pid if process else None,
        uri=uri_at(profile.configured_port()) if process else None,
        version=NEO4J_VERSION,
        folder=profile.folder,
        size=size_of(profile.data),
        pinned=profile.pin.exists(),
        users=count_leases(profile),
    )


@contextlib.contextmanager
def _locked(profile: Profile, report: Report | None = None) -> Iterator[None]:
    """Hold the profile's lock: only one command at a time starts or stops its server."""
    lock = FileLock(profile.lock, thread_local=False)
    try:
        with _writing(profile):
            try:
                lock.acquire(timeout=0.2)
            except Timeout:
                if report:
                    report("Waiting for another workatlas command that starts or stops the database")
                lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:
        raise DatabaseError(
            f"Another workatlas command has held {profile.lock} for {_LOCK_SECONDS:.0f} s: end it, then try again."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _writing(profile: Profile) -> contextlib.AbstractContextManager[None]:
    return explained(profile.folder, "WORKATLAS_HOME")


def _external(settings: Settings, uri: str, begin: float) -> RunningDatabase:
    connection = Connection(uri, settings.neo4j_username, settings.neo4j_password, settings.neo4j_database)
    version = server.ask_version(connection)
    return RunningDatabase(connection, version, False, time.monotonic() - begin, settings)


def _join(profile: Profile) -> tuple[Connection, str] | None:
    """Wait for the server that runs already, if one does."""
    process = server.find_server(profile)
    if process is None:
        return None
    port = profile.configured_port()
    if not port:
        raise DatabaseError(
            f"The database server (process {process.pid}) runs, but {profile.configuration / 'neo4j.conf'}, which "
            "names its port, is gone: run `workatlas db stop`, then try again."
        )
    connection = profile.connection(port)
    try:
        return connection, server.await_answer(process, profile, connection)
    except server.ServerEnded:
        return None


def _start(
    settings: Settings, profile: Profile, report: Report | None, *, port: int | None = None
) -> tuple[Connection, str]:
    """Start the server; choose another port if the first was taken, fetch again what turns out to be damaged.

    With ``port`` it has to be that one: there are some who go on asking there.
    """
    if report:
        report(f"Starting Neo4j {NEO4J_VERSION}")
    # A server on a full disk may start and then not answer.
    require_space(profile.folder, 0, "WORKATLAS_HOME")
    taken: int | None = None
    for attempt in range(_STARTS):
        with _writing(profile):
            chosen = port or profile.choose_port(avoid=taken)
            connection = profile.connection(chosen)
            java = find_java(settings)
            arguments = _write_configuration(settings, profile, java, chosen)
            process = server.launch(profile, java, arguments)
        try:
            return connection, server.await_answer(process, profile, connection)
        except server.ServerEnded as end:
            last = attempt == _STARTS - 1
            if port_was_taken(end.text) and port:
                raise DatabaseError(f"Port {port} of the database is taken by another program: end that.") from end
            if port_was_taken(end.text) and not last:
                taken = chosen
            elif cause := known_cause(end.text, profile):
                raise cause from end
            elif last or not _repaired(settings, java, report):
                raise unknown_cause(end.text, profile) from end
    raise AssertionError("the last attempt returns or raises")


def _write_configuration(settings: Settings, profile: Profile, java: Path, port: int) -> Path:
    write_private(profile.configuration / "neo4j.conf", neo4j_conf(settings, port))
    library = Library.at(settings.cache)
    arguments = profile.configuration / "java.arguments"
    flags = archive_flags(java, library, profile)
    write_private(arguments, java_arguments(settings, library.class_path, flags))
    return arguments


def _repaired(settings: Settings, java: Path, report: Report | None) -> bool:
    """Replace what may be damaged in the cache after a failed start; tell whether another start makes sense."""
    fetched = fetch(settings, verify=True, report=report).files
    return discard_archive(java, Library.at(settings.cache)) or fetched > 0


def _stop_if_unused(settings: Settings, profile: Profile) -> None:
    if not profile.pin.exists() and count_leases(profile, prune=True) == 0:
        _stop(settings, profile)


def _stop(settings: Settings, profile: Profile) -> bool:
    process = server.find_server(profile)
    if process is None:
        return False
    server.end(process, profile)
    with contextlib.suppress(DatabaseError):
        build_in_background(settings, find_java(settings), Library.at(settings.cache), profile)
    return True
