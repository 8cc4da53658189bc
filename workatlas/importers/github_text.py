"""What people write about other issues: "blocked by #12", "duplicate of #3", "Fixes #7", task lists.

Code and quotations are left out: they show what somebody else said or what a program prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Relation(StrEnum):
    """What a text says about the issue that it stands in (*this*) and the one that it names (*that*)."""

    BLOCKED_BY = "this waits for that"
    BLOCKS = "that waits for this"
    DUPLICATES = "this is the same as that"
    FIXES = "this closes that"
    SUPERSEDES = "this replaces that"
    PART_OF = "this is a part of that"
    HAS_PART = "that is a part of this"


class Mention(NamedTuple):
    """One statement; ``repository`` is empty when it is the text's own."""

    relation: Relation
    repository: str
    number: int


_REFERENCE = (
    r"(?:https?://[^\s/]+/(?P<linked>[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<number>\d+)"
    r"|(?P<named>[\w.-]+/[\w.-]+)?(?:\#|\bGH-)(?P<short>\d+))\b"
)
_WORDS = {
    Relation.BLOCKED_BY: r"(?:blocked\s+(?:by|on)|depend(?:s|ing)?\s+(?:up)?on|waiting\s+(?:for|on)|requires)",
    Relation.BLOCKS: r"(?:blocks|blocking)",
    Relation.DUPLICATES: r"(?:duplicates|(?:duplicate|dupe|dup)\s+of)",
    Relation.FIXES: r"(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)",
    Relation.SUPERSEDES: r"(?:supersedes|replaces|obsoletes)",
    Relation.PART_OF: r"(?:part\s+of|parent(?:\s+issue)?:?|sub-?(?:issue|task)\s+of)",
}
_PLAIN = re.sub(r"\?P<\w+>", "?:", _REFERENCE)
_JOINED = rf"{_PLAIN}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*){_PLAIN})*"
_STATEMENTS = tuple(
    (relation, re.compile(rf"(?<![\w-]){words}\s*:?\s+(?:issue\s+)?(?P<targets>{_JOINED})", re.IGNORECASE))
    for relation, words in _WORDS.items()
)
_TASK = re.compile(rf"^\s*[-*+]\s+\[[ xX]\]\s+(?P<targets>{_PLAIN})", re.MULTILINE)
_ONE = re.compile(_REFERENCE)
_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|<!--.*?(?:-->|\Z)|`[^`\n]*`", re.DOTALL)
_QUOTE = re.compile(r"^\s*>.*$", re.MULTILINE)


def mentions(text: str) -> Iterator[Mention]:
    """Yield what a text states about other issues, in the order of the relations, each once."""
    said = _without_quotations(text)
    found: dict[Mention, None] = {}
    for relation, pattern in (*_STATEMENTS, (Relation.HAS_PART, _TASK)):
        for statement in pattern.finditer(said):
            for match in _ONE.finditer(statement["targets"]):
                number = int(match["number"] or match["short"])
                found[Mention(relation, match["linked"] or match["named"] or "", number)] = None
    yield from found


def _without_quotations(text: str) -> str:
    return _QUOTE.sub("", _CODE.sub(" ", text.replace("\r\n", "\n")))
