"""GraphQL types made straight from the frozen results of analyses: a result is answered as it is, not copied."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from analytics.results import Completeness
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import Made, field, many
from resolvers.scalars import Day, Instant

Result = TypeVar("Result")

_PUBLISHED: Final[dict[type, Made]] = {}


def published(
    result: type, description: str, shown: Mapping[str, str], *, name: str | None = None, explained: bool = False
) -> Made:
    """Return the GraphQL type of a frozen dataclass of ``analytics``.

    ``shown`` names the attributes and properties that clients may read, in order, each with its description; their
    types follow from the dataclass: dates become ``CoarseDate``, tuples lists, mappings ``JSON``, other dataclasses the
    types published for them before, and ``completeness`` comes by itself. ``explained`` adds the sentence of
    ``explain()``.

    Raises:
        TypeError: The class has no such attribute, or one whose type has no counterpart.

    """
    if not is_dataclass(result):
        raise TypeError(f"{result.__name__} is no dataclass")
    hints = get_type_hints(result) | _properties(result)
    attributes: dict[str, Any] = {}
    for attribute, meaning in shown.items():
        if attribute not in hints:
            raise TypeError(f"{result.__name__} has no attribute {attribute!r}")
        attributes[attribute] = field(_type_of(hints[attribute], f"{result.__name__}.{attribute}"), meaning)
    if explained:
        attributes["explanation"] = field(
            str, "One sentence that quotes only facts of this answer.", resolver=_sentence
        )
    if "completeness" in hints and "completeness" not in shown:
        attributes["completeness"] = field(_PUBLISHED[Completeness], "What the answer leaves out.")
    made: Made = type(name or result.__name__, (), {"__module__": __name__, "__annotations__": {}, **attributes})
    _PUBLISHED[result] = strawberry.type(made, name=name or result.__name__, description=description)
    return _PUBLISHED[result]


def _properties(result: type) -> dict[str, Any]:
    found = {name: one.fget for name, one in vars(result).items() if isinstance(one, property)}
    return {name: get_type_hints(read)["return"] for name, read in found.items() if read is not None}


def _sentence(root: Any) -> str:
    return str(root.explain().sentence)


def _type_of(hint: Any, where: str) -> Any:
    """Return the GraphQL annotation of a dataclass attribute's type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        (present,) = (one for one in inner if one is not types.NoneType)
        return _type_of(present, where) | None
    if origin in {tuple, list}:
        return many(_type_of(inner[0], where))
    if origin in {dict, Mapping}:
        return JSON
    if hint in _PUBLISHED:
        return _PUBLISHED[hint]
    for plain, annotation in _SCALARS.items():
        if hint is plain:
            return annotation
    raise TypeError(f"{where}: publish {hint} before what holds it")


_SCALARS: Final[Mapping[Any, Any]] = {
    str: str,
    bool: bool,
    int: int,
    float: float,
    date: Day,
    datetime: Instant,
    Any: JSON,
}


async def computed(analysis: Callable[[], Result]) -> Result:
    """Run an analysis beside the event loop.

    Raises:
        RefusedError: An item is not there, or not of a kind that the analysis takes.

    """
    try:
        return await asyncio.to_thread(analysis)
    except KeyError as error:
        raise RefusedError("NOT_FOUND", str(error.args[0])) from error
    except ValueError as error:
        raise RefusedError("BAD_USER_INPUT", str(error)) from error


Scope = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description="Key or id of a portfolio, project, other work, goal, team, person or sprint: only what belongs to "
        "it is answered, everything when absent. What is true of it still depends on the whole graph."
    ),
]


async def answered(
    info: Info[Context, None], analysis: Callable[..., Result], *given: object, dated: bool = True, **options: object
) -> Result:
    """Ask an analysis of the newest snapshot, as of today if it is ``dated``, without what the viewer may not see.

    Raises:
        RefusedError: An item is not there, or not of a kind that the analysis takes.

    """
    today, snapshot = info.context.today(), await info.context.snapshots.current()
    hidden = info.context.viewer.hidden(snapshot)
    day = {"today": today} if dated else {}
    return await computed(lambda: analysis(snapshot, *given, **day, hidden=hidden, **options))


COMPLETENESS: Final = published(
    Completeness,
    "What an answer leaves out.",
    {
        "complete": "Whether nothing was left out.",
        "limited": "Each limit that was reached, in words.",
        "hidden": "Number of items that the viewer may not see.",
        "snapshot_seq": "Number of the last change that the answer knows.",
        "scope": "Key of the scope to which the answer is confined; null where it is not.",
    },
)
