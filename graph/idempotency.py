"""Answers kept by idempotency key: a request that is sent again has no second effect."""

from __future__ import annotations

import orjson

from graph import cypher
from graph.draft import Draft, Outcome
from graph.errors import BatchRefusedError, Problem
from graph.memory import Kept


async def kept_answer(draft: Draft, key: str, payload: str) -> Outcome | None:
    """Return what the same request was answered before, ``None`` if it comes for the first time.

    ``payload`` is a digest of what the request asks for.

    Raises:
        BatchRefusedError: The key was used for another request.

    """
    await draft.memory.look_up_answers(draft.transaction, draft.settings.id, [key])
    kept = draft.memory.answers[key]
    if kept is None:
        return None
    if kept.payload != payload:
        message = "this idempotency key was used for another request: choose a new one"
        raise BatchRefusedError([Problem("IDEMPOTENCY_MISMATCH", message, field="idempotencyKey")])
    answer = orjson.loads(kept.answer)
    return Outcome(change_seq=answer["changeSeq"], about=answer.get("about", []))


async def keep_answer(draft: Draft, key: str, payload: str) -> None:
    """Keep the answer to a request under its key."""
    answer = orjson.dumps({"changeSeq": draft.outcome.change_seq, "about": draft.outcome.about}).decode()
    draft.memory.answers[key] = Kept(payload, answer)
    row = [key, payload, answer, draft.now]
    await draft.transaction.write(cypher.KEEP_ANSWERS, {("answer", key): row}, workspace=draft.settings.id)
