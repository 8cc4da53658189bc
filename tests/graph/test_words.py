"""Reading a search: what becomes of words, phrases and signs, and where a text matches."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.errors import UnreadableSearchError
from graph.reading.folding import folded, pattern, tokens
from graph.reading.snippets import LENGTH, matches
from graph.reading.words import MAX_TEXT, MAX_WORDS, Words


def shown(words: str, text: str) -> str:
    """Mark what matches in a text with brackets."""
    found, place = "", 0
    for span in Words.read(words).spans(text):
        found += f"{text[place : span.start]}[{text[span.start : span.end]}]"
        place = span.end
    return found + text[place:]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (
            "ship",
            "Ship it, ship that, shipping",
            "[Ship] it, [ship] that, [shipping]",
        ),
        ("ship it", "shipping Ship it items", "shipping [Ship] [it] [items]"),
        ("zurich", "Zürich and ZURICH", "[Zürich] and [ZURICH]"),
        ("Œuvre", "oeuvre, œuvres", "[oeuvre], [œuvres]"),
        ("strasse", "Große Straße", "Große [Straße]"),
        ('"move the office"', "Move the Office; move office", "[Move the Office]; move office"),
        ('"office" mov', "move the office", "[move] the [office]"),
        ("o-1", "Blocks O-1 and O-12", "Blocks [O]-[1] and [O]-[12]"),
        ("2025h1/rfl", "2025h1/rfl", "[2025h1/rfl]"),
        ("-", "a - b", "a - b"),
        ("AND", "and so on", "[and] so on"),
    ],
)
def test_what_matches_in_a_text(words: str, text: str, expected: str) -> None:
    assert shown(words, text) == expected


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("  a   b ", "a b"),
        ('"a  b" c', "a b c"),
        ('"open a', '"open a'),
        ('5" pipe', '5" pipe'),
        ("\t\n", ""),
        ('""', ""),
    ],
)
def test_what_was_typed_is_kept_without_quotes_and_spare_spaces(typed: str, text: str) -> None:
    assert Words.read(typed).text == text


def test_more_than_a_search_may_hold_is_refused_in_a_sentence() -> None:
    Words.read("x" * MAX_TEXT)
    Words.read("a " * MAX_WORDS)
    with pytest.raises(UnreadableSearchError, match=f"at most {MAX_TEXT} characters, not {MAX_TEXT + 1}"):
        Words.read("x" * (MAX_TEXT + 1))
    with pytest.raises(UnreadableSearchError, match=f"at most {MAX_WORDS} words, not {MAX_WORDS + 1}"):
        Words.read("a-" * (MAX_WORDS + 1))


@given(st.text(max_size=40))
@example("𝘼")
def test_folding_is_the_same_for_all_cases_and_for_what_is_folded(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    latin = "".join(one for one in text if "LATIN" in unicodedata.name(one, "") and len(one.upper()) == 1)
    assert folded(latin.upper()) == folded(latin)


@given(st.text(max_size=60))
def test_words_of_a_text_are_where_they_are_said_to_be(text: str) -> None:
    found = list(tokens(text))
    assert all(text[span.start : span.end] == token for token, span in found)
    left = list(text)
    for _, span in found:
        left[span.start : span.end] = [" "] * (span.end - span.start)
    assert not any(one.isalpha() or one.isdecimal() for one in left)


@given(st.text(max_size=80))
def test_any_text_can_be_read_and_marks_itself(text: str) -> None:
    words = Words.read(text)
    assert words.most >= 1
    spans = words.spans(text)
    assert [(one.start, one.end) for one in spans] == sorted((one.start, one.end) for one in spans)
    assert all(a.end < b.start for a, b in itertools.pairwise(spans))
    if any(True for _ in tokens(text)):
        assert spans


def test_a_pattern_knows_every_accent() -> None:
    assert pattern("x9_").startswith("[xẋẍ]")
    assert "é" in pattern("e")
    assert pattern("ss") == f"({pattern('s')}{pattern('s')}|ß)"
    assert pattern("中") == "中"


def test_snippets_show_a_window_with_whole_words() -> None:
    text = " ".join(f"word{number}" for number in range(200))
    (match,) = matches(Words.read("word100"), "K-1", "Title", text)
    assert match.field == "DESCRIPTION"
    assert match.snippet == "".join(part.text for part in match.parts)
    assert [part.text for part in match.parts if part.matched] == ["word100"]
    assert len(match.snippet) <= LENGTH + 4
    inner = match.snippet.removeprefix("… ").removesuffix(" …")
    assert f" {inner} " in f" {text} "
    assert match.snippet.startswith("… word")
    assert {"text": "word100", "matched": True} in match.to_dict()["parts"]


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    early, late = "needle " + "hay " * 5_000, "hay " * 5_000 + "needle"
    assert [match.field for match in matches(Words.read("needle"), "", "", early)] == ["DESCRIPTION"]
    assert matches(Words.read("needle"), "", "", late) == []


@given(st.text(alphabet="ab_-1 .", max_size=40))
def test_plain_texts_have_the_same_words_as_those_with_other_letters(text: str) -> None:
    assert list(tokens(text)) == list(tokens(f"{text} é"))[:-1]


@given(st.text(alphabet="ab é\n.", max_size=400), st.sampled_from(["a", "b", "ab", "é b"]))
def test_every_snippet_is_of_the_text(text: str, words: str) -> None:
    for match in matches(Words.read(words), "", "", text):
        inner = match.snippet.removeprefix("… ").removesuffix(" …")
        assert inner in text
        assert any(part.matched for part in match.parts)
        assert all(part.text for part in match.parts)
