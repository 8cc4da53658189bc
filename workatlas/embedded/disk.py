"""Files that must be whole or not there at all, and sentences for disks that refuse."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workatlas.errors import DatabaseError

_SPARE_BYTES = 50_000_000


@contextmanager
def explained(path: Path, setting: str) -> Iterator[None]:
    """Turn an ``OSError`` into a sentence that names ``path`` and the ``setting`` that would move it.

    Raises:
        DatabaseError: the block raised an ``OSError``.

    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = f"the disk is full: free some space, or set {setting} to a folder on another disk"
        else:
            advice = f"{error.strerror or error}: make it writable, or set {setting} to another folder"
        raise DatabaseError(f"{path} cannot be written, {advice}.") from error


def require_space(folder: Path, size: int, setting: str) -> None:
    """Refuse to begin what would fill the disk of ``folder``; ``size`` is in bytes.

    Raises:
        DatabaseError: fewer than ``size`` and some spare bytes are free.

    """
    needed, free = size + _SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise DatabaseError(
            f"{needed / 1e6:.0f} MB are needed in {folder} and only {free / 1e6:.0f} MB are free: free some space, or "
            f"set {setting} to a folder on another disk."
        )


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter (mode 0700), and return it."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (mode 0600), whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def size_of(folder: Path) -> int:
    """Return the bytes that the files below ``folder`` take on the disk; 0 if it is not there."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(parent, name))
            except FileNotFoundError:
                continue  # the running server removed it meanwhile
            total += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
    return total
