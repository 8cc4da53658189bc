"""Reads filters and orders as clients give them into the neutral ones of ``graph``, their values apart.

Everything comes in the model table's order, whatever order a client wrote it in: the same question in other words is
the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from typing import Any, Final

from graph.model import Property
from graph.reading.conditions import Condition, Every, Not, OfKind, Operator, Quantifier, Related, Some, Test, Within
from graph.reading.selection import Order
from graph.rules.lifecycle import Category
from graph.values import Type
from resolvers.errors import RefusedError
from resolvers.moments import Clock, Moment
from resolvers.naming import EdgeField, filterable_edges_of, filterable_of, labels_of, plain, sortable_of

MAX_NESTING: Final = 8
"""Filters within filters."""
MAX_COMPARISONS: Final = 60
MAX_PATTERNS: Final = 10
"""Conditions on other items: each costs the planner as much as a hop."""
MAX_LISTED: Final = 1_000
"""Values that one list may hold."""
MAX_TEXT: Final = 1_000
MAX_ORDER: Final = 6

_STATUS: Final = Property("status", Type.TEXT, "")
_PLAIN: Final = {"eq": Operator.EQ, "lt": Operator.LT, "lte": Operator.LTE, "gt": Operator.GT, "gte": Operator.GTE,
                 "in": Operator.IN, "contains": Operator.CONTAINS, "startsWith": Operator.STARTS_WITH}  # fmt: skip
_NEGATED: Final = {"neq": "eq", "nin": "in"}
_FURTHER: Final = ("name", "category", "kind", "under", "above")
_ORDERED: Final = {
    "lt": lambda place, given: place < given,
    "lte": lambda place, given: place <= given,
    "gt": lambda place, given: place > given,
    "gte": lambda place, given: place >= given,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What filters may refer to without naming it; statuses are asked for only where a filter needs them."""

    clock: Clock
    statuses: Callable[[], Mapping[str, Category]]


