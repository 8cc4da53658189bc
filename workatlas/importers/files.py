"""Opening what users hand over: gzip or plain, with or without a byte order mark, and sentences when it fails."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from workatlas.errors import ImportFailedError

BOM = b"\xef\xbb\xbf"


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, unpacking gzip; what fails while it is read is said in one sentence too.

    Raises:
        ImportFailedError: The file does not exist, may not be read, or is damaged.

    """
    try:
        with path.open("rb") as handle:
            packed = path.suffix == ".gz"
            yield cast(BinaryIO, gzip.GzipFile(fileobj=handle)) if packed else handle
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportFailedError(f"{path} is not a whole gzip file ({error}): fetch or pack it again.") from error
    except OSError as error:
        raise ImportFailedError(f"{path} cannot be read: {error.strerror or error}.") from error


def lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield ``file:line`` and the bytes of each line that is not blank.

    Raises:
        ImportFailedError: As ``opened``.

    """
    with opened(path) as handle:
        for number, line in enumerate(handle, 1):
            text = line.removeprefix(BOM) if number == 1 else line
            if not text.isspace() and text:
                yield f"{path.name}:{number}", text


def content(path: Path) -> bytes:
    """Return the whole file without its byte order mark.

    Raises:
        ImportFailedError: As ``opened``.

    """
    with opened(path) as handle:
        return handle.read().removeprefix(BOM)


def shortened(text: str, limit: int = 200) -> str:
    """Cut a text that goes into a message, and leave out what a terminal would take for a command."""
    text = "".join(sign if sign.isprintable() else " " if sign.isspace() else "�" for sign in text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"
