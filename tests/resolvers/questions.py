"""Filters and orders as clients may write them, drawn at random from the schema."""

from __future__ import annotations

from typing import Any, Final

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLSchema
from hypothesis import strategies as st

from resolvers.completion import plain_schema
from resolvers.conditions import MAX_PATTERNS
from resolvers.schema import SCHEMA
from tests.resolvers.plain import MOMENTS
from tests.resolvers.variety import STATUSES, TEXTS
from tests.resolvers.world import World

PLAIN: Final[GraphQLSchema] = plain_schema(SCHEMA._schema)

_NUMBERS: Final = st.sampled_from([0.0, -1.5, 2.0, 0.1, 3.0, 1e300])
_TEXTS: Final = st.sampled_from([*TEXTS, "äb", "O'NEILL", "z", " "])


class Questions:
    """Strategies for one world, so that filters name items and values that it has."""

    def __init__(self, world: World) -> None:
        keys = sorted(world.nodes)
        self._names = st.sampled_from([*keys, *sorted(world.id(key) for key in keys), "no such item"])
        self._words: dict[str, st.SearchStrategy[Any]] = {
            "key": st.sampled_from(keys),
            "status": st.sampled_from(["Backlog", "In progress", "Done", *STATUSES, "no such status"]),
            "source": st.sampled_from(["test", "workatlas"]),
            "sourceId": st.sampled_from(["s1", "s10", "s9"]),
        }

    def where(self, target: str, depth: int = 3) -> st.SearchStrategy[dict[str, Any]]:
        """Filters of items of a type, none larger than is allowed."""
        return self._where(target, depth).filter(lambda one: _patterns(one) <= MAX_PATTERNS)

    def _where(self, target: str, depth: int) -> st.SearchStrategy[dict[str, Any]]:
        declared = PLAIN.type_map[f"{target}Filter"]
        assert isinstance(declared, GraphQLInputObjectType)
        fields = {name: one.type for name, one in declared.fields.items()}
        recursive = {name for name, one in fields.items() if _named(one).endswith(("ListFilter", f"{target}Filter"))}
        recursive -= {"labels"}
        plain = sorted(fields.keys() - recursive)
        picked = st.lists(st.sampled_from(plain), min_size=0 if depth else 1, max_size=2, unique=True)
        if depth:
            further = st.lists(st.sampled_from(sorted(recursive)), max_size=2, unique=True)
            picked = st.tuples(picked, further).map(lambda both: [*both[0], *both[1]])
        return picked.flatmap(
            lambda names: st.fixed_dictionaries(
                {name: self._condition(target, name, fields[name], depth) for name in names}
            )
        )

    def _condition(self, target: str, name: str, declared: Any, depth: int) -> st.SearchStrategy[Any]:
        inner = _named(declared)
        if name in {"under", "above"}:
            return st.lists(self._names, max_size=3)
        if name == "not":
            return self._where(target, depth - 1)
        if name in {"and", "or"}:
            return st.lists(self._where(target, depth - 1), max_size=2)
        if inner.endswith("ListFilter") and inner != "TextListFilter":
            far = self._where(inner.removesuffix("ListFilter"), depth - 1)
            quantified = st.dictionaries(st.sampled_from(["some", "every", "none"]), far, min_size=1, max_size=2)
            return quantified | st.fixed_dictionaries({"some": st.just({})})
        kind = PLAIN.type_map[inner]
        assert isinstance(kind, GraphQLInputObjectType)
        operators = st.lists(st.sampled_from(sorted(kind.fields)), min_size=1, max_size=2, unique=True)
        return operators.flatmap(
            lambda names: st.fixed_dictionaries({one: self._value(name, kind.fields[one].type) for one in names})
        )

    def _value(self, name: str, declared: Any) -> st.SearchStrategy[Any]:
        if isinstance(declared, GraphQLNonNull):
            return self._value(name, declared.of_type)
        if isinstance(declared, GraphQLList):
            return st.lists(self._value(name, declared.of_type), max_size=3)
        if isinstance(declared, GraphQLEnumType):
            return st.sampled_from(sorted(declared.values))
        return {
            "String": self._words.get(name, _TEXTS),
            "ID": self._names,
            "Boolean": st.booleans(),
            "Int": st.integers(0, 8),
            "Float": _NUMBERS,
            "Moment": st.sampled_from(sorted(MOMENTS)),
        }[declared.name]

    def order(self, target: str) -> st.SearchStrategy[list[dict[str, str]]]:
        """Orders of items of a type."""
        declared = PLAIN.type_map[f"{target}OrderField"]
        assert isinstance(declared, GraphQLEnumType)
        one = st.fixed_dictionaries(
            {"field": st.sampled_from(sorted(declared.values)), "direction": st.sampled_from(["ASC", "DESC"])}
        )
        return st.lists(one, max_size=3, unique_by=lambda each: each["field"])


def _patterns(where: Any) -> int:
    """Count what a filter asks of other items."""
    if isinstance(where, list):
        return sum(_patterns(one) for one in where)
    if not isinstance(where, dict):
        return 0
    own = len(where.keys() & {"some", "every", "none", "under", "above"})
    return own + sum(_patterns(one) for one in where.values())


def _named(declared: Any) -> str:
    while not hasattr(declared, "name"):
        declared = declared.of_type
    return str(declared.name)
