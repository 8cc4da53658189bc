"""Words of a text, and how they compare: without case, and Latin letters without their accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, from one place to before another."""

    start: int
    end: int


_ASCII: Final = re.compile(r"\w+", re.ASCII)


@lru_cache(maxsize=4096)
def in_word(character: str) -> bool:
    """Tell whether a character is a part of words: a letter, a mark on one, a digit, or an underscore."""
    category = unicodedata.category(character)
    return category[0] in "LM" or category in {"Nd", "Pc"}


def tokens(text: str) -> Iterator[tuple[str, Span]]:
    """Yield the words of a text with their places; signs alone are none. O(length)."""
    if text.isascii():
        for found in _ASCII.finditer(text):
            if found[0].strip("_"):
                yield found[0], Span(*found.span())
        return
    start = None
    for place, character in enumerate(f"{text} "):
        if in_word(character):
            start = place if start is None else start
        elif start is not None:
            token = text[start:place]
            if any(unicodedata.category(one)[0] == "L" or one.isdecimal() for one in token):
                yield token, Span(start, place)
            start = None


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return stretches in order, those that touch as one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


# Case and accents -------------------------------------------------------------------------------------------------

_ALONE: Final = {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i"}
"""Latin letters whose sign is no accent of its own in Unicode."""
_PAIRS: Final = {"ae": "æ", "oe": "œ", "ss": "ß", "th": "þ"}
_LATIN: Final = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Return a text in lower case, its Latin letters without accents: `Zürich` is `zurich`, `Œuvre` is `oeuvre`."""
    return "".join(_base(one) for one in unicodedata.normalize("NFC", text.lower()))


@lru_cache(maxsize=4096)
def _base(letter: str) -> str:
    for pair, single in _PAIRS.items():
        if letter == single:
            return pair
    if letter in _ALONE:
        return _ALONE[letter]
    bare = "".join(one for one in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(one))
    return bare.lower() if bare.isascii() and bare.isalpha() else letter  # some styled capitals have no small letter


@cache
def _variants() -> Mapping[str, str]:
    """Return the accented letters of each plain one, as the index holds them."""
    found: dict[str, str] = {}
    for code in _LATIN:
        letter = chr(code)
        if letter == letter.lower() and len(_base(letter)) == 1 and _base(letter) != letter:
            found[_base(letter)] = found.get(_base(letter), "") + letter
    return found


def pattern(word: str) -> str:
    """Return the regular expression of all ways to write a folded word with accents."""
    parts, place = [], 0
    while place < len(word):
        pair = word[place : place + 2]
        if pair in _PAIRS:
            parts.append(f"({_letter(pair[0])}{_letter(pair[1])}|{_PAIRS[pair]})")
            place += 2
        else:
            parts.append(_letter(word[place]))
            place += 1
    return "".join(parts)


def _letter(letter: str) -> str:
    variants = _variants().get(letter)
    if variants:
        return f"[{letter}{variants}]"
    return letter if in_word(letter) else f"\\{letter}"
