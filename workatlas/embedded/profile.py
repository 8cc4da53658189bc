"""The folder of one profile: the database's data, password, configuration, logs and leases."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from graph.connection import Connection
from workatlas.embedded.disk import private_folder, write_private
from workatlas.errors import DatabaseError, SettingsError
from workatlas.settings import Settings

HOST = "127.0.0.1"
"""The only address that an embedded database ever listens on."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HASH_ROUNDS = 1024


@dataclass(frozen=True, slots=True)
class Profile:
    """Where everything of one embedded database is kept."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Profile:
        """Return the profile that the settings name; nothing is made yet.

        Raises:
            SettingsError: the profile's name is no name for a folder.

        """
        if not _NAME.fullmatch(settings.profile):
            raise SettingsError(
                f"WORKATLAS_PROFILE is {settings.profile!r}: use letters, digits, dots, dashes and underscores only."
            )
        return cls(settings.home / "databases" / settings.profile)

    @property
    def data(self) -> Path:
        """Return the folder of Neo4j's data."""
        return self.folder / "data"

    @property
    def configuration(self) -> Path:
        """Return the folder of ``neo4j.conf``."""
        return self.folder / "conf"

    @property
    def logs(self) -> Path:
        """Return the folder of Neo4j's logs."""
        return self.folder / "logs"

    @property
    def console(self) -> Path:
        """Return the file that takes what the server prints."""
        return self.logs / "console.log"

    @property
    def lock(self) -> Path:
        """Return the lock file that whoever starts or stops the server holds."""
        return self.folder / "profile.lock"

    @property
    def pin(self) -> Path:
        """Return the file whose presence keeps the server running without a user."""
        return self.folder / "pinned"

    def prepare(self) -> None:
        """Make the folders, readable by their owner only."""
        private_folder(self.folder)
        for folder in (self.data, self.configuration, self.logs):
            folder.mkdir(exist_ok=True)

    def password(self) -> str:
        """Return the database's password, making it before the first start.

        Raises:
            DatabaseError: data is there but its password file is not.

        """
        file = self.folder / "password"
        try:
            return file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            pass
        if (self.data / "databases").exists():
            raise DatabaseError(
                f"{self.folder} holds a database but its password file {file} is gone: put that file back from a "
                "backup, or remove the folder to begin with an empty database."
            )
        password = secrets.token_urlsafe(24)
        # The server's copy first: killed in between, the next start writes both anew.
        (self.data / "dbms").mkdir(exist_ok=True)
        write_private(self.data / "dbms" / "auth.ini", initial_credential(password))
        write_private(file, password)
        return password

    def connection(self, port: int) -> Connection:
        """Return how to reach the profile's server on ``port``."""
        return Connection(uri=uri_at(port), password=self.password())

    def choose_port(self, *, avoid: int | None = None) -> int:
        """Return the port of the last start if it is free and not the one to avoid, else another free one."""
        last = self.configured_port()
        return last if last and last != avoid and _is_free(last) else _free_port()

    def configured_port(self) -> int:
        """Return the port that the last start was configured with, or 0 if there was none."""
        try:
            text = (self.configuration / "neo4j.conf").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return 0
        found = re.search(r"^server\.bolt\.listen_address=.*:(\d+)$", text, re.MULTILINE)
        port = int(found[1]) if found else 0
        return port if 1024 <= port <= 65535 else 0


def uri_at(port: int) -> str:
    """Return the address of a server on ``port``."""
    return f"bolt://{HOST}:{port}"


def initial_credential(password: str) -> str:
    """Return the line of ``data/dbms/auth.ini`` from which a new Neo4j takes its user's password.

    It is what ``neo4j-admin dbms set-initial-password`` writes (salted SHA-256, 1024 rounds). Writing it here saves
    a start of Java, and the password never stands in a command line that other users of the machine can read.
    """
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(_HASH_ROUNDS - 1):
        digest = hashlib.sha256(digest).digest()
    return f"neo4j:SHA-256,{digest.hex()},{salt.hex()},{_HASH_ROUNDS}:\n"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
