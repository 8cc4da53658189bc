"""Settings: one frozen object, read once at the edge of the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import platformdirs

from resolvers.bounds import Bounds
from workatlas.auth.provider import ALGORITHMS, Provider
from workatlas.errors import SettingsError

MAX_NAME: Final = 200
"""Longest name of a workspace in characters."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside; see ``docs/operations.md`` for the variables.

    ``neo4j_uri`` is ``None`` when the embedded database is to be used. ``maven_repository`` overrides where the
    embedded database's jars are fetched from, ``java`` which Java runs it. Memory sizes are Neo4j's notation (``512m``,
    ``2g``). ``operations_interval`` is in seconds, ``operations_ahead`` in days, ``findings_interval`` in seconds,
    ``idempotency_days`` in days. ``webhooks`` tells which ones this server delivers to: ``all`` in the database, its
    ``own`` workspace's, or none (``off``); ``webhook_tries`` how often a message is tried, ``private_webhooks`` whether
    they may lead to this network. ``lease_seconds`` is for how long a process that died keeps others from its work.
    ``tokens``: the API wants a key or token even where only this machine reaches it.
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
    findings_interval: float = 10.0
    idempotency_days: float = 7.0
    webhooks: str = "all"
    webhook_tries: int = 12
    private_webhooks: bool = False
    lease_seconds: float = 15.0
    tokens: bool = False
    provider: Provider | None = None
    bounds: Bounds = field(default_factory=Bounds)
    trusted_documents: Path | None = None
    graphiql: bool = False
    log_level: str = "warning"

    def __post_init__(self) -> None:
        name = self.workspace
        if not name.strip() or not name.isprintable() or len(name) > MAX_NAME:
            shown = name if len(name) <= MAX_NAME else f"{name[:40]}…"
            raise SettingsError(f"{shown!r} is no workspace's name: write 1 to {MAX_NAME} characters that can be read.")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables.

        Raises:
            SettingsError: A value is wrong, or one that another needs is missing.

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
            java=_path(environ, "WORKATLAS_JAVA"),
            heap_size=environ.get("WORKATLAS_NEO4J_HEAP") or "1g",
            page_cache_size=environ.get("WORKATLAS_NEO4J_PAGE_CACHE") or "512m",
            transaction_memory=environ.get("WORKATLAS_NEO4J_TRANSACTION_MEMORY") or "1g",
            operations_interval=_number(environ, "WORKATLAS_OPERATIONS_INTERVAL", 60.0),
            operations_ahead=_number(environ, "WORKATLAS_OPERATIONS_AHEAD", 14.0),
            findings_interval=_number(environ, "WORKATLAS_FINDINGS_INTERVAL", 10.0),
            idempotency_days=_number(environ, "WORKATLAS_IDEMPOTENCY_DAYS", 7.0),
            webhooks=_choice(environ, "WORKATLAS_WEBHOOKS", ("all", "own", "off")),
            webhook_tries=_whole("WORKATLAS_WEBHOOK_TRIES", environ.get("WORKATLAS_WEBHOOK_TRIES") or "12", 1),
            private_webhooks=_choice(environ, "WORKATLAS_WEBHOOK_PRIVATE", ("off", "on")) == "on",
            lease_seconds=_number(environ, "WORKATLAS_LEASE_SECONDS", 15.0, least=1.0),
            tokens=_choice(environ, "WORKATLAS_AUTH", ("auto", "required")) == "required",
            provider=_provider(environ),
            bounds=_bounds(environ),
            trusted_documents=_path(environ, "WORKATLAS_TRUSTED_DOCUMENTS"),
            graphiql=_choice(environ, "WORKATLAS_GRAPHIQL", ("auto", "on")) == "on",
            log_level=_choice(environ, "WORKATLAS_LOG_LEVEL", ("warning", "debug", "info", "error")),
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


def _number(environ: Mapping[str, str], name: str, default: float, *, least: float = 0.0) -> float:
    """Return a number that is not less than ``least``."""
    text = environ.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not least <= number < float("inf"):
        raise SettingsError(f"{name} is {text!r}: write a number from {least:g} up.")
    return number


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]).expanduser() if environ.get(name) else None


def _bounds(environ: Mapping[str, str]) -> Bounds:
    """Return the API's limits: ``WORKATLAS_LIMIT_`` and the name of each."""
    given: dict[str, int] = {}
    for one in fields(Bounds):
        name = f"WORKATLAS_LIMIT_{one.name.upper()}"
        text = environ.get(name)
        if text:
            least = 0 if one.name.startswith("rate_") else 1
            given[one.name] = _whole(name, text, least)
    return Bounds(**given)


def _whole(name: str, text: str, least: int) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < least:
        raise SettingsError(f"{name} is {text!r}: write a whole number from {least} up.")
    return int(text)


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """Return one of several words, the first one where none is given."""
    given = environ.get(name) or choices[0]
    if given not in choices:
        raise SettingsError(f"{name} is {given!r}, but must be {' or '.join(choices)}.")
    return given


def _provider(environ: Mapping[str, str]) -> Provider | None:
    """Return the identity provider whose tokens are accepted, ``None`` where there is none."""
    given = {name: environ.get(f"WORKATLAS_OIDC_{name}") or "" for name in ("ISSUER", "AUDIENCE", "JWKS_URL")}
    algorithms = tuple((environ.get("WORKATLAS_OIDC_ALGORITHMS") or "RS256,ES256").replace(" ", "").split(","))
    claim = environ.get("WORKATLAS_OIDC_ROLES_CLAIM") or "workatlas_roles"
    if not given["ISSUER"]:
        return None
    if not given["AUDIENCE"]:
        raise SettingsError(
            "WORKATLAS_OIDC_ISSUER is set but WORKATLAS_OIDC_AUDIENCE is not: name the audience that tokens for this "
            "server carry, or tokens made for other services would open it."
        )
    for name in ("ISSUER", "JWKS_URL"):
        if given[name] and not _is_private(given[name]):
            raise SettingsError(
                f"WORKATLAS_OIDC_{name} must be an https:// URL, or http:// on loopback; it is {given[name]}."
            )
    unknown = [one for one in algorithms if one not in ALGORITHMS]
    if unknown:
        raise SettingsError(
            f"WORKATLAS_OIDC_ALGORITHMS names {unknown[0]!r}, but must be some of {', '.join(ALGORITHMS)}."
        )
    return Provider(given["ISSUER"], given["AUDIENCE"], given["JWKS_URL"] or None, algorithms, claim)


def _is_private(url: str) -> bool:
    """Tell whether nobody on the way can change what this URL answers."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"})
