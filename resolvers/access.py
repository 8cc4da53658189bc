"""Who asks, what each root field asks of them, and the check between the two.

Every root field declares its rule beside itself: ``field(…, access=Access.READ)``. A schema with a root field that
declares none cannot be built, so that forgetting a rule cannot open a door.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from graph.records.sight import Sight
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

METADATA: Final = "access"
"""Where a field's rule is kept in its metadata."""


class Access(StrEnum):
    """What a root field asks of its caller; also the names of an API key's scopes."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Role(StrEnum):
    """What somebody is in a workspace."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def grants(self) -> frozenset[Access]:
        """What the role may do."""
        return _GRANTS[self]


_GRANTS: Final = {
    Role.VIEWER: frozenset({Access.READ}),
    Role.EDITOR: frozenset({Access.READ, Access.WRITE}),
    Role.ADMIN: frozenset(Access),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: the subject for the log, the workspace that is seen, and what may be done and seen in it.

    ``person`` is the id of the subject's item in the workspace, ``teams`` the ids of the teams that it is a member of,
    ``scopes`` what a key or token narrows the role to, ``key`` the id of the API key (``None`` for other subjects).
    ``limited`` tells whether the subject has budgets.
    """

    subject: str
    workspace: str
    role: Role
    person: str | None = None
    teams: frozenset[str] = frozenset()
    scopes: frozenset[Access] = frozenset(Access)
    key: str | None = None
    limited: bool = True

    @classmethod
    def local(cls, workspace: str) -> Viewer:
        """Return the only user of a server on loopback: an administrator, who sees everything."""
        return cls("local", workspace, Role.ADMIN, limited=False)

    @property
    def sees_all(self) -> bool:
        """Whether items that only their team may see are shown too."""
        return self.role is Role.ADMIN

    @property
    def sight(self) -> Sight:
        """What of the graph reads may show."""
        return Sight(self.workspace, None if self.sees_all else self.teams)

    def hidden(self, snapshot: Snapshot) -> Flags | None:
        """Return which items of a snapshot may not be shown, shape (n,); ``None`` where that is no item. O(n)."""
        restricted = snapshot.items.restricted
        if self.sees_all or not restricted.any():
            return None
        mine = [row for row in snapshot.of_kind("Team") if snapshot.id(int(row)) in self.teams]
        return np.asarray(restricted & ~np.isin(snapshot.items.team, mine), dtype=np.bool_)

    def may(self, access: Access) -> bool:
        """Tell whether role and scopes both allow it."""
        return access in self.role.grants and access in self.scopes


class UndeclaredAccessError(TypeError):
    """A root field declares no rule."""


Rules = Mapping[str, Mapping[str, Access]]
"""Operation type (query, mutation, subscription) → root field → its rule."""


def rules_of(schema: GraphQLSchema) -> Rules:
    """Return the rules of all root fields.

    Raises:
        UndeclaredAccessError: A root field declares none.

    """
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    rules: dict[str, dict[str, Access]] = {}
    for operation, root in roots.items():
        rules[operation] = {}
        for name, one in root.fields.items() if root else ():
            rule = getattr(one.extensions.get("strawberry-definition"), "metadata", {}).get(METADATA)
            if not isinstance(rule, Access):
                raise UndeclaredAccessError(
                    f"the {operation} field {name} declares no access: write field(…, access=Access.READ), or another"
                )
            rules[operation][name] = rule
    return rules


def asked_of(operation: OperationDefinitionNode, document: DocumentNode, rules: Rules) -> list[tuple[str, Access]]:
    """Return the root fields that an operation names, fragments included, with their rules; introspection needs none.

    What ``@skip`` leaves out is checked too: what a document may do must not depend on its variables.
    """
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    declared = rules[operation.operation.value]
    found = dict.fromkeys(_root_fields(operation.selection_set, fragments, set()))
    return [(name, declared[name]) for name in found if name in declared]


def _root_fields(
    selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[str]:
    for one in selection.selections:
        if isinstance(one, FieldNode):
            yield one.name.value
        elif isinstance(one, FragmentSpreadNode):
            name = one.name.value
            if name not in seen and name in fragments:
                seen.add(name)
                yield from _root_fields(fragments[name].selection_set, fragments, seen)
        elif isinstance(one, InlineFragmentNode):
            yield from _root_fields(one.selection_set, fragments, seen)
