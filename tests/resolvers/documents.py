"""Documents as clients may write them, drawn at random from the schema: fragments, aliases, variables, directives.

A response key names its field and arguments, so that fields that meet under one key can be merged, and are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    ast_from_value,
    get_named_type,
    is_leaf_type,
    print_ast,
    type_from_ast,
)
from graphql import parse_type as parse
from hypothesis import strategies as st

from graph.model import NODES
from resolvers.computed import COMPUTED
from resolvers.connection import encoded
from resolvers.naming import properties_of
from resolvers.reading import ROOT_FIELDS
from tests.resolvers.questions import PLAIN, Questions
from tests.resolvers.world import World

Composite = GraphQLObjectType | GraphQLInterfaceType

_HOPS: Final = 6
"""Lists that one document asks for: Neo4j plans each new text, and each list takes it a while."""
_PARTS: Final = 40
"""Fields and fragments of one document, about."""
_ROOTS: Final = sorted(ROOT_FIELDS.keys() - {"search"})
"""What a search finds is Neo4j's to say."""
_SHARED: Final = frozenset(properties_of("Item")) | {"__typename"}


@dataclass(frozen=True, slots=True)
class Written:
    """A document with the variables to send."""

    text: str
    variables: Mapping[str, Any]


def documents(
    world: World, questions: Questions, *, filtered: bool = True, computed: bool = True
) -> st.SearchStrategy[Written]:
    """Documents of fields that are compiled; ``filtered`` gives their lists filters and orders too.

    Without ``computed`` none is asked that comes from the snapshot.
    """

    @st.composite
    def drawn(draw: st.DrawFn) -> Written:
        return _Writer(draw, world, questions, filtered, computed).document()

    return drawn()


@dataclass(slots=True)
class _Fragment:
    name: str
    on: Composite
    text: str
    hops: int


