"""Every root field says what it asks of its caller, and is refused to those who may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import pytest
import strawberry

from graph.snapshots.snapshot import Snapshot
from resolvers.access import Access, Role, UndeclaredAccessError, Viewer, rules_of
from resolvers.items import field
from resolvers.schema import SCHEMA
from tests.resolvers.world import Asked, World

Query = Callable[..., Asked]


def test_every_root_field_declares_its_rule() -> None:
    schema = SCHEMA._schema
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    rules = rules_of(schema)
    assert {name: set(rules[name]) for name in roots} == {
        name: set(root.fields) if root else set() for name, root in roots.items()
    }
    # Where messages go, and with which addresses, is the administrators' alone; all else that is read, any viewer's.
    assert {name for name, access in rules["query"].items() if access is not Access.READ} == {"deadLetters", "webhooks"}
    assert Access.READ not in rules["mutation"].values()


def test_a_root_field_without_a_rule_cannot_be_built() -> None:
    @strawberry.type
    class Query:
        open: int = field(int, "Declared.", access=Access.READ)
        forgotten: int = field(int, "Not declared.")

    with pytest.raises(UndeclaredAccessError, match="query field forgotten declares no access"):
        rules_of(strawberry.Schema(Query)._schema)


def test_roles_and_scopes_both_limit() -> None:
    allowed = {role: {one for one in Access if Viewer("s", "w", role).may(one)} for role in Role}
    assert allowed == {
        Role.VIEWER: {Access.READ},
        Role.EDITOR: {Access.READ, Access.WRITE},
        Role.ADMIN: {Access.READ, Access.WRITE, Access.ADMIN},
    }
    narrowed = Viewer("s", "w", Role.ADMIN, scopes=frozenset({Access.READ}))
    assert [one for one in Access if narrowed.may(one)] == [Access.READ]
    widened = Viewer("s", "w", Role.VIEWER, scopes=frozenset(Access))
    assert not widened.may(Access.WRITE)


@pytest.mark.parametrize(
    "text",
    [
        "{ items { totalCount } }",
        "{ ...F } fragment F on Query { ... { items { totalCount } } }",
        "{ __typename items @skip(if: true) { totalCount } }",
        "query A { __typename ...F } fragment F on Query { ... on Query { snapshot { seq } ...F2 } } "
        "fragment F2 on Query { changes { lastSeq } }",
    ],
)
def test_a_forbidden_field_is_refused_wherever_it_stands(world: World, query: Query, text: str) -> None:
    nothing = Viewer("s", world.workspace, Role.VIEWER, scopes=frozenset())
    refused = query(text, viewer=nothing)
    assert (refused.codes, refused.reads, refused.answer.ran) == (["FORBIDDEN"], 0, False)
    assert query(text, viewer=replace(nothing, scopes=frozenset({Access.READ}))).codes == []


def _teams() -> Snapshot:
    graph: nx.DiGraph[str] = nx.DiGraph()
    for team in ("A", "B"):
        graph.add_node(team, kind="Team", status=None)
    given: dict[str, dict[str, object]] = {
        "open": {},
        "of A": {"restricted": True, "team": "A"},
        "of B": {"restricted": True, "team": "B"},
        "of nobody": {"restricted": True},
        "of A, open": {"team": "A"},
    }
    for name, properties in given.items():
        graph.add_node(name, **properties)
    return Snapshot.from_networkx(graph)


def test_teams_items_are_hidden_from_others() -> None:
    snapshot = _teams()

    def seen(viewer: Viewer) -> list[str]:
        hidden = viewer.hidden(snapshot)
        assert hidden is not None
        return [str(name) for name, not_shown in zip(snapshot.names, hidden, strict=True) if not not_shown][2:]

    team_a = frozenset({snapshot.id(snapshot.row("A"))})
    assert seen(Viewer("s", "w", Role.EDITOR)) == ["open", "of A, open"]
    assert seen(Viewer("s", "w", Role.VIEWER, teams=team_a)) == ["open", "of A", "of A, open"]
    assert seen(Viewer("s", "w", Role.VIEWER, teams=frozenset({"A"}))) == ["open", "of A, open"]
    assert Viewer("s", "w", Role.ADMIN).hidden(snapshot) is None
    assert Viewer.local("w").hidden(snapshot) is None


def test_introspection_asks_for_no_right(world: World, query: Query) -> None:
    nothing = Viewer("s", world.workspace, Role.VIEWER, scopes=frozenset())
    assert query("{ __typename __schema { queryType { name } } }", viewer=nothing).codes == []
