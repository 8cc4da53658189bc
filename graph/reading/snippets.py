"""What a search found in an item: which of its texts match, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.reading.folding import Span
from graph.reading.words import Words

LENGTH: Final = 160
"""Characters of a text that are shown around what matches in it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text, and whether it is what was searched for."""

    text: str
    matched: bool


@dataclass(frozen=True, slots=True)
class Match:
    """One text of an item (``KEY``, ``TITLE``, ``DESCRIPTION``) that matches, in parts; about ``LENGTH`` are shown."""

    field: str
    parts: tuple[Part, ...]

    @property
    def snippet(self) -> str:
        """The parts as one text."""
        return "".join(part.text for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        parts = [{"text": part.text, "matched": part.matched} for part in self.parts]
        return {"field": self.field, "snippet": self.snippet, "parts": parts}


LOOKED_AT: Final = 10_000
"""Characters of a text in which matches are looked for: an item may have a description of a million."""


def matches(words: Words, key: str, title: str, description: str | None) -> list[Match]:
    """Return an item's texts in whose beginnings words of the search stand. O(characters looked at × words)."""
    whole = (("KEY", key), ("TITLE", title), ("DESCRIPTION", description or ""))
    texts = ((name, text[:LOOKED_AT]) for name, text in whole)
    found = ((name, text, words.spans(text)) for name, text in texts)
    return [Match(name, tuple(_parts(text, spans))) for name, text, spans in found if spans]


def _parts(text: str, spans: Sequence[Span]) -> Iterator[Part]:
    """Yield a window of a text around its first match in parts; a cut word at either side is left out."""
    start, end = _window(text, spans[0])
    yield from (Part("… ", False) for _ in range(start > 0))
    for span in spans:
        if span.start >= end:
            break
        if start < span.start:
            yield Part(text[start : span.start], False)
        yield Part(text[span.start : min(span.end, end)], True)
        start = min(span.end, end)
    if start < end:
        yield Part(text[start:end], False)
    yield from (Part(" …", False) for _ in range(end < len(text)))


def _window(text: str, first: Span) -> tuple[int, int]:
    """Return where the window begins and ends; it begins with a word, at the latest with the first match."""
    if len(text) <= LENGTH:
        return 0, len(text)
    start = max(0, first.start - LENGTH // 4)
    if start:
        start = text.find(" ", start, first.start) + 1 or first.start
    end = start + LENGTH
    if end >= len(text):
        return start, len(text)
    gap = text.rfind(" ", first.end, end)
    return start, gap if gap > 0 else end
