"""What somebody typed into a search: the Lucene query that finds it, and the places of a text that it matches.

Items are found in which every word occurs: in the title, the key or the description, whatever its case and accents. Of
the last word a beginning is enough. Words in double quotes must follow each other as they are written, but for their
case. Nothing else has a meaning: whatever Lucene's own syntax would make of a character is taken from it.

A hit counts by where its words stand, never by how rare they are: how often a word occurs elsewhere would tell of items
that the searcher may not see, and of other workspaces. Hence words are sought by regular expressions, which Lucene
scores alike, and phrases add nothing to a score.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph.cypher import WORDS_INDEX
from graph.errors import UnreadableSearchError
from graph.reading.folding import Span, folded, in_word, merged, pattern, tokens

MAX_TEXT: Final = 500
"""Characters that a search may have."""
MAX_WORDS: Final = 32
"""Words that it may have: Lucene takes about a thousand clauses, and each word needs up to twenty of them."""

MAX_FOUND: Final = 10_000
"""Items that a search finds at most, and counts; of more, those in which the words stand in weightier places."""

_POINTS: Final = {"title": 4.0, "key": 2.0, "description": 1.0}
"""What a word is worth by where it stands, half as much where only its beginning does."""
_NEVER: Final = "key:/ /"
"""Finds nothing, as no word holds a space: keeps a group alive of which the analyzer leaves nothing."""
_PARTS: Final = re.compile(r'(?:(?<=\s)|^)"([^"]*)"(?=\s|$)|(\S+)')
_LONGEST: Final = 255
"""Characters of a word as the index holds it; it divides longer ones."""
_INNER: Final = frozenset("'’.:·,")
"""Characters that may stand inside of a word of the index, between letters or between digits."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word without case and accents; ``begins``: longer ones that begin with it count too."""

    folded: str
    begins: bool = False

    def matches(self, other: str) -> bool:
        """Tell whether a folded word of a text is this one."""
        return other == self.folded or (self.begins and other.startswith(self.folded))