@dataclass(slots=True)
class _Writer:
    draw: st.DrawFn
    world: World
    questions: Questions
    filtered: bool
    computed: bool
    fragments: list[_Fragment] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    arguments: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    """Field, and whether it takes any → the arguments that it was given, in the order of their numbers in keys."""
    hops: int = _HOPS
    parts: int = _PARTS

    def document(self) -> Written:
        root = PLAIN.query_type
        assert root is not None
        body = " ".join(self._root(root) for _ in range(self.draw(st.integers(1, 3))))
        head = f" ({', '.join(self.declared)})" if self.declared else ""
        tail = "".join(f"\nfragment {one.name} on {one.on.name} {one.text}" for one in self.fragments)
        return Written(f"query{head} {{ {body} }}{tail}", self.sent)

    def _root(self, root: GraphQLObjectType) -> str:
        name = self.draw(st.sampled_from(["__typename", *_ROOTS]))
        inner = self._directive("__typename") if name == "__typename" else self._followed(name, root.fields[name], 3)
        if self._sometimes(6):
            return f"... on Query{self._directive('')} {{ {inner} }}"
        return inner

    def _sometimes(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    # Selections ---------------------------------------------------------------------------------------------------

    def _selection(self, on: Composite, depth: int) -> str:
        parts = [self._part(on, depth) for _ in range(self.draw(st.integers(1, 4)))]
        return f"{{ {' '.join(parts)} }}"

    def _part(self, on: Composite, depth: int) -> str:
        self.parts -= 1
        follow = [name for name, one in self._asked(on).items() if not is_leaf_type(get_named_type(one.type))]
        kinds = ["leaf", "leaf"]
        if self.parts > 0:
            kinds += ["follow"] * 3 if follow and depth and self.hops > 0 else []
            kinds += ["inline", "spread"]
        match self.draw(st.sampled_from(kinds)):
            case "follow":
                name = self.draw(st.sampled_from(follow))
                return self._followed(name, on.fields[name], depth)
            case "inline":
                within = self.draw(st.sampled_from([None, *_overlapping(on)]))
                condition = f" on {within.name}" if within else ""
                return f"...{condition}{self._directive('')} {self._selection(within or on, depth)}"
            case "spread":
                return f"...{self._fragment(on, depth).name}{self._directive('')}"
            case _:
                return self._leaf(on)

    def _leaf(self, on: Composite) -> str:
        names = [name for name, one in self._asked(on).items() if is_leaf_type(get_named_type(one.type))]
        name = self.draw(st.sampled_from(["__typename", *names]))
        # Kinds may give one name different types: then they must not meet under one key.
        key = name if name in _SHARED else f"{name}_{_tag(on.fields[name])}"
        alias = self.draw(st.sampled_from(["", f"{key}: ", f"x_{key}: "]))
        return self._directive(f"{alias if alias or name == key else f'{key}: '}{name}")

    def _asked(self, on: Composite) -> Mapping[str, GraphQLField]:
        return {name: one for name, one in on.fields.items() if self.computed or name not in COMPUTED}

    def _fragment(self, on: Composite, depth: int) -> _Fragment:
        fitting = [one for one in self.fragments if one.on in _overlapping(on) and one.hops <= self.hops and depth == 3]
        if fitting and self._sometimes(2):
            found = self.draw(st.sampled_from(fitting))
            self.hops -= found.hops
            return found
        within = self.draw(st.sampled_from(_overlapping(on)))
        before = self.hops
        text = self._selection(within, depth)
        made = _Fragment(f"F{len(self.fragments)}", within, text, before - self.hops)
        self.fragments.append(made)
        return made

    def _followed(self, name: str, declared: GraphQLField, depth: int) -> str:
        inner = get_named_type(declared.type)
        assert isinstance(inner, Composite)
        listed = "first" in declared.args
        self.hops -= listed
        given = self._given(name, declared)
        known = self.arguments.setdefault((name, bool(declared.args)), [])
        if given not in known:
            known.append(given)
        number = known.index(given)
        head = f"{name}_{number}: {name}({given})" if given else name
        return f"{self._directive(head)} {self._selection(inner, depth - listed)}"

    def _directive(self, what: str) -> str:
        if not self._sometimes(8):
            return what
        name, value = self.draw(st.sampled_from(["skip", "include"])), self.draw(st.booleans())
        given = str(value).lower() if self._sometimes(3) else self._variable("Boolean!", value)
        return f"{what} @{name}(if: {given})"

    # Arguments ----------------------------------------------------------------------------------------------------

    def _given(self, name: str, declared: GraphQLField) -> str:
        """Return a field's arguments, some of them those of the same field elsewhere."""
        known = self.arguments.get((name, bool(declared.args)))
        if known and self._sometimes(2):
            return self.draw(st.sampled_from(known))
        parts = []
        for argument, one in declared.args.items():
            if argument in {"where", "orderBy"} and not self.filtered:
                continue
            required = isinstance(one.type, GraphQLNonNull) and argument != "first"
            if required or self._sometimes(2 if argument == "first" else 4):
                value = self.draw(self._values(argument, get_named_type(one.type).name))
                if value is None and isinstance(one.type, GraphQLNonNull):
                    # It may be missing where it has a default, but not be null: an error of each item.
                    parts.append(f"{argument}: {self._variable('Int', None, absent=self._sometimes(2))}")
                else:
                    parts.append(f"{argument}: {self._variable_or_literal(str(one.type), value)}")
        return ", ".join(parts)

    def _values(self, argument: str, kind: str) -> st.SearchStrategy[Any]:
        keys = sorted(self.world.nodes)
        names = st.sampled_from([*(self.world.id(key) for key in keys), "no such item"])
        match argument:
            case "id":
                return names
            case "ids":
                return st.lists(names, max_size=4)
            case "key":
                return st.sampled_from([*keys, "no such item"])
            case "goal":
                rows = self.world.nodes.items()
                goals = [key for key, row in rows if NODES[row.kind].group and key not in self.world.hidden]
                return st.none() | st.sampled_from([*goals, *(self.world.id(key) for key in goals)])
            case "first":
                return st.sampled_from([1, 2, 3, 5, 5, 5, None])
            case "after":
                # Without an order a cursor is the id alone; no other list would take it.
                some = names.map(lambda one: encoded("", None, one))
                return st.none() | some if not self.filtered else st.none()
            case "where":
                return st.none() | self.questions.where(kind.removesuffix("Filter"), 1)
            case _:
                return st.none() | self.questions.order(kind.removesuffix("Order"))

    def _variable_or_literal(self, kind: str, value: Any) -> str:
        return _literal(kind, value) if self._sometimes(2) else self._variable(kind, value)

    def _variable(self, kind: str, value: Any, *, absent: bool = False) -> str:
        """Declare a variable with this value: sent, or its default, or sent in the place of another default."""
        name = f"v{len(self.declared)}"
        way = self.draw(st.sampled_from(["sent", "default", "both"]))
        if absent or way != "default":
            self.declared.append(f"${name}: {kind}")
            if not absent:
                self.sent[name] = value
        else:
            nullable = kind.removesuffix("!") if value is None else kind
            self.declared.append(f"${name}: {nullable} = {_literal(kind, value)}")
        if way == "both" and not absent and value is not None:
            self.declared[-1] += f" = {_literal(kind, value)}"
        return f"${name}"


def _literal(kind: str, value: Any) -> str:
    declared: Any = type_from_ast(PLAIN, parse(kind))
    node = ast_from_value(value, declared)
    return print_ast(node) if node is not None else "null"


def _overlapping(on: Composite) -> Sequence[Composite]:
    """Return the types that a fragment in an object of a type may name."""
    own = _possible(on)
    found = [one for one in PLAIN.type_map.values() if isinstance(one, Composite) and own & _possible(one)]
    return sorted(found, key=lambda one: one.name)


def _possible(on: Composite) -> set[str]:
    return {one.name for one in PLAIN.get_possible_types(on)} if isinstance(on, GraphQLInterfaceType) else {on.name}


def _tag(declared: GraphQLField) -> str:
    return str(declared.type).replace("!", "N").replace("[", "L").replace("]", "")
