"""The root field ``viewer``: who asks, in what role, and what they may."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.connection import Connection
from resolvers.access import Access, Role, Viewer
from tests.resolvers.world import World, ask

TEXT = """{ viewer { __typename subject key workspace role may budget { limit }
            person { __typename key teams { edges { role node { key } } } } } }"""


def asked(connection: Connection, world: World, viewer: Viewer | None = None) -> Any:
    return asyncio.run(ask(connection, world.workspace, TEXT, viewer=viewer)).data["viewer"]


def test_the_only_user_of_this_machine_may_do_everything(connection: Connection, world: World) -> None:
    assert asked(connection, world) == {
        "__typename": "Viewer", "subject": "local", "key": None, "workspace": world.workspace, "role": "ADMIN",
        "may": ["READ", "WRITE", "ADMIN"], "budget": None, "person": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "scopes", "may"),
    [
        (Role.VIEWER, frozenset(Access), ["READ"]),
        (Role.EDITOR, frozenset(Access), ["READ", "WRITE"]),
        (Role.ADMIN, frozenset({Access.READ, Access.ADMIN}), ["READ", "ADMIN"]),
        (Role.EDITOR, frozenset({Access.READ}), ["READ"]),
    ],
)
def test_rights_are_those_of_the_role_that_the_key_leaves(
    connection: Connection, world: World, role: Role, scopes: frozenset[Access], may: list[str]
) -> None:
    viewer = Viewer("ada", world.workspace, role, person=world.id("P-1"), scopes=scopes, key="k1")
    found = asked(connection, world, viewer)
    assert (found["role"], found["may"], found["key"]) == (role.name, may, "k1")
    assert found["person"] == {
        "__typename": "Person", "key": "P-1", "teams": {"edges": [{"role": "lead", "node": {"key": "TEAM-1"}}]}
    }  # fmt: skip


def test_a_person_who_is_archived_or_not_there_is_null(connection: Connection, world: World) -> None:
    for person in (world.id("P-HID"), "no such person"):
        assert asked(connection, world, Viewer("ada", world.workspace, Role.VIEWER, person=person))["person"] is None
