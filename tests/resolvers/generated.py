"""Documents made from the schema alone: every root field, every argument, every type, as deep as it may go."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

_FIELDS: Final = 3
"""Objects that one selection follows at most: more would exceed what an operation may follow."""
_HOPS: Final = 8
"""Edges that one document follows: Neo4j plans each new text, and each hop takes it a while."""


@dataclass(slots=True)
class Generator:
    """Makes documents; ``texts`` are what its text and id arguments are drawn from."""

    schema: GraphQLSchema
    random: random.Random
    texts: Sequence[str]
    _hops: int = field(default=0, init=False)

    def document(self, operation: str, name: str, depth: int = 2) -> tuple[str, dict[str, Any]]:
        """Return a document with one root field, and its variables; ``depth`` objects are followed."""
        root = {
            "query": self.schema.query_type,
            "mutation": self.schema.mutation_type,
            "subscription": self.schema.subscription_type,
        }[operation]
        assert root is not None
        self._hops = 0
        declared = root.fields[name]
        variables: dict[str, Any] = {}
        types: dict[str, str] = {}
        for argument, one in declared.args.items():
            # A text that is no cursor is refused at once, and would hide what stands behind it.
            likely = 0.05 if argument == "after" else 0.6
            if isinstance(one.type, GraphQLNonNull) or self.random.random() < likely:
                variables[argument] = self._value(argument, one.type, 0)
                types[argument] = str(one.type)
        head = ", ".join(f"${argument}: {kind}" for argument, kind in types.items())
        given = ", ".join(f"{argument}: ${argument}" for argument in types)
        text = f"{operation}{f' ({head})' if head else ''} {{ {name}{f'({given})' if given else ''}"
        return f"{text}{self._selection(declared, depth)} }}", variables

    def _selection(self, declared: GraphQLField, depth: int) -> str:
        kind = get_named_type(declared.type)
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            return ""
        parts = ["__typename"]
        if isinstance(kind, GraphQLInterfaceType) and depth > 1:
            some = self.random.sample(self.schema.get_possible_types(kind), 2)
            parts += [f"... on {one.name} {{ {' '.join(self._fields(one, depth))} }}" for one in some]
        return f" {{ {' '.join([*parts, *self._fields(kind, depth)])} }}"

    def _fields(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> list[str]:
        plain, followed = [], []
        for name, one in kind.fields.items():
            inner = get_named_type(one.type)
            if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
                if not any(isinstance(argument.type, GraphQLNonNull) for argument in one.args.values()):
                    plain.append(f"{name}_{inner.name}: {name}" if kind.name != "PageInfo" else name)
            elif depth > 0:
                followed.append((name, one))
        chosen = self.random.sample(followed, min(len(followed), _FIELDS))
        for name, one in chosen:
            paged = "first" in one.args
            self._hops += paged
            if paged and self._hops > _HOPS:
                continue
            arguments = "(first: 2)" if paged else ""
            plain.append(f"{name}_{get_named_type(one.type).name}: {name}{arguments}{self._selection(one, depth - 1)}")
        return plain

    def _value(self, name: str, kind: Any, depth: int) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(name, kind.of_type, depth)
        if isinstance(kind, GraphQLList):
            return [self._value(name, kind.of_type, depth) for _ in range(self.random.randint(1, 2))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            required = {n for n, one in kind.fields.items() if isinstance(one.type, GraphQLNonNull)}
            optional = [n for n in kind.fields if n not in required]
            chosen = required | set(self.random.sample(optional, min(len(optional), 2 if depth < 3 else 0)))
            if kind.is_one_of or getattr(kind.extensions.get("strawberry-definition"), "is_one_of", False):
                chosen = {self.random.choice(list(kind.fields))}
            return {n: self._value(n, kind.fields[n].type, depth + 1) for n in sorted(chosen)}
        match kind.name:
            case "Int":
                return self.random.choice([1, 2, 5])
            case "Float":
                return self.random.choice([0.0, 1.5])
            case "Boolean":
                return self.random.choice([True, False])
            case "DateTime":
                return "2026-11-02T09:00:00.000Z"
            case "CoarseDate":
                return "2026-12"
            case "Moment":
                return self.random.choice(["-P7D", "2026-Q4"])
            case "JSON":
                return {}
            case _:
                return self.random.choice(self.texts)
