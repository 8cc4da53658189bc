"""Answers kept by idempotency key: a request that is sent again has no second effect.

They are kept for some time (``workatlas.tidying``), and then the same request is a new one.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from graph import cypher
from graph.errors import BatchRefusedError, Problem
from graph.store import Store, Transaction
from graph.writing.draft import Draft, Outcome
from graph.writing.memory import Kept

PAGE: Final = 10_000
"""Kept answers that are read or removed at once."""
_FORGET: Final = """
MATCH (i:Idempotency) WHERE i.at < datetime({epochMillis: $before}) WITH i LIMIT $first DELETE i RETURN count(*)
"""
_READ_ALL: Final = """
MATCH (i:Idempotency {workspace: $workspace}) WHERE i.key > $after
WITH i ORDER BY i.key LIMIT $first RETURN i.key, i.answer
"""


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
    return Outcome(change_seq=answer["changeSeq"], about=answer.get("about", []), more=answer.get("more", False))


async def keep_answer(draft: Draft, key: str, payload: str) -> None:
    """Keep the answer to a request under its key."""
    outcome = draft.outcome
    given = {"changeSeq": outcome.change_seq, "about": outcome.about} | ({"more": True} if outcome.more else {})
    answer = orjson.dumps(given).decode()
    draft.memory.answers[key] = Kept(payload, answer)
    row = [key, payload, answer, draft.now]
    await draft.transaction.write(cypher.KEEP_ANSWERS, {("answer", key): row}, workspace=draft.settings.id)


async def forget_answers(store: Store, before: int) -> int:
    """Remove the answers of all workspaces that were kept before an instant, in parts; return how many they were.

    Safe to run in several processes at once. O(removed).

    Raises:
        StoreError: The database failed; some may have been removed.

    """

    async def some(transaction: Transaction) -> int:
        return int((await transaction.rows(_FORGET, before=before, first=PAGE))[0][0])

    removed = 0
    while part := await store.write(some):
        removed += part
    return removed


async def broken_answers(store: Store, workspace: str, seq: int) -> list[str]:
    """Return the keys of kept answers that cannot be read, or name a change that the log, up to ``seq``, has not.

    O(kept answers), a page at a time.

    Raises:
        StoreError: The database failed.

    """
    broken: list[str] = []
    after = ""
    while rows := await store.rows(_READ_ALL, workspace=workspace, after=after, first=PAGE):
        after = rows[-1][0]
        broken += [key for key, answer in rows if not _can_be_given(answer, seq)]
    return broken


def _can_be_given(text: Any, seq: int) -> bool:
    try:
        answer = orjson.loads(text)
        number, about, more = answer["changeSeq"], answer.get("about", []), answer.get("more", False)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    known = number is None or (isinstance(number, int) and 0 < number <= seq)
    return known and isinstance(more, bool) and isinstance(about, list) and all(isinstance(one, str) for one in about)
