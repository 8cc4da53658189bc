"""The root field ``search``: pages in order, nested reads in the same round trip, and nothing that may not be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.resolvers.world import CANARY, Asked, World

Query = Callable[..., Asked]


def test_a_page_is_one_round_trip_with_what_its_items_are_tied_to(world: World, query: Query) -> None:
    asked = query("""{ search(text: "title t-29") { totalCount edges {
        score cursor matches { __typename field snippet parts { matched text } }
        node { __typename key ... on Task { status contributesTo { edges { weight node { key } } } } } } } }""")
    assert asked.reads == 1
    (edge,) = asked.data["search"]["edges"]
    assert asked.data["search"]["totalCount"] == 1
    assert edge["node"] == {
        "__typename": "Task", "key": "T-29", "status": "Done",
        "contributesTo": {"edges": [{"weight": 0.5, "node": {"key": "O-1"}}]},
    }  # fmt: skip
    assert [match["field"] for match in edge["matches"]] == ["KEY", "TITLE"]
    title = edge["matches"][1]
    assert title["__typename"] == "SearchMatch"
    assert title["snippet"] == "".join(part["text"] for part in title["parts"]) == "Title of T-29"
    assert [part["text"] for part in title["parts"] if part["matched"]] == ["Title", "T", "29"]


@pytest.mark.parametrize("size", [3, 7])
def test_pages_hold_every_hit_once_best_first(world: World, query: Query, size: int) -> None:
    keys: list[str] = []
    scores: list[float] = []
    after = None
    while True:
        page = query(
            """query ($after: String, $size: Int!) {
                 search(text: "title t", kinds: [TASK], first: $size, after: $after) { totalCount
                   pageInfo { hasNextPage hasPreviousPage endCursor } edges { score node { key } } } }""",
            after=after,
            size=size,
        ).data["search"]
        assert page["totalCount"] == 30
        assert page["pageInfo"]["hasPreviousPage"] is bool(keys)
        keys += [edge["node"]["key"] for edge in page["edges"]]
        scores += [edge["score"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sorted(keys) == sorted(world.visible("Task"))
    assert scores == sorted(scores, reverse=True)
    best = [key for key, score in zip(keys, scores, strict=True) if score == scores[0]]
    assert best == sorted(best, key=world.id)


def test_what_fits_alike_is_found_by_key_first(world: World, query: Query) -> None:
    for key in ("T-2", "t-2", "PRJ-1", "i-1"):
        first = query("query ($key: String!) { search(text: $key, first: 1) { nodes { key } } }", key=key)
        assert first.data["search"]["nodes"] == [{"key": key.upper()}]


def test_archived_items_and_other_workspaces_are_not_found(query: Query) -> None:
    asked = query(
        '{ a: search(text: "HID") { totalCount } b: search(text: "canary") { totalCount } c: search(text: "P-HID") '
        "{ totalCount nodes { title } } }"
    )
    assert asked.data == {"a": {"totalCount": 0}, "b": {"totalCount": 0}, "c": {"totalCount": 0, "nodes": []}}
    assert CANARY not in str(query('{ search(text: "title") { nodes { title } } }').data)


def test_only_the_number_and_only_kinds(query: Query) -> None:
    asked = query(
        """query ($kinds: [ItemKind!]) { n: search(text: "title", kinds: $kinds) { totalCount }
        m: search(text: "title", kinds: [PERSON, KEY_RESULT]) { nodes { __typename } } }""",
        kinds=["TEAM"],
    )
    assert asked.data["n"] == {"totalCount": 2}
    assert {node["__typename"] for node in asked.data["m"]["nodes"]} == {"Person", "KeyResult"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ('text: "a", mode: SEMANTIC', "needs the extra workatlas[semantic]"),
        ('text: "a", mode: HYBRID', "needs the extra workatlas[semantic]"),
        (f'text: "{"a" * 501}"', "at most 500 characters"),
        (f'text: "{"a " * 33}"', "at most 32 words"),
        ('text: "a", first: 101', "must be from 1 to 100"),
        ('text: "a", after: "WyIiLCIwIl0"', "is not a cursor of this list"),
        ('text: "a", after: "WyItc2NvcmUiLCJ4IiwiYSJd"', "is not a cursor of this list"),
    ],
)
def test_wrong_arguments_are_the_callers_errors(query: Query, arguments: str, says: str) -> None:
    asked = query(f"{{ search({arguments}) {{ totalCount }} }}")
    assert asked.codes == ["BAD_USER_INPUT"]
    assert says in asked.answer.body["errors"][0]["message"]


def test_a_text_in_the_document_and_one_in_a_variable_are_the_same_question(query: Query) -> None:
    def ask(text: str, **variables: Any) -> Any:
        return query(text, **variables).data["search"]

    plain = ask('{ search(text: "title prj") { nodes { key } } }')
    assert plain == ask("query ($t: String!) { search(text: $t) { nodes { key } } }", t="title prj")
    assert [node["key"] for node in plain["nodes"]] == ["PRJ-1"]
