"""Tokens of an identity provider (JWT, OpenID Connect): which ones count, and whom they stand for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from resolvers.access import Access, Role
from workatlas.auth.jwks import JwksCache
from workatlas.auth.provider import Provider
from workatlas.auth.subject import Subject

MAX_TOKEN: Final = 8192
_DOTS: Final = 2
_LEEWAY: Final = 10
"""Seconds by which the provider's clock and ours may differ."""


class TokenReader:
    """Checks tokens of one provider; ``clock`` returns seconds since 1970."""

    def __init__(self, provider: Provider, client: httpx.AsyncClient, clock: Callable[[], float] = time.time) -> None:
        self._provider = provider
        self._clock = clock
        self._keys = JwksCache(client, provider.issuer, provider.jwks_url, time.monotonic)

    async def subject(self, token: str) -> Subject | None:
        """Return whom a token stands for; ``None`` where it does not count.

        Raises:
            RefusedError: The provider's keys could not be fetched yet.

        """
        try:
            keys = await self._keys.keys_for(_key_id(token))
            claims = jwt.decode(token, keys, algorithms=list(self._provider.algorithms)).claims
            self._expected().validate(claims)
        except (JoseError, ValueError):  # what is no base64 is a ValueError too
            return None
        return self._named(claims)

    def _expected(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._provider.audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    def _named(self, claims: Mapping[str, Any]) -> Subject:
        address = claims.get("email")
        verified = isinstance(address, str) and claims.get("email_verified", True) is True
        return Subject(
            name=str(claims["sub"])[:200],
            roles=roles_of(claims.get(self._provider.roles_claim)),
            scopes=_scopes(claims),
            person=address.lower() if verified and isinstance(address, str) else None,
            expires_at=float(claims["exp"]),
        )


def roles_of(claim: object) -> dict[str, Role]:
    """Return the roles that a claim gives; what is not understood gives none."""
    pairs: list[tuple[object, object]] = []
    if isinstance(claim, Mapping):
        pairs = list(claim.items())
    elif isinstance(claim, list):
        pairs = [
            (workspace, role) for one in claim if isinstance(one, str) for workspace, _, role in [one.rpartition(":")]
        ]
    known = {role.value: role for role in Role}
    return {
        str(workspace): known[role]
        for workspace, role in pairs
        if isinstance(role, str) and role in known and workspace
    }


def _scopes(claims: Mapping[str, Any]) -> frozenset[Access]:
    """Return what ``scope`` narrows the role to: ``workatlas.read`` and so on; all where it names none of ours."""
    given = claims.get("scope")
    words = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    return frozenset(one for one in Access if f"workatlas.{one}" in words) or frozenset(Access)


def _key_id(token: str) -> str | None:
    """Return the key id that an unchecked token names.

    Raises:
        ValueError: It has no header that can be read.

    """
    if len(token) > MAX_TOKEN or token.count(".") != _DOTS:
        raise ValueError("this is no signed token")
    header = orjson.loads(urlsafe_b64decode(token.split(".", 1)[0].encode()))
    if not isinstance(header, dict) or not isinstance(header.get("kid"), str | None):
        raise ValueError("the header is not one of a signed token")
    return header.get("kid")
