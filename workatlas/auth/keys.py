"""API keys: ``wa_ID_SECRET``. Only the SHA-256 of the whole token is kept, and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

from graph.records.api_keys import ApiKey, find, touch
from graph.store import Store
from resolvers.access import Access, Role
from workatlas.auth.subject import EVERY, Subject

PREFIX: Final = "wa_"
_TOKEN: Final = re.compile(r"wa_(?P<id>[0-9a-f]{16})_[0-9a-f]{48}", re.ASCII)
_SECRET_BYTES: Final = 24
_TOUCH_MILLISECONDS: Final = 60_000
"""How exactly the time of last use is kept: a write per request would cost more than most requests."""


def new_token() -> tuple[str, str]:
    """Return the id and the whole token of a new key; 192 of its bits are random and secret."""
    key_id = secrets.token_hex(8)
    return key_id, f"{PREFIX}{key_id}_{secrets.token_hex(_SECRET_BYTES)}"


def digest_of(token: str) -> str:
    """Return the SHA-256 under which a token is stored. Its secret is random, so that no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


async def key_subject(store: Store, token: str, now: int) -> Subject | None:
    """Return whom a key stands for; ``None`` where there is no such key, or it was revoked or has expired.

    Raises:
        StoreError: The database failed.

    """
    parts = _TOKEN.fullmatch(token)
    key = await find(store, parts["id"]) if parts else None
    # Compared before anything else is looked at: how long a refusal takes must tell nothing of the key.
    if key is None or not hmac.compare_digest(key.digest, digest_of(token)) or not key.works(now):
        return None
    if key.last_used_at is None or now - key.last_used_at >= _TOUCH_MILLISECONDS:
        await touch(store, key.id, now)
    return _subject(key)


def _subject(key: ApiKey) -> Subject:
    return Subject(
        name=f"key {key.name}",
        roles={key.workspace or EVERY: Role(key.role)},
        scopes=frozenset(map(Access, key.scopes)),
        person=key.person,
        key=key.id,
        expires_at=None if key.expires_at is None else key.expires_at / 1000,
    )
