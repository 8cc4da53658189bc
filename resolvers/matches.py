"""GraphQL types of searches: how they compare, and what they found in an item."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from graph.reading.snippets import LENGTH
from resolvers.scalars import enum_of

SearchMode: Final = enum_of(
    "SearchMode",
    "How a search compares.",
    {
        "KEYWORD": "By words: each must occur in the title, the key or the description, of the last one a beginning.",
        "SEMANTIC": "By meaning; needs the extra `semantic`.",
        "HYBRID": "By both; needs the extra `semantic`.",
    },
)
BY_WORDS: Final = SearchMode("KEYWORD")
SearchField: Final = enum_of(
    "SearchField",
    "A text of an item in which a search looks.",
    {"KEY": "Its key.", "TITLE": "Its title.", "DESCRIPTION": "Its description."},
)


@strawberry.type(description="A part of a text.")
class SearchPart:
    """A part of a text."""

    text: str = strawberry.field(description="The part.")
    matched: bool = strawberry.field(description="Whether it is what was searched for.")


@strawberry.type(description="A text of an item that matches what was searched for.")
class SearchMatch:
    """A text of an item that matches what was searched for."""

    field: Any = strawberry.field(graphql_type=SearchField, description="Which text it is.")
    snippet: str = strawberry.field(
        description=f"The text, or about {LENGTH} characters of it around the first match; … stands for the rest."
    )
    parts: list[SearchPart] = strawberry.field(description="The snippet in parts that match and parts that do not.")
