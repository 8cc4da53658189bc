"""Every limit of the API, in one frozen value; the settings can change each of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a caller's budget of one minute: of ``limit`` there are ``remaining`` for ``seconds`` more."""

    limit: int
    remaining: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large requests may be, how long they may take, and how much one caller may ask for.

    Rates count for one caller, one minute and one server; 0 means without limit. They concern callers with a key:
    the only user of a server on loopback is not limited.
    """

    body: int = 256 * 1024
    """Bytes of a request's body."""
    body_seconds: int = 10
    """Seconds in which a body must arrive."""
    seconds: int = 10
    """Seconds that one operation may take."""
    length: int = 100_000
    """Characters of a document."""
    tokens: int = 4_000
    """Lexical tokens of a document."""
    comments: int = 400
    """Comments in a document."""
    depth: int = 15
    """Fields within fields; `edges` is not counted."""
    aliases: int = 100
    """Aliases in a document."""
    nodes: int = 100_000
    """Cost of one operation: about how many items it may return."""
    running: int = 64
    """Operations that run at the same time in one process, subscriptions apart; more wait their turn."""
    waiting: int = 256
    """Operations that wait; more are told to come again."""
    rate_requests: int = 30_000
    """Requests of one caller in one minute."""
    rate_cost: int = 20_000_000
    """Cost of one caller's operations in one minute."""
    rate_plans: int = 3_000
    """Lists in shapes that are new to the server, of one caller in one minute: Neo4j takes some 13 ms to plan each."""
    rate_failures: int = 120
    """Refused keys of one address in one minute."""
