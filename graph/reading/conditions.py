"""Conditions on items as a neutral tree, and the Cypher that tests them.

The tree holds no values: each comparison takes the next parameter of its list, in the order in which the tree is
written. So the text depends on the shape of a condition only, and Neo4j plans it once.

Logic is three-valued, as in Cypher and SQL: a comparison with a property that an item lacks is *unknown*, ``NOT``
leaves unknown as it is, and an item is selected only where its condition is *true*. What asks for other items
(``Related``, ``Within``) is either true or false, because it asks for one of which something is true.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from graph.model import EDGES, Property, Role
from graph.records.sight import MAX_CONTAINMENT, seen
from graph.values import Type

LABEL: Final = "[l IN labels({0}) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]"
"""Expression for the kind of an item."""


class Operator(StrEnum):
    """How a property is compared with a parameter."""

    EQ = "="
    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="
    IN = "IN"
    CONTAINS = "CONTAINS"
    STARTS_WITH = "STARTS WITH"
    DURING = "during"
    """For dates and instants; the parameter is a list of pairs: the first and the last that belong to a period."""
    ABSENT = "absent"
    """Takes no parameter."""
    HAS = "has"
    """For lists: one of their elements is the parameter."""
    HAS_ANY = "has any"
    HAS_ALL = "has all"
    EMPTY = "empty"
    """For lists; takes no parameter."""


class Quantifier(StrEnum):
    """For how many of the items at the other end of an edge a condition must be true."""

    SOME = "some"
    EVERY = "every"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one property; ``fold`` makes upper and lower case alike."""

    column: Property
    operator: Operator
    fold: bool = False


@dataclass(frozen=True, slots=True)
class OfKind:
    """The item is of one of the kinds that the parameter lists."""


