"""Who uses a profile's server: one locked file per command, so that the last one to leave can stop it.

The operating system drops a file lock when its process ends, however it ends. So a lease needs no process id, and
that of a killed command counts for nothing.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from workatlas.embedded.profile import Profile

_PROBE_SECONDS = 5.0
"""More than anybody holds a lock to see whether it is held."""


@dataclass(slots=True)
class Lease:
    """One command's use of the server; hold it for as long as the server is needed."""

    path: Path
    lock: FileLock

    def release(self) -> None:
        """Give the lease back; doing so twice is harmless."""
        self.lock.release(force=True)
        self.path.unlink(missing_ok=True)


def take_lease(profile: Profile) -> Lease:
    """Take a lease on the profile's server; the caller holds the profile's lock."""
    folder = _folder(profile)
    folder.mkdir(exist_ok=True)
    path = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
    lock = FileLock(path, thread_local=False)
    lock.acquire(timeout=_PROBE_SECONDS)
    return Lease(path, lock)


def count_leases(profile: Profile, *, prune: bool = False) -> int:
    """Return how many commands use the server; with ``prune`` forget the leases of those that died.

    Only a caller that holds the profile's lock may prune.
    """
    alive = 0
    for path in list(_folder(profile).glob("*")):
        probe = FileLock(path, thread_local=False)
        try:
            probe.acquire(timeout=0)
        except Timeout:
            alive += 1
        else:
            if prune:
                path.unlink(missing_ok=True)
            probe.release()
    return alive


def _folder(profile: Profile) -> Path:
    return profile.folder / "leases"
