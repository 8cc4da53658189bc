"""How a mutation is declared: its input, its payload, its rule, and the work behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.types import Info

from resolvers.access import Access
from resolvers.context import Context
from resolvers.items import Made, field

Value = TypeVar("Value")


def mutation(
    taken: Made,
    answered: Made,
    description: str,
    work: Callable[[Context, Any], Awaitable[Any]],
    *,
    access: Access = Access.WRITE,
) -> Any:
    """Return the root field of a mutation that takes one input object."""

    async def resolver(info: Any, input: Any) -> Any:  # noqa: A002 - its name in GraphQL
        return await work(info.context, input)

    # The types are known only now, when the model table has been read.
    resolver.__annotations__ = {
        "info": Info[Context, None],
        "input": Annotated[taken, strawberry.argument(description="What is asked for.")],
        "return": Any,
    }
    return field(answered, description, access=access, resolver=resolver)
