"""Columns of a snapshot: how each is stored in memory, and texts kept as one block of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]
Millis = NDArray[np.datetime64]
Currencies = NDArray[np.bytes_]

NO_CODE: Final = 255
"""Code of an absent enumeration value."""


class TextColumn(Sequence[str]):
    """An immutable sequence of texts in one UTF-8 block: about a tenth of the memory of as many ``str`` objects.

    Reading one text decodes it, O(length); ``take`` makes a column of chosen rows without decoding any.
    """

    __slots__ = ("_block", "_offsets")

    def __init__(self, block: bytes, offsets: NDArray[np.int64]) -> None:
        self._block = block
        self._offsets = offsets

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> TextColumn:
        """Encode texts; ``None`` becomes the empty text. O(total length)."""
        encoded = [(text or "").encode() for text in texts]
        return cls._of_lengths(b"".join(encoded), np.fromiter(map(len, encoded), dtype=np.int64))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"row {index} of a column of {count} texts")
        row = int(index) % count
        return self._block[self._offsets[row] : self._offsets[row + 1]].decode()

    def __iter__(self) -> Iterator[str]:
        block, offsets = self._block, self._offsets.tolist()
        return (block[start:end].decode() for start, end in pairwise(offsets))

    @property
    def given(self) -> Flags:
        """Which texts are not empty. Shape (n,)."""
        return np.asarray(np.diff(self._offsets) > 0, dtype=np.bool_)

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return len(self._block) + self._offsets.nbytes

    def take(self, rows: NDArray[np.integer]) -> TextColumn:
        """Return the texts of ``rows`` (int array, shape (m,)) in that order. O(m + their length)."""
        starts, lengths = self._offsets[rows], np.diff(self._offsets)[rows]
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        source = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        return TextColumn(np.frombuffer(self._block, dtype=np.uint8)[source].tobytes(), offsets)

    def followed_by(self, other: TextColumn) -> TextColumn:
        """Return this column with another one's texts after its own."""
        return TextColumn.joined([self, other])

    @classmethod
    def joined(cls, parts: Sequence[TextColumn]) -> TextColumn:
        """Return the texts of several columns, one after the other. O(total length)."""
        lengths = [np.diff(part._offsets) for part in parts]
        return cls._of_lengths(b"".join(part._block for part in parts), np.concatenate([*lengths, _NO_LENGTHS]))

    @classmethod
    def _of_lengths(cls, block: bytes, lengths: NDArray[np.int64]) -> TextColumn:
        offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(block, offsets)

    def edited(self, kept: NDArray[np.intp], places: NDArray[np.intp], texts: Sequence[str | None]) -> TextColumn:
        """Return the texts of the rows ``kept`` with others put in between.

        ``kept`` and ``places`` ascend; ``texts[i]`` comes before the text at ``places[i]`` of those kept, as in
        ``numpy.insert``. Copies runs of bytes: O(length) and a step for each edit.
        """
        added = TextColumn.of(texts)
        cuts = np.flatnonzero(np.diff(kept) != 1) + 1
        stops = np.union1d(np.union1d(cuts, places), [len(kept)])
        block: list[bytes] = []
        done, taken = 0, 0
        for stop in stops.tolist():
            if stop > done:
                first, last = self._offsets[kept[done]], self._offsets[kept[stop - 1] + 1]
                block.append(self._block[first:last])
                done = stop
            upto = int(np.searchsorted(places, stop, side="right"))
            block.append(added._block[added._offsets[taken] : added._offsets[upto]])
            taken = upto
        lengths = np.insert(np.diff(self._offsets)[kept], places, np.diff(added._offsets))
        return TextColumn._of_lengths(b"".join(block), lengths)


_NO_LENGTHS: Final = np.empty(0, dtype=np.int64)


def floats(values: object) -> Floats:
    """Return 64-bit floats; ``None`` becomes NaN."""
    return np.asarray(values, dtype=np.float64)


def days(values: object) -> Days:
    """Return dates from days since 1970-01-01; ``None`` becomes NaT."""
    return _moments(values, "datetime64[D]")


def millis(values: object) -> Millis:
    """Return instants from milliseconds since 1970-01-01 UTC; ``None`` becomes NaT."""
    return _moments(values, "datetime64[ms]")


def _moments(values: object, dtype: str) -> NDArray[np.datetime64]:
    numbers = np.asarray(values, dtype=np.float64)
    missing = np.isnan(numbers)
    moments = np.where(missing, 0, numbers).astype(np.int64).astype(dtype)
    moments[missing] = np.datetime64("NaT")
    return moments


def currencies(values: Iterable[str | None]) -> Currencies:
    """Return three-letter codes in capitals; the empty text for ``None``, ``?`` for anything that is no such code."""
    return np.array([_currency(value or "") for value in values], dtype="S3")


def _currency(value: str) -> str:
    code = value.strip().upper()
    return code if not code or (len(code) == 3 and code.isascii() and code.isalpha()) else "?"


def codes(values: Iterable[str | None], choices: Sequence[str]) -> Codes:
    """Return each value's place among ``choices``; ``NO_CODE`` for ``None`` and for anything else."""
    place = {choice: code for code, choice in enumerate(choices)}
    return np.fromiter((place.get(value or "", NO_CODE) for value in values), dtype=np.uint8)


def identities(values: Iterable[str]) -> NDArray[np.uint8]:
    """Return UUID texts as an array of shape (n, 16)."""
    block = bytes.fromhex("".join(values).replace("-", ""))
    return np.frombuffer(block, dtype=np.uint8).reshape(-1, 16)


def references(values: Iterable[str | None]) -> NDArray[np.uint8]:
    """Return UUID texts as an array of shape (n, 16); zeros for ``None`` and for a text that is no UUID."""
    return identities(value if value is not None and _UUID.fullmatch(value) else _NOBODY for value in values)


_UUID: Final = re.compile("[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\\1){3}[0-9a-fA-F]{12}")
_NOBODY: Final = "0" * 32


def rows_of_identities(ids: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the row of each wanted identity, shape (k,), among ascending ``ids`` (n, 16); -1 where it is not there.

    O(k log n).
    """
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.intp)
    # As texts of 16 bytes they compare by bytes; trailing zeros, which such texts lack, change neither order nor match.
    there, asked = (np.ascontiguousarray(one).view("S16").ravel() for one in (ids, wanted))
    rows = np.minimum(np.searchsorted(there, asked), len(there) - 1)
    return np.where(there[rows] == asked, rows, -1)
