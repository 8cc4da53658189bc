"""What must hold of system nodes: API keys, kept answers, findings and webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_ROLES: Final = ["viewer", "editor", "admin"]
_SCOPES: Final = ["read", "write", "admin"]

_RULES: Final = {
    # A key that opens every workspace is everybody's to check.
    "(n:ApiKey) WHERE (n.workspace = $workspace OR n.workspace IS NULL)": (
        "n.id",
        {
            "an API key holds a SHA-256, never a token": "NOT coalesce(n.digest, '') =~ '[0-9a-f]{64}'",
            "an API key has a role": f"NOT coalesce(n.role, '') IN {_ROLES}",
            "an API key has known scopes": f"n.scopes IS NULL OR any(s IN n.scopes WHERE NOT s IN {_SCOPES})",
            "an API key has the moments of its life": (
                "NOT coalesce(n.createdAt IS :: ZONED DATETIME NOT NULL, false) OR n.expiresAt <= n.createdAt"
            ),
            "an API key stands for a person of its workspace": (
                "n.person IS NOT NULL AND n.workspace IS NOT NULL "
                "AND NOT EXISTS { (:Person {workspace: n.workspace, id: n.person}) }"
            ),
        },
    ),
    "(n:Idempotency {workspace: $workspace}) WHERE true": (
        "n.key",
        {
            "a kept answer has the digest of its request": "NOT coalesce(n.payload, '') =~ '[0-9a-f]{32}'",
            "a kept answer has the moment of its request": "NOT coalesce(n.at IS :: ZONED DATETIME NOT NULL, false)",
        },
    ),
    "(n:Finding {workspace: $workspace}) WHERE true": (
        "n.id",
        {
            "a finding stands in one of its states": "NOT coalesce(n.state, '') IN ['open', 'accepted', 'resolved']",
            "a finding is about items and was seen": (
                "coalesce(size(n.subjects), 0) = 0 OR n.sentence IS NULL OR n.firstSeen IS NULL "
                "OR n.lastSeen < n.firstSeen"
            ),
            "a finding is accepted until a day": (
                "(n.state = 'accepted') <> (n.acceptedUntil IS NOT NULL) "
                "OR (n.state = 'resolved') <> (n.resolvedAt IS NOT NULL)"
            ),
        },
    ),
    "(n:Webhook {workspace: $workspace}) WHERE true": (
        "n.id",
        {
            "a webhook has an address and a secret": (
                "NOT coalesce(n.url, '') =~ 'https?://.+' OR NOT coalesce(n.secret, '') STARTS WITH 'whsec_'"
            ),
            "a webhook stands at a change of the log": (
                "NOT EXISTS { MATCH (w:Workspace {id: n.workspace}) WHERE 0 <= n.cursor <= w.seq } "
                "OR n.pending <= n.cursor"
            ),
        },
    ),
    "(n:DeadLetter {workspace: $workspace}) WHERE true": (
        "n.id",
        {
            "a message that was given up is a webhook's": (
                "NOT EXISTS { (:Webhook {workspace: n.workspace, id: n.webhook}) } OR n.after > n.last"
            ),
        },
    ),
}
"""Pattern → the name of an offender, and (what must hold → the condition under which it does not)."""


def system_rules() -> Iterator[str]:
    """Yield texts that answer as those of ``cypher.invariants`` do."""
    for pattern, (name, rules) in _RULES.items():
        cases = ", ".join(f'CASE WHEN {wrong} THEN "{rule}" END' for rule, wrong in rules.items())
        yield (
            f"MATCH {pattern} UNWIND [rule IN [{cases}] WHERE rule IS NOT NULL] AS rule "
            f"WITH rule, {name} AS name ORDER BY rule, name RETURN rule, collect(name)[..$first]"
        )
