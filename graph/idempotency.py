"""Answers kept by idempotency key: a request that is sent again has no second effect."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import orjson

from graph import cypher
from graph.batch import Batch
from graph.draft import Draft, Outcome
from graph.errors import BatchRefusedError, Problem


async def kept_answer(draft: Draft, batch: Batch) -> Outcome | None:
    """Return what the same request was answered before, ``None`` if it comes for the first time.

    Raises:
        BatchRefusedError: The key was used for another request.

    """
    rows = await draft.transaction.rows(cypher.FIND_ANSWER, workspace=draft.settings.id, key=batch.idempotency_key)
    if not rows:
        return None
    if rows[0][0] != _payload(batch):
        message = f"the idempotency key {batch.idempotency_key!r} was used for another request"
        raise BatchRefusedError([Problem("IDEMPOTENCY_MISMATCH", message)])
    return Outcome(change_seq=orjson.loads(rows[0][1])["changeSeq"])


async def keep_answer(draft: Draft, batch: Batch) -> None:
    """Keep the answer to a request under its key."""
    await draft.transaction.rows(
        cypher.KEEP_ANSWER,
        workspace=draft.settings.id,
        key=batch.idempotency_key,
        payload=_payload(batch),
        answer=orjson.dumps({"changeSeq": draft.outcome.change_seq}).decode(),
        now=draft.now,
    )


def _payload(batch: Batch) -> str:
    """Return a digest of what a batch asks for: the same key with another digest is a client's mistake."""
    return blake2b(repr(replace(batch, idempotency_key=None)).encode(), digest_size=16).hexdigest()
