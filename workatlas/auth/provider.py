"""An identity provider as the settings name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures that can be allowed. None is symmetric: those who check must not be able to sign."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider that is trusted, and where its tokens say what somebody is in a workspace.

    ``roles_claim`` names a claim that maps workspaces to roles, as an object or as a list of ``workspace:role``.
    ``jwks_url`` is found by the issuer's discovery document where it is ``None``.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    roles_claim: str = "workatlas_roles"
