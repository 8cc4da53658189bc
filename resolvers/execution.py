"""How operations are executed: finished answers pass through."""

from __future__ import annotations

from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.completion import completed
from resolvers.reading import Shaped


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Lets an answer that was shaped from rows through as it is, instead of resolving each of its fields again."""

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """Complete a value as the specification says, unless it is complete."""
        if type(result) is Shaped:
            if result.odd is not None:
                return completed(self, result, return_type, field_details_list, info, path)
            return result.value
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)
