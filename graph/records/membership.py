"""Who somebody is in a workspace: the person behind an id or an address, and that person's teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graph.store import Store


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a workspace, by id, and the ids of the teams that the person itself is a member of."""

    person: str
    teams: frozenset[str]


_MEMBER: Final = """
MATCH (p:Person {workspace: $workspace}) WHERE p.archivedAt IS NULL AND (p.id = $named OR toLower(p.email) = $named)
WITH p ORDER BY p.id LIMIT 2
RETURN p.id, COLLECT { MATCH (p)-[:MEMBER_OF]->(t:Team) WHERE t.workspace = $workspace AND t.archivedAt IS NULL
                       RETURN t.id }
"""
_PERSON: Final = """
MATCH (p:Person {workspace: $workspace}) WHERE p.archivedAt IS NULL AND (p.id = $named OR p.key = $named) RETURN p.id
"""


async def person_named(store: Store, workspace: str, named: str) -> str | None:
    """Return the id of the person with this id or key, ``None`` where there is none."""
    rows = await store.rows(_PERSON, workspace=workspace, named=named)
    return str(rows[0][0]) if len(rows) == 1 else None


async def member_of(store: Store, workspace: str, named: str) -> Member | None:
    """Return the person with this id or this address in lower case; ``None`` where that is nobody, or several people.

    Raises:
        StoreError: The database failed.

    """
    rows = await store.rows(_MEMBER, workspace=workspace, named=named)
    return Member(rows[0][0], frozenset(rows[0][1])) if len(rows) == 1 else None
