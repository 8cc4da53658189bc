"""Taking changes back."""

from __future__ import annotations

from typing import Any, Final

from graph.writing.undoing import undo
from resolvers.context import Context
from resolvers.mutations.inputs import IDEMPOTENCY_KEY, given, make_input
from resolvers.mutations.mutation import mutation
from resolvers.mutations.payloads import Written, payload
from resolvers.mutations.requests import perform


async def _undo(context: Context, value: Any) -> Written:
    return await perform(context, "undo", value, lambda: undo(value.changeSeq))


FIELDS: Final = {
    "undo": mutation(
        make_input(
            "UndoInput",
            "Which change to take back.",
            {
                "changeSeq": given(int, "Number of the change in the log."),
                "idempotencyKey": IDEMPOTENCY_KEY,
            },
        ),
        payload("UndoPayload", "a request to take a change back"),
        "Take a change back as a whole, if nothing that it touched was changed again since (`CHANGED_SINCE`). "
        "The answer's change can be taken back in turn.",
        _undo,
    ),
}