@dataclass(slots=True)
class Filtering:
    """Reads one filter; ``values`` are its parameters in the order of the condition's text.

    ``timeless``: they are the same whenever it is read; ``categories``: they depend on what statuses mean.
    """

    facts: Facts
    timeless: bool = True
    categories: bool = False
    values: list[Any] = field(default_factory=list)
    comparisons: int = 0
    patterns: int = 0

    def read(self, target: str, given: Mapping[str, Any], depth: int = 1) -> Condition:
        """Return the condition on items of a type.

        Raises:
            RefusedError: The filter is too large, or a value in it is out of range.

        """
        if depth > MAX_NESTING:
            raise RefusedError("TOO_COMPLEX", f"filters may be nested at most {MAX_NESTING} deep: ask in two steps")
        parts = tuple(self._parts(target, given, depth))
        return parts[0] if len(parts) == 1 else Every(parts)

    def _parts(self, target: str, given: Mapping[str, Any], depth: int) -> Iterator[Condition]:
        columns, edges = filterable_of(target), filterable_edges_of(target)
        for name in sorted((name for name in given if given[name] is not None), key=_places(target).__getitem__):
            value = given[name]
            if name in columns:
                yield from self._property(columns[name], value)
            elif name in edges:
                yield from self._related(edges[name], value, depth)
            else:
                yield from self._further(target, name, value, depth)

    def _further(self, target: str, name: str, value: Any, depth: int) -> Iterator[Condition]:
        """Read what asks neither for a property nor for an edge."""
        match name:
            case "name":
                yield from self._property(filterable_of(target)["title"], value)
            case "category":
                yield from self._category(value)
            case "kind":
                yield from self._kind(target, value)
            case "under" | "above":
                self._count_pattern()
                self.values.append(self._listed(value))
                yield Within(above=name == "above")
            case "not":
                yield Not(self.read(target, value, depth + 1))
            case _:
                made = Every if name == "and" else Some
                yield made(tuple(self.read(target, one, depth + 1) for one in self._bounded(value)))

    def _related(self, edge: EdgeField, given: Mapping[str, Any], depth: int) -> Iterator[Condition]:
        for quantifier in Quantifier:
            inner = given.get(quantifier.value)
            if inner is not None:
                self._count_pattern()
                read = self.read(edge.target, inner, depth + 1)
                empty = read == Every(())
                yield Related(edge.kind.name, edge.forward, quantifier, None if empty else read)

    def _count_pattern(self) -> None:
        self.patterns += 1
        if self.patterns > MAX_PATTERNS:
            raise RefusedError(
                "TOO_COMPLEX", f"one filter may ask for other items at most {MAX_PATTERNS} times: ask in two steps"
            )

    def _count(self) -> None:
        self.comparisons += 1
        if self.comparisons > MAX_COMPARISONS:
            raise RefusedError("TOO_COMPLEX", f"one filter may hold at most {MAX_COMPARISONS} comparisons")

    def _bounded(self, given: Sequence[Any]) -> Sequence[Any]:
        if len(given) > MAX_LISTED:
            raise RefusedError("TOO_COMPLEX", f"a list in a filter may hold at most {MAX_LISTED} values")
        return given

    def _listed(self, given: Sequence[Any]) -> list[Any]:
        bounded = self._bounded(given)
        if set(map(type, bounded)) == {str} and max(map(len, bounded)) <= MAX_TEXT:
            return list(bounded)
        return [self._value(one) for one in bounded]

    def _value(self, given: Any) -> Any:
        value = meant(given)
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise RefusedError("BAD_USER_INPUT", f"a text in a filter may have at most {MAX_TEXT} characters")
        return value

    # Properties ---------------------------------------------------------------------------------------------------

    def _property(self, column: Property, given: Mapping[str, Any]) -> Iterator[Condition]:
        declared = plain(column)
        if column.type is Type.TEXTS:
            yield from self._list(declared, given)
            return
        if given.get("isNull") is not None:
            self._count()
            absent = Test(declared, Operator.ABSENT)
            yield absent if given["isNull"] else Not(absent)
        for name in (*_PLAIN, *_NEGATED):
            if given.get(name) is not None:
                self._count()
                positive = self._comparison(
                    column, _NEGATED.get(name, name), given[name], bool(given.get("ignoreCase"))
                )
                yield Not(positive) if name in _NEGATED else positive

    def _comparison(self, column: Property, name: str, given: Any, fold: bool) -> Condition:
        declared = plain(column)
        if column.type in {Type.DATE, Type.INSTANT}:
            return self._moment(declared, name, given)
        if column.choices and name in _ORDERED:
            rank = column.choices.index(self._value(given))
            self.values.append([one for at, one in enumerate(column.choices) if _ORDERED[name](at, rank)])
            return Test(declared, Operator.IN)
        self.values.append(self._listed(given) if name == "in" else self._value(given))
        return Test(declared, _PLAIN[name], fold)

    def _moment(self, column: Property, name: str, given: Any) -> Condition:
        periods = [self._period(column, one) for one in (self._bounded(given) if name == "in" else [given])]
        if name in {"eq", "in"}:
            self.values.append([list(one) for one in periods])
            return Test(column, Operator.DURING)
        first, last = periods[0]
        self.values.append(first if name in {"lt", "gte"} else last)
        return Test(column, _PLAIN[name])

    def _period(self, column: Property, moment: Moment) -> tuple[Any, Any]:
        self.timeless &= moment.distance is None
        clock = self.facts.clock
        try:
            return moment.days(clock) if column.type is Type.DATE else moment.instants(clock)
        except ValueError as error:
            raise RefusedError("BAD_USER_INPUT", str(error)) from None

    def _list(self, column: Property, given: Mapping[str, Any]) -> Iterator[Condition]:
        if given.get("isEmpty") is not None:
            self._count()
            empty = Test(column, Operator.EMPTY)
            yield empty if given["isEmpty"] else Not(empty)
        for name, operator in (("has", Operator.HAS), ("hasAny", Operator.HAS_ANY), ("hasAll", Operator.HAS_ALL)):
            if given.get(name) is not None:
                self._count()
                self.values.append(self._value(given[name]) if name == "has" else self._listed(given[name]))
                yield Test(column, operator)

    # What is not a property -----------------------------------------------------------------------------------------

    def _category(self, given: Mapping[str, Any]) -> Iterator[Condition]:
        order = [str(one) for one in Category]
        if given.get("isNull") is not None:
            self._count()
            absent = Test(_STATUS, Operator.ABSENT)
            yield absent if given["isNull"] else Not(absent)
        for name in ("eq", *_ORDERED, "in", *_NEGATED):
            if given.get(name) is None:
                continue
            self._count()
            positive = _NEGATED.get(name, name)
            if positive == "in":
                wanted = set(self._listed(given[name]))
            elif positive == "eq":
                wanted = {self._value(given[name])}
            else:
                rank = order.index(self._value(given[name]))
                wanted = {one for place, one in enumerate(order) if _ORDERED[name](place, rank)}
            self.timeless, self.categories = False, True
            self.values.append([status for status, category in self.facts.statuses().items() if category in wanted])
            found = Test(_STATUS, Operator.IN)
            yield Not(found) if name in _NEGATED else found

    def _kind(self, target: str, given: Mapping[str, Any]) -> Iterator[Condition]:
        for name in ("eq", "neq", "in", "nin"):
            if given.get(name) is not None:
                self._count()
                named = self._listed(given[name] if name in {"in", "nin"} else [given[name]])
                kept = [one for one in labels_of(target) if (one in named) is (name in {"eq", "in"})]
                self.values.append(kept)
                yield OfKind()


@cache
def _places(target: str) -> Mapping[str, int]:
    """Return the places of all that a filter of a type may name, in the order in which it is read."""
    names = (*filterable_of(target), *_FURTHER, *filterable_edges_of(target), "and", "or", "not")
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def read_order(target: str, given: Sequence[Mapping[str, Any]] | None) -> tuple[Order, ...]:
    """Return the criteria of an order of items of a type.

    Raises:
        RefusedError: It names a field twice, or too many.

    """
    columns = sortable_of(target)
    order = tuple(
        Order(replace(columns[meant(one["field"])], description=""), meant(one["direction"]) == "DESC")
        for one in given or ()
    )
    if len({one.column.name for one in order}) != len(order):
        raise RefusedError("BAD_USER_INPUT", "orderBy names the same field twice: leave one out")
    if len(order) > MAX_ORDER:
        raise RefusedError("TOO_COMPLEX", f"orderBy may name at most {MAX_ORDER} fields")
    return order


def meant(given: Any) -> Any:
    """Return what a client's value stands for: enums are given by their members."""
    return given.value if isinstance(given, Enum) else given
