"""API keys as they are stored: what each may do, and the SHA-256 of its token, never the token itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from graph.store import Rows, Store, Transaction


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key. ``workspace`` is ``None`` where it opens every workspace; instants are epoch milliseconds, UTC.

    ``person`` is the id of the person that it stands for; ``scopes`` narrow what ``role`` may do.
    """

    id: str
    digest: str
    name: str
    role: str
    scopes: tuple[str, ...]
    workspace: str | None
    person: str | None
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None

    def works(self, now: int) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


_INSTANTS: Final = ("createdAt", "expiresAt", "lastUsedAt", "revokedAt")
_STATE: Final = "k.id, k.digest, k.name, k.role, k.scopes, k.workspace, k.person, " + ", ".join(
    f"k.{one}.epochMillis" for one in _INSTANTS
)
_CREATE: Final = """
CREATE (:ApiKey {id: $id, digest: $digest, name: $name, role: $role, scopes: $scopes, workspace: $workspace,
                 person: $person, createdAt: datetime({epochMillis: $created_at}),
                 expiresAt: CASE WHEN $expires_at IS NULL THEN null ELSE datetime({epochMillis: $expires_at}) END})
"""
_FIND: Final = f"MATCH (k:ApiKey {{id: $id}}) RETURN {_STATE}"
_LIST: Final = f"""
MATCH (k:ApiKey) WHERE $workspace IS NULL OR k.workspace IS NULL OR k.workspace = $workspace
RETURN {_STATE} ORDER BY k.createdAt, k.id
"""
_REVOKE: Final = """
MATCH (k:ApiKey {id: $id}) SET k.revokedAt = coalesce(k.revokedAt, datetime({epochMillis: $now})) RETURN k.id
"""
_TOUCH: Final = "MATCH (k:ApiKey {id: $id}) SET k.lastUsedAt = datetime({epochMillis: $now}) RETURN k.id"


async def create(store: Store, key: ApiKey) -> None:
    """Store a new key.

    Raises:
        StoreError: The database failed.

    """
    values: dict[str, Any] = {name: getattr(key, name) for name in ApiKey.__slots__}
    values["scopes"] = list(key.scopes)
    await _write(store, _CREATE, values)


async def find(store: Store, key_id: str) -> ApiKey | None:
    """Return the key with an id, revoked and expired ones too. One round trip."""
    rows = await store.rows(_FIND, id=key_id)
    return _key(rows[0]) if rows else None


async def listed(store: Store, workspace: str | None) -> list[ApiKey]:
    """Return the keys that open a workspace, or all keys, the oldest first."""
    return [_key(row) for row in await store.rows(_LIST, workspace=workspace)]


async def revoke(store: Store, key_id: str, now: int) -> bool:
    """End a key for good; return whether there is such a key. Repeating it changes nothing."""
    return bool(await _write(store, _REVOKE, {"id": key_id, "now": now}))


async def touch(store: Store, key_id: str, now: int) -> None:
    """Keep when a key was last used."""
    await _write(store, _TOUCH, {"id": key_id, "now": now})


async def _write(store: Store, statement: str, values: dict[str, Any]) -> Rows:
    async def work(transaction: Transaction) -> Rows:
        return await transaction.rows(statement, **values)

    return await store.write(work)


def _key(row: list[Any]) -> ApiKey:
    key_id, digest, name, role, scopes, workspace, person, *instants = row
    return ApiKey(key_id, digest, name, role, tuple(scopes), workspace, person, *instants)
