"""Root fields that read items: arguments in, one traversal, the answer out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

import orjson
from graphql import FieldNode
from strawberry.types import Info

from graph.model import NODES
from graph.reading.traversal import traverse
from graph.rules.lifecycle import DEFAULT_STATUSES, Category
from resolvers.arguments import Bound
from resolvers.conditions import Facts
from resolvers.context import Context
from resolvers.decoding import OddValueError
from resolvers.errors import RefusedError
from resolvers.filling import Values, filled
from resolvers.moments import Clock
from resolvers.naming import ABSTRACT, SEARCH, plural
from resolvers.plans import Plan, plan_of

MAX_NAMES: Final = 100
"""Most ids that ``nodes`` takes."""
_MAX_WORKSPACES: Final = 1_000

_REMEMBERED: Final[OrderedDict[str, str]] = OrderedDict()
"""Each workspace's statuses as they were last seen. What depends on them reads them again in the same round trip."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a plan found, not yet decoded: a list's hop, or rows in the order of the names (``None`` for no item)."""

    plan: Plan
    rows: Any
    lists: Sequence[Bound]
    categories: Mapping[str, str]
    computed: Sequence[Values] = ()

    def decoded(self) -> Any:
        """Return the answer.

        Raises:
            OddValueError: A stored value is not one that the schema promises, or a list's argument none that it takes.

        """
        if any(one.unfit for one in self.lists):
            raise OddValueError
        if not self.plan.named_by:
            return self.plan.decode(self.rows, self.lists, self.categories, self.computed)
        present = [row for row in self.rows if row is not None]
        items = iter(self.plan.decode(present, self.lists, self.categories, self.computed))
        return [None if row is None else next(items) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Shaped:
    """A finished answer, which the executor lets through as it is; ``odd`` is what has to be completed bit by bit."""

    value: Any = None
    odd: Found | None = None
    alone: bool = False
    """Whether a list of one is answered by its only element."""


async def read_list(context: Context, plan: Plan, variables: Mapping[str, Any]) -> Found:
    """Read a page of items.

    Raises:
        RefusedError: An argument is out of range, or the operation reads too much.
        StoreError: The database failed.

    """
    context.count_read()
    rows, total, lists, categories = await _traversed(context, plan, variables, None)
    connection: Any = plan.content
    hop = [rows, total] if connection.rows and connection.total else rows if connection.rows else total
    return Found(plan, hop, lists, categories, await filled(context, plan, variables, hop, lists))


async def read_items(context: Context, plan: Plan, variables: Mapping[str, Any], names: Sequence[str]) -> Found:
    """Read the items with these names, in their order.

    Raises:
        RefusedError: There are too many names, an argument is out of range, or the operation reads too much.
        StoreError: The database failed.

    """
    context.count_read()
    if len(names) > MAX_NAMES:
        raise RefusedError("BAD_USER_INPUT", f"{len(names)} items are asked for, at most {MAX_NAMES} can be")
    rows, _, lists, categories = await _traversed(context, plan, variables, names)
    place = plan.name_place
    by_name = {row[place]: row for row in rows}
    found = [by_name.get(name) for name in names]
    return Found(plan, found, lists, categories, await filled(context, plan, variables, found, lists))


async def _traversed(
    context: Context, plan: Plan, variables: Mapping[str, Any], names: Sequence[str] | None
) -> tuple[list[Any], int, Sequence[Bound], Mapping[str, str]]:
    clock = Clock(context.now, context.today)
    while True:
        text = _REMEMBERED.get(context.workspace, _DEFAULT)
        lists = plan.bound(variables, Facts(clock, lambda text=text: categories_of(text)))  # type: ignore[misc]
        program = plan.program(lists, context.planning)
        pages = [one.page for one in lists]
        found = await traverse(
            context.store, context.viewer.sight, program, pages, names, lists[0].words, context.gathering
        )
        if not program.statuses:
            return found.rows, found.total, lists, {}
        _REMEMBERED[context.workspace] = found.statuses
        if len(_REMEMBERED) > _MAX_WORKSPACES:
            _REMEMBERED.popitem(last=False)
        # A filter by category may have been bound with other statuses than the workspace has now.
        if found.statuses == text or not any(one.categories for one in lists):
            return found.rows, found.total, lists, categories_of(found.statuses)


_DEFAULT: Final = orjson.dumps(DEFAULT_STATUSES).decode()


@lru_cache(maxsize=_MAX_WORKSPACES)
def categories_of(text: str) -> Mapping[str, Category]:
    """Return the categories of statuses, as a workspace stores them."""
    return {name: Category(category) for name, category in orjson.loads(text).items()}


# As fields --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RootField:
    """A field of ``Query`` that lists the items of a type, or answers those that its ``argument`` names.

    ``alone``: the argument is a single name, and the field null where there is no such item.
    """

    target: str
    named_by: str = ""
    argument: str = ""
    alone: bool = False


ROOT_FIELDS: Final[Mapping[str, RootField]] = {
    "node": RootField("Node", "id", "id", alone=True),
    "nodes": RootField("Node", "id", "ids"),
    "item": RootField("Item", "key", "key", alone=True),
    "search": RootField(SEARCH),
    **{plural(name): RootField(name) for name in (*(one for one in ABSTRACT if one != "Node"), *NODES)},
}
"""The root fields that are read by a traversal each."""


async def read_root(
    context: Context, field: RootField, nodes: Sequence[FieldNode], variables: Mapping[str, Any]
) -> Shaped:
    """Answer a root field as its nodes select it; one round trip."""
    plan = _plan(context, nodes, field.target, field.named_by, "Query", variables)
    if not field.named_by:
        return _shaped(await read_list(context, plan, variables))
    given = plan.arguments.values(variables)[field.argument]
    found = await read_items(context, plan, variables, [given] if field.alone else given)
    return _shaped(found, alone=field.alone)


async def read_named(info: Info[Context, Any], target: str, named_by: str, names: Sequence[str]) -> Shaped:
    """Answer a field with the items of these names (as ``Root`` says), null where there is none; one round trip."""
    return _shaped(await _named(info, target, named_by, names))


async def read_one(info: Info[Context, Any], target: str, named_by: str, name: str) -> Shaped:
    """Answer a field with the item of this name, null where there is none; one round trip."""
    return _shaped(await _named(info, target, named_by, [name]), alone=True)


async def _named(info: Info[Context, Any], target: str, named_by: str, names: Sequence[str]) -> Found:
    raw = info._raw_info
    # Strawberry hands on the plain coerced values, whatever the library's type says.
    variables = cast("Mapping[str, Any]", raw.variable_values)
    plan = _plan(info.context, raw.field_nodes, target, named_by, raw.parent_type.name, variables)
    return await read_items(info.context, plan, variables, names)


def _plan(
    context: Context, nodes: Sequence[FieldNode], target: str, named_by: str, parent: str, variables: Mapping[str, Any]
) -> Plan:
    document = context.document
    assert document is not None  # an operation is being executed
    return plan_of(document, nodes, target, named_by, parent, document.skips(variables))


def _shaped(found: Found, *, alone: bool = False) -> Shaped:
    if alone and found.rows == [None]:
        return Shaped()
    try:
        value = found.decoded()
    except OddValueError:
        return Shaped(odd=found, alone=alone)
    return Shaped(value[0] if alone else value)
