"""Settings: one frozen object, read once at the edge of the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from workatlas.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside; see ``docs/operations.md`` for the variables.

    ``neo4j_uri`` is ``None`` when the embedded database is to be used. ``maven_repository`` overrides where the
    embedded database's jars are fetched from, ``java`` which Java runs it. Memory sizes are Neo4j's notation
    (``512m``, ``2g``). ``operations_interval`` is in seconds, ``operations_ahead`` in days.
    """

    home: Path
    cache: Path
    workspace: str = "default"
    profile: str = "default"
    neo4j_uri: str | None = None
    neo4j_username: str = "neo4j"
    neo4j_password: str = ""
    neo4j_database: str = "neo4j"
    maven_repository: str | None = None
    java: Path | None = None
    heap_size: str = "1g"
    page_cache_size: str = "512m"
    transaction_memory: str = "1g"
    operations_interval: float = 60.0
    operations_ahead: float = 14.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables.

        Raises:
            SettingsError: ``NEO4J_URI`` is set without a password, or a value is not what it should be.

        """
        folders = platformdirs.PlatformDirs("workatlas", appauthor=False)
        uri = environ.get("NEO4J_URI") or None
        password = _secret(environ, "NEO4J_PASSWORD")
        if uri is not None and not password:
            raise SettingsError(
                "NEO4J_URI is set but NEO4J_PASSWORD is not: set NEO4J_PASSWORD or NEO4J_PASSWORD_FILE, "
                "or unset NEO4J_URI to use the embedded database."
            )
        return cls(
            home=Path(environ.get("WORKATLAS_HOME") or folders.user_data_dir).expanduser().absolute(),
            cache=Path(environ.get("WORKATLAS_CACHE") or folders.user_cache_dir).expanduser().absolute(),
            workspace=environ.get("WORKATLAS_WORKSPACE") or "default",
            profile=environ.get("WORKATLAS_PROFILE") or "default",
            neo4j_uri=uri,
            neo4j_username=environ.get("NEO4J_USERNAME") or "neo4j",
            neo4j_password=password,
            neo4j_database=environ.get("NEO4J_DATABASE") or "neo4j",
            maven_repository=environ.get("WORKATLAS_MAVEN_REPOSITORY") or None,
            java=Path(environ["WORKATLAS_JAVA"]).expanduser() if environ.get("WORKATLAS_JAVA") else None,
            heap_size=environ.get("WORKATLAS_NEO4J_HEAP") or "1g",
            page_cache_size=environ.get("WORKATLAS_NEO4J_PAGE_CACHE") or "512m",
            transaction_memory=environ.get("WORKATLAS_NEO4J_TRANSACTION_MEMORY") or "1g",
            operations_interval=_number(environ, "WORKATLAS_OPERATIONS_INTERVAL", 60.0),
            operations_ahead=_number(environ, "WORKATLAS_OPERATIONS_AHEAD", 14.0),
        )


def _secret(environ: Mapping[str, str], name: str) -> str:
    """Return a secret given in variable ``name`` or in the file that ``name_FILE`` points to."""
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ.get(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE points to {path}, which cannot be read: {error.strerror}.") from error


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    """Return a number that is not negative."""
    text = environ.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise SettingsError(f"{name} is {text!r}: write a number that is not negative.")
    return number