@dataclass(frozen=True, slots=True)
class Words:
    """A search that was read; ``text`` is what was typed without the quotes, with single spaces.

    ``query`` is Lucene's, of any workspace; ``most`` the points of a hit that matches everything everywhere.
    """

    text: str
    query: str
    most: float
    words: tuple[Word, ...]
    phrases: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, typed: str) -> Words:
        """Read what was typed into a search.

        Raises:
            UnreadableSearchError: It is too long.

        """
        text = typed.encode("utf-8", "ignore").decode()
        if len(text) > MAX_TEXT:
            raise UnreadableSearchError(f"a search may have at most {MAX_TEXT} characters, not {len(text)}")
        parts = [(phrase or chunk, bool(phrase)) for phrase, chunk in _PARTS.findall(text) if phrase or chunk]
        made = [_Part.of(part, quoted, last=place == len(parts)) for place, (part, quoted) in enumerate(parts, 1)]
        number = sum(len(one.tokens) for one in made)
        if number > MAX_WORDS:
            raise UnreadableSearchError(f"a search may have at most {MAX_WORDS} words, not {number}")
        # Signs alone are words to nobody, unless there is nothing else: then a symbol can still be found.
        chosen = [one for one in made if one.tokens] or [one for one in made if one.is_symbol]
        groups = [one.required() for one in chosen]
        return cls(
            text=" ".join(" ".join(part for part, _ in parts).split()),
            query=" ".join(groups) or f"+{_NEVER}",
            most=max(sum(one.most for one in chosen), 1.0),
            words=tuple(word for one in made for word in one.words),
            phrases=tuple(one.tokens for one in made if one.quoted and one.tokens),
        )

    def parameters(self, workspace: str) -> Mapping[str, Any]:
        """Return the values of the parameters that ``found`` names, for a search of a workspace."""
        query = f"+workspace:{_quoted(workspace)}^0 {self.query}"
        return {"text": self.text, "bare": self._bare, "words": query, "most": self.most}

    @property
    def _bare(self) -> str:
        """The text from its first word to its last, as a title may hold it."""
        places = [span for _, span in tokens(self.text)]
        return self.text[places[0].start : places[-1].end] if places else self.text

    def spans(self, text: str) -> tuple[Span, ...]:
        """Return the places of a text that match, in order and apart from each other. O(length × words)."""
        if text.lower() == self.text.lower():
            return (Span(0, len(text)),) if text else ()
        written = list(tokens(text))
        plain = ((folded(token), span) for token, span in written)
        found = [span for token, span in plain if any(word.matches(token) for word in self.words)]
        lowered = [token.lower() for token, _ in written]
        for phrase in self.phrases:
            wanted, size = [one.lower() for one in phrase], len(phrase)
            places = [at for at in range(len(written) - size + 1) if lowered[at : at + size] == wanted]
            found += [Span(written[at][1].start, written[at + size - 1][1].end) for at in places]
        return merged(found)


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between spaces or quotes, with the words in it."""

    text: str
    tokens: tuple[str, ...]
    quoted: bool
    last: bool

    @classmethod
    def of(cls, text: str, quoted: bool, *, last: bool) -> _Part:
        return cls(text, tuple(token for token, _ in tokens(text)), quoted, last and not quoted)

    @property
    def is_symbol(self) -> bool:
        return any(unicodedata.category(one) == "So" for one in self.text)

    @property
    def words(self) -> Iterator[Word]:
        if not self.quoted:
            for place, token in enumerate(self.tokens, 1):
                yield Word(folded(token), self.last and place == len(self.tokens))

    @property
    def most(self) -> float:
        """Points of a hit that has all of it in every field."""
        return sum(_POINTS.values()) * max(len(self.tokens), 1)

    def required(self) -> str:
        """Return the clause that must hold: the text as the analyzer reads it, or each of its words by itself."""
        phrase = [f"{field}:{_quoted(self.text)}^0" for field in _POINTS]
        words = [_clause(word) for word in self.words]
        if self.quoted:
            points = [f"({_clause(Word(folded(token)))})" for token in self.tokens]
            return " ".join([f"+({' '.join([*phrase, _NEVER])})", *points])
        if len(words) == 1 and self.text == self.tokens[0] and self.text.isascii():
            return f"+({words[0]})"
        each = [f"({' '.join(f'+({word})' for word in words)})"] if words else []
        return f"+({' '.join([*phrase, *each, *self._whole(), _NEVER])})"

    def _whole(self) -> list[str]:
        """Return the clause of a text that the index may hold as one word: `can't`, `example.com`, `3.14`."""
        between = self.text[self.text.index(self.tokens[0]) :] if self.tokens else ""
        between = between[: between.rindex(self.tokens[-1]) + len(self.tokens[-1])] if self.tokens else ""
        signs = {one for one in between if not in_word(one)}
        if not signs or not signs <= _INNER:
            return []
        return [_clause(Word(folded(between), self.last))]


def _clause(word: Word) -> str:
    """Return the clauses of one word, each field with its points."""
    if len(word.folded) > _LONGEST:
        return _NEVER
    written, clauses = pattern(word.folded), []
    for field, points in _POINTS.items():
        if word.begins:
            clauses += [f"{field}:/{written}.*/^{points / 2}", f"{field}:/{written}/^{points / 2}"]
        else:
            clauses.append(f"{field}:/{written}/^{points}")
    return " ".join(clauses)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def found(node: str, score: str, conditions: str) -> str:
    """Return what matches the items that a search finds (``Words.parameters``), with their scores; ends in a condition.

    A score depends on the item and on the search alone. An item's key as it was typed, in any case, comes first. The
    index yields its best hits first, so that the limit cuts off the worst ones.
    """
    return (
        f"CALL {{ MATCH ({node}:Item {{workspace: $workspace, key: $text}}) RETURN {node}, 0.0 AS hit "
        f"UNION ALL CALL db.index.fulltext.queryNodes('{WORDS_INDEX}', $words) YIELD node AS {node}, score AS hit "
        f"WHERE {node}.key <> $text RETURN {node}, hit }} "
        f"WITH {node}, hit WHERE {conditions} WITH {node}, hit LIMIT {MAX_FOUND} "
        f"WITH {node}, CASE WHEN toLower({node}.key) = toLower($text) THEN 1.0 ELSE 0.6 * hit / $most + "
        f"CASE WHEN toLower({node}.title) CONTAINS toLower($bare) THEN 0.3 * size($bare) / size({node}.title) "
        f"ELSE 0.0 END END AS {score} WHERE true"
    )
