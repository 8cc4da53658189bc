"""The gate of the API: a token and a workspace in, a viewer out."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from graph.records.membership import member_of
from graph.store import Store
from resolvers.access import Viewer
from resolvers.errors import RefusedError
from workatlas.auth.keys import PREFIX, digest_of, key_subject
from workatlas.auth.oidc import TokenReader
from workatlas.auth.subject import Subject

KEPT_SECONDS: Final = 10.0
"""How long a viewer is believed without asking again: the longest time for which a revoked key still opens."""
_MOST_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    viewer: Viewer | None


class Gate(Protocol):
    """Tells who asks."""

    async def viewer(self, token: str | None, workspace: str | None) -> Viewer:
        """Return who asks, seeing ``workspace``, or the one that is meant where none is wanted.

        Raises:
            RefusedError: UNAUTHENTICATED, FORBIDDEN, or UNAVAILABLE.
            StoreError: The database failed.

        """
        ...


class LocalGate:
    """The gate of a server that only its own machine reaches: whoever asks is the administrator."""

    def __init__(self, workspace: str) -> None:
        self._workspace = workspace

    async def viewer(self, token: str | None, workspace: str | None) -> Viewer:
        """Return the only user; a token is not looked at."""
        return Viewer.local(workspace or self._workspace)


class TokenGate:
    """Wants an API key, or a token of an identity provider where one is trusted; ``clock`` is in seconds since 1970."""

    def __init__(
        self,
        store: Store,
        workspace: str,
        reader: TokenReader | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._reader = reader
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str | None], _Kept] = OrderedDict()

    async def viewer(self, token: str | None, workspace: str | None) -> Viewer:
        """Return who asks; see ``Gate``."""
        if token is None:
            raise RefusedError("UNAUTHENTICATED", "this server wants a key: send Authorization: Bearer wa_…")
        # By digest, so that no token stays in memory longer than its request.
        place, now = (digest_of(token), workspace), self._clock()
        kept = self._kept.get(place)
        if kept is None or now >= kept.until:
            kept = await self._look_up(token, workspace, now)
            self._kept[place] = kept
            self._kept.move_to_end(place)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        if kept.viewer is None:
            raise RefusedError("UNAUTHENTICATED", "this key does not count: it is unknown, revoked or expired")
        return kept.viewer

    async def _look_up(self, token: str, workspace: str | None, now: float) -> _Kept:
        subject = await self._subject(token, now)
        if subject is None:
            return _Kept(now + KEPT_SECONDS, None)
        chosen, role = subject.choose(workspace, self._workspace)
        member = await member_of(self._store, chosen, subject.person) if subject.person else None
        viewer = Viewer(
            subject.name,
            chosen,
            role,
            person=member.person if member else None,
            teams=member.teams if member else frozenset(),
            scopes=subject.scopes,
            key=subject.key,
        )
        expires = now + KEPT_SECONDS if subject.expires_at is None else subject.expires_at
        return _Kept(min(now + KEPT_SECONDS, expires), viewer)

    async def _subject(self, token: str, now: float) -> Subject | None:
        if token.startswith(PREFIX):
            return await key_subject(self._store, token, int(now * 1000))
        return await self._reader.subject(token) if self._reader else None
