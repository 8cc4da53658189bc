"""Somebody whose key or token was checked, before it is known which workspace they want to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from resolvers.access import Access, Role
from resolvers.errors import RefusedError

EVERY: Final = "*"
"""Stands for every workspace in a subject's roles."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody, and what they are in each workspace.

    ``person`` is the id, or the address in lower case, of the person that they are in the graph. ``expires_at`` is in
    seconds since 1970, UTC.
    """

    name: str
    roles: Mapping[str, Role]
    scopes: frozenset[Access] = frozenset(Access)
    person: str | None = None
    key: str | None = None
    expires_at: float | None = None

    def choose(self, wanted: str | None, default: str) -> tuple[str, Role]:
        """Return the workspace to see and the role in it: the wanted one, else the server's, else the only one.

        Raises:
            RefusedError: The subject has no role there, or several workspaces and wants none of them.

        """
        named = [workspace for workspace in self.roles if workspace != EVERY]
        workspace = wanted
        if workspace is None:
            workspace = named[0] if len(named) == 1 and default not in self.roles else default
        role = self.roles.get(workspace, self.roles.get(EVERY))
        if role is None:
            hint = f" (yours: {', '.join(sorted(named)[:10])})" if named else ""
            raise RefusedError("FORBIDDEN", f"you have no role in workspace {workspace!r}{hint}")
        return workspace, role
