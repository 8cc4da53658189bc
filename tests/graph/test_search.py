"""Searching the real index: what is found and in which order, for whom, and whatever is typed."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.batch import Ref
from graph.connection import Connection
from graph.errors import UnreadableSearchError
from graph.reading.folding import folded, tokens
from graph.reading.rounds import compiled
from graph.reading.search import Hits, search
from graph.reading.words import MAX_TEXT, MAX_WORDS, Words
from graph.records.sight import Sight
from graph.records.workspace import ensure
from graph.store import Store, open_store
from tests.graph.space import Space, item

TITLES = {
    "O-1": "Open the office in Zürich",
    "O-12": "Ship it",
    "CORE-7": "Office",
    "CORE-8": "Move the office to Œrlikon, then open it",
    "CORE-9": "Will can't find example.com, foo_bar and v3.14",
    "CORE-10": "the",
    "2025h1/rfl": "Rust for Linux",
    "***": "Stars",
    "E-1": "中文字典 😀 launch",
    "E-2": 'C++ & "quotes" \\ back/slash: (a OR b) AND NOT ~fuzzy^2 [x TO y] {z} *? title:office',
    "E-3": "हिन्दी में शीर्षक",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """A workspace with titles that are hard to search, and what asks it; another one beside it has the same words."""

    runner: asyncio.Runner
    store: Store
    workspace: str

    def ask(
        self, text: str, *, teams: Sequence[str] | None = None, kinds: Sequence[str] | None = None, first: int = 50
    ) -> Hits:
        sight = Sight(self.workspace, None if teams is None else frozenset(teams))
        return self.runner.run(search(self.store, sight, Words.read(text), kinds, first=first))

    def keys(self, text: str, *, teams: Sequence[str] | None = None, kinds: Sequence[str] | None = None) -> list[str]:
        return [hit.key for hit in self.ask(text, teams=teams, kinds=kinds).hits]


@pytest.fixture(scope="module")
def shelf(migrated: Connection) -> Iterator[Shelf]:
    with asyncio.Runner() as runner:
        pool = open_store(migrated)
        store = runner.run(pool.__aenter__())
        try:
            yield runner.run(_filled(runner, store))
        finally:
            runner.run(pool.__aexit__(None, None, None))


async def _filled(runner: asyncio.Runner, store: Store) -> Shelf:
    mine, other = (Space(store, f"shelf-{uuid.uuid4().hex}-{part}") for part in ("a", "a-b"))
    for space in (mine, other):
        await ensure(store, space.id, 0)
        await space.write(*(item("Task", key, title=title) for key, title in TITLES.items()))
    await mine.write(
        item("Team", "TEAM-1"), item("Person", "P-1", title="Will Smith"),
        item("Task", "D-1", title="Nothing", description="The office is here. " * 40),
        item("Task", "GONE-1", title="office archived"),
    )  # fmt: skip
    team = (await mine.items())["TEAM-1"]["id"]
    await mine.write(item("Task", "S-1", title="secret office", visibility="TEAM", team=team))
    await mine.write(archive=[Ref("key", "GONE-1")], now=time.time_ns() // 1_000_000)
    return Shelf(runner, store, mine.id)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("O-1", ["O-1", "O-12"]),
        ("o-1", ["O-1", "O-12"]),
        ("2025h1/rfl", ["2025h1/rfl"]),
        ("***", ["***"]),
        ("zurich", ["O-1"]),
        ("ZÜRICH", ["O-1"]),
        ("oerlikon", ["CORE-8"]),
        ("Ship it", ["O-12"]),
        ("will", ["P-1", "CORE-9"]),
        ("the", ["CORE-10", "O-1", "CORE-8", "D-1"]),
        ("open off", ["O-1", "CORE-8"]),
        ("off open", []),
        ("offic zurich", []),
        ('"the office"', ["O-1", "CORE-8", "D-1"]),
        ('"office the"', []),
        ('"offi"', []),
        ("can't", ["CORE-9"]),
        ("can’t", []),
        ("example.c", ["CORE-9"]),
        ("foo_b", ["CORE-9"]),
        ("3.14", []),
        ("v3.14", ["CORE-9"]),
        ("中文", ["E-1"]),
        ("😀", ["E-1"]),
        ("😀 lau", ["E-1"]),
        ("C++ quotes", ["E-2"]),
        ("fuzzy^2", ["E-2"]),
        ("(a OR b)", ["E-2"]),
        ("title:office", ["E-2"]),
        ("office*", ["CORE-7", "O-1", "CORE-8", "D-1", "S-1"]),
        ("NOT office", []),
        ("NOT fuzz", ["E-2"]),
        ("हिन्दी", ["E-3"]),
        ("secret", ["S-1"]),
        ("archived", []),
        ("", []),
        ("...", []),
        ('"', []),
    ],
)
def test_what_is_found(shelf: Shelf, text: str, found: list[str]) -> None:
    hits = shelf.ask(text)
    keys = [hit.key for hit in hits.hits]
    assert sorted(keys) == sorted(found)
    assert hits.total == len(keys)
    if found:
        assert keys[0] == found[0]


def test_the_key_that_was_typed_comes_first_with_the_best_score(shelf: Shelf) -> None:
    first, second = shelf.ask("O-1").hits
    assert (first.key, first.score) == ("O-1", 1.0)
    assert 0 < second.score < 0.9
    assert [match.field for match in first.matches] == ["KEY"]


def test_titles_count_more_than_descriptions_and_whole_titles_most(shelf: Shelf) -> None:
    hits = {hit.key: hit.score for hit in shelf.ask("office").hits}
    assert hits["CORE-7"] > hits["O-1"] > hits["CORE-8"] > hits["D-1"] > 0
    (match,) = next(hit for hit in shelf.ask("office").hits if hit.key == "D-1").matches
    assert match.field == "DESCRIPTION"
    assert match.snippet.startswith("The office is here.")


def test_only_kinds_that_are_asked_for(shelf: Shelf) -> None:
    assert shelf.keys("will", kinds=["Person"]) == ["P-1"]
    assert shelf.keys("will", kinds=["Team", "Task"]) == ["CORE-9"]
    assert shelf.keys("will", kinds=[]) == []


def test_what_only_a_team_may_see_is_found_by_it_alone_and_changes_no_score_or_total(shelf: Shelf) -> None:
    team = next(hit.id for hit in shelf.ask("TEAM-1").hits)
    assert "S-1" in shelf.keys("office", teams=[team])
    assert shelf.keys("secret", teams=[]) == shelf.keys("S-1", teams=[]) == []
    stranger, admin = shelf.ask("office", teams=[]), shelf.ask("office")
    assert stranger.total == admin.total - 1
    assert {hit.key: hit.score for hit in stranger.hits} == {
        hit.key: hit.score for hit in admin.hits if hit.key != "S-1"
    }


def test_scores_tell_nothing_of_how_often_words_occur_elsewhere(shelf: Shelf) -> None:
    async def crowd() -> None:
        space = Space(shelf.store, f"crowd-{uuid.uuid4().hex}")
        await ensure(shelf.store, space.id, 0)
        await space.write(*(item("Task", f"N-{number}", title="linux office") for number in range(300)))

    before = [shelf.ask(text) for text in ("office", '"the office"', "rust linux")]
    shelf.runner.run(crowd())
    assert [shelf.ask(text) for text in ("office", '"the office"', "rust linux")] == before


def test_first_bounds_what_is_returned_and_not_what_is_counted(shelf: Shelf) -> None:
    some, every = shelf.ask("office", first=2), shelf.ask("office")
    assert some.total == every.total == len(every.hits)
    assert some.hits == every.hits[:2]


def test_of_more_than_are_counted_the_best_are_found(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    every = shelf.ask("office")
    compiled.cache_clear()
    monkeypatch.setattr("graph.reading.words.MAX_FOUND", 3)
    try:
        bounded = shelf.ask("office")
    finally:
        compiled.cache_clear()
    assert bounded.total == 3 < every.total
    assert [hit.key for hit in bounded.hits] == [hit.key for hit in every.hits[:3]]


_HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet='+-&|!(){}[]^"~*?:\\/ aO1', max_size=40),
    st.lists(
        st.sampled_from(
            ["AND", "OR", "NOT", "office", '"', "title:", "*:*", "^1", "\x00", "😀", "/a/", "[a TO b]", "key:"]
        ),
        max_size=12,
    ).map(" ".join),
    st.text(alphabet="ab ", min_size=1_000, max_size=1_200),
)


@settings(max_examples=150, deadline=None)
@given(_HOSTILE)
@example("\ud800 office")
@example("\x00")
@example("a" * 500)
@example('"' + "a " * 32 + '"')
@example("ss" * 250)
@example("a’b" * 30)
def test_whatever_is_typed_is_answered_or_refused_in_a_sentence(shelf: Shelf, text: str) -> None:
    try:
        hits = shelf.ask(text)
    except UnreadableSearchError:
        assert len(text) > MAX_TEXT or len(list(tokens(text))) > MAX_WORDS
        return
    for hit in hits.hits:
        assert hit.key in {*TITLES, "TEAM-1", "P-1", "D-1", "S-1"}
        assert 0 <= hit.score <= 1
    assert hits.total == len(hits.hits)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_items_are_found_exactly_where_all_words_stand(shelf: Shelf, data: st.DataObject) -> None:
    """Compare with plain Python over the titles, for plain words: the last one may be a beginning."""
    words = ["linux", "move", "office", "oerlikon", "open", "rust", "ship", "slash", "stars", "the", "will", "zurich"]
    asked = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=3))
    last = asked[-1][: data.draw(st.integers(2, len(asked[-1])))]
    found = {hit.key for hit in shelf.ask(" ".join([*asked[:-1], last]), kinds=["Task"], teams=[]).hits}
    expected = set()
    for key, title in TITLES.items():
        own = [folded(token) for text in (key, title.replace(":office", "")) for token, _ in tokens(text)]
        if all(one in own for one in asked[:-1]) and any(one.startswith(last) for one in own):
            expected.add(key)
    assert found - {"D-1"} == expected


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), min_size=1, max_size=8))
def test_every_title_finds_its_item(shelf: Shelf, titles: list[str]) -> None:
    titles = [title for title in titles if title.strip() and not title.startswith('"')]
    rows = [item("Task", f"K-{number}", title=title) for number, title in enumerate(titles)]

    async def scenario() -> list[tuple[str, set[str]]]:
        space = Space(shelf.store, f"titles-{uuid.uuid4().hex}")
        await ensure(shelf.store, space.id, 0)
        await space.write(*rows)
        return [
            (row.key or "", {hit.key for hit in found.hits})
            for row in rows
            for found in [
                await search(shelf.store, Sight(space.id), Words.read(str(row.properties["title"])), first=50)
            ]
        ]

    if rows:
        for key, found in shelf.runner.run(scenario()):
            title = titles[int(key.removeprefix("K-"))]
            if any(True for _ in tokens(title)):
                assert key in found, title
