"""The past over GraphQL: snapshots as of a moment, and what is different since."""

from __future__ import annotations

from collections.abc import Callable

from tests.resolvers.world import Asked

Query = Callable[..., Asked]


def test_a_snapshot_of_the_past(query: Query) -> None:
    shown = query('{ now: snapshot { seq items importRun } then: snapshot(asOf: "0") { seq items edges } }').data
    assert shown["now"]["seq"] > 0
    assert shown["now"]["importRun"] is None
    assert shown["then"] == {"seq": 0, "items": 0, "edges": 0}
    same = query("query ($seq: String!) { snapshot(asOf: $seq) { seq items } }", seq=str(shown["now"]["seq"])).data
    assert same["snapshot"] == {name: shown["now"][name] for name in ("seq", "items")}


def test_what_is_different_since(query: Query) -> None:
    found = query("""{ difference(from: "0", first: 100) {
        beforeSeq counts explanation items { key change edits { name before after } } edges { kind start end change }
        goals { key days } chains { goal root change } completeness { complete } } }""").data["difference"]
    assert found["beforeSeq"] == 0
    assert {one["change"] for one in found["items"]} == {"added"}
    assert "O-1" in {one["key"] for one in found["items"]}
    assert len(found["items"]) == min(100, found["counts"]["items"])
    assert found["explanation"].startswith("Different: ")
    assert query('{ difference(from: "2100-01-01", to: "2100-01-01") { explanation } }').data["difference"] == {
        "explanation": "Nothing is different."
    }


def test_a_moment_that_is_none_is_said(query: Query) -> None:
    assert query('{ snapshot(asOf: "soon") { seq } }').codes == ["BAD_USER_INPUT"]
    assert query('{ difference(from: "99999") { explanation } }').codes == ["BAD_USER_INPUT"]
