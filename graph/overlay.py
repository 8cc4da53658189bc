"""A mapping on top of another one: what a request puts there leaves the one below as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Overlay(dict[Key, Value]):
    """Looks up what was put here, and else what is below; iterating yields only what was put here.

    Several times as fast as ``collections.ChainMap``: the write path looks up some fifty names for each request.
    """

    __slots__ = ("_below",)

    def __init__(self, below: Mapping[Key, Value]) -> None:
        super().__init__()
        self._below = below

    def __missing__(self, key: Key) -> Value:
        return self._below[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self._below

    def get(self, key: Key, default: Value | None = None) -> Value | None:  # type: ignore[override]
        """Return the value of a key, here or below."""
        try:
            return self[key]
        except KeyError:
            return default
