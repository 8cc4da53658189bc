"""Filters, orders and pages answer what plain Python answers over the same graph."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.errors import StoreError
from graph.model import NODES
from resolvers import reading
from resolvers.filters import TARGETS
from resolvers.naming import filterable_edges_of, filterable_of, plural, sortable_of
from tests.resolvers.plain import constant
from tests.resolvers.questions import PLAIN
from tests.resolvers.session import Session

EXAMPLES: Final = int(os.environ.get("WORKATLAS_EXAMPLES", "0"))
"""How many random questions each test asks; 0: a few, the same in every run."""


def drawn(few: int) -> settings:
    """Return the settings of a test with random questions to the database."""
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    return settings(
        max_examples=EXAMPLES or few,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=checks,
    )


PAGE: Final = "totalCount nodes { key } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@drawn(60)
@given(data=st.data())
def test_random_filters(session: Session, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(TARGETS))
    where = data.draw(session.questions.where(target))
    listed = f"{plural(target)}(first: 100, where: $w)"
    text = f"query ($w: {target}Filter) {{ list: {listed} {{ totalCount nodes {{ key }} }} }}"
    session.compare(text, w=where)


@drawn(40)
@given(data=st.data())
def test_random_orders_and_pages(session: Session, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(TARGETS))
    order, size = data.draw(session.questions.order(target)), data.draw(st.integers(1, 20))
    where = data.draw(st.just({}) | session.questions.where(target, 1))
    text = f"""query ($w: {target}Filter, $o: [{target}Order!], $size: Int!, $after: String) {{
        list: {plural(target)}(first: $size, after: $after, where: $w, orderBy: $o) {{ {PAGE} }} }}"""
    keys: list[str] = []
    after = None
    while True:
        page = session.compare(text, w=where, o=order, size=size, after=after)["list"]
        keys += [node["key"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(keys) == len(set(keys)) == page["totalCount"]


@drawn(40)
@given(data=st.data())
def test_nested_lists_are_filtered_ordered_and_paged(session: Session, data: st.DataObject) -> None:
    where, order = data.draw(session.questions.where("Work", 1)), data.draw(session.questions.order("Work"))
    names = st.sampled_from(["relatesTo", "relatedFrom", "duplicates", "duplicateOf", "supersedes"])
    name, inner, size = data.draw(names), data.draw(names), data.draw(st.integers(1, 3))
    text = f"""query ($w: WorkFilter, $o: [WorkOrder!], $size: Int!) {{
        work(first: 100) {{ nodes {{ key {name}(first: $size, where: $w, orderBy: $o) {{ {PAGE}
            nodes {{ {inner}(orderBy: $o, first: 2) {{ {PAGE} }} }} }} }} }} }}"""
    session.compare("{ tasks { nodes { category } } }")  # from here on it is known what the statuses mean
    before = session.store.reads
    nodes = session.compare(text, w=where, o=order, size=size)["work"]["nodes"]
    assert session.store.reads == before + 1
    for node in nodes:
        page = node[name]
        if page["pageInfo"]["hasNextPage"]:
            again = f"""query ($w: WorkFilter, $o: [WorkOrder!], $key: String!, $size: Int!, $after: String) {{
                item(key: $key) {{ ... on Work {{
                    {name}(first: $size, after: $after, where: $w, orderBy: $o) {{ {PAGE} }} }} }} }}"""
            after = page["pageInfo"]["endCursor"]
            session.compare(again, w=where, o=order, size=size, key=node["key"], after=after)
            break


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_every_sortable_property_can_be_ordered_by(session: Session, direction: str) -> None:
    owners = {name: target for target in reversed(list(NODES)) for name in sortable_of(target)}
    lists = [
        f"{name}: {plural(target)}(orderBy: {{field: {constant(name)}, direction: {direction}}}) {{ nodes {{ key }} }}"
        for name, target in owners.items()
    ]
    for start in range(0, len(lists), 20):
        session.compare(f"{{ {' '.join(lists[start : start + 20])} }}")


def test_every_comparator_of_every_property_is_there(session: Session) -> None:
    for target in TARGETS:
        fields = PLAIN.type_map[f"{target}Filter"].fields  # type: ignore[attr-defined]
        wanted = {*filterable_of(target), *filterable_edges_of(target), "and", "or", "not", "under", "above"}
        assert wanted <= fields.keys()


def test_null_means_not_given(session: Session) -> None:
    where = {"title": None, "and": None, "not": None, "blocks": None, "under": None, "status": {"eq": None, "in": None}}
    text = "query ($w: TaskFilter, $a: String) { tasks(where: $w, orderBy: null, after: $a) { totalCount } }"
    everything = session.compare("{ tasks { totalCount } }")
    assert session.compare(text, w=where, a=None) == session.compare(text, w=None) == everything


def test_absent_values_are_neither_true_nor_false(session: Session) -> None:
    def number(**where: Any) -> int:
        text = "query ($w: TaskFilter) { tasks(where: $w) { totalCount } }"
        return int(session.compare(text, w=where)["tasks"]["totalCount"])

    is_high: dict[str, Any] = {"priority": {"eq": "HIGH"}}
    known: dict[str, Any] = {"priority": {"isNull": False}}
    assert number() == number(priority={"isNull": True}) + number(**known)
    assert number(**{"not": is_high}) == number(priority={"neq": "HIGH"}) == number(**known) - number(**is_high)
    assert number(**{"or": [is_high, {"not": is_high}]}) == number(**known) < number()


def _negated(times: int) -> dict[str, Any]:
    where: dict[str, Any] = {"key": {"eq": "x"}}
    for _ in range(times):
        where = {"not": where}
    return where


REFUSED: Final[dict[str, tuple[str, Any]]] = {
    "too deep": ("TOO_COMPLEX", _negated(8)),
    "too many comparisons": ("TOO_COMPLEX", {"or": [{"key": {"eq": str(number)}} for number in range(61)]}),
    "too many other items": ("TOO_COMPLEX", {"and": [{"blocks": {"some": {}}} for _ in range(11)]}),
    "too long a list": ("TOO_COMPLEX", {"key": {"in": ["x"] * 1001}}),
    "too many alternatives": ("TOO_COMPLEX", {"or": [{} for _ in range(1001)]}),
    "too long a text": ("BAD_USER_INPUT", {"title": {"contains": "x" * 1001}}),
    "too long a name": ("BAD_USER_INPUT", {"under": ["x" * 1001]}),
    "too far away": ("BAD_USER_INPUT", {"createdAt": {"lt": "P99999Y"}}),
    "too early": ("BAD_USER_INPUT", {"due": {"lt": "-P2027Y"}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_filters_that_cost_too_much_are_refused(session: Session, name: str) -> None:
    code, where = REFUSED[name]
    before = session.store.reads
    answer = session.ask("query ($w: TaskFilter) { tasks(where: $w) { totalCount } }", w=where)
    assert [error["extensions"]["code"] for error in answer.body["errors"]] == [code]
    assert session.store.reads == before


def test_filters_at_the_limits_are_answered(session: Session) -> None:
    everything_allowed: list[dict[str, Any]] = [
        _negated(7),
        {"or": [{"key": {"eq": str(number)}} for number in range(60)]},
        {"and": [{"blocks": {"some": {}}} for _ in range(10)]},
        {"key": {"in": ["x"] * 1000}, "title": {"contains": "x" * 1000}},
    ]
    for where in everything_allowed:
        session.compare("query ($w: TaskFilter) { tasks(where: $w) { totalCount } }", w=where)


@pytest.mark.parametrize("text", ["tomorrow", "P", "PT", "2026-13", "1d", "P1.5D", "", "P99999999Y", "2026-02-30"])
def test_what_is_no_moment_is_invalid(session: Session, text: str) -> None:
    answer = session.ask("query ($w: TaskFilter) { tasks(where: $w) { totalCount } }", w={"due": {"lt": text}})
    assert not answer.ran
    assert "a moment is" in answer.body["errors"][0]["message"]


def test_orders_that_name_a_field_twice_or_too_many_are_refused(session: Session) -> None:
    names = [constant(name) for name in list(sortable_of("Task"))[:7]]
    for fields, code in ((names[:1] * 2, "BAD_USER_INPUT"), (names, "TOO_COMPLEX")):
        order = [{"field": name} for name in fields]
        answer = session.ask("query ($o: [TaskOrder!]) { tasks(orderBy: $o) { totalCount } }", o=order)
        assert [error["extensions"]["code"] for error in answer.body["errors"]] == [code]


def test_a_cursor_of_another_order_is_refused(session: Session) -> None:
    text = "query ($o: [TaskOrder!], $a: String) { tasks(first: 1, orderBy: $o, after: $a) { pageInfo { endCursor } } }"
    by_key, by_title = [{"field": "KEY"}], [{"field": "TITLE"}]
    cursor = session.compare(text, o=by_key)["tasks"]["pageInfo"]["endCursor"]
    session.compare(text, o=by_key, a=cursor)
    for other in (by_title, [], [{"field": "KEY", "direction": "DESC"}]):
        answer = session.ask(text, o=other, a=cursor)
        assert [error["extensions"]["code"] for error in answer.body["errors"]] == ["BAD_USER_INPUT"]


def test_one_shape_has_one_text(session: Session) -> None:
    """Other values, another order of writing and other aliases make no text that Neo4j would have to plan again."""
    texts = set()
    for number, (title, key) in enumerate([("a", "T-1"), ("b", "T-2")]):
        session.ask(
            f"""query ($w: TaskFilter, $size: Int!, $more: Boolean!) {{ x{number}: tasks(first: $size, where: $w) {{
                n{number}: nodes {{ k: key title @include(if: $more) key }} }} }}""",
            w={"title": {"neq": title}, "key": {"eq": key}}
            if number
            else {"key": {"eq": key}, "title": {"neq": title}},
            size=number + 1,
            more=True,
        )
        texts.add(session.store.texts[-1])
    assert len(texts) == 1


def test_statuses_that_changed_meanwhile_are_noticed(session: Session) -> None:
    """What a status means is remembered from the last question, and must be right all the same."""
    blocked = "{ work(where: { category: { eq: BLOCKED } }) { nodes { status category } } }"
    remembered = reading._REMEMBERED
    for stale in ("{}", '{"Done": "STARTED"}'):
        remembered[session.world.workspace] = stale
        assert session.compare(blocked)["work"]["nodes"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ('{ tasks(where: { due: { lt: "2026-01-01" } }) { nodes { key } } }', "Work(workspace, due)"),
        ('{ tasks(where: { status: { eq: "Done" } }) { totalCount } }', "Work(workspace, status)"),
        ("{ issues(where: { severity: { eq: CRITICAL } }) { nodes { key } } }", "Issue(workspace, severity)"),
        ('{ objectives(where: { due: { lt: "2026-01-01" } }) { nodes { key } } }', "Goal(workspace, due)"),
    ],
)
def test_a_filter_can_use_the_index_of_its_property(session: Session, query: str, index: str) -> None:
    """The database refuses a hint to use an index that the conditions do not allow it to use."""
    asked = len(session.store.texts)
    session.ask(query)
    text = session.store.texts[asked].replace("MATCH (n0:Item)", f"MATCH (n0:Item) USING INDEX n0:{index}")
    assert index in text
    parameters = {"workspace": "", "seesAll": True, "teams": [], "f0": 1, "c0_0": "", "w0_0": "2026-01-01", "w0_1": ""}
    session.runner.run(session.store.rows(f"EXPLAIN {text}", **parameters))


def test_named_items_are_looked_up_and_no_others_are_read(session: Session) -> None:
    """The index of ids serves the names alone: without them the database refuses the hint to use it."""
    asked = len(session.store.texts)
    session.ask('{ tasks(where: { id: { in: ["nobody"] } }) { nodes { key } } }')
    hint = "MATCH (n0:Item) USING INDEX n0:Item(workspace, id)"
    text = "EXPLAIN " + session.store.texts[asked].replace("MATCH (n0:Item)", hint)
    named = "n0.id IN $w0_0"
    assert named in text
    given = {"workspace": "", "seesAll": True, "teams": [], "f0": 1, "c0_0": "", "w0_0": []}
    session.runner.run(session.store.rows(text, **given))
    with pytest.raises(StoreError):
        session.runner.run(session.store.rows(text.replace(named, "true"), **given))