@dataclass(frozen=True, slots=True)
class Within:
    """The item is a part of one of those that the parameter names by id or key, at any depth; ``above``: a whole."""

    above: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """What must be true of the visible items at the other ends of one kind of edge; ``None``: that they are there."""

    edge: str
    forward: bool
    quantifier: Quantifier
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """The condition is false."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """All parts are true; true where there are none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part is true; false where there are none."""

    parts: tuple[Condition, ...]


_CERTAIN: Final = frozenset({Operator.ABSENT, Operator.HAS, Operator.HAS_ANY, Operator.HAS_ALL, Operator.EMPTY})
"""Comparisons that are true or false of absent values too."""
_LISTING: Final = frozenset({Operator.IN, Operator.DURING})

Condition = Test | OfKind | Within | Related | Not | Every | Some


def visible(node: str) -> str:
    """Return the condition that an item is shown in lists and at the ends of edges."""
    return f"{seen(node)} AND {node}.archivedAt IS NULL"


def rendered(condition: Condition, node: str, parameters: Iterator[str]) -> str:
    """Return the Cypher of a condition on ``node``, as one term. O(size)."""
    names = (f"{node}_{number}" for number in itertools.count())
    return _render(condition, _Wanted.TRUE, node, parameters, names)


def width(condition: Condition | None) -> int:
    """Return how many patterns a condition makes the planner plan: those of other items."""
    match condition:
        case Within():
            return 1
        case Related(condition=inner):
            return 1 + width(inner)
        case Not(condition=inner):
            return width(inner)
        case Every(parts=parts) | Some(parts=parts):
            return sum(width(one) for one in parts)
        case _:
            return 0


def value_of(column: Property, parameter: str) -> str:
    """Return the expression of a parameter that is compared with a property: instants travel as numbers."""
    match column.type:
        case Type.INSTANT:
            return f"datetime({{epochMillis: {parameter}}})"
        case Type.DATE:
            return f"date({parameter})"
        case _:
            return parameter


class _Wanted(Enum):
    """What is asked of a condition; unknown is neither true nor false.

    Negations are carried down to the comparisons. Neo4j's planner needs time that grows exponentially where a pattern
    stands inside of ``coalesce``, and one inside of ``NOT`` makes no difference between false and unknown.
    """

    TRUE = "true"
    FALSE = "false"
    NOT_TRUE = "not true"
    NOT_FALSE = "not false"

    @property
    def negated(self) -> _Wanted:
        """What is asked of the condition inside of a negation."""
        return _NEGATED[self]

    @property
    def holds(self) -> bool:
        """Whether all parts must fulfil it where all are asked for, instead of at least one."""
        return self in {_Wanted.TRUE, _Wanted.NOT_FALSE}


_NEGATED: Final = {
    _Wanted.TRUE: _Wanted.FALSE,
    _Wanted.FALSE: _Wanted.TRUE,
    _Wanted.NOT_TRUE: _Wanted.NOT_FALSE,
    _Wanted.NOT_FALSE: _Wanted.NOT_TRUE,
}


def _render(condition: Condition, wanted: _Wanted, node: str, parameters: Iterator[str], names: Iterator[str]) -> str:
    match condition:
        case Test():
            return _comparison(condition, wanted, node, parameters)
        case OfKind():
            return _signed(wanted.holds, f"{LABEL.format(node)} IN {next(parameters)}")
        case Within():
            return _signed(wanted.holds, _within(condition, node, next(parameters), next(names)))
        case Related():
            return _related(condition, wanted, node, parameters, names)
        case Not():
            return _render(condition.condition, wanted.negated, node, parameters, names)
        case Every() | Some():
            together = isinstance(condition, Every) is wanted.holds
            parts = [_render(one, wanted, node, parameters, names) for one in condition.parts]
            if not parts:
                return "true" if together else "false"
            return f"({(' AND ' if together else ' OR ').join(parts)})"


def _signed(holds: bool, term: str) -> str:
    return term if holds else f"NOT {term}"


def _comparison(test: Test, wanted: _Wanted, node: str, parameters: Iterator[str]) -> str:
    path = f"{node}.{test.column.name}"
    term = _signed(wanted.holds, _term(test, path, parameters))
    if test.operator in _CERTAIN or wanted is _Wanted.TRUE:
        return term
    if wanted is _Wanted.FALSE:
        # Cypher calls it false, not unknown, that an absent value is one of none.
        return f"({term} AND {path} IS NOT NULL)" if test.operator in _LISTING else term
    return f"({term} OR {path} IS NULL)"


def _term(test: Test, path: str, parameters: Iterator[str]) -> str:
    match test.operator:
        case Operator.ABSENT:
            return f"{path} IS NULL"
        case Operator.EMPTY:
            return f"size(coalesce({path}, [])) = 0"
        case Operator.HAS:
            return f"{next(parameters)} IN coalesce({path}, [])"
        case Operator.HAS_ANY | Operator.HAS_ALL:
            quantifier = "any" if test.operator is Operator.HAS_ANY else "all"
            return f"{quantifier}(v IN {next(parameters)} WHERE v IN coalesce({path}, []))"
        case Operator.DURING:
            first, last = value_of(test.column, "v[0]"), value_of(test.column, "v[1]")
            return f"any(v IN {next(parameters)} WHERE {first} <= {path} AND {path} <= {last})"
        case Operator.IN if test.fold:
            return f"toLower({path}) IN [v IN {next(parameters)} | toLower(v)]"
        case _ if test.fold:
            return f"toLower({path}) {test.operator} toLower({next(parameters)})"
        case _:
            return f"{path} {test.operator} {value_of(test.column, next(parameters))}"


def _within(within: Within, node: str, names: str, other: str) -> str:
    contains = "|".join(kind.name for kind in EDGES.values() if kind.role is Role.CONTAINS)
    # Every whole on the way must be visible too: what is hidden joins nothing.
    steps = f"{{1,{MAX_CONTAINMENT}}}"
    step = f"(()-[:{contains}]->({other}:Item WHERE {visible(other)})){steps}"
    if within.above:
        step = f"(()<-[:{contains}]-({other}:Item WHERE {visible(other)})){steps}"
    last = f"{other}_end"
    return f"EXISTS {{ MATCH ({node}) {step} ({last}) WHERE {last}.id IN {names} OR {last}.key IN {names} }}"


def _related(related: Related, wanted: _Wanted, node: str, parameters: Iterator[str], names: Iterator[str]) -> str:
    other = next(names)
    arrow = f"-[:{EDGES[related.edge].name}]-"
    pattern = f"({node}){arrow}>({other}:Item)" if related.forward else f"({node})<{arrow}({other}:Item)"
    every = related.quantifier is Quantifier.EVERY
    if related.condition is not None:
        # Each one fulfils it: there is none of which it is not true.
        inner = _render(related.condition, _Wanted.NOT_TRUE if every else _Wanted.TRUE, other, parameters, names)
        term = f"EXISTS {{ MATCH {pattern} WHERE {visible(other)} AND {inner} }}"
    else:
        term = "false" if every else f"EXISTS {{ MATCH {pattern} WHERE {visible(other)} }}"
    return _signed((related.quantifier is Quantifier.SOME) is wanted.holds, term)
