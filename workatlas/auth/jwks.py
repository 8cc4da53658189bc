"""The public keys of an identity provider: fetched, kept, and fetched again when it rotates them, but not too often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from resolvers.errors import RefusedError

REFRESH_SECONDS: Final = 600.0
"""A set older than this is fetched again, so that a key that was withdrawn stops counting."""
MIN_SECONDS: Final = 30.0
"""Between two fetches at least: tokens with made-up key ids must not become requests to the provider."""
_TIMEOUT: Final = 5.0
_MAX_BYTES: Final = 1024 * 1024
_LOG: Final = logging.getLogger("workatlas.auth")


class JwksCache:
    """The key set behind ``jwks_url``, or behind the issuer's discovery document where that is ``None``.

    Only keys for signatures that others can check (RSA, elliptic curves, Edwards curves) are kept: a shared secret in
    a public document would let its readers sign.
    """

    def __init__(self, client: httpx.AsyncClient, issuer: str, jwks_url: str | None, clock: Callable[[], float]):
        self._client = client
        self._issuer = issuer
        self._url = jwks_url
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def keys_for(self, key_id: str | None) -> KeySet:
        """Return the key set, fetched again when it is old or lacks the key.

        Raises:
            RefusedError: It could not be fetched yet.

        """
        async with self._lock:
            now = self._clock()
            stale = self._keys is None or now - self._fetched > REFRESH_SECONDS or not self._has(key_id)
            if stale and now - self._tried >= MIN_SECONDS:
                self._tried = now
                await self._fetch(now)
            if self._keys is None:
                raise RefusedError("UNAVAILABLE", "the identity provider's keys cannot be read: try again in a moment")
            return self._keys

    def _has(self, key_id: str | None) -> bool:
        return self._keys is not None and (key_id is None or any(key.kid == key_id for key in self._keys.keys))

    async def _fetch(self, now: float) -> None:
        try:
            if self._url is None:
                found = await self._json(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                self._url = str(found["jwks_uri"])
            listed = (await self._json(self._url))["keys"]
            usable = [one for one in listed if one.get("kty") in {"RSA", "EC", "OKP"} and one.get("use") != "enc"]
            self._keys = KeySet.import_key_set({"keys": usable})
            self._fetched = now
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            # What was fetched before still counts: an outage of the provider must not become one of ours.
            _LOG.warning("the keys of %s could not be fetched: %s", self._issuer, type(error).__name__)

    async def _json(self, url: str) -> Any:
        answer = await self._client.get(url, timeout=_TIMEOUT, headers={"Accept": "application/json"})
        answer.raise_for_status()
        if len(answer.content) > _MAX_BYTES:
            raise ValueError("the document is too long")
        return answer.json()
